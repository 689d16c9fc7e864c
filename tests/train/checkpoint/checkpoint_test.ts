import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import fc from "../../npm/fast_check.ts";
import { UserError } from "../../../core/errors.ts";
import { CheckpointStore, type CheckpointStoreOptions } from "../../../train/checkpoint/store.ts";
import { SafetensorsFile, type TensorSource } from "../../../train/weights/safetensors.ts";
import {
  checkNumber,
  inFolder,
  loadNumber,
  nameOf,
  namesIn,
  saveNumber,
  tensorsOf,
} from "./checkpoint_cases.ts";
import { Faults, SmallDisk } from "./faults.ts";

const [ONE, TWO, THREE] = [nameOf(1), nameOf(2), nameOf(3)];

/** A folder with checkpoints 1 to `count`. */
async function saved(folder: string, count: number, options?: CheckpointStoreOptions) {
  const store = await CheckpointStore.open(folder, options);
  for (let n = 1; n <= count; n++) await saveNumber(store, n);
  return store;
}

function refuses(work: Promise<unknown>, message: string): Promise<void> {
  return assert.rejects(work, { name: "UserError", message });
}

Deno.test("a checkpoint comes back as it was saved", () =>
  inFolder(async (folder) => {
    const store = await CheckpointStore.open(`${folder}/new/deep`);
    const { path, bytes } = await saveNumber(store, 1);
    assert.equal(path, `${folder}/new/deep/${ONE}`);
    assert.equal(bytes, Deno.statSync(`${path}/state.safetensors`).size);
    assert.deepEqual(namesIn(path), ["checkpoint.json", "state.safetensors"]);
    using checkpoint = await store.load();
    assert.equal(checkNumber(checkpoint), 1);
    assert.ok(Math.abs(Date.parse(checkpoint.savedAt) - Date.now()) < 600_000);
    assert.deepEqual(
      checkpoint.tensors.readElements("table", "F32", 255, 2),
      Float32Array.of(1, 1.125),
    );
    // Widths decide the order, so that nothing lies across its own alignment.
    const order = [...checkpoint.tensors.tensors.values()];
    assert.deepEqual(order.map(({ name }) => name), ["bytes", "table", "counts", "kinds"]);
    assert.deepEqual(order.map(({ byteOffset }) => byteOffset % 4), [0, 0, 0, 0]);
    const document = JSON.parse(await Deno.readTextFile(`${path}/checkpoint.json`));
    assert.equal(document.schema, "slipstream.checkpoint");
    assert.equal(document.schema_version, 1);
    assert.equal(document.files["state.safetensors"].bytes, bytes);
  }));

Deno.test("any document and any tensors come back", () =>
  inFolder(async (folder) => {
    const store = await CheckpointStore.open(folder, { keep: 1 });
    const values = fc.uint8Array({ maxLength: 64 });
    await fc.assert(
      fc.asyncProperty(
        fc.jsonValue(),
        fc.dictionary(fc.string().filter((name) => name !== "__metadata__"), values),
        async (document, tensors) => {
          const plain = JSON.parse(JSON.stringify(document));
          await store.save(
            "a",
            plain,
            Object.entries(tensors).map(([name, data]): TensorSource => ({
              name,
              dtype: "U8",
              shape: [data.length],
              chunks: () => [data],
            })),
          );
          using checkpoint = await store.load("a");
          assert.deepEqual(checkpoint.document, plain);
          assert.equal(checkpoint.tensors.tensors.size, Object.keys(tensors).length);
          for (const [name, data] of Object.entries(tensors)) {
            assert.deepEqual([...checkpoint.read(name, "U8")], [...data]);
          }
        },
      ),
      { seed: 6, numRuns: 40 },
    );
  }));

Deno.test("save() keeps the last checkpoints and leaves what is not its own", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/mine`);
    await Deno.writeTextFile(`${folder}/notes.tmp`, "");
    await Deno.mkdir(`${folder}/other.tmp`);
    const store = await saved(folder, 5);
    const own = ["mine", "notes.tmp", "other.tmp"];
    assert.deepEqual(namesIn(folder), [...own, nameOf(4), nameOf(5)]);
    assert.deepEqual(await store.names(), [nameOf(5), nameOf(4)]);
    const one = await CheckpointStore.open(folder, { keep: 1 });
    await saveNumber(one, 6);
    assert.deepEqual(namesIn(folder), [...own, nameOf(6)]);
    await assert.rejects(CheckpointStore.open(folder, { keep: 0 }), RangeError);
    for (const name of ["", "a.tmp", "a/b", ".."]) {
      await assert.rejects(store.save(name, null, []), TypeError);
    }
  }));

Deno.test("the newest checkpoint is the one that was saved last, whatever its name", () =>
  inFolder(async (folder) => {
    await saved(folder, 2);
    const store = await CheckpointStore.open(folder, { keep: 3 });
    // A run went back to the first and took another way.
    assert.equal(await loadNumber(store, ONE), 1);
    await store.save("a", { step: 2, note: "é" }, tensorsOf(2));
    assert.deepEqual(await store.names(), ["a", TWO, ONE]);
    // A name that is taken again is replaced.
    await saveNumber(store, 1);
    assert.deepEqual(await store.names(), [ONE, "a", TWO]);
    assert.equal(await loadNumber(store), 1);
    assert.deepEqual(namesIn(folder), ["a", ONE, TWO]);
  }));

Deno.test("load() says what is missing", () =>
  inFolder(async (folder) => {
    const reading = { create: false };
    await refuses(
      CheckpointStore.open(`${folder}/none`, reading),
      `Cannot load a checkpoint from ${folder}/none: there is no such folder; give the one that checkpoints were saved to`,
    );
    await Deno.writeTextFile(`${folder}/file`, "");
    await refuses(
      CheckpointStore.open(`${folder}/file`, reading),
      `Cannot load a checkpoint from ${folder}/file: it is a file, and must be the folder that checkpoints were saved to`,
    );
    await assert.rejects(CheckpointStore.open(`${folder}/file`), UserError);
    const empty = await CheckpointStore.open(folder, reading);
    const none =
      `Cannot load a checkpoint from ${folder}: there is none in it; give the folder that checkpoints were saved to`;
    await refuses(empty.load(), none);
    await refuses(empty.load(ONE), none);
    assert.equal(await empty.latest(), null);

    const store = await saved(`${folder}/runs`, 2);
    await refuses(
      store.load(THREE),
      `Cannot load checkpoint ${folder}/runs/${THREE}: there is none of that name, but ${TWO}, ${ONE}`,
    );
    const single = await CheckpointStore.open(`${folder}/runs/${ONE}`, reading);
    await refuses(
      single.load(),
      `Cannot load a checkpoint from ${folder}/runs/${ONE}: it is a single checkpoint; give the folder it lies in, ${folder}/runs`,
    );
  }));

Deno.test("load() names what is wrong with the newest checkpoint and the good one before it", async (t) => {
  const state = "state.safetensors";
  const cases: [string, (path: string) => Promise<unknown>, RegExp][] = [
    [
      "a bit of a tensor flipped",
      (path) => change(`${path}/${state}`, (bytes) => bytes[bytes.length - 1]! ^= 4),
      /: state\.safetensors was changed: its SHA-256 is not that of what was saved;/,
    ],
    [
      "a header broken",
      (path) => change(`${path}/${state}`, (bytes) => bytes[8] = 0),
      /: state\.safetensors cannot be read: its header is not JSON;/,
    ],
    [
      "tensors cut short",
      (path) => Deno.truncate(`${path}/${state}`, 500),
      /: state\.safetensors is cut short: it has 500 bytes and had \d{4};/,
    ],
    [
      "tensors that grew",
      (path) => Deno.writeTextFile(`${path}/${state}`, "more", { append: true }),
      /: state\.safetensors was changed: it has \d{4} bytes and had \d{4};/,
    ],
    [
      "tensors missing",
      (path) => Deno.remove(`${path}/${state}`),
      /: state\.safetensors is missing;/,
    ],
    [
      "the document missing",
      (path) => Deno.remove(`${path}/checkpoint.json`),
      /: checkpoint\.json is missing;/,
    ],
    [
      "the document cut short",
      (path) => Deno.truncate(`${path}/checkpoint.json`, 100),
      /: checkpoint\.json is cut short or damaged: it is not JSON;/,
    ],
    [
      "the document edited",
      (path) => replace(path, '"step": 2', '"step": 3'),
      /: checkpoint\.json was changed after it was saved;/,
    ],
    [
      "another version",
      (path) => replace(path, '"schema_version": 1', '"schema_version": 2'),
      /: checkpoint\.json has the schema version 2 and must have 1: load it with the version that saved it;/,
    ],
    [
      "a foreign document",
      (path) => Deno.writeTextFile(`${path}/checkpoint.json`, '{"model": "dlrm"}'),
      /: checkpoint\.json is of schema undefined and must be slipstream\.checkpoint;/,
    ],
    [
      "a document that is a number",
      (path) => Deno.writeTextFile(`${path}/checkpoint.json`, "7"),
      /: checkpoint\.json is of schema undefined and must be/,
    ],
  ];
  for (const [what, damage, reason] of cases) {
    await t.step(what, () =>
      inFolder(async (folder) => {
        await saved(folder, 2);
        await damage(`${folder}/${TWO}`);
        const store = await CheckpointStore.open(folder, {
          create: false,
          choose: (name) => `--resume ${folder}/${name}`,
        });
        const before = namesIn(folder);
        const error = await store.load().then(() => null, (error) => error);
        assert.ok(error instanceof UserError);
        assert.ok(error.message.startsWith(`Cannot load checkpoint ${folder}/${TWO}: `));
        assert.match(error.message, reason);
        assert.ok(
          error.message.endsWith(
            `; the last good one before it is ${ONE}: choose it with --resume ${folder}/${ONE}`,
          ),
          error.message,
        );
        await assert.rejects(store.load(TWO), error);
        assert.equal(await loadNumber(store, ONE), 1);
        using latest = await store.latest();
        assert.equal(checkNumber(latest!), 1);
        assert.deepEqual(namesIn(folder), before);
        // The run goes on from the good one: the damaged one is never counted as kept, nor in the way.
        await saveNumber(store, 3);
        assert.equal(await loadNumber(store), 3);
        await loadNumber(store, ONE);
        await saveNumber(store, 2);
        assert.deepEqual(await store.names(), [TWO, THREE]);
        assert.equal(await loadNumber(store), 2);
      }));
  }
});

Deno.test("load() says so where no checkpoint is good, and names a newer one where only that is", () =>
  inFolder(async (folder) => {
    const store = await saved(folder, 2);
    await Deno.truncate(`${folder}/${ONE}/state.safetensors`, 3);
    const { size } = await Deno.stat(`${folder}/${TWO}/state.safetensors`);
    await refuses(
      store.load(ONE),
      `Cannot load checkpoint ${folder}/${ONE}: state.safetensors is cut short: it has 3 bytes and had ${size}; a newer one, ${TWO}, is good: choose it with load("${TWO}")`,
    );
    await Deno.truncate(`${folder}/${TWO}/state.safetensors`, 2);
    await refuses(
      store.load(),
      `Cannot load checkpoint ${folder}/${TWO}: state.safetensors is cut short: it has 2 bytes and had ${size}; no other checkpoint in its folder is good, so the run must start again`,
    );
    assert.equal(await store.latest(), null);
  }));

Deno.test("load() sees every flipped bit and every cut", () =>
  inFolder(async (folder) => {
    const store = await saved(folder, 2);
    const files = ["checkpoint.json", "state.safetensors"].map((name) => {
      const path = `${folder}/${TWO}/${name}`;
      return { path, bytes: Deno.readFileSync(path) };
    });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...files),
        fc.maxSafeNat(),
        fc.nat({ max: 7 }),
        fc.boolean(),
        async ({ path, bytes }, where, bit, cut) => {
          const at = where % bytes.length;
          const damaged = bytes.slice(0, cut ? at : bytes.length);
          if (!cut) damaged[at]! ^= 1 << bit;
          Deno.writeFileSync(path, damaged);
          try {
            await assert.rejects(store.load(), (error) => {
              assert.ok(error instanceof UserError, String(error));
              assert.ok(error.message.includes(TWO));
              assert.ok(error.message.includes(`choose it with load("${ONE}")`), error.message);
              return true;
            });
          } finally {
            Deno.writeFileSync(path, bytes);
          }
        },
      ),
      { seed: 7, numRuns: 400 },
    );
    assert.equal(await loadNumber(store), 2);
  }));

Deno.test("a source that throws leaves the checkpoints before it and nothing else", () =>
  inFolder(async (folder) => {
    const store = await saved(folder, 2);
    const broken = (error: Error): TensorSource => ({
      name: "broken",
      dtype: "U8",
      shape: [2],
      *chunks() {
        yield Uint8Array.of(1);
        throw error;
      },
    });
    for (
      const error of [new UserError("Cannot read the device: it is lost"), new Error("defect")]
    ) {
      await assert.rejects(store.save(THREE, null, [...tensorsOf(3), broken(error)]), error);
      assert.deepEqual(namesIn(folder), [ONE, TWO]);
      assert.equal(await loadNumber(store), 2);
    }
    await assert.rejects(
      store.save(THREE, null, [{ ...tensorsOf(3)[0]!, shape: [4] }]),
      new RangeError(
        "Cannot write tensor kinds: its pieces hold 1 elements fewer than its shape [4]",
      ),
    );
    assert.deepEqual(namesIn(folder), [ONE, TWO]);
  }));

Deno.test("a folder that vanishes while a checkpoint is written is named", () =>
  inFolder(async (folder) => {
    const store = await saved(`${folder}/runs`, 1);
    const message =
      `Cannot save checkpoint ${folder}/runs/${TWO}: the folder ${folder}/runs is no longer there`;
    const removes: TensorSource = {
      name: "last",
      dtype: "U8",
      shape: [0],
      async *chunks() {
        await Deno.remove(`${folder}/runs`, { recursive: true });
        yield new Uint8Array(0);
      },
    };
    await refuses(store.save(TWO, null, [...tensorsOf(2), removes]), message);
    await refuses(saveNumber(store, 2), message);
    assert.deepEqual(namesIn(folder), []);
  }));

Deno.test("wherever a save fails, the checkpoint before it is good and nothing half-made stays", () =>
  inFolder(async (folder) => {
    for (let operation = 1;; operation++) {
      const path = `${folder}/${operation}`;
      const store = await saved(path, 2);
      let failure: unknown = null;
      {
        using faults = new Faults(operation, "fails");
        await saveNumber(store, 3).catch((error) => failure = error);
        if (!faults.happened) {
          assert.equal(failure, null);
          break;
        }
      }
      assert.ok(failure instanceof UserError, String(failure));
      assert.match(failure.message, /^Cannot [a-z ]+ \S+: No space left on device$/);
      // What was on its way out may stay until the next save.
      const names = namesIn(path).filter((name) => !name.endsWith(".removed.tmp"));
      assert.deepEqual(names.filter((name) => name.includes(".tmp")), []);
      const n = await loadNumber(store);
      assert.ok(n === 2 || n === 3);
      assert.equal(n === 3, names.includes(THREE));
      await saveNumber(store, 4);
      assert.equal(namesIn(path).length, 2);
    }
  }));

Deno.test("wherever a process dies in a save, a checkpoint is good and the next save tidies up", () =>
  inFolder(async (folder) => {
    // The second time, what is saved takes the place of a checkpoint of its own name.
    for (const name of [3, 2]) {
      for (let operation = 1;; operation++) {
        const path = `${folder}/${name}-${operation}`;
        const dying = await saved(path, 2);
        {
          using faults = new Faults(operation, "dies");
          await saveNumber(dying, name).catch(() => {});
          if (!faults.happened) break;
        }
        const reader = await CheckpointStore.open(path, { create: false });
        const n = await loadNumber(reader);
        assert.ok(n === 2 || n === 3, `${n} after ${operation} operations`);
        const store = await CheckpointStore.open(path);
        assert.equal(await loadNumber(store), n);
        assert.deepEqual(namesIn(path).filter((entry) => entry.endsWith(".tmp")), []);
        await saveNumber(store, 4);
        assert.equal(await loadNumber(store), 4);
        assert.equal(namesIn(path).length, 2);
      }
    }
  }));

Deno.test("a disk that is full is named, and the last good checkpoint is untouched", () =>
  inFolder(async (folder) => {
    // Two checkpoints of 135 kB fit, three do not.
    const rows = 1024;
    await using disk = await SmallDisk.mount(folder, 400_000);
    const store = await CheckpointStore.open(folder);
    await saveNumber(store, 1, rows);
    await saveNumber(store, 2, rows);
    await refuses(
      disk.filling(() => saveNumber(store, 3, 4 * rows)),
      `Cannot write ${folder}/${THREE}/state.safetensors: No space left on device`,
    );
    assert.deepEqual(namesIn(folder), [ONE, TWO]);
    assert.equal(await loadNumber(store), 2);
    assert.equal(await loadNumber(store, ONE), 1);
  }));

Deno.test("a process that is killed while it saves leaves a good checkpoint", () =>
  inFolder(async (folder) => {
    const saver = fileURLToPath(new URL("checkpoint_saver.ts", import.meta.url));
    for (const kill of [2, 3, 4, 6]) {
      const path = `${folder}/${kill}`;
      const child = new Deno.Command(Deno.execPath(), {
        args: ["run", "--no-check", "--allow-read", "--allow-write", saver, path],
        stdout: "piped",
      }).spawn();
      let said = "";
      for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
        const before = said.includes(`saving ${kill}\n`);
        said += text;
        // What it has done by then differs from time to time, and must not matter.
        if (!before && said.includes(`saving ${kill}\n`)) child.kill("SIGKILL");
      }
      assert.equal((await child.status).signal, "SIGKILL");
      const reader = await CheckpointStore.open(path, { create: false });
      const n = await loadNumber(reader);
      assert.ok(n >= kill - 1, `${n} is good, and ${kill - 1} was saved`);
      const store = await CheckpointStore.open(path);
      assert.ok(namesIn(path).every((name) => !name.endsWith(".tmp")));
      assert.equal(await loadNumber(store), n);
      await saveNumber(store, n + 1);
      assert.equal(await loadNumber(store), n + 1);
      assert.equal(namesIn(path).length, 2);
    }
  }));

Deno.test("a checkpoint's tensors are a safetensors file", () =>
  inFolder(async (folder) => {
    await saved(folder, 1);
    using file = SafetensorsFile.open(`${folder}/${ONE}/state.safetensors`);
    assert.deepEqual(file.info("table", "F32").shape, [8, 64, 4]);
  }));

async function change(path: string, edit: (bytes: Uint8Array) => unknown): Promise<void> {
  const bytes = await Deno.readFile(path);
  edit(bytes);
  await Deno.writeFile(path, bytes);
}

async function replace(path: string, from: string, to: string): Promise<void> {
  const text = await Deno.readTextFile(`${path}/checkpoint.json`);
  assert.ok(text.includes(from));
  await Deno.writeTextFile(`${path}/checkpoint.json`, text.replace(from, to));
}

Deno.test("one process at a time saves to a folder that it has locked; others load from it", () =>
  inFolder(async (folder) => {
    {
      using store = await CheckpointStore.open(folder, { lock: true });
      await store.save("a", null, []);
      await assert.rejects(CheckpointStore.open(folder, { lock: true }), {
        name: "UserError",
        message:
          `Cannot save checkpoints to ${folder}: another run is saving to it; wait for its end or choose another folder`,
      });
      const reader = await CheckpointStore.open(folder, { create: false });
      using loaded = await reader.load();
      assert.equal(loaded.name, "a");
    }
    using again = await CheckpointStore.open(folder, { lock: true });
    assert.deepEqual(await again.names(), ["a"]);
  }));

import assert from "node:assert/strict";
import { UserError } from "../../../core/errors.ts";
import { tryLock } from "../../../core/lock.ts";
import type { Device, Optimizer } from "../../../kernels/types.ts";
import { Dlrm } from "../../../train/model/dlrm.ts";
import { readMatrix } from "../../../train/model/matrices.ts";
import {
  SafetensorsFile,
  type TensorSource,
  writeSafetensors,
} from "../../../train/weights/safetensors.ts";
import {
  loadWeights,
  MODEL_FILE,
  saveWeights,
  STATE_FILE,
  WEIGHTS_FILE,
} from "../../../train/weights/weights.ts";
import { openReferenceDevice } from "../../kernels/reference_device.ts";
import { madeUpInputs, readWeights, SMALL_SHAPE, uploadInputs } from "../model/dlrm_cases.ts";

const SGD: Optimizer = { kind: "sgd" };
const ADAGRAD: Optimizer = { kind: "adagrad", eps: 1e-10 };
const ROWWISE: Optimizer = { kind: "rowwise-adagrad", eps: 1e-10 };

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function withDevice(body: (device: Device) => Promise<void>): Promise<void> {
  const device = await openReferenceDevice();
  try {
    await body(device);
  } finally {
    device.dispose();
  }
}

/** A model after some steps, which is given back with its device. */
async function trained(device: Device, optimizer: Optimizer, seed: number): Promise<Dlrm> {
  const model = new Dlrm(device, SMALL_SHAPE, { optimizer, maxBatch: 16 });
  await model.initialise(seed);
  await step(model, seed);
  return model;
}

/** Trains one minibatch and gives its loss. */
async function step(model: Dlrm, seed: number): Promise<number> {
  uploadInputs(model, madeUpInputs(SMALL_SHAPE, 16, seed));
  model.setStep(0.1, 0);
  model.device.run(model.trainProgram(16));
  return new Float32Array(await model.device.read(model.losses.buffer, 0, 4))[0]!;
}

async function save(model: Dlrm, folder: string): Promise<void> {
  const { tableRows, dim, bottom, top } = SMALL_SHAPE;
  await saveWeights(
    model,
    { model: "dlrm", table_rows: tableRows, dim, bottom, top, optimizer: model.optimizer },
    folder,
  );
}

async function dense(model: Dlrm, what: "value" | "state"): Promise<Float32Array[]> {
  return await Promise.all(model.parameters.map((p) => readMatrix(model.device, p[what]!)));
}

function names(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

for (const optimizer of [SGD, ADAGRAD, ROWWISE]) {
  Deno.test(`weights and state make the round trip, and training goes on alike (${optimizer.kind})`, async () => {
    await withDevice((device) =>
      inFolder(async (folder) => {
        const one = await trained(device, optimizer, 3);
        await save(one, `${folder}/new`);
        assert.deepEqual(names(`${folder}/new`), [MODEL_FILE, WEIGHTS_FILE, STATE_FILE]);
        const two = await trained(device, optimizer, 4);
        const withState = await loadWeights(two, optimizer, `${folder}/new`);
        assert.equal(withState, optimizer.kind !== "sgd");
        assert.deepEqual(await readWeights(two), await readWeights(one));
        const rows = one.tables.totalRows;
        assert.deepEqual(await two.tables.readState(0, rows), await one.tables.readState(0, rows));
        if (withState) assert.deepEqual(await dense(two, "state"), await dense(one, "state"));
        for (let s = 0; s < 3; s++) assert.equal(await step(two, 50 + s), await step(one, 50 + s));
      })
    );
  });
}

Deno.test("tensors have the names and shapes of a DLRM state_dict", async () => {
  await withDevice((device) =>
    inFolder(async (folder) => {
      await save(await trained(device, ROWWISE, 3), folder);
      using weights = SafetensorsFile.open(`${folder}/${WEIGHTS_FILE}`);
      const shapes = (file: SafetensorsFile) =>
        Object.fromEntries([...file.tensors.values()].map(({ name, shape }) => [name, shape]));
      const mlps = {
        "bot_l.0.weight": [9, 3],
        "bot_l.0.bias": [9],
        "bot_l.2.weight": [4, 9],
        "bot_l.2.bias": [4],
        "top_l.0.weight": [6, 14],
        "top_l.0.bias": [6],
        "top_l.2.weight": [1, 6],
        "top_l.2.bias": [1],
      };
      const tables = (width: number) =>
        Object.fromEntries(
          SMALL_SHAPE.tableRows.map((rows, t) => [`emb_l.${t}.weight`, [rows, width]]),
        );
      assert.deepEqual(shapes(weights), { ...mlps, ...tables(4) });
      using state = SafetensorsFile.open(`${folder}/${STATE_FILE}`);
      assert.deepEqual(shapes(state), { ...mlps, ...tables(1) });
    })
  );
});

Deno.test("a folder with weights alone, as PyTorch makes one, leaves the state at zero", async () => {
  await withDevice((device) =>
    inFolder(async (folder) => {
      const one = await trained(device, ADAGRAD, 3);
      await save(one, folder);
      await Deno.remove(`${folder}/${MODEL_FILE}`);
      await Deno.remove(`${folder}/${STATE_FILE}`);
      const two = new Dlrm(device, SMALL_SHAPE, { optimizer: ADAGRAD, maxBatch: 16 });
      assert.equal(await loadWeights(two, ADAGRAD, folder), false);
      assert.deepEqual(await readWeights(two), await readWeights(one));
      const state = await two.tables.readState(0, two.tables.totalRows);
      assert.ok(state.every((x) => x === 0));
    })
  );
});

Deno.test("state of another optimizer is left aside", async () => {
  await withDevice((device) =>
    inFolder(async (folder) => {
      await save(await trained(device, ADAGRAD, 3), folder);
      const model = new Dlrm(device, SMALL_SHAPE, { optimizer: ROWWISE, maxBatch: 16 });
      assert.equal(await loadWeights(model, ROWWISE, folder), false);
    })
  );
});

Deno.test("saving over a folder replaces all three files and leaves the others", async () => {
  await withDevice((device) =>
    inFolder(async (folder) => {
      await save(await trained(device, ADAGRAD, 3), folder);
      await Deno.writeTextFile(`${folder}/notes.txt`, "mine");
      const two = await trained(device, SGD, 4);
      await save(two, folder);
      assert.deepEqual(names(folder), [MODEL_FILE, WEIGHTS_FILE, "notes.txt", STATE_FILE]);
      const three = await trained(device, SGD, 5);
      await loadWeights(three, SGD, folder);
      assert.deepEqual(await readWeights(three), await readWeights(two));
      using state = SafetensorsFile.open(`${folder}/${STATE_FILE}`);
      assert.equal(state.tensors.size, 0);
    })
  );
});

Deno.test("a save that fails on the way leaves the folder as it was", async () => {
  await withDevice((device) =>
    inFolder(async (folder) => {
      await save(await trained(device, ADAGRAD, 3), folder);
      const contents = () =>
        names(folder).map((name) => [name, Deno.readFileSync(`${folder}/${name}`)]);
      const before = contents();
      const two = await trained(device, ADAGRAD, 4);
      // The weights are written by then.
      two.tables.readState = () => Promise.reject(new Error("no more"));
      await assert.rejects(save(two, folder), /no more/);
      assert.deepEqual(contents(), before);
    })
  );
});

Deno.test("a save removes what a killed one left, and leaves what another process is writing", async () => {
  await withDevice((device) =>
    inFolder(async (folder) => {
      for (const name of ["save-killed.tmp", "save-going.tmp", "save-me"]) {
        await Deno.mkdir(`${folder}/${name}`);
        await Deno.writeTextFile(`${folder}/${name}/${WEIGHTS_FILE}`, "half");
      }
      using _going = await tryLock(`${folder}/save-going.tmp/save.lock`);
      await save(await trained(device, SGD, 3), folder);
      const all = [MODEL_FILE, WEIGHTS_FILE, STATE_FILE, "save-going.tmp", "save-me"];
      assert.deepEqual(names(folder), all.sort());
    })
  );
});

Deno.test("a file with a tensor more than the model is refused before anything is changed", async () => {
  await withDevice((device) =>
    inFolder(async (folder) => {
      const larger = new Dlrm(device, { ...SMALL_SHAPE, top: [14, 6, 1, 1] }, {
        optimizer: SGD,
        maxBatch: 1,
      });
      await larger.initialise(1);
      const tensors: TensorSource[] = [];
      for (const { name, shape, value } of larger.parameters) {
        const values = await readMatrix(device, value);
        tensors.push({ name, dtype: "F32", shape, chunks: () => [values] });
      }
      for (const [t, rows] of SMALL_SHAPE.tableRows.entries()) {
        const values = await larger.tables.readRows(larger.tables.rowOffsets[t]!, rows);
        const name = `emb_l.${t}.weight`;
        tensors.push({
          name,
          dtype: "F32",
          shape: [rows, SMALL_SHAPE.dim],
          chunks: () => [values],
        });
      }
      await writeSafetensors(`${folder}/${WEIGHTS_FILE}`, tensors, {});
      const model = await trained(device, SGD, 3);
      const before = await readWeights(model);
      await assert.rejects(
        loadWeights(model, SGD, folder),
        /model\.safetensors: it holds tensor top_l\.4\.weight, which the model does not have/,
      );
      assert.deepEqual(await readWeights(model), before);
      larger.dispose();
      model.dispose();
    })
  );
});

Deno.test("what does not fit is one error that names the file, before anything is changed", async () => {
  await withDevice((device) =>
    inFolder(async (folder) => {
      await save(await trained(device, ADAGRAD, 3), folder);
      const other = new Dlrm(device, { ...SMALL_SHAPE, tableRows: [5, 1, 40, 8] }, {
        optimizer: ADAGRAD,
        maxBatch: 16,
      });
      const refuses = async (model: Dlrm, pattern: RegExp) =>
        await assert.rejects(loadWeights(model, ADAGRAD, folder), (error) => {
          assert.ok(error instanceof UserError, String(error));
          assert.match(error.message, pattern);
          return true;
        });
      await refuses(other, /tensor emb_l\.3\.weight has shape \[7, 4\] and must have \[8, 4\]/);
      assert.ok((await dense(other, "value")).every((values) => values.every((x) => x === 0)));
      const model = await trained(device, ADAGRAD, 4);
      await Deno.remove(`${folder}/${STATE_FILE}`);
      await refuses(model, /optimizer\.safetensors: No such file/);
      for (
        const [text, reason] of [
          ["{", /model\.json: it is not JSON/],
          ["null", /model\.json: it is null and must be an object$/],
          [
            '{"schema_version":1,"optimizer":"adagrad"}',
            /model\.json: optimizer is "adagrad" and must be an object$/,
          ],
          [
            '{"schema_version":1,"optimizer":{"kind":"adam"}}',
            /model\.json: optimizer\.kind is "adam" and must be one of sgd, adagrad, rowwise-adagrad$/,
          ],
          ['{"schema_version":{"a":1}}', /model\.json: schema_version is an object and must be 1$/],
          ['{"schema_version":2}', /model\.json: schema_version is 2 and must be 1$/],
        ] as const
      ) {
        await Deno.writeTextFile(`${folder}/${MODEL_FILE}`, text);
        await refuses(model, reason);
      }
    })
  );
});

Deno.test("a changed bit of weights or optimizer state is refused, or changes nothing", async () => {
  await withDevice((device) =>
    inFolder(async (folder) => {
      const saved = await trained(device, ADAGRAD, 3);
      await save(saved, folder);
      const before = await readWeights(saved), state = await dense(saved, "state");
      const model = await trained(device, ADAGRAD, 4);
      for (const name of [WEIGHTS_FILE, STATE_FILE]) {
        const path = `${folder}/${name}`, bytes = await Deno.readFile(path);
        let refused = 0;
        for (let at = 0; at < bytes.length; at++) {
          const damaged = bytes.slice();
          damaged[at]! ^= 1 << at % 8;
          await Deno.writeFile(path, damaged);
          try {
            await loadWeights(model, ADAGRAD, folder);
          } catch (error) {
            assert.ok(error instanceof UserError, String(error));
            refused++;
            continue;
          }
          // Metadata that no reader uses.
          assert.deepEqual(await readWeights(model), before, `${name}, byte ${at}`);
          assert.deepEqual(await dense(model, "state"), state, `${name}, byte ${at}`);
        }
        assert.ok(refused > 0.9 * bytes.length, `${refused} of ${bytes.length}`);
        await Deno.writeFile(path, bytes);
      }
    })
  );
});

Deno.test("the optimizer state of another run is refused, and one of other programs is not", async () => {
  await withDevice((device) =>
    inFolder(async (folder) => {
      await save(await trained(device, ADAGRAD, 3), `${folder}/one`);
      await save(await trained(device, ADAGRAD, 4), `${folder}/two`);
      const model = await trained(device, ADAGRAD, 5);
      await Deno.copyFile(`${folder}/two/${STATE_FILE}`, `${folder}/one/${STATE_FILE}`);
      await assert.rejects(loadWeights(model, ADAGRAD, `${folder}/one`), {
        name: "UserError",
        message:
          `Cannot use ${folder}/one/${STATE_FILE}: it is the optimizer state of other weights than ${folder}/one/${WEIGHTS_FILE}; remove it and ${MODEL_FILE} to begin with a fresh state`,
      });
      await Deno.copyFile(`${folder}/two/${WEIGHTS_FILE}`, `${folder}/one/${WEIGHTS_FILE}`);
      await assert.rejects(loadWeights(model, ADAGRAD, `${folder}/one`), {
        name: "UserError",
        message:
          `Cannot use ${folder}/one/${WEIGHTS_FILE}: its checksum is missing or not the one in ${MODEL_FILE}; copy the folder anew, or remove ${MODEL_FILE} to load the weights as they are`,
      });
      await Deno.remove(`${folder}/one/${STATE_FILE}`);
      await Deno.remove(`${folder}/one/${MODEL_FILE}`);
      assert.equal(await loadWeights(model, ADAGRAD, `${folder}/one`), false);
      // What PyTorch writes has no checksum.
      for (const name of [WEIGHTS_FILE, STATE_FILE]) {
        using file = SafetensorsFile.open(`${folder}/two/${name}`);
        const tensors = [...file.tensors.values()].map(({ name, shape, byteLength }) => ({
          ...{ name, shape, dtype: "F32" as const },
          chunks: () => [file.readFloats(name, 0, byteLength / 4)],
        }));
        await writeSafetensors(`${folder}/one/${name}`, tensors, { format: "pt" });
      }
      const { weights_sha256: _, sha256: __, ...document } = JSON.parse(
        await Deno.readTextFile(`${folder}/two/${MODEL_FILE}`),
      );
      await Deno.writeTextFile(`${folder}/one/${MODEL_FILE}`, JSON.stringify(document));
      assert.equal(await loadWeights(model, ADAGRAD, `${folder}/one`), true);
    })
  );
});

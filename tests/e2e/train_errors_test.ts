import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import type { ResultDocument } from "../../train/run/result.ts";
import { inFolder } from "../data/rows.ts";
import {
  command,
  fail,
  interruptAt,
  readJson,
  run,
  succeed,
  TINY,
  trainToJson,
} from "./command.ts";
import { HAS_SIGNALS } from "./platform.ts";
import { clickRows, writeClicks } from "./criteo_file.ts";

Deno.test("train refuses a wrong command line with status 2 and one line", async () => {
  const cases: [string, RegExp][] = [
    ["", /^error: Cannot start without --data: give one or more click logs, or --data synthetic$/],
    ["--data a --bacth 4", /Cannot use --bacth: .* did you mean --batch\?$/],
    ["--data a --batch 0", /Cannot use --batch 0: it must be at least 1$/],
    ["--data a --lr x", /Cannot use --lr x/],
    ["--data a --device gpu", /Cannot use --device gpu: it must be one of auto, cpu, webgpu/],
    ["--data", /Cannot use --data: its value FILE… is missing$/],
    ["--data a --json deno.json/out.json", /deno\.json is not a folder$/],
    ["--data a --save deno.json/weights", /deno\.json is not a folder$/],
    ["--data synthetic:700 --device cpu --embedding-dim 8", /give --bottom 13-512-256-64-8/],
    [
      "--data synthetic:700 --device cpu --top 8-2",
      /the last width is 2 and must be 1, the logit$/,
    ],
  ];
  for (const [args, message] of cases) {
    await fail("train", args.split(" ").filter((word) => word !== ""), 2, message);
  }
});

Deno.test("train names file, line and column of what it cannot read", () =>
  inFolder(async (folder) => {
    const bad = async (name: string, change: (lines: string[]) => void): Promise<string> => {
      const lines = clickRows(140).split("\n");
      change(lines);
      const path = `${folder}/${name}`;
      await Deno.writeTextFile(path, lines.join("\n"));
      return path;
    };
    const empty = `${folder}/empty.txt`;
    await Deno.writeTextFile(empty, "");
    const ragged = await bad("ragged.txt", (lines) => {
      lines[4] = lines[4]!.split("\t").slice(0, 39).join("\t");
    });
    const hex = await bad("hex.txt", (lines) => {
      lines[9] = lines[9]!.replace(/\tffff[0-9a-f]*$/, "\tffzz");
    });
    const label = await bad("label.txt", (lines) => {
      lines[6] = lines[6]!.replace(/^[01]/, "2");
    });
    const none = `${folder}/none`;
    await Deno.mkdir(none);
    const cases: [string, string][] = [
      [`${folder}/absent.txt`, "absent.txt: No such file or directory"],
      [none, "none: it is a folder without files"],
      [empty, "empty.txt: it is empty"],
      [ragged, "ragged.txt:5:40 (C26): the row has 39 columns where a Criteo row has 40"],
      [hex, 'hex.txt:10:40 (C26): "ffzz" is not a hexadecimal number'],
      [label, "label.txt:7:1"],
    ];
    for (const [path, reason] of cases) {
      const pattern = reason.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
      const args = ["--data", path, "--cache", `${folder}/cache`, ...TINY];
      await fail("train", args, 1, new RegExp(`Cannot (read|prepare) .*${pattern}`));
    }

    const document = await trainToJson(folder, ["--data", hex, "--bad-rows", "skip", ...TINY]);
    assert.deepEqual(document.dataset.inputs, { train: 120, test: 10, validation: 9 });
    const notes = document.dataset.notes.join("\n");
    assert.match(notes, /Skipped 1 bad row, the first:\n.*hex\.txt:10:/);
  }));

Deno.test("train stops at a loss that is not finite, and says where and what to try", () =>
  inFolder(async (folder) => {
    const json = `${folder}/out.json`;
    const args = ["--data", await writeClicks(folder, 1400), "--cache", `${folder}/cache`, ...TINY];
    const all = [...args, "--lr", "1e30", "--json", json];
    await fail("train", all, 1, /Cannot go on after step \d+: its loss is .* smaller --lr/);
    const { ended, losses, metrics } = await readJson<ResultDocument>(json);
    assert.equal(ended.how, "failed");
    assert.match(ended.reason!, new RegExp(`after step ${ended.step}: `));
    assert.equal(losses.length, ended.step);
    assert.equal(losses.at(-1), null);
    assert.equal(metrics, null);
  }));

Deno.test({
  name: "an interrupted training says how far it came",
  ignore: !HAS_SIGNALS,
  fn: () =>
    inFolder(async (folder) => {
      const json = `${folder}/out.json`, weights = `${folder}/weights`;
      const args = ["--data", "synthetic:20000", "--epochs", "10000", "--eval-every", "30"];
      const outputs = ["--json", json, "--save", weights];
      const result = await interruptAt("train", [...args, ...outputs, ...TINY], /^Step 60: AUC/);
      assert.equal(result.status, 130, result.err);
      assert.match(result.out, /^Interrupted after step [\d,]+, metrics of step \d+/);
      assert.match(result.err, /^Interrupted: ending cleanly/m);
      const document = await readJson<ResultDocument>(json);
      assert.equal(document.ended.how, "interrupted");
      assert.equal(document.ended.reason, null);
      assert.ok(document.ended.step >= 60);
      assert.equal(document.losses.length, document.ended.step);
      assert.ok(document.evaluations.length >= 2);
      assert.ok((await Deno.stat(`${weights}/model.safetensors`)).size > 0);
    }),
});

Deno.test({
  name: "an interrupted preparation leaves nothing behind and the next one works",
  ignore: !HAS_SIGNALS,
  fn: () =>
    inFolder(async (folder) => {
      // Members of gzip one after the other: quickly written, long to prepare.
      const path = `${folder}/train.txt.gz`, cache = `${folder}/cache`;
      const member = gzipSync(clickRows(10_000));
      await Deno.writeFile(path, Buffer.concat(Array.from({ length: 60 }, () => member)));
      await Deno.mkdir(cache);
      const args = ["--data", path, "--cache", cache, "--max-steps", "2", ...TINY];
      const { status, err } = await interruptWhen(cache, (name) => name.endsWith(".tmp"), args);
      assert.equal(status, 130, err);
      assert.match(err, /Interrupted while preparing/);
      const left = [...Deno.readDirSync(cache)].filter((entry) => !entry.name.endsWith(".lock"));
      assert.deepEqual(left, []);
      const { out } = await succeed("train", args);
      assert.match(out, /128 samples in 2 steps/);
    }),
});

/** Runs `train` and interrupts it when a name appears in a folder. */
async function interruptWhen(
  folder: string,
  wanted: (name: string) => boolean,
  args: readonly string[],
): Promise<{ status: number; err: string }> {
  using watcher = Deno.watchFs(folder);
  await using child = command("train", args).spawn();
  const out = new Response(child.stdout).text(), err = new Response(child.stderr).text();
  const seen = (async () => {
    for await (const event of watcher) if (event.paths.some(wanted)) return true;
    return false;
  })();
  const inTime = await Promise.race([seen, child.status.then(() => false)]);
  assert.ok(inTime, "the run ended before the name appeared");
  child.kill("SIGINT");
  const { code } = await child.status;
  await out;
  return { status: code, err: await err };
}

Deno.test("a second run finds the prepared data of the first", () =>
  inFolder(async (folder) => {
    const args = ["--data", await writeClicks(folder, 140), "--cache", `${folder}/cache`, ...TINY];
    const first = await run("train", args);
    const names = [...Deno.readDirSync(`${folder}/cache`)].map((entry) => entry.name).sort();
    const second = await run("train", args);
    assert.deepEqual([first.status, second.status], [0, 0]);
    assert.deepEqual(
      [...Deno.readDirSync(`${folder}/cache`)].map((entry) => entry.name).sort(),
      names,
    );
  }));

for (const task of ["train", "data", "bench", "simulate"] as const) {
  Deno.test(`deno task ${task} --version says the project's version and Deno's, whatever else is asked`, async () => {
    const { out } = await succeed(task, ["--version", "--no-such-flag"]);
    assert.match(out, /^Slipstream \d+\.\d+\.\d+ \(Deno \d+\.\d+\.\d+, V8 [\d.]+\S*, \S+\)\n$/);
  });
}

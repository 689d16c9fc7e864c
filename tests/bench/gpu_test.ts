/** `deno task gpu`: parts in processes of their own, joined into one document. */

import assert from "node:assert/strict";
import { runTask } from "../../bench/gpu/child.ts";
import { gpuDocument } from "../../bench/gpu/document.ts";
import { GPU_PARTS, type GpuPart } from "../../bench/gpu/parts.ts";
import { runParts } from "../../bench/gpu/run_parts.ts";
import { BENCH_FLAGS } from "../../bench/flags.ts";
import { EXPERIMENTS } from "../../bench/registry.ts";
import { buildDocument } from "../../bench/report.ts";
import { readResult } from "../../bench/results.ts";
import { parseFlags } from "../../core/flags.ts";
import { inFolder } from "../data/rows.ts";
import { found } from "./made_up.ts";

const quiet = { say: () => {}, signal: new AbortController().signal };

const part = (name: string, more: Partial<GpuPart> = {}): GpuPart => ({
  name,
  help: `${name} in a line`,
  kind: "bench",
  minutes: 1,
  words: ["speed"],
  ...more,
});

Deno.test("gpu: every part is an experiment with flags that it takes, or test files that are there", async () => {
  for (const { kind, words } of GPU_PARTS) {
    const [first, ...flags] = words;
    if (kind === "test") {
      for (const file of words) {
        assert.ok((await Deno.stat(new URL(`../../${file}`, import.meta.url))).isFile, file);
      }
      continue;
    }
    const experiment = EXPERIMENTS.find(({ name }) => name === first);
    assert.ok(experiment, first);
    for (const key of parseFlags(BENCH_FLAGS, ["--device", "webgpu", ...flags]).given.keys()) {
      assert.ok((experiment.flags as readonly string[]).includes(key), `${first}: ${key}`);
    }
  }
});

Deno.test("gpu: one document holds what ran and all that each part has found, under its name", () => {
  const note = { seconds: 2, command: "deno task bench made-up", settings: { scale: "reduced" } };
  const document = buildDocument({ name: "made-up", title: "Made up" }, {
    ...found("one", [4, 5]),
    device: { kind: "webgpu", name: "An adapter", isFallbackAdapter: false },
  }, note);
  const whole = gpuDocument([
    { part: part("first"), status: "done", seconds: 2.34, remark: "", document },
    { part: part("second"), status: "failed", seconds: 1, remark: "no such thing" },
    { part: part("third"), status: "left out", seconds: 0, remark: "0:10 of the time were left" },
  ], { seconds: 3.5, command: "deno task gpu", smoke: false });
  assert.equal(whole.experiment, "gpu");
  assert.equal(whole.device?.name, "An adapter");
  assert.deepEqual(whole.tables.map(({ title }) => title), ["What ran", "first: Table of one"]);
  assert.deepEqual(whole.tables[0]!.texts, [
    ["first", "done", "2.3", ""],
    ["second", "failed", "1.0", "no such thing"],
    ["third", "left out", "-", "0:10 of the time were left"],
  ]);
  assert.deepEqual(whole.samples.map(({ name, values }) => ({ name, values })), [
    { name: "first/time", values: [4, 5] },
  ]);
  assert.deepEqual(whole.notes, ["first: A note of one"]);
});

Deno.test("gpu: a part for which too little time is left is left out, one that fails costs no other", () =>
  inFolder(async (folder) => {
    let minutes = 0;
    const outcomes = await runParts({
      ...quiet,
      parts: [
        part("broken", { words: ["no-such-experiment"] }),
        part("long", { minutes: 5 }),
        part("listed", { kind: "test", words: ["tests/core/nearest_test.ts"] }),
      ],
      minutes: 3,
      out: folder,
      device: "cpu",
      smoke: false,
      command: "deno task gpu",
      // Each look at the clock comes half a minute after the one before.
      now: () => 60_000 * (minutes += 0.25),
    });
    assert.deepEqual(outcomes.map(({ status }) => status), ["failed", "left out", "done"]);
    assert.match(outcomes[0]!.remark, /no-such-experiment/);
    assert.match(outcomes[2]!.remark, /^\d+ passed, 0 failed$/);
    const { tables } = await readResult(`${folder}/gpu.json`);
    assert.deepEqual(tables[0]!.rows.map(([name]) => name), ["broken", "long", "listed"]);
  }));

Deno.test("gpu: a part that is not done in time is ended", async () => {
  const words = ["bench", "validate", "--device", "cpu", "--threads", "1"];
  const { code } = await runTask(words, { ...quiet, milliseconds: 1, env: {} });
  assert.equal(code, null);
});

Deno.test("gpu: an interruption ends the part that runs", async () => {
  const controller = new AbortController();
  const say = () => controller.abort(new Error("enough"));
  const words = ["bench", "validate", "--device", "cpu", "--threads", "1"];
  await assert.rejects(
    runTask(words, { milliseconds: 1e6, env: {}, say, signal: controller.signal }),
    /enough/,
  );
});

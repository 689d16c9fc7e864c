/** The preset rm1 from a log to weights, as the command line runs it. */

import assert from "node:assert/strict";
import { UsageError } from "../../../core/errors.ts";
import { RandomStream } from "../../../core/random.ts";
import { parseTrainOptions } from "../../../train/command/parse.ts";
import { flagOf } from "../../../train/command/flag_names.ts";
import type { ResultDocument } from "../../../train/run/result.ts";
import { SafetensorsFile } from "../../../train/weights/safetensors.ts";
import { runTraining } from "../../../train/run/run_training.ts";
import { event } from "../../data/log_rows.ts";
import { webGpuAvailable } from "../../kernels/webgpu_available.ts";

/** Users with 60 events each, whose items are their own: the label, whether the last one is too, can be learned. */
function log(users: number): string {
  const random = new RandomStream(5, "synthetic");
  let p = 0, text = "";
  for (let user = 0; user < users; user++) {
    const first = 10 * Math.floor(random.uniform(p++) * 8);
    for (let e = 0; e < 60; e++) {
      const item = first + Math.floor(random.uniform(p++) * 10);
      text += event(100 + user, 1000 + item, 5 + first, 3600 * e + user);
    }
  }
  return text;
}

async function run(folder: string, ...flags: string[]): Promise<[ResultDocument, string[]]> {
  const line = parseTrainOptions([
    ...["--data", `${folder}/log.csv`, "--cache", `${folder}/cache`, "--threads", "2"],
    ...flags,
  ]);
  assert.ok(line.kind === "train");
  const notes: string[] = [];
  return [await runTraining(line.settings, { onNote: (note) => notes.push(note) }), notes];
}

/** Whether an error is one of options that the command tells so. */
function refusal(message: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof UsageError && message.test(error.tell(flagOf));
}

async function withLog(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/log.csv`, log(120));
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("rm1 trains from Taobao's format, saves, and goes on from what it saved", async () => {
  await withLog(async (folder) => {
    const rm1 = ["--model", "rm1", "--device", "cpu", "--batch", "64"];
    const [first] = await run(folder, ...rm1, "--epochs", "2", "--save", `${folder}/weights`);
    assert.deepEqual(
      [first.model.steps, first.model.attention, first.model.final],
      [21, [20, 15, 15, 20], [30, 60, 1]],
    );
    assert.equal(first.model.parameters.dense, 3_638);
    const mean = (losses: readonly (number | null)[]): number =>
      losses.reduce<number>((sum, loss) => sum + loss!, 0) / losses.length;
    const { losses } = first;
    assert.ok(mean(losses.slice(-5)) < mean(losses.slice(0, 5)) - 0.05, `${losses}`);
    using file = SafetensorsFile.open(`${folder}/weights/model.safetensors`);
    assert.deepEqual(file.info("ams.0.A", "F32", [1, 15, 15]).shape, [1, 15, 15]);
    const document = JSON.parse(await Deno.readTextFile(`${folder}/weights/model.json`));
    assert.deepEqual([document.model, document.steps, document.optimizer.kind], [
      "tbsm",
      21,
      "adagrad",
    ]);
    const [second, notes] = await run(folder, ...rm1, "--init", `${folder}/weights`);
    assert.ok(notes.some((note) => /^Weights and adagrad state from/.test(note)), `${notes}`);
    assert.ok(mean(second.losses) < mean(losses), "it began anew");
  });
});

Deno.test({
  name: "rm1 gives the same losses on both devices, step by step",
  ignore: !webGpuAvailable,
  fn: async () => {
    await withLog(async (folder) => {
      const rm1 = ["--model", "rm1", "--batch", "64", "--max-steps", "12"];
      const [cpu] = await run(folder, ...rm1, "--device", "cpu");
      const [webgpu] = await run(folder, ...rm1, "--device", "webgpu");
      assert.equal(cpu.losses.length, 12);
      // Ten steps of rounding in float32 came to 1e-6 where this was written.
      cpu.losses.forEach((loss, i) =>
        assert.ok(Math.abs(loss! - webgpu.losses[i]!) < 1e-4, `step ${i}: ${loss}`)
      );
    });
  },
});

Deno.test("rm1 and single inputs, rm2 and sequences do not go together", async () => {
  await withLog(async (folder) => {
    await assert.rejects(
      run(folder, "--model", "rm2", "--device", "cpu"),
      refusal(/--model rm2: it takes single inputs .* so give --model rm1$/),
    );
  });
  const line = parseTrainOptions(["--data", "synthetic", "--model", "rm1"]);
  assert.ok(line.kind === "train");
  await assert.rejects(
    runTraining(line.settings),
    refusal(/^Cannot use --data synthetic with --model rm1: /),
  );
});

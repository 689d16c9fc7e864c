import assert from "node:assert/strict";
import { UsageError, UserError } from "../../../core/errors.ts";
import { readStoredRun } from "../../../train/checkpoint/checkpoints.ts";
import { flagOf } from "../../../train/command/flag_names.ts";
import { parseTrainOptions } from "../../../train/command/parse.ts";
import { PLAN_DEFAULTS } from "../../../train/plan/options.ts";
import { configurationOf, settingsOf } from "../../../train/run/configuration.ts";
import type { RunOptions } from "../../../train/run/options.ts";
import { runTraining } from "../../../train/run/run_training.ts";
import { resolveRun } from "../../../train/run/settings.ts";
import { readTrace } from "../../../train/trace/files.ts";
import { inFolder } from "../../data/rows.ts";
import { memoryDataset } from "./memory_dataset.ts";

async function run(...flags: string[]): Promise<unknown> {
  const line = parseTrainOptions(["--device", "cpu", ...flags]);
  assert.ok(line.kind === "train");
  return await runTraining(line.settings);
}

Deno.test("runTraining() says what the device cannot hold and what to make smaller", async () => {
  await assert.rejects(
    run("--data", "synthetic:100", "--threads", "1", "--batch", "1048576"),
    (error) => {
      assert.ok(error instanceof UserError, String(error));
      assert.match(
        error.message,
        /^Cannot allocate \d+ bytes for .*; try a smaller training.batch, evaluation.batch or/,
      );
      assert.match(error.tell(flagOf), /; try a smaller --batch, --test-batch or --tables$/);
      return true;
    },
  );
});

Deno.test("no number of threads passes the command line that the device refuses", () => {
  assert.throws(() => parseTrainOptions(["--data", "synthetic", "--threads", "257"]), {
    name: "UserError",
    message: "Cannot use --threads 257: it must be at most 256",
  });
});

Deno.test("runTraining() looks at the folder to start from before it prepares data", async () => {
  await assert.rejects(run("--data", "no-such-file", "--init", "no-such-folder"), {
    name: "UserError",
    message: /^Cannot read no-such-folder.model\.safetensors: /,
  });
});

/** A small model of the made-up data, and a device that starts at once. */
const SMALL: Omit<RunOptions, "data"> = {
  model: { preset: "rm2", shape: { dim: 4, bottom: [3, 4], top: [4, 1] } },
  training: { batch: 10, seed: 3 },
  device: { kind: "cpu", threads: 1 },
};

Deno.test("runTraining() needs data and a model alone, and tells what it took for the rest", async () => {
  const dataset = memoryDataset(4000);
  const { configuration, ended, metrics, device } = await runTraining({
    data: dataset,
    model: { tableRows: [5, 1, 40, 7], dim: 4, bottom: [3, 4], top: [14, 4, 1] },
  });
  assert.deepEqual(ended, { how: "completed", step: 3, reason: null });
  assert.equal(metrics!.count, 1000);
  assert.ok(device.threads > 0);
  const { optimizer, batch, seed, plan } = configuration as unknown as Record<string, unknown>;
  assert.deepEqual([optimizer, batch, seed], [{ kind: "sgd" }, 1024, 123]);
  assert.deepEqual(plan, PLAN_DEFAULTS);
  // What a caller has opened stays open.
  assert.equal(dataset.seen.length, 3000);
  assert.equal(dataset.closed, false);
});

Deno.test("a script's run has the same bits as the command line's", async () => {
  const losses = async (options: RunOptions) => (await runTraining(options)).losses;
  const line = parseTrainOptions(
    "--data synthetic:2000 --device cpu --threads 1 --batch 64 --tables 60-30-20 --embedding-dim 4 --bottom 13-4 --top 4-1 --plan fae --hot-memory 0.001 --profile 1 --lr 0.05"
      .split(" "),
  );
  assert.ok(line.kind === "train");
  const scripted = await losses({
    data: { source: { kind: "synthetic", inputs: 2000 } },
    model: { preset: "rm2", shape: { dim: 4, bottom: [13, 4], top: [4, 1], tables: [60, 30, 20] } },
    training: { batch: 64, learningRate: 0.05 },
    plan: { name: "fae", hotMemoryMib: 0.001, profile: 1 },
    device: { kind: "cpu", threads: 1 },
  });
  assert.deepEqual(scripted, await losses(line.settings));
  assert.ok(scripted.length > 10);
});

Deno.test("a callback ends a run early, and everything is written as of a completed one", () =>
  inFolder(async (folder) => {
    const outputs = {
      result: `${folder}/result.json`,
      trace: `${folder}/trace.arrow`,
      weights: `${folder}/weights`,
    };
    const stopped = await runTraining({ ...SMALL, data: memoryDataset(4000), outputs }, {
      onStep: ({ step, inputs, epoch }) => {
        assert.deepEqual([inputs, epoch], [10 * step, 0]);
        return step === 7 ? "stop" : undefined;
      },
    });
    assert.deepEqual(stopped.ended, { how: "stopped", step: 7, reason: null });
    assert.equal(stopped.metrics!.count, 1000);
    const written = JSON.parse(await Deno.readTextFile(outputs.result));
    assert.deepEqual(written.ended, stopped.ended);
    assert.equal((await readTrace(outputs.trace)).records.length, 7);
    const short = await runTraining({
      ...SMALL,
      data: memoryDataset(4000),
      training: { ...SMALL.training, maxSteps: 7 },
      outputs: { weights: `${folder}/short` },
    });
    assert.deepEqual(stopped.losses, short.losses);
    assert.deepEqual(stopped.metrics, short.metrics);
    const file = (name: string) => Deno.readFile(`${folder}/${name}/model.safetensors`);
    assert.deepEqual(await file("weights"), await file("short"));
  }));

Deno.test("two outputs in one file are refused", async () => {
  await assert.rejects(
    runTraining({ ...SMALL, data: memoryDataset(100), outputs: { result: "a", events: "a" } }),
    /^UserError: Cannot use outputs.events a: outputs.result has it$/,
  );
});

Deno.test("an evaluation that is good enough ends a run, and is its last one", async () => {
  const seen: [number, boolean][] = [];
  const { ended, evaluations, metrics } = await runTraining({
    ...SMALL,
    data: memoryDataset(4000),
    evaluation: { every: 25 },
  }, {
    onEvaluation: async ({ step, metrics }, final) => {
      seen.push([step, final]);
      return await Promise.resolve(metrics.auc! > 0.5 && step > 25 ? "stop" : undefined);
    },
  });
  assert.deepEqual([ended.how, ended.step], ["stopped", 50]);
  assert.deepEqual(seen, [[25, false], [50, false]]);
  assert.deepEqual(evaluations.map(({ step }) => step), [25, 50]);
  assert.deepEqual(metrics, evaluations[1]!.metrics);
});

Deno.test("a script's interrupted run goes on from its checkpoint to the same bits, on a data set of its own", () =>
  inFolder(async (folder) => {
    const options = { ...SMALL, data: memoryDataset(4000), evaluation: { every: 100 } };
    const whole = await runTraining(options);
    const checkpoints = { folder: `${folder}/run` };
    const interruption = new AbortController();
    const cut = await runTraining({ ...options, checkpoints }, {
      signal: interruption.signal,
      onStep: ({ step }) => step === 40 ? interruption.abort(new Error("enough")) : undefined,
    });
    assert.deepEqual(cut.ended, { how: "interrupted", step: 40, reason: null });
    const resumed = await runTraining({
      ...options,
      checkpoints: { ...checkpoints, resume: checkpoints.folder },
    });
    assert.deepEqual(resumed.losses, whole.losses);
    assert.deepEqual(resumed.evaluations, whole.evaluations);
    await assert.rejects(
      readStoredRun(checkpoints.folder),
      /^UserError: Cannot resume from .* by its own options: its data set was opened by a script/,
    );
  }));

Deno.test("runTraining() names the field that cannot be, before it opens anything", async () => {
  const refuses = (options: Partial<RunOptions>, message: RegExp) =>
    assert.rejects(
      runTraining({ data: "no-such-file", model: "rm2", ...options }),
      (error) => error instanceof UsageError && message.test(error.message),
    );
  await refuses({ training: { batch: 0 } }, /^Cannot use training\.batch 0: it must be a whole/);
  await refuses({ training: { seed: 1.5 } }, /^Cannot use training\.seed 1\.5: .* to 4294967295$/);
  await refuses({ device: { threads: 300 } }, /^Cannot use device\.threads 300: .* from 1 to 256$/);
  await refuses({ training: { learningRate: 0 } }, /^Cannot use training\.learningRate\.base 0: /);
  await refuses(
    { device: { placement: "hot" } },
    /^Cannot use device\.placement hot with plan\.name baseline: /,
  );
  await refuses({ data: "synthetic:0" }, /^Cannot use data synthetic:0: /);
  await refuses(
    { outputs: { result: "deno.json/a.json" } },
    /^Cannot use outputs\.result deno\.json.a\.json: deno\.json is not a folder$/,
  );
});

Deno.test("a run that was normalised in a way that is gone is not resumed", () => {
  const { data, ...settings } = resolveRun({ data: ["a"], model: "rm3" });
  const document = { ...configurationOf({ data, ...settings }) as object, normalisation: "layer" };
  assert.throws(() => settingsOf(document as never, "c"), {
    name: "UserError",
    message:
      "Cannot resume from c: its run normalises features by layer, which no longer exists; normalisations are none, dense, vectors",
  });
});

Deno.test("a run's settings come back from the document that holds them", () => {
  const settings = resolveRun({
    data: { source: ["a", "b"], format: "avazu", limit: 7, maxIndexRange: 9, seed: 5 },
    model: { preset: "rm3", shape: { dim: 8 }, normalisation: "vectors", weights: "w" },
    training: { optimizer: "adagrad", learningRate: { warmupSteps: 3 }, epochs: 2, shuffle: false },
    plan: { name: "slipstream", mode: "artifact" },
    device: { kind: "cpu", threads: 2, placement: "hybrid" },
    evaluation: { every: 4, batch: 6 },
    checkpoints: { folder: "c", every: 8 },
    outputs: { result: "r", trace: "t", weights: "s" },
  });
  assert.deepEqual(settingsOf(configurationOf(settings), "c"), settings);
  assert.deepEqual(resolveRun(settings), settings);
  const opened = resolveRun({ data: memoryDataset(4), model: "rm2" });
  assert.throws(() => settingsOf(configurationOf(opened), "c/step-1"), {
    name: "UserError",
    message:
      /^Cannot resume from c\/step-1 by its own options: its data set was opened by a script/,
  });
});

Deno.test("weights that cannot be saved go where whoever is asked says, and are given up where nobody does", () =>
  inFolder(async (folder) => {
    const taken = `${folder}/taken`, free = `${folder}/free`;
    await Deno.mkdir(`${taken}/model.safetensors/held`, { recursive: true });
    const options: RunOptions = {
      data: "synthetic:2000",
      model: {
        preset: "rm2",
        shape: { dim: 4, bottom: [13, 4], top: [4, 1], tables: Array(26).fill(20) },
      },
      training: { batch: 64, maxSteps: 2 },
      device: { kind: "cpu", threads: 1 },
      outputs: { weights: taken, result: `${folder}/out.json` },
    };
    const asked: string[] = [];
    await runTraining(options, {
      onUnsaved: ({ message }) => {
        asked.push(message);
        return asked.length === 1 ? taken : free;
      },
    });
    assert.equal(asked.length, 2);
    for (const message of asked) {
      assert.match(message, new RegExp(`^Cannot save weights to ${taken}: `));
      assert.doesNotMatch(message, /\.tmp/);
    }
    assert.ok((await Deno.stat(`${free}/model.json`)).isFile);
    await Deno.remove(`${folder}/out.json`);
    await assert.rejects(runTraining(options, { onUnsaved: () => null }), /Cannot save weights to/);
    // The result is not lost with them.
    assert.ok((await Deno.stat(`${folder}/out.json`)).isFile);
  }));

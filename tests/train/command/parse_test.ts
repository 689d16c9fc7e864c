import assert from "node:assert/strict";
import { PLAN_DEFAULTS } from "../../../train/plan/options.ts";
import { UsageError } from "../../../core/errors.ts";
import { flagName } from "../../../core/flags.ts";
import { flagOf } from "../../../train/command/flag_names.ts";
import { TRAIN_FLAGS, trainHelp } from "../../../train/command/flags.ts";
import { parseTrainOptions } from "../../../train/command/parse.ts";
import { configurationOf } from "../../../train/run/configuration.ts";
import { type DataSettings, isDataset, type RunSettings } from "../../../train/run/options.ts";
import { resolveRun } from "../../../train/run/settings.ts";

function train(
  args: string,
  days: (path: string) => readonly string[] = () => [],
): RunSettings & { readonly data: DataSettings; readonly notes: readonly string[] } {
  const parsed = parseTrainOptions(args.split(" ").filter((word) => word !== ""), days);
  assert.ok(parsed.kind === "train");
  const { data } = parsed.settings;
  assert.ok(!isDataset(data));
  return { ...parsed.settings, data, notes: parsed.notes };
}

function refuses(args: string, message: string | RegExp): void {
  assert.throws(() => train(args), (error: unknown) => {
    assert.ok(error instanceof UsageError, String(error));
    const told = error.tell(flagOf);
    if (typeof message === "string") assert.equal(told, message);
    else assert.match(told, message);
    return true;
  });
}

Deno.test("parseTrainOptions() fills in the preset's settings", () => {
  const { notes, ...settings } = train("--data train.txt");
  assert.deepEqual(notes, []);
  assert.deepEqual(configurationOf(settings), {
    data: { kind: "files", paths: ["train.txt"] },
    format: "auto",
    schema: null,
    test: [],
    validation: [],
    limit: null,
    maxIndRange: null,
    minCount: 0,
    dataSeed: 123,
    leak: false,
    badRows: "error",
    cache: ".cache/data",
    shuffle: true,
    model: "rm2",
    shape: {
      dim: undefined,
      bottom: undefined,
      top: undefined,
      attention: undefined,
      final: undefined,
      tables: "data",
    },
    optimizer: { kind: "sgd" },
    schedule: { base: 0.1, warmupSteps: 0, decayStartStep: 0, decaySteps: 0 },
    batch: 1024,
    evalBatch: 1024,
    epochs: 1,
    maxSteps: 0,
    seed: 123,
    evalEvery: 0,
    normalisation: "none",
    plan: PLAN_DEFAULTS,
    lastBatch: "keep",
    placement: "device",
    device: "auto",
    threads: null,
    wide: false,
    init: null,
    save: null,
    saveFallback: null,
    json: null,
    trace: null,
    events: null,
    page: null,
    checkpoint: null,
    checkpointEvery: 0,
    prepareWorkers: null,
    resume: null,
  });
  assert.equal(train("--data a --model rm3").training.batch, 2048);
});

Deno.test("parseTrainOptions() trains rm1 by Adagrad at its own rate, others at theirs", () => {
  const rate = (line: string) => {
    const { optimizer, learningRate } = train(`--data a ${line}`).training;
    return [optimizer.kind, learningRate.base];
  };
  assert.deepEqual(rate("--model rm1"), ["adagrad", 0.05]);
  assert.deepEqual(rate("--model rm1 --optimizer rowwise-adagrad"), ["rowwise-adagrad", 0.01]);
  assert.deepEqual(rate("--model rm1 --optimizer sgd"), ["sgd", 0.1]);
  assert.deepEqual(rate("--model rm2 --optimizer adagrad"), ["adagrad", 0.01]);
  assert.equal(train("--data a --model rm1").training.batch, 256);
});

Deno.test("parseTrainOptions() takes TBSM's widths by its spellings", () => {
  const { model } = train(
    "--data a --model rm1 --arch-mlp-bot=1-16 --arch-mlp-top=15-15 --tsl-mlp=15-15 --arch-mlp=60-1",
  );
  assert.deepEqual(model.shape, {
    dim: undefined,
    bottom: [1, 16],
    top: [15, 15],
    attention: [15, 15],
    final: [60, 1],
    tables: "data",
  });
});

Deno.test("parseTrainOptions() takes DLRM's Kaggle command line and notes what has no effect", () => {
  const { data, model, training, evaluation, device, notes } = train(
    "--arch-sparse-feature-size=16 --arch-mlp-bot=13-512-256-64-16 --arch-mlp-top=512-256-1 " +
      "--data-generation=dataset --data-set=kaggle --raw-data-file=./train.txt " +
      "--loss-function=bce --round-targets=True --learning-rate=0.1 --mini-batch-size=128 " +
      "--print-freq=1024 --print-time --test-mini-batch-size=16384 --test-num-workers=16 --use-gpu",
  );
  assert.deepEqual(data.source, { kind: "files", paths: ["./train.txt"] });
  assert.equal(data.format, "criteo-kaggle");
  assert.deepEqual(model.shape, {
    dim: 16,
    bottom: [13, 512, 256, 64, 16],
    top: [512, 256, 1],
    attention: undefined,
    final: undefined,
    tables: "data",
  });
  assert.deepEqual([training.batch, evaluation.batch, device.kind], [128, 16384, "webgpu"]);
  assert.deepEqual(notes, [
    "DLRM flags without effect here: --print-freq, --print-time, --round-targets, --test-num-workers",
  ]);
});

Deno.test("parseTrainOptions() takes DLRM's Terabyte command line and finds the day files", () => {
  const { data, training, evaluation } = train(
    "--arch-sparse-feature-size=64 --arch-mlp-bot=13-512-256-64 --arch-mlp-top=512-512-256-1 " +
      "--max-ind-range=10000000 --data-generation=dataset --data-set=terabyte " +
      "--raw-data-file=./input/day --processed-data-file=./input/terabyte_processed.npz " +
      "--loss-function=bce --round-targets=True --learning-rate=0.1 --mini-batch-size=2048 " +
      "--nepochs=1 --test-freq=-1 --numpy-rand-seed=7 --memory-map --data-sub-sample-rate=0.0",
    (path) => [0, 1, 2].map((day) => `${path}_${day}`),
  );
  assert.deepEqual(data.source, {
    kind: "files",
    paths: ["./input/day_0", "./input/day_1", "./input/day_2"],
  });
  assert.deepEqual([data.maxIndexRange, training.seed, evaluation.every], [10_000_000, 7, 0]);
  const absent = train("--data-set=terabyte --data day", () => []);
  assert.deepEqual(absent.data.source, { kind: "files", paths: ["day"] });
});

Deno.test("parseTrainOptions() reads synthetic data and their size", () => {
  assert.deepEqual(train("--data synthetic").data.source, { kind: "synthetic", inputs: null });
  assert.deepEqual(train("--data synthetic:1e5").data.source, {
    kind: "synthetic",
    inputs: 100_000,
  });
  const random = train("--data-generation random --data-size 4096");
  assert.deepEqual(random.data.source, { kind: "synthetic", inputs: 4096 });
  assert.equal(random.notes.length, 1);
  refuses(
    "--data synthetic:x",
    'Cannot use --data synthetic:x: "x" is not a number of inputs (write synthetic:100000)',
  );
  refuses("--data synthetic:0", /is not a number of inputs/);
  refuses("--data a synthetic", /beside files: give one or the other/);
  assert.deepEqual(train("--data ./synthetic").data.source, {
    kind: "files",
    paths: ["./synthetic"],
  });
});

Deno.test("parseTrainOptions() knows the optimizers and their learning rates", () => {
  const adagrad = train("--data a --optimizer adagrad").training;
  assert.deepEqual(adagrad.optimizer, { kind: "adagrad", eps: 1e-10 });
  assert.equal(adagrad.learningRate.base, 0.01);
  const rowwise = train("--data a --optimizer rwsadagrad --lr 0.5").training;
  assert.deepEqual(rowwise.optimizer, { kind: "rowwise-adagrad", eps: 1e-10 });
  assert.equal(rowwise.learningRate.base, 0.5);
});

Deno.test("parseTrainOptions() reads table sizes", () => {
  assert.equal(train("--data a --tables published").model.shape.tables, "published");
  assert.deepEqual(train("--data a --arch-embedding-size 4-3-2").model.shape.tables, [4, 3, 2]);
  refuses(
    "--data a --tables 4--2",
    "Cannot use --tables 4--2: it must be data, published or numbers such as 1460-583-305",
  );
});

Deno.test("parseTrainOptions() refuses what it cannot do the way DLRM does", () => {
  refuses(
    "--data a --qr-flag",
    "Cannot use --qr-flag: it is unsupported: quotient-remainder tables",
  );
  refuses("--data a --save-model=m.pt", /write safetensors with --save DIR/);
  refuses("--data a --loss-function=mse", "Cannot use --loss-function mse: only bce is supported");
  refuses("--data a --arch-interaction-op=cat", /only dot is supported/);
  refuses("--data a --data-randomize=day", /must be one of total, none/);
  refuses("--data a --mlperf-auc-threshold=0.8025", /must be one of 0, 0.0/);
  refuses("--data a --num-batches=5 --nepochs=2", /it bounds each epoch/);
  assert.equal(train("--data a --qr-flag=False --num-batches=5").training.maxSteps, 5);
});

Deno.test("parseTrainOptions() takes the last of a flag that is given again, and files without their flag", () => {
  const { data, training } = train("a --batch 4 --mini-batch-size 8 --lr 1 --lr 2 b");
  assert.deepEqual([training.batch, training.learningRate.base], [8, 2]);
  assert.deepEqual(data.source, { kind: "files", paths: ["a", "b"] });
});

Deno.test("parseTrainOptions() refuses contradictions", () => {
  refuses("", "Cannot start without --data: give one or more click logs, or --data synthetic");
  refuses("--data a --use-gpu --device cpu", /--use-gpu has been given and means --device webgpu/);
  refuses("--data a --data-set kaggle --format criteo-terabyte", /means --format criteo-kaggle/);
  refuses(
    "--data a --lr-num-warmup-steps 9 --lr-decay-start-step 3 --lr-num-decay-steps 2",
    "Cannot use --lr-decay-start-step 3: the warm-up lasts until step 9",
  );
  refuses(
    "--data a --bach 4",
    "Cannot use --bach: there is no such flag, did you mean --batch?",
  );
});

Deno.test("trainHelp() shows every flag and every alias", () => {
  const help = trainHelp();
  for (const [key, flag] of Object.entries(TRAIN_FLAGS)) {
    assert.ok(help.includes(flagName(key)), key);
    for (const alias of "aliases" in flag ? flag.aliases : []) {
      assert.ok(help.includes(`--${alias}`), alias);
    }
  }
  assert.deepEqual(parseTrainOptions(["--help"]), { kind: "help", text: help });
  // Fields without a blank may overrun the line, text may not.
  for (const line of help.split("\n")) assert.ok(line.length <= 100, line);
});

Deno.test("plans take the artifact's spellings, and fill in what goes with them", () => {
  const { plan, device } = train(
    "--data a --plan slipstream --mode artifact --target-drop-percentage 0.2 --non-changing-index 26 " +
      "--starting-minibatch 1000 --minibatch-percentage 0.03 --sample-rate 0.001 " +
      "--hot-emb-gpu-mem 268435456 --confidence-rate 0.5 --cluster-forming-threshold 0.01",
  );
  assert.deepEqual(plan, {
    ...PLAN_DEFAULTS,
    ...{ name: "slipstream", mode: "artifact", drop: 0.2, alpha: 26, warmup: 1000, window: 0.03 },
    ...{ sample: 0.001, hotMemoryMib: 256, untouched: "stale", schedule: "cold-then-hot" },
  });
  const underscored = train(
    "--data a --plan slipstream --target_drop_percentage 0.2 --non_changing_index 26 " +
      "--starting_minibatch 1000 --minibatch_percentage 0.03 --sample_rate 0.001 " +
      "--ip-sampling-rate 20 --confidence_rate 0.5 --cluster_forming_threshold 0.01",
  );
  assert.equal(underscored.plan.drop, 0.2);
  assert.equal(underscored.plan.profile, 0.2);
  assert.equal(underscored.plan.warmup, 1000);
  assert.equal(underscored.training.lastBatch, "drop");
  assert.equal(device.placement, "hot");
  const cold = train("--data a --plan slipstream-cold --placement hybrid");
  assert.equal(cold.plan.schedule, "interleaved");
  assert.equal(cold.plan.untouched, "unknown");
  assert.equal(cold.device.placement, "hybrid");
  assert.deepEqual(train("--data a --alpha 3 --trace t").notes, [
    "Without effect on --plan baseline: --alpha",
  ]);
});

Deno.test("every setting of a run that a flag can set is called by that flag", () => {
  const paths = (value: object, prefix: string): string[] =>
    Object.entries(value).flatMap(([key, member]) => {
      const path = `${prefix}${key}`;
      const group = typeof member === "object" && member !== null && !Array.isArray(member);
      const whole = path === "data.source" || path === "training.optimizer";
      return group && !whole ? paths(member, `${path}.`) : [path];
    });
  const shape = { dim: 4, bottom: [1, 4], top: [1], attention: [2], final: [1], tables: [3] };
  const settings = resolveRun({ data: "synthetic", model: { preset: "rm1", shape } });
  const flags = new Map(paths(settings, "").map((path) => [path, flagOf(path)]));
  assert.equal(flags.get("plan.wakeEvery"), "--wake-every");
  // Only a script has open devices.
  assert.ok(flags.delete("device.open"));
  const known = new Set(Object.keys(TRAIN_FLAGS).map(flagName));
  for (const [path, flag] of flags) assert.ok(known.has(flag), `${path} is called ${flag}`);
});

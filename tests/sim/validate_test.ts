import assert from "node:assert/strict";
import type { Configuration } from "../../sim/validate/configurations.ts";
import { CONFIGURATIONS } from "../../sim/validate/configurations.ts";
import { compareTrials, comparison, groupOf, judge } from "../../sim/validate/compare.ts";
import { formatValidation } from "../../sim/validate/report.ts";
import { differences, undisturbed, type Validation } from "../../sim/validate/validate.ts";
import { simulate } from "../../sim/simulate.ts";
import { findSystem } from "../../sim/systems/mod.ts";
import { UserError } from "../../core/errors.ts";
import type { Trial } from "../../sim/validate/trial.ts";
import type { MinibatchRecord } from "../../train/trace/schema.ts";
import { LedgerDevice } from "../../kernels/ledger.ts";
import { Dlrm } from "../../train/model/dlrm.ts";
import { StepLedger } from "../../train/model/step_ledger.ts";
import { type Laws, toyRates } from "./toy_rates.ts";
import { record, TOY, traceOf } from "./toy.ts";

/** 4 floats a row, two tables, bottom 1-4, top 7-1, as the toy traces have. */
const SHAPE = { tableRows: [1000, 1000], dim: 4, bottom: [1, 4], top: [7, 1] };

/** Costs that sum up by hand, for 100 inputs and 200 lookups, 150 of them of different rows. */
const LAWS: Laws = {
  "read/single": (lookups) => 0.5 * lookups!, // 100 us
  "group/single/full": (lookups) => lookups!, // 200 us
  "group/single/hot": (lookups) => 2 * lookups!, // 400 us
  "write": () => 10, // dense, labels, scalars; in host memory the learning rate once more
  "write-lookups": (both) => 0.1 * both!, // 35 us
  "read": () => 20,
  "copy": (bytes) => bytes! / 100, // (3 vectors of 4 floats) x 100: 48 us each way
  "run": () => 7,
  "step": () => 1000,
  "linear-forward": (M) => M!, // bottom: 100 us
  "linear-forward/column": (M) => 2 * M!, // top: 200 us
  "embedding-forward/lookup": () => 100, // 20 us
  "embedding-forward/row": () => 200, // 30 us
  "interaction-forward": (B) => B!, // 100 us
  "bce": () => 11,
  "linear-backward-weights": (M) => 3 * M!, // bottom: 300 us
  "linear-backward-weights/column": () => 40,
  "linear-backward-input/column": () => 60,
  "interaction-backward": () => 70,
  "embedding-backward-sgd/lookup": () => 1000, // 200 us
  "embedding-backward-sgd/row": () => 2000, // 300 us
  "dense-update-sgd": () => 9,
  "sync-load": (_, rows, dim) => rows! * dim! / 10, // 400 us for 1000 rows
  "sync-store": (_, rows, dim) => rows! * dim! / 5,
  "snapshot": (rows) => rows!,
};
/** Of those in microseconds: prepare, upload, device's operations, row operations. */
const DEVICE = { prepare: 300, upload: 30 + 35, forward: 7 + 300, gather: 50, interact: 170 };
const BACKWARD = 11 + 40 + 60 + 300, ROWS = 500, DENSE = 9;
const DEVICE_US = 1000 + 300 + 65 + 307 + 50 + 170 + BACKWARD + ROWS + DENSE;

function configuration(over: Partial<Configuration> = {}): Configuration {
  return {
    name: "toy",
    preset: "rm2",
    placement: "device",
    plan: "baseline",
    batch: 100,
    steps: 0,
    inputs: 0,
    ...over,
  };
}

function trial(records: readonly MinibatchRecord[]): Trial {
  return { shape: SHAPE, plan: traceOf(records).header.plan, records };
}

function timed(kind: MinibatchRecord["kind"], wall: number, over: Partial<MinibatchRecord> = {}) {
  return record(kind, { wall_ms: wall, stages_ms: { prepare: 0.2 }, place: "device", ...over });
}

Deno.test("a minibatch is the sum of the trainer's operations, by hand", () => {
  const records = Array.from({ length: 9 }, () => timed("all", 4));
  const plain = { ...trial(records), plan: { ...traceOf(records).header.plan, hot: null } };
  const found = compareTrials(toyRates(LAWS), configuration(), [plain]);
  assert.equal(found.blocks.length, 0);
  const [one] = found.minibatches;
  assert.equal(one!.minibatches, 5);
  const ms = (stage: keyof typeof DEVICE | "backward" | "update-rows" | "update-dense") =>
    one!.stages[stage]!.predicted;
  for (const [stage, us] of Object.entries(DEVICE)) {
    assert.ok(Math.abs(ms(stage as keyof typeof DEVICE) - us / 1000) < 1e-12, stage);
  }
  assert.ok(Math.abs(ms("backward") - BACKWARD / 1000) < 1e-12);
  assert.ok(Math.abs(ms("update-rows") - ROWS / 1000) < 1e-12);
  assert.ok(Math.abs(ms("update-dense") - DENSE / 1000) < 1e-12);
  assert.ok(Math.abs(one!.predicted - DEVICE_US / 1000) < 1e-12);
  assert.equal(one!.measured, 4);
  assert.ok(Math.abs(one!.error - (DEVICE_US / 4000 - 1)) < 1e-12);
  assert.equal(one!.stages.prepare!.measured, 0.2);
  assert.deepEqual(compareTrials(toyRates(LAWS), configuration(), [plain]), found);
});

Deno.test("rows in host memory add two copies, two starts and a write", () => {
  const records = Array.from({ length: 9 }, () => timed("all", 4, { place: "hybrid" }));
  const plain = { ...trial(records), plan: { ...traceOf(records).header.plan, hot: null } };
  const placed = configuration({ placement: "hybrid" });
  const [one] = compareTrials(toyRates(LAWS), placed, [plain]).minibatches;
  assert.ok(Math.abs(one!.predicted - (DEVICE_US + 2 * 48 + 2 * 7 + 10) / 1000) < 1e-12);
  assert.ok(Math.abs(one!.stages.download!.predicted - 0.048) < 1e-12);
});

Deno.test("cold, hot and kept minibatches are told apart; blocks are beside them", () => {
  const laws: Laws = { ...LAWS, "classify/single": (n) => n! / 10, "keep/single": (n) => n! };
  const records = [
    ...Array.from({ length: 9 }, () => timed("cold", 5, { place: "hybrid" })),
    ...Array.from({ length: 9 }, (_, i) =>
      timed("warm-up", i === 0 ? 40 : 3, {
        sync_bytes: i === 0 ? 16_000 : 0,
        stages_ms: i === 0 ? { "sync-hot": 0.5 } : {},
      })),
    // Six minibatches pay for the first one's candidates.
    ...Array.from({ length: 6 }, (_, i) =>
      timed("hot", i === 0 ? 9 : 3, {
        skipped_inputs: 50,
        stages_ms: { prepare: i === 0 ? 4 : 1, classify: i === 0 ? 3 : 0 },
      })),
  ];
  const { minibatches, blocks } = compareTrials(
    toyRates(laws),
    configuration({ placement: "hot", plan: "slipstream" }),
    [trial(records)],
  );
  const by = Object.fromEntries(minibatches.map((one) => [one.kind, one]));
  assert.deepEqual(Object.keys(by), ["cold", "hot", "kept"]);
  // On the route of hot rows grouping takes twice as long, and the host's learning rate is written too.
  assert.ok(Math.abs(by["hot"]!.predicted - (DEVICE_US + 200 + 10) / 1000) < 1e-12);
  assert.equal(by["hot"]!.measured, 3);
  // Half as many candidates again: read (150 us) and classified (30 us); 200 us to put together.
  assert.ok(Math.abs(by["kept"]!.predicted - (DEVICE_US + 210 + 50 + 30 + 200) / 1000) < 1e-12);
  // Without reading and classifying 2 ms, of which the mean is 1.5 and 0.5 ms.
  assert.ok(Math.abs(by["kept"]!.measured - 4) < 1e-12);
  assert.deepEqual(blocks.map(({ block, predicted }) => [block, predicted]), [["sync-hot", 0.4]]);
  assert.equal(blocks[0]!.measured, 0.5);
  assert.equal(groupOf(record("window"), true), "hot");
  assert.equal(groupOf(record("hot"), false), "hot");
});

Deno.test("the error statistics, by hand", () => {
  const rows = [comparison(11, 10), comparison(8, 10), comparison(10, 10)];
  const { mean, worst, met } = judge(rows);
  // (1.1 x 1.2 x 1)^(1/3) - 1
  assert.ok(Math.abs(mean - (Math.cbrt(1.32) - 1)) < 1e-12);
  assert.ok(Math.abs(worst - 0.2) < 1e-12);
  assert.equal(met, true);
  assert.equal(judge([comparison(12.6, 10), ...rows.map(() => comparison(1, 1))]).met, false);
  assert.equal(judge([comparison(11.2, 10)]).met, false);
  assert.equal(comparison(1, 0).error, Infinity);
});

Deno.test("the tables say what was predicted, measured, and whether the bar is met", () => {
  const validation: Validation = {
    fingerprint: toyRates({}).fingerprint,
    warnings: [],
    minibatches: [{
      configuration: "RM2, 256",
      kind: "all",
      minibatches: 20,
      rounds: [],
      ...comparison(13, 10),
      stages: { forward: comparison(5, 4), upload: comparison(1, 0) },
    }],
    blocks: [{ configuration: "RM2, 256", block: "snapshot", ...comparison(2, 4) }],
    verdict: judge([comparison(13, 10)]),
    disturbed: ["RM4, 512"],
    reference: "calibration",
  };
  const text = formatValidation(validation);
  assert.match(text, /Left out, since something else was at work whenever they ran: RM4, 512\.$/m);
  assert.match(text, /RM2, 256 {2,}all {2,}forward {2,}5\.000 {2,}4\.000 {2,}25\.0 {2,}40\.0/);
  assert.match(text, /RM2, 256 {2,}all {2,}13\.00 {2,}10\.00 {2,}30\.0/);
  assert.match(text, /RM2, 256 {2,}snapshot {2,}2\.000 {2,}4\.000 {2,}-50\.0/);
  // Over all runs: of the stage and of the block, one time each; the upload took no time, so that it has no error.
  assert.match(text, /^forward {2,}1 {2,}25\.0 {2,}25\.0 {2,}25\.0 {2,}1 {2,}40\.0$/m);
  assert.match(text, /^snapshot {2,}1 {2,}-50\.0 {2,}-50\.0 {2,}50\.0 {2,}0 {2,}-$/m);
  assert.match(text, /error 30\.0 %, worst 30\.0 %\. The bar of 10\.0 % and 25\.0 % is missed\./);
  const quiet = { ...validation, disturbed: [] };
  assert.match(formatValidation(quiet), / as quiet as when it was calibrated\.$/m);
  assert.match(
    formatValidation({ ...quiet, reference: "runs" }),
    / as quiet as it was at its quietest; /,
  );
});

/** A watch that says what it is told to. */
function script(...answers: boolean[]) {
  return { settle: () => Promise.resolve(answers.shift()!) };
}

Deno.test("a run is made again until the machine is quiet before and after it, and says so if it never is", async () => {
  let made = 0, told = 0;
  const run = () => Promise.resolve(++made as unknown as Trial);
  const tell = () => told++;
  assert.deepEqual(await undisturbed(run, script(true, true), tell), { trial: 1, quiet: true });
  assert.equal(told, 0);
  // Busy afterwards, then busy beforehand, then quiet: the third run counts.
  const third = await undisturbed(run, script(true, false, false, true, true), tell);
  assert.deepEqual(third, { trial: 4, quiet: true });
  assert.equal(told, 2);
  const never = await undisturbed(run, { settle: () => Promise.resolve(false) }, tell);
  assert.equal(never.quiet, false);
  assert.equal(made, 8, "four runs at most");
});

Deno.test("another machine is warned of", () => {
  const { fingerprint } = toyRates({});
  assert.deepEqual(differences(fingerprint, fingerprint), []);
  assert.deepEqual(differences(fingerprint, { ...fingerprint, threads: 8, wide: true }), [
    "the file was measured with threads 1, and here it is 8: its times may not hold",
    "the file was measured with wide false, and here it is true: its times may not hold",
  ]);
});

Deno.test("the ledger of a step is what a training step asks of its devices", async () => {
  for (const place of ["device", "hybrid"] as const) {
    const options = { optimizer: { kind: "sgd" } as const, maxBatch: 8 };
    const device = new LedgerDevice("cpu");
    const host = place === "hybrid" ? device : null;
    const model = new Dlrm(device, { ...SHAPE, bottom: [3, 4] }, { ...options, host });
    const list = new Uint32Array(16);
    device.take();
    await model.trainStep({
      size: 8,
      dense: new Float32Array(24),
      labels: new Float32Array(8),
      lookups: {
        ...{ bags: 8, tables: 2, lookups: 16, rows: list, offsets: null, unique: 5 },
        ...{ uniqueRows: list, segments: list, positions: list },
      },
    }, { number: 0, learningRate: 0.1, lossSlot: 0 });
    const ledger = new StepLedger({
      shape: { ...SHAPE, bottom: [3, 4] },
      optimizer: "sgd",
      maxBatch: 64,
      device: "cpu",
    });
    const step = ledger.step(place, false, { inputs: 8, lookups: 16, unique: 5 });
    assert.deepEqual(sorted(step.device), sorted(device.take()));
    assert.equal(step.packed, 24);
    assert.deepEqual(step.host, []);
  }
});

function sorted(entries: readonly unknown[]): string[] {
  return entries.map((entry) => JSON.stringify(entry)).sort();
}

Deno.test("the runtime as a system: a trace on a calibrated machine, by hand", () => {
  const machine = { ...TOY, runtime: toyRates(LAWS) };
  const records = [record("cold"), record("hot"), record("hot")];
  const options = { trace: traceOf(records), machine, system: "runtime", gpus: 1 };
  const result = simulate(options);
  const cold = DEVICE_US + 2 * 48 + 2 * 7 + 10, hot = DEVICE_US + 200 + 10;
  const copies = 400 + 800;
  assert.ok(Math.abs(result.minibatch_ms["cold"]! - cold / 1000) < 1e-9);
  assert.ok(Math.abs(result.minibatch_ms["hot"]! - hot / 1000) < 1e-9);
  assert.ok(Math.abs(result.epoch_ms - (cold + 2 * hot + copies) / 1000) < 1e-9);
  assert.deepEqual(simulate(options), result);
  const refused = (message: RegExp) => (error: unknown) =>
    error instanceof UserError && message.test(error.message);
  assert.throws(
    () => simulate({ ...options, machine: TOY }),
    refused(/a file that calibrate wrote/),
  );
  assert.throws(() => simulate({ ...options, gpus: 2 }), refused(/it trains on one device/));
  assert.equal(findSystem("runtime").name, "runtime");
});

Deno.test("a device of its own works beside the host, unless rows are in host memory", () => {
  const machine = { ...TOY, runtime: toyRates(LAWS, { device: "webgpu" }) };
  const records = [record("cold"), record("hot")];
  const trace = traceOf(records);
  const result = simulate({ trace, machine, system: "runtime", gpus: 1 });
  // Host: loop, reading and grouping, writes, start. Device: its operations.
  const device = 300 + 50 + 170 + BACKWARD + ROWS + DENSE, host = 1000 + 500 + 10 + 65 + 7;
  assert.ok(Math.abs(result.minibatch_ms["hot"]! - Math.max(device, host) / 1000) < 1e-9);
  // Two starts more; vectors are read (20 us) and written (10 us) each way, and a learning rate of the host's own.
  const cold = DEVICE_US + 2 * 7 + 2 * 30 + 10;
  assert.ok(Math.abs(result.minibatch_ms["cold"]! - cold / 1000) < 1e-9);
  assert.ok(Math.abs(result.stages["download"]!.busy_ms - 0.03) < 1e-9);
});

Deno.test("runs have names of their own, of all placements, plans, sizes and widths that the bar is of", () => {
  const names = CONFIGURATIONS.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  const seen = <T>(of: (one: Configuration) => T): Set<T> => new Set(CONFIGURATIONS.map(of));
  assert.deepEqual(seen(({ placement }) => placement), new Set(["device", "hybrid", "hot"]));
  assert.deepEqual(seen(({ plan }) => plan), new Set(["baseline", "fae", "slipstream"]));
  assert.deepEqual(seen(({ batch }) => batch), new Set([256, 512, 1024, 2048, 4096]));
  assert.deepEqual(seen(({ preset }) => preset), new Set(["rm1", "rm2", "rm4"]));
});

Deno.test("copies of hot rows are predicted for the rows that were copied", () => {
  // Microseconds as many as rows.
  const rates = toyRates({ "sync-load": (_apart, rows) => rows! });
  const one = configuration({ placement: "hot", plan: "slipstream" });
  const predicted = (sync_bytes: number) =>
    compareTrials(rates, one, [trial([{ ...record("cold"), sync_bytes }, record("hot")])])
      .blocks.find(({ block }) => block === "sync-hot")!.predicted;
  const whole = predicted(1e12), half = predicted(0);
  assert.ok(whole > 0);
  assert.equal(half, 0);
  // Rows of so many floats with their optimizer's state.
  const few = predicted(4 * 1e3);
  assert.ok(few > 0 && few < whole, `${few}, ${whole}`);
});

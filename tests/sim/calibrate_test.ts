import assert from "node:assert/strict";
import { UserError } from "../../core/errors.ts";
import { GRIDS, QUICK_GRIDS } from "../../sim/calibrate/cases.ts";
import { fitTables } from "../../sim/calibrate/fit.ts";
import { hostCases } from "../../sim/calibrate/host_cases.ts";
import { measureCases, type Measured } from "../../sim/calibrate/measure.ts";
import type { Bench } from "../../sim/calibrate/bench.ts";
import { opCases } from "../../sim/calibrate/op_cases.ts";
import { machineDocument } from "../../sim/calibrate/document.ts";
import { checkMachine, loadMachine } from "../../sim/machine.ts";
import { opUs } from "../../sim/runtime/predict.ts";
import { RUNTIME_TABLES, type RuntimeRates } from "../../sim/runtime/rates.ts";
import { interruptAt, run } from "../e2e/command.ts";
import { toyRates } from "./toy_rates.ts";

// deno-lint-ignore no-explicit-any
type Any = any;

/** A device of known rates. */
const LAWS: Readonly<Record<string, (...place: number[]) => number>> = {
  "linear-forward": (M, K, N) => 5 + K! * N! / 4000 + M! * N! / 3000 + 2 * M! * K! * N! / 50_000,
  "linear-backward-input": (M, K, N) => 5 + K! * N! / 4000 + 2 * M! * K! * N! / 45_000,
  "linear-backward-weights": (M, K, N) => 5 + M! * N! / 2000 + 2 * M! * K! * N! / 40_000,
  "linear-forward/column": (M, K) => 4 + M! * K! / 8000,
  "interaction-forward": (B, pairs, dim) => 4 + B! * (pairs! / 900 + pairs! * dim! / 20_000),
  "bce": (bytes) => 3 + bytes! / 500,
  "run": () => 12,
  "step": () => 30,
  "write": (bytes) => 1 + bytes! / 9000,
  "read/single": (lookups) => 2 + lookups! * 0.01,
};
/** Nanoseconds of a lookup, and of a different row. */
const ROW_NS = {
  lookup: (dim: number): number => 5 + dim / 8,
  row: (dim: number, mb: number): number => 3 + dim * Math.log2(mb + 1) / 16,
};

/** Samples of a case, up to 2 % off in turn. */
function sampled(us: number): number[] {
  return [-2, -1, 0, 1, 2].map((percent) => us * (1 + percent / 100));
}

function synthetic(): Measured[] {
  // The grids of products and tables as they are measured, minibatches of rows that are quick to draw.
  const grids = { ...GRIDS, rowInputs: 64, tableMb: [0.5, 8, 64] };
  return [...opCases(grids), ...hostCases(grids)].map(({ table, place }) => {
    if (table.endsWith("/raw")) {
      const [dim, mb, lookups, unique] = place as [number, number, number, number];
      const ns = lookups * ROW_NS.lookup(dim) + unique * ROW_NS.row(dim, mb);
      return { table, place, samples: sampled(ns / 1000) };
    }
    return { table, place, samples: sampled((LAWS[table] ?? (() => 1))(...place)) };
  });
}

function rates(): RuntimeRates {
  return { ...toyRates({}), costs: fitTables(synthetic(), "synthetic") };
}

Deno.test("known rates are recovered, at shapes that were not measured", () => {
  const found = rates();
  const stage = "forward", flops = 0, bytes = 0;
  const near = (us: number, expected: number, what: string): void =>
    assert.ok(Math.abs(us / expected - 1) < 0.005, `${what}: ${us} and ${expected}`);
  for (const [M, K, N] of [[1024, 512, 256], [256, 367, 512], [4096, 432, 1024], [60, 13, 16]]) {
    for (
      const op of ["linear-forward", "linear-backward-input", "linear-backward-weights"] as const
    ) {
      const shape = { M: M!, K: K!, N: N! };
      const us = opUs(found, { op, stage, shape, flops, bytes, tableBytes: 0 });
      const columns = 8 * Math.ceil(K! / 8);
      const expected = LAWS[op]!(M!, op === "linear-forward" ? K! : columns, N!);
      near(us, expected, `${op} ${M} ${K} ${N}`);
    }
  }
  const column = { M: 700, K: 256, N: 1 };
  near(
    opUs(found, { op: "linear-forward", stage, shape: column, flops, bytes, tableBytes: 0 }),
    LAWS["linear-forward/column"]!(700, 256),
    "column",
  );
  near(
    opUs(found, {
      ...{ op: "interaction-forward", stage, flops, bytes, tableBytes: 0 },
      shape: { B: 1000, F: 22, dim: 48 },
    }),
    LAWS["interaction-forward"]!(1000, 231, 48),
    "interaction",
  );
  near(
    opUs(found, { op: "bce", stage, shape: { M: 1 }, flops, bytes: 123_456, tableBytes: 0 }),
    LAWS["bce"]!(123_456),
    "bce",
  );
});

Deno.test("a lookup and a different row are told apart", () => {
  const found = rates();
  for (const dim of [16, 64]) {
    for (const mb of [0.5, 8, 64]) {
      const us = opUs(found, {
        ...{ op: "embedding-backward-sgd", stage: "update-rows", flops: 0, bytes: 0 },
        shape: { lookups: 10_000, unique: 3000, dim, bags: 10_000 },
        tableBytes: mb * 2 ** 20,
      });
      const expected = (10_000 * ROW_NS.lookup(dim) + 3000 * ROW_NS.row(dim, mb)) / 1000;
      assert.ok(Math.abs(us / expected - 1) < 0.005, `${dim} ${mb}: ${us} and ${expected}`);
    }
  }
});

Deno.test("a calibration makes a machine file that passes the schema, with error bars", () => {
  const { fingerprint, costs } = rates();
  const parts = { name: "synthetic", costs, fingerprint, quick: false, source: "synthetic, today" };
  const document = JSON.parse(JSON.stringify(machineDocument(parts)));
  assert.equal(checkMachine(document, "synthetic").runtime!.fingerprint.cpu_model, "toy");
  for (const { value, low, high, kind, source } of Object.values(costs)) {
    assert.equal(kind, "measured");
    assert.equal(source, "synthetic");
    value.forEach((x, i) => assert.ok(low[i]! <= x && x <= high[i]!));
  }
  const forward = costs["linear-forward"]!;
  assert.ok(forward.low[0]! < forward.value[0]! * 0.985 && forward.high[0]! > forward.value[0]!);
  assert.deepEqual(machineDocument(parts), machineDocument(parts));
});

Deno.test("every table is measured, quick or not", () => {
  const quick = [...opCases(QUICK_GRIDS), ...hostCases(QUICK_GRIDS)];
  const wanted = Object.keys(RUNTIME_TABLES).map((name) =>
    name.replace(/^(embedding.*)\/(lookup|row)$/, "$1/raw")
  );
  assert.deepEqual(new Set(quick.map(({ table }) => table)), new Set(wanted));
  assert.throws(() => fitTables([], "nothing"), /linear-forward: it was not measured/);
});

const wrong: readonly [what: string, change: (runtime: Any) => void, message: RegExp][] = [
  ["no fingerprint", (r) => delete r.fingerprint, /: runtime\.fingerprint is missing$/],
  [
    "a wrong fingerprint",
    (r) => r.fingerprint.threads = 0,
    /: runtime\.fingerprint\.threads is 0 and must be a whole number of at least 1$/,
  ],
  ["a table left out", (r) => delete r.costs.step, /: runtime\.costs\.step is missing$/],
  [
    "a table that is none",
    (r) => r.costs.steps = r.costs.step,
    /: runtime\.costs\.steps is no field of it, did you mean step\?$/,
  ],
  [
    "a table cut short",
    (r) => r.costs.bce.value.pop(),
    /: runtime\.costs\.bce has 1 numbers in value and must have 2, one a point of its axes$/,
  ],
  [
    "a cost below 0",
    (r) => r.costs.bce.value[1] = -1,
    /: runtime\.costs\.bce\.value\[1\] is -1 and must be a number from 0 to /,
  ],
  [
    "a cost outside its range",
    (r) => r.costs.bce.value[0] = 5,
    /: runtime\.costs\.bce has value\[0\] 5, outside its range 0 to 0$/,
  ],
  [
    "points that do not ascend",
    (r) => r.costs.bce.axes[0].at = [2, 1],
    /: runtime\.costs\.bce\.axes\[0\]\.at must ascend$/,
  ],
  [
    "another axis",
    (r) => r.costs.bce.axes[0].name = "rows",
    /: runtime\.costs\.bce\.axes\[0\]\.name is "rows" and must be "bytes"$/,
  ],
  [
    "another unit",
    (r) => r.costs.bce.unit = "ms",
    /: runtime\.costs\.bce\.unit is "ms" and must be "us"$/,
  ],
  [
    "a recalled cost",
    (r) => r.costs.bce.kind = "recalled",
    /: runtime\.costs\.bce\.kind is "recalled" and must be "measured"$/,
  ],
  [
    "no source",
    (r) => r.costs.bce.source = "",
    /: runtime\.costs\.bce\.source is "" and must say where the numbers come from$/,
  ],
];
for (const [what, change, message] of wrong) {
  Deno.test(`a machine file with ${what} is refused`, async () => {
    const runtime = structuredClone(toyRates({})) as Any;
    change(runtime);
    assert.throws(
      () => checkMachine({ ...MACHINE, runtime }, "m"),
      (error) => error instanceof UserError && message.test(error.message),
    );
    await Promise.resolve();
  });
}
const MACHINE = await loadMachine("v100x4");

Deno.test("calibrate and validate run from the command line", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/machine.json`;
    const calibrated = await run("simulate", ["calibrate", "--quick", "--out", path]);
    assert.equal(calibrated.status, 0, calibrated.err);
    assert.match(calibrated.out, /linear-backward-weights {2,}product/);
    const document = await loadMachine(path);
    assert.equal(document.runtime!.quick, true);
    assert.ok(document.cpu.gflop_s.kind === "measured");
    assert.match(document.cpu.gflop_s.source, /deno task simulate calibrate --quick/);

    const refused = await run("simulate", ["validate", "--machine", path]);
    assert.equal(refused.status, 1);
    assert.match(refused.err, /calibrated with --quick, and its figures mean nothing/);

    const json = `${folder}/validation.json`, csv = `${folder}/validation.csv`;
    const words = ["validate", "--quick", "--machine", path, "--json", json, "--csv", csv];
    const validated = await run("simulate", words);
    assert.equal(validated.status, 0, validated.err);
    assert.match(validated.out, /The bar of 10\.0 % and 25\.0 % is (met|missed)\./);
    const found = JSON.parse(await Deno.readTextFile(json));
    assert.equal(found.schema, "slipstream.validation");
    assert.deepEqual(found.warnings, []);
    const kinds = new Set(found.minibatches.map(({ kind }: Any) => kind));
    assert.deepEqual(kinds, new Set(["all", "cold", "hot", "kept"]));
    for (const { predicted, measured, stages } of found.minibatches) {
      assert.ok(predicted > 0 && measured > 0);
      assert.ok(stages.prepare.predicted > 0 && stages.backward.measured > 0);
    }
    assert.ok(found.blocks.some(({ block }: Any) => block === "snapshot"));
    assert.match(await Deno.readTextFile(csv), /^configuration,kind,stage,predicted_ms,/);
    // The file is read and never written.
    assert.deepEqual(await loadMachine(path), document);
    const left = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    assert.deepEqual(left, ["machine.json", "validation.csv", "validation.json"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("an interrupted calibration writes nothing", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const words = ["calibrate", "--quick", "--passes", "200", "--out", `${folder}/machine.json`];
    const { status, err } = await interruptAt("simulate", words, /cases/);
    assert.equal(status, 130);
    assert.match(err, /Interrupted: nothing was written\n$/);
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("validate refuses machines that calibrate has not measured", async () => {
  const missing = await run("simulate", ["validate", "--machine", "no/such.json"]);
  assert.equal(missing.status, 1);
  assert.match(missing.err, /^error: Cannot read no\/such\.json: /);
  const paper = await run("simulate", ["validate", "--machine", "v100x4"]);
  assert.equal(paper.status, 1);
  assert.match(paper.err, /it has no costs of this runtime/);
  const flag = await run("simulate", ["calibrate", "--treads", "1"]);
  assert.equal(flag.status, 2);
  assert.match(flag.err, /--threads/);
});

Deno.test("what was measured while something else was at work is measured again, three times at most", async () => {
  let value = 0;
  const one = { table: "run", place: [], build: () => ({ sample: () => ++value }) };
  const measure = (answers: boolean[]) => {
    value = 0;
    const watch = { settle: () => Promise.resolve(answers.shift() ?? false) };
    return measureCases([one], {} as Bench, { passes: 1, samples: 2, watch });
  };
  // The first sample of a case warms it up.
  assert.deepEqual(await measure([true]), {
    measured: [{ table: "run", place: [], samples: [2, 3] }],
    disturbed: 0,
  });
  // Busy; quiet after a wait; then quiet.
  assert.deepEqual(await measure([false, true, true]), {
    measured: [{ table: "run", place: [], samples: [4, 5] }],
    disturbed: 0,
  });
  const kept = await measure([]);
  assert.deepEqual(kept.measured[0]!.samples, [6, 7]);
  assert.equal(kept.disturbed, 1);
});

Deno.test("a machine file may say how quick it was when it was quiet, in numbers that can be", () => {
  const costs = fitTables(synthetic(), "synthetic");
  const { fingerprint } = toyRates({});
  const watched = { reference: { product_us: 1000, copy_us: 2800 }, disturbed: 0.01 };
  const parts = { name: "toy", costs, fingerprint, quick: false, source: "toy" };
  const document = machineDocument({ ...parts, watched });
  assert.deepEqual(document.runtime!.reference, watched.reference);
  for (
    const [wrong, message] of [
      [{ reference: { product_us: 0, copy_us: 1 } }, /runtime\.reference\.product_us/],
      [{ reference: { product_us: 1 } }, /runtime\.reference\.copy_us is missing/],
      [{ disturbed: 2 }, /runtime\.disturbed/],
    ] as const
  ) {
    const broken = { ...document, runtime: { ...document.runtime, ...wrong } };
    assert.throws(() => checkMachine(broken, "toy"), message);
  }
});

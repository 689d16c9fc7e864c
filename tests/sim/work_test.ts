import assert from "node:assert/strict";
import fc from "../npm/fast_check.ts";
import { UserError } from "../../core/errors.ts";
import { countTrace } from "../../sim/counts.ts";
import { parseCountedTrace, readAnyTrace, writeCountedTrace } from "../../sim/counted_file.ts";
import { withDim, withHotInputShare } from "../../sim/variants.ts";
import { loadMachine, machineOf } from "../../sim/machine.ts";
import { simulate } from "../../sim/simulate.ts";
import { SYSTEMS } from "../../sim/systems/mod.ts";
import {
  condense,
  type CountedTrace,
  countTraceRuns,
  resize,
  type WorkClass,
  workloadOf,
} from "../../sim/work.ts";
import type { MinibatchRecord } from "../../train/trace/schema.ts";
import { EACH, record, traceOf } from "./toy.ts";

const refused = (message: RegExp) => (error: unknown) =>
  error instanceof UserError && message.test(error.message);

const inputsOf = (classes: readonly WorkClass[]) =>
  classes.reduce((sum, { work, times }) => sum + work.inputs * times, 0);

const wrong: readonly [what: string, over: Partial<MinibatchRecord>, message: RegExp][] = [
  ["no inputs", { inputs: 0, lookups: 0 }, /minibatch 1 trains no inputs/],
  [
    "lookups that are not its inputs'",
    { lookups: 199 },
    /minibatch 1 has 199 lookups for 100 inputs of 2/,
  ],
  ["more rows than lookups", { unique_rows: 201 }, /has 201 different rows in 200 lookups/],
  ["no rows", { unique_rows: 0 }, /has 0 different rows/],
  ["a negative count", { skipped_inputs: -1 }, /has skipped_inputs -1, which is no whole number/],
  ["half an input", { skipped_inputs: 1.5 }, /has skipped_inputs 1.5/],
  [
    "too many inputs",
    { inputs: 101, lookups: 202 },
    /has 101 inputs, more than the 100 of a full one/,
  ],
  [
    "cold lookups of hot inputs",
    { cold_lookups: 1, unique_cold_rows: 1 },
    /is of hot inputs and has 1 cold lookups/,
  ],
  ["an unknown kind", { kind: "warm" as "hot" }, /is of kind "warm", which is unknown/],
];

for (const [what, over, message] of wrong) {
  Deno.test(`a trace with a minibatch of ${what} is refused`, () => {
    assert.throws(
      () => countTraceRuns(traceOf([record("hot"), record("hot", over)])),
      refused(message),
    );
  });
}

Deno.test("cold minibatches need a cold lookup an input, and no more cold rows than lookups of them", () => {
  assert.throws(
    () => countTraceRuns(traceOf([record("cold", { cold_lookups: 99, unique_cold_rows: 50 })])),
    refused(/is cold with 99 cold lookups for 100 inputs/),
  );
  assert.throws(
    () => countTraceRuns(traceOf([record("cold", { cold_lookups: 100, unique_cold_rows: 101 })])),
    refused(/has 101 different cold rows in 100 cold lookups/),
  );
});

Deno.test("traces without work, of another schema or version are refused", () => {
  const trace = traceOf([record("hot")]);
  assert.throws(() => countTraceRuns({ ...trace, records: [] }), refused(/it has no minibatches$/));
  for (
    const [name, value, message] of [
      ["schema_version", 2, /header\.schema_version is 2 and this version reads 1; trace the run/],
      ["schema", "other", /header\.schema is "other" and must be "slipstream\.trace"$/],
      ["batch", 0, /header\.batch is 0 and must be a whole number from 1 to 1073741824$/],
    ] as const
  ) {
    const header = { ...trace.header, [name]: value };
    assert.throws(
      () => countTraceRuns({ ...trace, header } as typeof trace),
      refused(message),
    );
  }
});

const traces = fc.array(
  fc.record({
    kind: fc.constantFrom("cold", "warm-up", "window", "hot" as const),
    inputs: fc.integer({ min: 1, max: 100 }),
    repeated: fc.integer({ min: 1, max: 9 }),
    skipped: fc.integer({ min: 0, max: 200 }),
  }),
  { minLength: 1, maxLength: 12 },
).map((runs) => {
  const order = ["cold", "warm-up", "window", "hot"];
  const sorted = runs.toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
  return traceOf(
    sorted.flatMap(({ kind, inputs, repeated, skipped }) =>
      Array.from({ length: repeated }, () =>
        record(kind, {
          inputs,
          lookups: EACH * inputs,
          unique_rows: inputs,
          cold_lookups: kind === "cold" ? inputs : 0,
          unique_cold_rows: kind === "cold" ? inputs : 0,
          skipped_inputs: kind === "hot" ? skipped : 0,
        }))
    ),
  );
});

Deno.test("regrouping keeps inputs and lookups and never makes more than a full minibatch", () => {
  fc.assert(fc.property(traces, fc.constantFrom(25, 50, 100, 200, 400), (trace, batch) => {
    const { all, kept } = workloadOf(countTraceRuns(trace), { batch });
    const trained = trace.records.reduce((n, r) => n + r.inputs, 0);
    const skipped = trace.records.reduce((n, r) => n + r.skipped_inputs, 0);
    assert.ok(Math.abs(inputsOf(kept) - trained) < 1e-6);
    assert.ok(Math.abs(inputsOf(all) - trained - skipped) < 1e-6);
    for (const { work } of all) {
      assert.ok(work.inputs <= batch);
      assert.ok(Math.abs(work.lookups - EACH * work.inputs) < 1e-9);
      assert.ok(work.unique_rows <= work.lookups + 1e-9);
      assert.ok(work.unique_cold_rows <= work.cold_lookups + 1e-9);
    }
  }));
});

Deno.test("an interleaved plan's minibatches are merged across its rounds, not across epochs", () => {
  const round = [record("cold"), record("hot"), record("hot"), record("hot")];
  const next = round.map((one) => ({ ...one, epoch: 1 }));
  const { all } = workloadOf(
    countTraceRuns(traceOf([...round, ...round, ...round, ...round, ...next])),
    { batch: 400 },
  );
  const of = (kind: string, inputs: number) =>
    all.filter(({ work }) => work.kind === kind && work.inputs === inputs)
      .reduce((n, { times }) => n + times, 0);
  assert.deepEqual([of("cold", 400), of("cold", 100)], [1, 1]);
  assert.deepEqual([of("hot", 400), of("hot", 300)], [3, 1]);
  assert.equal(inputsOf(all), 2000);
});

Deno.test("condensing many different minibatches changes times by less than a thousandth", async () => {
  const machine = machineOf(await loadMachine("v100x4"));
  const trace = countTraceRuns(traceOf(
    Array.from({ length: 400 }, (_, i) => {
      const cold = 100 + (i * 37) % 50;
      return i % 4 === 0
        ? record("cold", { cold_lookups: cold, unique_cold_rows: cold - i % 7 })
        : record("hot", { unique_rows: 120 + (i * 53) % 60, skipped_inputs: i % 11 });
    }),
  ));
  assert.ok(trace.runs.length === 400 && condense(trace).runs.length === 2);
  for (const { name } of SYSTEMS) {
    const at = (trace: CountedTrace) =>
      simulate({ trace, machine, system: name, gpus: 4, batchPerGpu: 25 }).epoch_ms;
    const off = at(condense(trace)) / at(trace) - 1;
    assert.ok(Math.abs(off) < 1e-3, `${name}: ${off}`);
  }
});

Deno.test("a share to skip takes that share of the hot inputs after the window", () => {
  const trace = countTraceRuns(traceOf([
    record("cold"),
    record("warm-up"),
    record("window"),
    record("hot", { skipped_inputs: 100 }),
    record("hot", { skipped_inputs: 100 }),
  ]));
  const { kept, all, skipped } = workloadOf(trace, { batch: 100, drop: 0.25 });
  assert.equal(inputsOf(all), 700);
  assert.equal(skipped, 100);
  assert.equal(inputsOf(kept), 600);
});

Deno.test("skipped inputs come back as inputs of their kind", () => {
  const trace = countTraceRuns(traceOf([
    record("cold", { skipped_inputs: 50 }),
    record("cold"),
    record("hot", { skipped_inputs: 100 }),
  ]));
  const { all } = workloadOf(trace, { batch: 100 });
  const of = (kind: string) => inputsOf(all.filter(({ work }) => work.kind === kind));
  assert.equal(of("cold"), 250);
  assert.equal(of("hot"), 200);
  const plain = countTraceRuns(traceOf([record("all", { skipped_inputs: 100 })]));
  assert.equal(inputsOf(workloadOf(plain, { batch: 100 }).all), 200);
});

Deno.test("a batch that does not go into the trace's, and shares without hot inputs, are refused", () => {
  const trace = countTraceRuns(traceOf([record("all")]));
  assert.throws(() => workloadOf(trace, { batch: 150 }), refused(/neither a multiple nor a part/));
  assert.throws(
    () => workloadOf(trace, { batch: 100, drop: 0.3 }),
    refused(/the trace does not tell hot from cold/),
  );
});

Deno.test("condensing keeps the sums, and a counted trace survives its file", () => {
  fc.assert(fc.property(traces, (trace) => {
    const counted = countTraceRuns(trace), small = condense(counted);
    const total = (of: typeof counted, name: "skipped_inputs" | "inputs") =>
      of.runs.reduce((n, { record, times }) => n + record[name] * times, 0);
    assert.ok(Math.abs(total(small, "skipped_inputs") - total(counted, "skipped_inputs")) < 1e-6);
    const full = trace.records.filter(({ inputs }) => inputs === 100).length;
    assert.ok(
      small.runs.filter(({ record }) => record.inputs === 100).reduce((n, r) => n + r.times, 0) >=
        full,
    );
    const document = { schema: "slipstream.counted-trace", schema_version: 1, ...small };
    assert.deepEqual(parseCountedTrace(JSON.parse(JSON.stringify(document)), "x"), small);
  }));
});

const damages: readonly [what: string, change: (document: Any) => void, message: RegExp][] = [
  [
    "another schema",
    (d) => d.schema = "x",
    /schema is "x" and must be "slipstream\.counted-trace"$/,
  ],
  [
    "another version",
    (d) => d.schema_version = 9,
    /schema_version is 9 and this version reads 1; /,
  ],
  [
    "another version of the header",
    (d) => d.header.schema_version = 9,
    /header\.schema_version is 9 and this version reads 1; /,
  ],
  ["no minibatches", (d) => d.runs = [], /runs is \[\] and must be a list of 1 or more$/],
  ["no header", (d) => delete d.header, /header is missing$/],
  ["a run of nothing", (d) => d.runs[0] = null, /runs\[0\] is null and must be an object$/],
  [
    "a mistyped member",
    (d) => d.runs[0].time = 1,
    /runs\[0\]\.time is no field of it, did you mean /,
  ],
  [
    "an unknown kind",
    (d) => d.runs[0].record.kind = "warm",
    /runs\[0\]\.record\.kind is "warm" and must be one of all, cold, warm-up, window, hot$/,
  ],
  [
    "a negative count",
    (d) => d.runs[0].record.unique_rows = -1,
    /runs\[0\]\.record\.unique_rows is -1 and must be a whole number of at least 0$/,
  ],
  [
    "a count that is none",
    (d) => d.runs[0].record.inputs = null,
    /runs\[0\]\.record\.inputs is null and must be a whole number of at least 1$/,
  ],
  [
    "more repeats than there can be",
    (d) => d.runs[0].times = 1e308,
    /runs\[0\]\.times is 1e\+308 and must be a whole number from 1 to \d+$/,
  ],
  [
    "too many repeats together",
    (d) => d.runs = Array(3).fill({ ...d.runs[0], times: 2 ** 39 }),
    /its runs have \d+ minibatches together, more than \d+$/,
  ],
  [
    "lookups that are not its inputs'",
    (d) => d.runs[0].record.lookups = 1,
    /runs\[0\]\.record has 1 lookups for 100 inputs of 2$/,
  ],
  [
    "more rows than lookups",
    (d) => d.runs[0].record.unique_rows = 201,
    /runs\[0\]\.record has 201 different rows in 200 lookups$/,
  ],
  [
    "no number of parameters",
    (d) => delete d.header.model.parameters,
    /header\.model\.parameters is missing$/,
  ],
  [
    "no bottom MLP",
    (d) => d.header.model.bottom = [],
    /header\.model\.bottom is \[\] and must be a list of 1 to 100$/,
  ],
  [
    "a table without rows",
    (d) => d.header.model.table_rows[1] = 0,
    /header\.model\.table_rows\[1\] is 0 and must be a whole number from 1 to \d+$/,
  ],
  [
    "more rows than any table has",
    (d) => d.header.model.table_rows[1] = 1e15,
    /header\.model\.table_rows\[1\] is 1000000000000000 and must be a whole number from 1 to \d+$/,
  ],
  [
    "more tables than any model has",
    (d) => d.header.model.table_rows = Array(2 ** 16 + 1).fill(1),
    /header\.model\.table_rows is a list of 65537 and must be a list of 1 to 65536$/,
  ],
  [
    "lookups of 10^12 tables",
    (d) => d.header.lookups_per_input = 1e12,
    /header\.lookups_per_input is 1000000000000 and must be a whole number from 1 to \d+$/,
  ],
  [
    "rows as wide as no model's",
    (d) => d.header.model.dim = 1e9,
    /header\.model\.dim is 1000000000 and must be a whole number from 1 to 65536$/,
  ],
  [
    "more layers than any MLP has",
    (d) => d.header.model.top = Array(101).fill(1),
    /header\.model\.top is a list of 101 and must be a list of 1 to 100$/,
  ],
  [
    "minibatches that no machine holds",
    (d) => d.header.batch = 1e15,
    /header\.batch is 1000000000000000 and must be a whole number from 1 to 1073741824$/,
  ],
  [
    "more inputs than any log has",
    (d) => d.header.dataset.train_inputs = 1e15,
    /header\.dataset\.train_inputs is 1000000000000000 and must be a whole number from 0 to \d+$/,
  ],
  [
    "a hot memory beyond an exabyte",
    (d) => d.header.plan.hot.memory_bytes = 1e300,
    /header\.plan\.hot\.memory_bytes is 1e\+300 and must be a number from 0 to \d+$/,
  ],
  [
    "a hot set without inputs",
    (d) => Object.assign(d.header.plan.hot, { hot_inputs: 0, cold_inputs: 0 }),
    /header\.plan\.hot has neither hot_inputs nor cold_inputs above 0$/,
  ],
  [
    "an option beyond all numbers",
    (d) => d.header.plan.options = { warm_up: 1e300 },
    /header\.plan\.options\.warm_up is 1e\+300 and must be a text, true, false, null or a number from/,
  ],
  [
    "tables that are not its lookups'",
    (d) => d.header.lookups_per_input = 3,
    /header\.lookups_per_input is 3, and the tables and steps of header\.model make 2$/,
  ],
  [
    "a hot set without rows by table",
    (d) => d.header.plan.hot.rows_per_table = "all",
    /header\.plan\.hot\.rows_per_table is "all" and must be a list of 0 to 65536$/,
  ],
];

// A document is damaged member by member.
// deno-lint-ignore no-explicit-any
type Any = any;

for (const [what, change, message] of damages) {
  Deno.test(`a counted trace with ${what} is one clear error`, () => {
    const document = structuredClone({
      schema: "slipstream.counted-trace",
      schema_version: 1,
      ...countTraceRuns(traceOf([record("hot")])),
    });
    parseCountedTrace(document, "t.json");
    change(document);
    assert.throws(
      () => parseCountedTrace(document, "t.json"),
      refused(new RegExp(`^Cannot read t\\.json: ${message.source}`)),
    );
  });
}

Deno.test("a counted trace that was changed after it was written is refused, one without a checksum is read", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/t.json`, trace = countTraceRuns(traceOf([record("hot")]));
    await writeCountedTrace(path, trace);
    assert.deepEqual(await readAnyTrace(path), trace);
    const text = await Deno.readTextFile(path);
    await Deno.writeTextFile(path, text.replace('"unique_rows": 150', '"unique_rows": 151'));
    await assert.rejects(
      readAnyTrace(path),
      refused(
        /: it was changed after it was written: remove its member "sha256" if that was meant$/,
      ),
    );
    const { sha256, ...unsealed } = JSON.parse(text);
    assert.match(sha256, /^[0-9a-f]{64}$/);
    await Deno.writeTextFile(path, JSON.stringify(unsealed));
    assert.deepEqual(await readAnyTrace(path), trace);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("different rows grow with the minibatch about as those of a twin do: a tenth less to half more", async () => {
  const common = { twin: "rm4", inputs: 100_000, warmup: 2, threads: 1, sampled: 8 } as const;
  const small = await countTrace({ ...common, batch: 1024 });
  const large = await countTrace({ ...common, batch: 4096 });
  for (const kind of ["cold", "hot"] as const) {
    const of = (trace: typeof small) =>
      trace.records.find((one) => one.kind === kind && one.inputs === trace.header.batch)!;
    for (const name of ["unique_rows", "unique_cold_rows"] as const) {
      const grown = resize(of(small), 4096, 21)[name], counted = of(large)[name];
      assert.ok(
        grown >= 0.9 * counted && grown <= 1.5 * counted,
        `${kind} ${name}: ${grown}, counted ${counted}`,
      );
    }
  }
});

Deno.test("variants change the width and the hot share and leave the rest", () => {
  const trace = countTraceRuns(
    traceOf([...Array(30).fill(record("cold")), ...Array(70).fill(record("hot"))]),
  );
  const wide = withDim(trace, 8);
  assert.deepEqual(wide.header.model.bottom, [1, 8]);
  assert.equal(wide.header.model.top[0], 8 + 3);
  assert.deepEqual(wide.runs, trace.runs);
  const hotter = withHotInputShare(trace, 0.9);
  const times = (kind: string) =>
    hotter.runs.filter(({ record }) => record.kind === kind).reduce((n, r) => n + r.times, 0);
  assert.deepEqual([times("cold"), times("hot")], [10, 90]);
  assert.throws(() => withHotInputShare(trace, 1), refused(/must be above 0 and below 1/));
});

import assert from "node:assert/strict";
import { UserError } from "../../core/errors.ts";
import { openTwinLookups } from "../../data/twin/lookups.ts";
import { countTrace, countTraces } from "../../sim/counts.ts";
import { countTraceRuns } from "../../sim/work.ts";

const INPUTS = 20_000;
const OPTIONS = {
  twin: "rm4",
  inputs: INPUTS,
  batch: 64,
  // 2048 rows of 16 floats.
  hotMemoryBytes: 2 ** 17,
  profileEvery: 1,
  warmup: 10,
  threads: 2,
  sampled: 4,
} as const;

Deno.test("threads count what one plain loop counts", async () => {
  const trace = await countTrace(OPTIONS);
  const source = await openTwinLookups("rm4", 1, INPUTS);
  const row = new Uint32Array(source.each);
  const uses = new Map<number, number>();
  for (let i = 0; i < INPUTS; i++) {
    source.writeAll([i], 1, row);
    for (const r of row) uses.set(r, (uses.get(r) ?? 0) + 1);
  }
  const ranked = [...uses].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([r]) => r);
  const hot = new Set(ranked.slice(0, 2048));
  let hotInputs = 0;
  const coldOf: number[] = [];
  for (let i = 0; i < INPUTS; i++) {
    source.writeAll([i], 1, row);
    const cold = row.reduce((n, r) => n + (hot.has(r) ? 0 : 1), 0);
    if (cold === 0) hotInputs++;
    else coldOf.push(cold);
  }
  const { plan } = trace.header;
  assert.equal(plan.hot!.hot_inputs, hotInputs);
  assert.equal(plan.hot!.rows, 2048);
  assert.equal(plan.hot!.rows_per_table.reduce((a, b) => a + b, 0), 2048);
  const cold = trace.records.filter(({ kind }) => kind === "cold");
  assert.deepEqual(
    cold.map(({ cold_lookups }) => cold_lookups),
    Array.from(
      { length: cold.length },
      (_, k) => coldOf.slice(64 * k, 64 * (k + 1)).reduce((a, b) => a + b, 0),
    ),
  );
  countTraceRuns(trace);
});

Deno.test("the plan's parts are as long as asked, and every input is trained or skipped", async () => {
  const trace = await countTrace({ ...OPTIONS, drop: 0.4, window: 0.1 });
  const of = (kind: string) => trace.records.filter((record) => record.kind === kind);
  const hotInputs = trace.header.plan.hot!.hot_inputs;
  const minibatches = Math.floor(hotInputs / 64);
  assert.equal(of("warm-up").length, 10);
  assert.equal(of("window").length, Math.round(0.1 * minibatches) + 1);
  const sum = (name: "inputs" | "skipped_inputs") =>
    trace.records.reduce((n, record) => n + record[name], 0);
  assert.equal(sum("inputs") + sum("skipped_inputs"), INPUTS);
  const after = hotInputs - 64 * (of("warm-up").length + of("window").length);
  assert.ok(Math.abs(sum("skipped_inputs") / after - 0.4) < 4 * Math.sqrt(0.24 / after));
});

Deno.test("the same trace whatever the threads, and without skipping no warm-up", async () => {
  const one = await countTrace({ ...OPTIONS, threads: 1 });
  assert.deepEqual(await countTrace({ ...OPTIONS, threads: 3 }), one);
  const { records } = await countTrace({ ...OPTIONS, drop: 0 });
  assert.deepEqual([...new Set(records.map(({ kind }) => kind))], ["cold", "hot"]);
  assert.equal(records.reduce((n, { inputs }) => n + inputs, 0), INPUTS);
});

Deno.test("inputs that are not classified repeat those that are", async () => {
  const half = await countTrace({ ...OPTIONS, classified: INPUTS / 2 });
  const { hot_inputs, cold_inputs } = half.header.plan.hot!;
  assert.equal(hot_inputs + cold_inputs, INPUTS);
  assert.equal(hot_inputs % 2, 0);
});

Deno.test("too few hot inputs for the window and options out of range are refused", async () => {
  const refused = (message: RegExp) => (error: unknown) =>
    error instanceof UserError && message.test(error.message);
  await assert.rejects(
    countTrace({ ...OPTIONS, warmup: 1000 }),
    refused(/^Cannot lay out the plan: .* warm-up and window take/),
  );
  await assert.rejects(
    countTrace({ ...OPTIONS, drop: 1.5 }),
    refused(/the share dropped is 1\.5/),
  );
  await assert.rejects(countTrace({ ...OPTIONS, batch: 0 }), refused(/the batch is 0/));
  await assert.rejects(
    countTrace({ ...OPTIONS, profileEvery: 0 }),
    refused(/the number of inputs of which one is profiled is 0 and must be from 1 to/),
  );
  await assert.rejects(
    countTrace({ ...OPTIONS, sampled: 1.5 }),
    refused(/the number of sampled minibatches is 1\.5 and must be a whole number$/),
  );
});

Deno.test("an interrupted count ends with the signal's reason", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  controller.abort(reason);
  await assert.rejects(countTrace({ ...OPTIONS, signal: controller.signal }), reason);
});

Deno.test("several hot memories are counted at once as each is alone", async () => {
  const memories = [2 ** 17, 2 ** 16, 2 ** 17 + 1];
  const options = { ...OPTIONS, warmup: 2 };
  const traces = await countTraces(options, memories);
  for (const [i, hotMemoryBytes] of memories.entries()) {
    assert.deepEqual(traces[i], await countTrace({ ...options, hotMemoryBytes }));
  }
  const hot = traces.map(({ header }) => header.plan.hot!.hot_inputs);
  assert.ok(hot[1]! < hot[0]!);
});

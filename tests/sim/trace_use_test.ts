/** What of a run's trace the simulator uses beside its minibatches: copies of hot rows, frozen rows, the optimizer. */

import assert from "node:assert/strict";
import { UserError } from "../../core/errors.ts";
import { simulate } from "../../sim/simulate.ts";
import { withDim } from "../../sim/variants.ts";
import { condense, countTraceRuns, frozenOf, resize } from "../../sim/work.ts";
import { FREE, record, TOY, traceOf } from "./toy.ts";

const near = (found: number, expected: number) =>
  assert.ok(Math.abs(found / expected - 1) < 1e-9, `${found}, expected ${expected}`);

const OPTIONS = { machine: TOY, gpus: 1, parameters: FREE };

Deno.test("hot rows are copied as often and as many as the run copied them", () => {
  const trace = traceOf([
    record("cold"),
    record("hot", { sync_bytes: 4000 }),
    record("cold", { sync_bytes: 2000 }),
    record("hot", { sync_bytes: 6000 }),
    record("hot"),
    record("cold", { sync_bytes: 4000 }),
  ]);
  assert.deepEqual(countTraceRuns(trace).copies, { bytes: 16_000, times: 4 });
  const { extras_ms, bytes } = simulate({ ...OPTIONS, trace, system: "fae" });
  // Two copies each way of 4000 bytes: gathered at 1 GB/s, copied at 2 GB/s after a latency of 10 us.
  near(extras_ms["copy hot rows to the GPUs"]!, 2 * (4 + 10 + 2) / 1000);
  near(extras_ms["copy hot rows to the host"]!, 2 * (4 + 10 + 2) / 1000);
  const plain = traceOf(trace.records.map((one) => ({ ...one, sync_bytes: 0 })));
  const before = simulate({ ...OPTIONS, trace: plain, system: "fae" });
  assert.equal(before.bytes.upload - bytes.upload, 1000 * 16 - 8000);
  assert.equal(condense(countTraceRuns(trace)).copies!.times, 4);
  assert.equal(withDim(countTraceRuns(trace), 8).copies!.bytes, 32_000);
});

Deno.test("freeze leaves out the updates of frozen rows and their part of the all-reduce", () => {
  const frozen = traceOf([record("cold"), record("hot", { frozen_rows: 60 })]);
  const machine = { ...TOY, gpu: { ...TOY.gpu, memory_gb_s: 1 } };
  const options = { ...OPTIONS, machine, gpus: 2, batch: 100, trace: frozen };
  const all = simulate({ ...options, system: "fae" });
  const less = simulate({ ...options, system: "freeze" });
  // 60 of 150 rows: two fifths of the updates, and of the hot rows that are all-reduced.
  near(all.bytes.peer - less.bytes.peer, 60 * 16);
  const update = (result: typeof all) => result.stages["update-rows"]!.busy_ms;
  assert.ok(update(less) < update(all));
  assert.ok(less.extras_ms["two snapshots of the hot rows"]! > 0);
  assert.equal(less.minibatches, all.minibatches);
  assert.throws(
    () => simulate({ ...options, trace: traceOf([record("hot")]), system: "freeze" }),
    (error) => error instanceof UserError && /the trace has no frozen rows/.test(error.message),
  );
});

Deno.test("frozen rows keep their share when minibatches are merged, cut or averaged", () => {
  const one = record("hot", { frozen_rows: 60 });
  const half = resize(one, 50, 2);
  near(frozenOf(half) / half.unique_rows, 60 / 150);
  const { runs } = condense(countTraceRuns(traceOf([one, record("hot")])));
  assert.deepEqual(runs.map(({ record }) => frozenOf(record)), [30]);
  assert.equal(countTraceRuns(traceOf([one, record("hot")])).runs.length, 2);
});

Deno.test("normalisation of features is in the trace and costs its kernels", () => {
  const trace = traceOf([record("hot")]);
  const machine = { ...TOY, gpu: { ...TOY.gpu, memory_gb_s: 1 } };
  const at = (normalisation: "dense" | "vectors" | undefined) => {
    const header = { ...trace.header, ...(normalisation === undefined ? {} : { normalisation }) };
    return simulate({ ...OPTIONS, machine, trace: { ...trace, header }, system: "fae" }).bytes
      .gpu_memory;
  };
  // Vectors of two tables, of 4 floats, read and written, and back: an input and a gradient read, one written.
  near(at("vectors") - at(undefined), 100 * 8 * 4 * (2 + 3));
  // One dense feature, read and written; nothing comes back to it.
  near(at("dense") - at(undefined), 100 * 4 * 2);
});

Deno.test("optimizers cost the state that they move", () => {
  const update = (optimizer: "sgd" | "adagrad" | "rowwise-adagrad") => {
    const trace = traceOf([record("cold")]);
    const { graph } = {
      graph: simulate({
        ...OPTIONS,
        trace: { ...trace, header: { ...trace.header, optimizer } },
        system: "pytorch-hybrid",
      }),
    };
    return graph.stages["update-rows"]!.busy_ms;
  };
  const sgd = update("sgd");
  near(update("adagrad") / sgd, 5 / 3);
  // A row of 16 bytes is read with its gradient and written; row-wise Adagrad reads and writes 4 bytes beside it.
  near(update("rowwise-adagrad") / sgd, (3 * 16 + 2 * 4) / (3 * 16));
});

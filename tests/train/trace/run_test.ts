import assert from "node:assert/strict";
import { openCpuDevice } from "../../../kernels/cpu/device.ts";
import type { Device } from "../../../kernels/types.ts";
import type { HostBatch, Route } from "../../../train/model/model.ts";
import type { MinibatchRecord } from "../../../train/trace/schema.ts";
import { train } from "../../../train/run/trainer.ts";
import {
  arrayDataset,
  drawnRun,
  hotSetOf,
  PLANS,
  recordTraining,
  toyModel,
  toyOptions,
  type ToyRun,
} from "../plan/plan_cases.ts";

const ADAGRAD = { kind: "adagrad", eps: 1e-10 } as const;

/** Trains and notes what the device counts of each step. */
async function traced(device: Device, run: ToyRun) {
  const model = toyModel(device, run);
  try {
    await model.initialise(3);
    const trained = recordTraining(model);
    const real = model.trainStep.bind(model);
    const uploaded: number[] = [];
    model.trainStep = async (batch: HostBatch, step, route?: Route) => {
      const before = device.counters.bytesUploaded;
      await real(batch, step, route);
      uploaded.push(device.counters.bytesUploaded - before);
    };
    const records: MinibatchRecord[] = [];
    const dataset = arrayDataset(run.tableRows, run.inputs, run.steps);
    const result = await train(model, dataset, toyOptions(run, records));
    return { trained, uploaded, records, result };
  } finally {
    model.dispose();
  }
}

for (const sequences of [false, true]) {
  for (const placement of ["device", "hybrid", "hot"] as const) {
    Deno.test(`counts of a trace are those of its minibatches: ${sequences ? "sequences" : "inputs"}, ${placement}`, async () => {
      const device = await openCpuDevice({ threads: 1 });
      try {
        const run = drawnRun(sequences, 120, {
          plan: sequences
            ? { name: "slipstream", warmup: 1, window: 3, alpha: 2 }
            : PLANS["slipstream interleaved, waking"],
          placement,
          optimizer: ADAGRAD,
          more: { batch: 4, evalEvery: 6 },
        });
        const { trained, uploaded, records, result } = await traced(device, run);
        const { tableRows, inputs, hot } = run, steps = run.steps ?? 1;
        assert.equal(records.length, result.steps);
        let owner = "full" as Route;
        const changed = new Set(
          hot.flatMap((rows, table) => rows.map((row) => `${table} ${row}`)),
        );
        for (const [i, record] of records.entries()) {
          const own = trained[i]!;
          assert.equal(record.step, i);
          assert.equal(record.inputs, own.inputs.length);
          // Every lookup of its inputs, by table and row.
          const rows = own.inputs.flatMap((input) =>
            inputs[input]!.map((row, at) => ({ table: Math.floor(at / steps), row }))
          );
          const cold = rows.filter(({ table, row }) => !hot[table]!.includes(row));
          const different = (some: typeof rows): number =>
            new Set(some.map(({ table, row }) => `${table} ${row}`)).size;
          assert.equal(record.lookups, tableRows.length * steps * record.inputs);
          assert.equal(record.lookups, rows.length);
          assert.equal(record.unique_rows, different(rows));
          assert.equal(record.cold_lookups, cold.length);
          assert.equal(record.unique_cold_rows, different(cold));
          assert.equal(record.kind === "cold", cold.length > 0);
          assert.equal(record.frozen_rows, 0);

          const onDevice = placement === "device" || own.route === "hot";
          assert.equal(record.place, onDevice ? "device" : "hybrid");
          // Vectors of four floats, those of the tables and that of the bottom MLP.
          const vectors = onDevice ? 0 : 4 * record.inputs * steps * (tableRows.length + 1) * 4;
          assert.equal(record.download_bytes, vectors);
          if (onDevice) {
            // Of what the step uploaded the learning rate is for host memory, where there is some.
            const other = placement === "device" ? 0 : 4;
            assert.equal(record.upload_bytes, uploaded[i]! - other, `minibatch ${i}`);
          } else {
            // Dense features, labels and three scalars go to the device; lookups stay where the rows are.
            const dense = record.upload_bytes - vectors - 4 * record.inputs - 12;
            assert.ok(dense >= 4 * record.inputs * steps && dense <= 16 * record.inputs * steps);
          }
          // A change of the copy moves the hot rows that the other one has changed, of four floats and as many of state; the
          // first one moves all.
          const switches: boolean = placement === "hot" && own.route !== owner;
          owner = own.route;
          const moved = switches ? 4 * changed.size * 8 : 0;
          assert.equal(record.sync_bytes, moved, `minibatch ${i}`);
          if (switches) changed.clear();
          for (const { table, row } of rows) {
            if (hot[table]!.includes(row)) changed.add(`${table} ${row}`);
          }

          assert.ok(Number.isFinite(record.wall_ms) && record.wall_ms > 0);
          for (const ms of Object.values(record.stages_ms)) {
            assert.ok(Number.isFinite(ms) && ms > 0);
          }
          assert.ok(record.stages_ms.forward! > 0 && record.stages_ms["update-rows"]! > 0);
          assert.equal(record.stages_ms.evaluate, undefined, "evaluations are left out");
        }
        const seen = new Set(trained.flatMap((minibatch) => minibatch.inputs));
        const skipped = records.reduce((sum, record) => sum + record.skipped_inputs, 0);
        assert.ok(skipped > 0);
        // What is passed over behind the last minibatch is told by the plan alone.
        const last = Math.max(
          ...records.map((_, i) => i).filter((i) => records[i]!.kind !== "cold"),
        );
        const numbers = inputs.map((_, i) => i).filter((i) => !seen.has(i));
        const behind = numbers.filter((i) => i > trained[last]!.inputs.at(-1)!).length;
        assert.ok(result.plan.skipped_inputs - skipped <= behind);
        assert.equal(result.plan.skipped_inputs, numbers.length);
        assert.equal(result.counts.lookups, records.reduce((sum, r) => sum + r.lookups, 0));
        assert.equal(result.counts.uniqueRows, records.reduce((sum, r) => sum + r.unique_rows, 0));
      } finally {
        device.dispose();
      }
    });
  }
}

Deno.test("a plan's document says what it was, found and decided", async () => {
  const device = await openCpuDevice({ threads: 1 });
  try {
    const run = drawnRun(false, 120, {
      plan: { ...PLANS["slipstream interleaved, waking"], watch: 4 },
      placement: "hot",
      more: { batch: 4 },
    });
    const { result, records } = await traced(device, run);
    const { plan } = result;
    assert.equal(plan.name, "slipstream");
    assert.deepEqual(plan.options, {
      ...{
        mode: "corrected",
        hot_memory_mib: 256,
        profile: null,
        schedule: "interleaved",
        rate: 50,
      },
      ...{ drop: 0.3, alpha: 3, warmup: 1, window: 4, sample: null, criterion: "net-over-path" },
      ...{ combine: "max", untouched: "unknown", snapshots: 4, change: "ends", wake_every: 3 },
      ...{ decide: "epoch", watch: 4 },
    });
    const { rows, rows_per_table, hot_inputs, cold_inputs } = plan.hot!;
    assert.deepEqual([rows, rows_per_table], [9, [3, 2, 4]]);
    assert.equal(rows, hotSetOf(run.tableRows, run.hot).rows.total);
    assert.equal(hot_inputs + cold_inputs, 120);
    assert.ok(plan.decisions.length > 1 && plan.rounds.length > 0);
    for (const decision of plan.decisions) {
      assert.equal(decision.snapshots, 4);
      assert.ok(decision.skipped <= decision.classified);
      const shares = decision.curve.map(({ share }) => share);
      assert.deepEqual(shares, shares.toSorted((a, b) => a - b));
      for (const ms of [decision.snapshot_ms, decision.search_ms, decision.classify_ms]) {
        assert.ok(Number.isFinite(ms) && ms >= 0);
      }
    }
    const { watched } = plan;
    assert.equal(watched!.rows.length, 4);
    for (const { table, row } of watched!.rows) assert.ok(run.hot[table]!.includes(row));
    assert.equal(watched!.steps.length, records.length - 1);
    assert.ok(watched!.changes.every((reading) => reading.length === 4));
    // A row moves where a minibatch looked it up.
    assert.ok(watched!.changes.flat().some((change) => change > 0));
  } finally {
    device.dispose();
  }
});

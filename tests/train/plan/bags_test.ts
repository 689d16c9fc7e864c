import assert from "node:assert/strict";
import { UserError } from "../../../core/errors.ts";
import { RandomStream } from "../../../core/random.ts";
import { NO_LOOKUP } from "../../../data/id_layout.ts";
import { openCpuDevice } from "../../../kernels/cpu/device.ts";
import { countTraceRuns, workloadOf } from "../../../sim/work.ts";
import { TRACE_SCHEMA_VERSION, type TraceHeader } from "../../../train/trace/schema.ts";
import { runToy, type ToyBags, type ToyRun } from "./plan_cases.ts";

const TABLE_ROWS = [6, 4, 9], LOOKUPS = [2, 1, 3], FIRSTS = [0, 2, 3, 6];
const HOT = [[0, 1, 2, 3], [0, 1], [0, 1, 2, 3, 4]];

/** Inputs of bags, of which about half look up hot rows alone. */
function bagsRun(variable: boolean, rest: Pick<ToyRun, "plan"> & Partial<ToyRun>): ToyRun {
  const random = new RandomStream(3, "synthetic");
  const bags: ToyBags[] = LOOKUPS.map((lookups) => ({
    lookups,
    variable: variable && lookups > 1,
  }));
  let p = 0;
  const inputs = Array.from({ length: 160 }, () =>
    bags.flatMap((bag, t) => {
      const used = bag.variable ? Math.floor(random.uniform(p++) * (bag.lookups + 1)) : bag.lookups;
      return Array.from(
        { length: bag.lookups },
        (_, l) => l < used ? Math.floor(random.uniform(p++) ** 3 * TABLE_ROWS[t]!) : NO_LOOKUP,
      );
    }));
  return { tableRows: TABLE_ROWS, inputs, hot: HOT, bags, ...rest };
}

/** The rows that an input looks up, as many times as it does, flat over all tables. */
function lookedUp(run: ToyRun, input: number): { flat: number; hot: boolean }[] {
  const ids = run.inputs[input]!;
  let first = 0;
  return TABLE_ROWS.flatMap((rows, t) => {
    const from = first;
    first += rows;
    return ids.slice(FIRSTS[t]!, FIRSTS[t + 1]!).filter((id) => id !== NO_LOOKUP)
      .map((id) => ({ flat: from + id, hot: HOT[t]!.includes(id) }));
  });
}

/** Moves of a row a minibatch; powers of two, so that sums are exact. Those looked up most move least. */
const MOVES = TABLE_ROWS.flatMap((rows, t) =>
  Array.from({ length: rows }, (_, row) => 2 ** (row + t - 9))
);

for (const variable of [false, true]) {
  for (const placement of ["device", "hybrid", "hot"] as const) {
    for (const alpha of [null, 3]) {
      const what = `${variable ? "bags of different lengths" : "bags"}, ${placement}, ${
        alpha === null ? "all lookups" : `${alpha} lookups`
      }`;
      Deno.test(`an input is hot if all its lookups are; alpha counts lookups (${what})`, async () => {
        const run = bagsRun(variable, {
          placement,
          moves: MOVES,
          plan: { name: "slipstream", warmup: 2, window: 6, alpha, drop: 0.4 },
        });
        const { trained, records, result } = await runToy(run);
        const [decision] = result.plan.decisions;
        // What each hot row moved in the window: its move times the minibatches that updated it.
        const change = new Float64Array(19);
        let kept = 0;
        const after = new Set<number>();
        for (const [i, record] of records.entries()) {
          const own = trained[i]!;
          const lookups = own.inputs.flatMap((input) => lookedUp(run, input));
          assert.equal(record.lookups, lookups.length);
          assert.equal(record.unique_rows, new Set(lookups.map(({ flat }) => flat)).size);
          assert.equal(record.cold_lookups, lookups.filter(({ hot }) => !hot).length);
          for (const input of own.inputs) {
            assert.equal(lookedUp(run, input).every(({ hot }) => hot), record.kind !== "cold");
          }
          if (record.kind === "window") own.rows.forEach((row) => change[row]! += MOVES[row]!);
          if (record.kind === "hot") own.inputs.forEach((input) => after.add(input));
          kept += own.inputs.length;
        }
        assert.equal(kept + result.plan.skipped_inputs, 160);
        const seen = new Set(trained.flatMap(({ inputs }) => inputs));
        let skipped = 0, stayed = 0;
        for (let input = 0; input < 160; input++) {
          if (seen.has(input) && !after.has(input)) continue;
          const lookups = lookedUp(run, input);
          const stale = lookups.filter(({ flat }) =>
            change[flat]! > 0 && change[flat]! < decision!.threshold
          ).length;
          const expected = alpha === null ? stale === lookups.length : stale >= alpha;
          assert.equal(expected, !seen.has(input), `input ${input}`);
          if (expected) skipped++;
          else stayed++;
        }
        assert.ok(skipped > 3 && stayed > 3, `${skipped} skipped, ${stayed} kept`);
      });
    }
  }
}

Deno.test("placements of bags train to the same numbers, and the simulator takes the trace", async () => {
  for (const variable of [false, true]) {
    const device = await openCpuDevice({ threads: 2 });
    try {
      const of = (placement: "device" | "hybrid" | "hot") =>
        runToy(
          bagsRun(variable, {
            placement,
            plan: { name: "slipstream", schedule: "interleaved", warmup: 2, window: 6, alpha: 3 },
          }),
          device,
        );
      const [first, ...others] = [await of("device"), await of("hybrid"), await of("hot")];
      for (const { numbers } of others) assert.deepEqual(numbers, first!.numbers);
      const header = {
        ...HEADER,
        plan: first!.result.plan,
      } as unknown as TraceHeader;
      const counted = countTraceRuns({ header, records: first!.records });
      const workload = workloadOf(counted, { batch: 4 });
      const all = workload.kept.reduce((sum, { work, times }) => sum + work.lookups * times, 0);
      const wanted = first!.records.reduce((sum, { lookups }) => sum + lookups, 0);
      assert.ok(Math.abs(all - wanted) < 1e-6 * wanted, `${all}, not ${wanted}`);
      const { lookups: _, ...model } = HEADER.model;
      assert.throws(
        () => countTraceRuns({ header: { ...header, model } as TraceHeader, records: [] }),
        /lookups_per_input is 6, .* make 3/,
      );
    } finally {
      device.dispose();
    }
  }
});

const HEADER = {
  schema: "slipstream.trace",
  schema_version: TRACE_SCHEMA_VERSION,
  origin: "run",
  model: {
    ...{ table_rows: TABLE_ROWS, lookups: LOOKUPS, dim: 4, bottom: [1, 4], top: [10, 1] },
    parameters: { dense: 19, embedding: 76 },
  },
  optimizer: "sgd",
  batch: 2,
  lookups_per_input: 6,
  dataset: { hash: "1", format: "worked out by hand", train_inputs: 160 },
  placement: "device",
  stage_resolution: "minibatch",
};

Deno.test("a mean over lookups is refused where bags have different numbers of them", async () => {
  const plan = { name: "slipstream", warmup: 2, window: 6, combine: "mean" } as const;
  await assert.rejects(runToy(bagsRun(true, { plan })), (error: unknown) => {
    assert.ok(error instanceof UserError);
    assert.match(error.message, /mean over lookups of bags of different lengths/);
    return true;
  });
  await runToy(bagsRun(false, { plan }));
});

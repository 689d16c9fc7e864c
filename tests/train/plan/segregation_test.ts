/** Hot and cold inputs told apart: in the order of the file or of training, by the run or beforehand. */

import assert from "node:assert/strict";
import type { Dataset, Order } from "../../../data/types.ts";
import { openCpuDevice } from "../../../kernels/cpu/device.ts";
import { segregate } from "../../../train/plan/hot_set.ts";
import { train } from "../../../train/run/trainer.ts";
import {
  allNumbers,
  arrayDataset,
  drawnRun,
  hotSetOf,
  lettersRun,
  toyModel,
  toyOptions,
} from "./plan_cases.ts";

/** Orders that readers are asked for, and the same data set whose readers cannot tell rows without reading. */
function withoutRows(dataset: Dataset): { readonly dataset: Dataset; readonly orders: Order[] } {
  const orders: Order[] = [];
  const reader: Dataset["reader"] = (split, order) => {
    orders.push(order);
    const real = dataset.reader(split, order);
    return {
      count: real.count,
      read: (start, count, into) => real.read(start, count, into),
      readAt: (positions, into) => real.readAt(positions, into),
    };
  };
  return { dataset: { ...dataset, reader }, orders };
}

Deno.test("inputs read in file order are told apart as in the order of training", async () => {
  const run = drawnRun(false, 20_000, { plan: {} });
  const dataset = arrayDataset(run.tableRows, run.inputs);
  const { rows } = hotSetOf(run.tableRows, run.hot);
  for (const seed of [1, 2]) {
    const order = { kind: "shuffled", seed, epoch: seed - 1 } as const;
    const { dataset: plain, orders } = withoutRows(dataset);
    const here = await segregate(dataset, order, rows), there = await segregate(plain, order, rows);
    assert.ok(orders.every(({ kind }) => kind === "shuffled"));
    assert.ok(here.hot.length > 1000 && here.cold.length > 1000);
    assert.deepEqual([here.hot, here.cold], [there.hot, there.cold]);
  }
});

Deno.test("rowAt may be a method of the reader", async () => {
  const { tableRows, inputs, hot } = lettersRun("PXQY", false, { plan: {} });
  const dataset = arrayDataset(tableRows, inputs);
  class Backwards {
    readonly count = 4;
    readonly #last = 3;
    constructor(readonly real: ReturnType<Dataset["reader"]>) {}
    read(...words: Parameters<typeof this.real.read>) {
      return this.real.read(...words);
    }
    readAt(...words: Parameters<typeof this.real.readAt>) {
      return this.real.readAt(...words);
    }
    rowAt(position: number): number {
      return this.#last - position;
    }
  }
  const reader: Dataset["reader"] = (split, order) => new Backwards(dataset.reader(split, order));
  const order = { kind: "shuffled", seed: 1, epoch: 0 } as const;
  const found = await segregate({ ...dataset, reader }, order, hotSetOf(tableRows, hot).rows);
  assert.deepEqual([[...found.hot], [...found.cold]], [[1, 3], [0, 2]]);
});

Deno.test("inputs by letters, shuffled: each position is of its input's kind", async () => {
  const { tableRows, inputs, hot } = lettersRun("PXQYRSXP", false, { plan: {} });
  const dataset = arrayDataset(tableRows, inputs);
  const order = { kind: "shuffled", seed: 5, epoch: 0 } as const;
  const { rowAt } = dataset.reader("train", order);
  const { hot: hots, cold } = await segregate(dataset, order, hotSetOf(tableRows, hot).rows);
  // X and Y have a cold row.
  assert.deepEqual([...cold].map((position) => rowAt!(position)).sort(), [1, 3, 6]);
  assert.deepEqual([...hots].map((position) => rowAt!(position)).sort(), [0, 2, 4, 5, 7]);
});

Deno.test("a run that is given its inputs told apart does not look for them, and comes to the same bits", async () => {
  using device = await openCpuDevice({ threads: 1 });
  const run = drawnRun(false, 120, {
    plan: { name: "slipstream", warmup: 1, window: 4, drop: 0.5 },
    more: { batch: 4, epochs: 2, shuffle: true },
  });
  const dataset = arrayDataset(run.tableRows, run.inputs),
    hotSet = hotSetOf(run.tableRows, run.hot);
  const order = { kind: "shuffled", seed: 1, epoch: 0 } as const;
  const given = { ...await segregate(dataset, order, hotSet.rows), ms: 1e6 };
  const come = [];
  for (const segregation of [null, given]) {
    using model = toyModel(device, run);
    await model.initialise(3);
    const epochs: Order[] = [];
    const seen: Dataset = {
      ...dataset,
      reader: (split, asked) => {
        if (asked.kind === "shuffled") epochs.push(asked);
        return dataset.reader(split, asked);
      },
    };
    const options = { ...toyOptions(run, []), hotSet, segregation };
    const { plan, losses } = await train(model, seen, options);
    come.push({ plan, losses, numbers: await allNumbers(model), passes: epochs.length });
  }
  const [itself, told] = come as [typeof come[0], typeof come[0]];
  assert.deepEqual(told.losses, itself.losses);
  assert.deepEqual(told.numbers, itself.numbers);
  assert.equal(told.passes, itself.passes - 1);
  // Its time is part of the preparation all the same.
  assert.ok(told.plan.preparation_ms >= 1e6 && itself.plan.preparation_ms < 1e6);
  const counted = (
    { plan }: typeof itself,
  ) => [plan.hot, plan.trained_inputs, plan.skipped_inputs];
  assert.deepEqual(counted(told), counted(itself));
});

Deno.test("inputs that were told apart in another order, or among others, are refused", async () => {
  using device = await openCpuDevice({ threads: 1 });
  const run = drawnRun(false, 120, {
    plan: { name: "fae" },
    more: { batch: 4, shuffle: true },
  });
  const dataset = arrayDataset(run.tableRows, run.inputs);
  using model = toyModel(device, run);
  const options = toyOptions(run, []), hot = options.hotSet!.rows;
  const told = (seed: number, rows = hot, of = dataset) =>
    segregate(of, { kind: "shuffled", seed, epoch: 0 }, rows);
  const others = hotSetOf(run.tableRows, [[0, 1, 2], [0, 1], [0, 1]]).rows;
  await assert.rejects(
    train(model, dataset, { ...options, segregation: await told(1, others) }),
    /^RangeError: Cannot use the inputs that were told apart beforehand: they are of another hot set$/,
  );
  const log = { ...dataset, hash: "2" };
  await assert.rejects(
    train(model, dataset, { ...options, segregation: await told(1, hot, log) }),
    /^RangeError: Cannot use the inputs that were told apart beforehand: they are of another data set$/,
  );
  await assert.rejects(
    train(model, dataset, { ...options, segregation: await told(2) }),
    /^RangeError: Cannot use the inputs that were told apart beforehand: they are shuffled by seed 2, epoch 0, those of the run shuffled by seed 1, epoch 0$/,
  );
  const plan = { ...options.plan!, negatives: 0.5 };
  await assert.rejects(
    train(model, dataset, { ...options, plan, segregation: await told(1) }),
    /^RangeError: Cannot use the inputs that were told apart beforehand: they are 120, and the run trains on \d+$/,
  );
});

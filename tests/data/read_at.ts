/** What every reader must do when it is asked for positions instead of a run of them. */

import assert from "node:assert/strict";
import { idLayout, idsFromRow, idsToRow } from "../../data/id_layout.ts";
import { createInputs } from "../../data/inputs.ts";
import type { Dataset, DatasetSchema, Inputs, Order, Reader, Split } from "../../data/types.ts";

/** Sequential, and one shuffled order. */
export const BOTH_ORDERS: readonly Order[] = [
  { kind: "sequential" },
  { kind: "shuffled", seed: 5, epoch: 2 },
];

/** Positions of all kinds: scattered, descending, repeated, a run, the ends, none. */
function manyPositions(count: number): Record<string, number[]> {
  const all = Array.from({ length: count }, (_, i) => i);
  return {
    scattered: Array.from({ length: 40 }, (_, i) => (i * 7919 + 13) % count),
    ascending: all.filter((i) => i % 3 === 1),
    descending: all.toReversed().filter((i) => i % 2 === 0),
    repeated: [count - 1, 0, 0, count - 1, count >> 1, 0],
    run: all.slice(count >> 2, (count >> 2) + 20),
    none: [],
  };
}

/** Checks `readAt` against `read` of one input at a time, in sequence and shuffled, and its errors. */
export async function checkReadAtOf(dataset: Dataset, split: Split): Promise<void> {
  for (const order of BOTH_ORDERS) {
    const { schema } = dataset, reader = dataset.reader(split, order);
    for (const [kind, positions] of Object.entries(manyPositions(reader.count))) {
      const what = `${schema.format} ${split} ${order.kind} ${kind}`;
      // Arrays that are longer than used, and dirty.
      const into = createInputs(schema, positions.length + 3);
      into.dense.fill(-7);
      into.ids.fill(0xffffffff);
      into.labels.fill(-7);
      await dataset.reader(split, order).readAt(Uint32Array.from(positions), into);
      assert.equal(into.size, positions.length, what);
      const want = await oneByOne(reader, schema, positions);
      assert.deepEqual(used(schema, into), used(schema, want), what);
      assert.ok(into.labels.subarray(positions.length).every((label) => label === -7), what);
      assert.ok(into.ids.subarray(used(schema, want).ids.length).every((id) => id === 0xffffffff));
    }
    const { rowAt } = reader;
    if (rowAt !== undefined) {
      const rows = Array.from({ length: reader.count }, (_, position) => rowAt(position));
      const inSequence = dataset.reader(split, BOTH_ORDERS[0]!);
      assert.deepEqual(
        used(schema, await oneByOne(reader, schema, rows.map((_, position) => position))),
        used(schema, await oneByOne(inSequence, schema, rows)),
        `${schema.format} ${split} ${order.kind} rows`,
      );
    }
    const two = createInputs(schema, 2);
    for (const wrong of [[reader.count], [0, 2 ** 32 - 1], [0, 0, 0]]) {
      assert.throws(() => reader.readAt(Uint32Array.from(wrong), two), RangeError);
    }
  }
}

/** The used part of some inputs' arrays. */
export function used(schema: DatasetSchema, inputs: Inputs) {
  const { dense, steps = 1 } = schema;
  return {
    dense: inputs.dense.slice(0, inputs.size * steps * dense.length),
    ids: inputs.ids.slice(0, inputs.size * idLayout(schema).width),
    labels: inputs.labels.slice(0, inputs.size),
  };
}

async function oneByOne(
  reader: Reader,
  schema: DatasetSchema,
  positions: readonly number[],
): Promise<Inputs> {
  const steps = schema.steps ?? 1, columns = schema.dense.length * steps, size = positions.length;
  const all = createInputs(schema, size), one = createInputs(schema, 1);
  all.size = size;
  const layout = idLayout(schema), row = new Uint32Array(layout.width);
  for (const [b, position] of positions.entries()) {
    await reader.read(position, 1, one);
    all.dense.set(one.dense, b * columns);
    idsToRow(layout, one.ids, 1, 0, row, 0);
    idsFromRow(layout, row, 0, all.ids, size, b);
    all.labels[b] = one.labels[0]!;
  }
  return all;
}

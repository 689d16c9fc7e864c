import assert from "node:assert/strict";
import { MovingRows, RowChoice } from "../../page/train/row_watch.ts";
import type { GroupedLookups } from "../../kernels/types.ts";

/** A minibatch that looks rows up so many times each. */
function lookups(counts: Readonly<Record<number, number>>): GroupedLookups {
  const uniqueRows = Uint32Array.from(Object.keys(counts), Number);
  const segments = new Uint32Array(uniqueRows.length + 1);
  Object.values(counts).forEach((count, u) => segments[u + 1] = segments[u]! + count);
  return { unique: uniqueRows.length, uniqueRows, segments } as unknown as GroupedLookups;
}

Deno.test("rows are scored by how far they moved over the last window, as a plan scores them", async () => {
  // Two rows of two floats, read every 2 of 8 minibatches; row 9 is never looked up.
  const rows = new MovingRows(Uint32Array.of(4, 9), 8, "per-root-access");
  assert.equal(rows.every, 2);
  const values = [[0, 0], [0.5, 0], [1, -1], [1, -3], [2, 0], [2, 0.5]];
  const read = async (reading: number) => {
    for (let i = 0; i < 2; i++) rows.count(lookups({ 4: 2, 7: 1 }));
    const own = Float32Array.of(...values[reading]!, 6, 6);
    return await rows.read(2 * reading, () => Promise.resolve(own), () => Promise.resolve({}));
  };
  for (let reading = 0; reading < 4; reading++) assert.equal(await read(reading), null);
  // Coordinates moved by 2 and 0 in 16 lookups.
  const first = await read(4);
  assert.equal(first!.minibatches, 8);
  assert.deepEqual([...first!.scores], [2 / 4, NaN]);
  // The window moves on: from (0.5, 0) to (2, 0.5).
  assert.equal((await read(5))!.scores[0], 1.5 / 4);
});

Deno.test("net-over-path sees the way between readings", async () => {
  const rows = new MovingRows(Uint32Array.of(1), 4, "net-over-path");
  const values = [0, 1, 0, 1, 0.5];
  let reading = null;
  for (const [step, value] of values.entries()) {
    rows.count(lookups({ 1: 1 }));
    const own = Promise.resolve(Float32Array.of(value));
    reading = await rows.read(step, () => own, () => Promise.resolve({}));
  }
  assert.ok(Math.abs(reading!.scores[0]! - 0.5 / 3.5) < 1e-6);
});

Deno.test("watched rows are hot, ascending and spread over those that early minibatches look up", () => {
  const choice = new RowChoice(4, (row) => row % 2 === 0);
  let rows: Uint32Array | null = null;
  for (let minibatch = 0; minibatch < 8; minibatch++) {
    assert.equal(rows, null);
    rows = choice.add(lookups({ [2 * minibatch]: 1, [2 * minibatch + 1]: 1 }));
  }
  assert.deepEqual([...rows!], [0, 4, 8, 12]);
  const few = new RowChoice(100, () => true);
  for (let i = 0; i < 8; i++) rows = few.add(lookups({ 3: 1, 5: 1 }));
  assert.deepEqual([...rows!], [3, 5]);
});

import assert from "node:assert/strict";
import fc from "../npm/fast_check.ts";
import { LookupError, LookupGrouper, type LookupIds } from "../../kernels/embedding/group.ts";
import type { GroupedLookups } from "../../kernels/types.ts";

/** A minibatch as nested lists: `bags[t][b]` are the ids of input b in table t. */
type Minibatch = readonly (readonly (readonly number[])[])[];

function flatten(bags: Minibatch, inputs: number, withOffsets: boolean): LookupIds {
  const ids = bags.flat(2);
  const offsets = [0];
  for (const bag of bags.flat()) offsets.push(offsets.at(-1)! + bag.length);
  return {
    bags: inputs,
    ids: Uint32Array.from(ids),
    offsets: withOffsets ? Uint32Array.from(offsets) : null,
  };
}

/** Each row's bags in order of the row's first appearance: what the grouper has to find. */
function naive(tableRows: readonly number[], bags: Minibatch, inputs: number) {
  const groups = new Map<number, number[]>();
  const rows: number[] = [];
  let offset = 0;
  for (const [t, table] of bags.entries()) {
    for (const [b, bag] of table.entries()) {
      for (const id of bag) {
        const row = offset + id;
        rows.push(row);
        groups.set(row, [...(groups.get(row) ?? []), t * inputs + b]);
      }
    }
    offset += tableRows[t]!;
  }
  return { rows, groups: [...groups] };
}

function check(
  got: GroupedLookups,
  tableRows: readonly number[],
  bags: Minibatch,
  inputs: number,
): void {
  const want = naive(tableRows, bags, inputs);
  assert.equal(got.bags, inputs);
  assert.equal(got.tables, tableRows.length);
  assert.equal(got.lookups, want.rows.length);
  assert.deepEqual([...got.rows.subarray(0, got.lookups)], want.rows);
  assert.equal(got.unique, want.groups.length);
  assert.equal(got.segments.length, got.unique + 1);
  assert.equal(got.segments[0], 0);
  assert.equal(got.segments[got.unique], got.lookups);
  const groups = Array.from({ length: got.unique }, (_, u) => [
    got.uniqueRows[u],
    [...got.positions.subarray(got.segments[u], got.segments[u + 1])],
  ]);
  assert.deepEqual(groups, want.groups);
}

const tableRows = fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constant(100_000)), {
  minLength: 1,
  maxLength: 6,
});

/** Tables and some minibatches over them, of different sizes. */
const minibatches = tableRows.chain((rows) =>
  fc.record({
    rows: fc.constant(rows),
    batches: fc.array(
      fc.integer({ min: 0, max: 30 }).chain((inputs) =>
        fc.record({
          inputs: fc.constant(inputs),
          bags: fc.tuple(...rows.map((n) =>
            fc.array(fc.array(fc.integer({ min: 0, max: n - 1 }), { maxLength: 5 }), {
              minLength: inputs,
              maxLength: inputs,
            })
          )),
        })
      ),
      { minLength: 1, maxLength: 4 },
    ),
  })
);

Deno.test("LookupGrouper groups bags of any length as a map does, also when it is used again", () => {
  fc.assert(
    fc.property(minibatches, ({ rows, batches }) => {
      const grouper = new LookupGrouper(rows);
      for (const { inputs, bags } of batches) {
        check(grouper.group(flatten(bags, inputs, true)), rows, bags, inputs);
      }
    }),
    { seed: 20260104, numRuns: 150 },
  );
});

Deno.test("LookupGrouper groups bags of one without offsets as with them", () => {
  fc.assert(
    fc.property(
      tableRows,
      fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 1, maxLength: 3 }),
      fc.infiniteStream(fc.nat()),
      (rows, sizes, numbers) => {
        const grouper = new LookupGrouper(rows);
        for (const inputs of sizes) {
          const bags = rows.map((n) =>
            Array.from({ length: inputs }, () => [numbers.next().value! % n])
          );
          const got = grouper.group(flatten(bags, inputs, false));
          assert.equal(got.offsets, null);
          check(got, rows, bags, inputs);
          check(grouper.group(flatten(bags, inputs, true)), rows, bags, inputs);
        }
      },
    ),
    { seed: 20260105, numRuns: 60 },
  );
});

Deno.test("LookupGrouper takes empty minibatches, empty bags and no tables", () => {
  const grouper = new LookupGrouper([3, 5]);
  check(grouper.group(flatten([[], []], 0, false)), [3, 5], [[], []], 0);
  check(grouper.group(flatten([[], []], 0, true)), [3, 5], [[], []], 0);
  const empty = [[[], []], [[], []]];
  check(grouper.group(flatten(empty, 2, true)), [3, 5], empty, 2);
  const half = [[[], [2, 2]], [[], []]];
  check(grouper.group(flatten(half, 2, true)), [3, 5], half, 2);
  check(new LookupGrouper([]).group(flatten([], 7, false)), [], [], 7);
});

Deno.test("LookupGrouper puts equal ids in one segment and different ids in their own", () => {
  const inputs = 1000;
  for (const rows of [[1], [1000], [2 ** 32 - 1]]) {
    const equal = [Array.from({ length: inputs }, () => [rows[0]! - 1])];
    const got = new LookupGrouper(rows).group(flatten(equal, inputs, false));
    assert.equal(got.unique, 1);
    check(got, rows, equal, inputs);
  }
  const different = [Array.from({ length: inputs }, (_, b) => [(b * 617) % inputs])];
  const got = new LookupGrouper([inputs]).group(flatten(different, inputs, false));
  assert.equal(got.unique, inputs);
  check(got, [inputs], different, inputs);
});

Deno.test("LookupGrouper tells ids apart that meet in a slot of its hash table", () => {
  // Multiples of a power of two share their low bits, and multiples of the hash's inverse its high ones.
  const inverse = 0xe8b2f51;
  for (const factor of [2 ** 20, inverse, 1]) {
    const ids = Array.from({ length: 512 }, (_, i) => [Math.imul(i % 300, factor) >>> 0]);
    const rows = [2 ** 32 - 1];
    const kept = ids.map(([id]) => [Math.min(id!, 2 ** 32 - 2)]);
    check(new LookupGrouper(rows).group(flatten([kept], 512, false)), rows, [kept], 512);
  }
});

Deno.test("LookupGrouper keeps the multiset of rows", () => {
  const rows = [50, 7];
  const bags = rows.map((n, t) =>
    Array.from({ length: 40 }, (_, b) => Array.from({ length: (b + t) % 4 }, (_, k) => (b * k) % n))
  );
  const got = new LookupGrouper(rows).group(flatten(bags, 40, true));
  const regrouped: number[] = [];
  for (let u = 0; u < got.unique; u++) {
    for (let i = got.segments[u]!; i < got.segments[u + 1]!; i++) {
      regrouped.push(got.uniqueRows[u]!);
    }
  }
  assert.deepEqual(regrouped.sort((a, b) => a - b), [...got.rows].sort((a, b) => a - b));
});

Deno.test("LookupGrouper takes the last row and refuses the one behind it", () => {
  const grouper = new LookupGrouper([4, 1000, 3], ["site", "device"]);
  const group = (ids: number[]) =>
    grouper.group({ bags: 2, ids: Uint32Array.from(ids), offsets: null });
  assert.deepEqual([...group([3, 3, 999, 999, 2, 2]).uniqueRows.subarray(0, 3)], [3, 1003, 1006]);
  const message = (ids: number[]): string => {
    try {
      group(ids);
    } catch (error) {
      assert.ok(error instanceof LookupError && error instanceof RangeError);
      assert.equal(error.name, "LookupError");
      return error.message;
    }
    return assert.fail("accepted");
  };
  assert.equal(
    message([0, 4, 0, 0, 0, 0]),
    "Cannot look up row 4 of table 0 (site) at position 1: the table has 4 rows",
  );
  assert.equal(
    message([0, 0, 4294967295, 0, 0, 0]),
    "Cannot look up row 4294967295 of table 1 (device) at position 0: the table has 1000 rows",
  );
  assert.equal(
    message([0, 0, 0, 0, 0, 3]),
    "Cannot look up row 3 of table 2 at position 1: the table has 3 rows",
  );
  // What a failed call left behind does no harm.
  const bags = [[[1], [1]], [[5], [6]], [[0], [0]]];
  check(grouper.group(flatten(bags, 2, false)), [4, 1000, 3], bags, 2);
});

Deno.test("LookupGrouper takes tables of just below 2^32 rows and refuses 2^32", () => {
  const rows = [2 ** 31, 2 ** 31 - 1];
  const bags = [[[2 ** 31 - 1], [0]], [[2 ** 31 - 2], [2 ** 31 - 2]]];
  check(new LookupGrouper(rows).group(flatten(bags, 2, false)), rows, bags, 2);
  assert.throws(() => new LookupGrouper([2 ** 31, 2 ** 31]), /^RangeError: .* 4294967296 rows/);
  for (const bad of [-1, 0.5, NaN]) {
    assert.throws(() => new LookupGrouper([3, bad]), /^RangeError: .* table 1: /);
  }
});

Deno.test("LookupGrouper refuses offsets that do not belong to the ids", () => {
  const grouper = new LookupGrouper([9]);
  const group = (bags: number, ids: number, offsets: number[] | null) =>
    grouper.group({
      bags,
      ids: new Uint32Array(ids),
      offsets: offsets === null ? null : Uint32Array.from(offsets),
    });
  assert.throws(() => group(3, 2, null), RangeError);
  assert.throws(() => group(2, 2, [0, 1]), RangeError);
  assert.throws(() => group(2, 2, [1, 1, 2]), RangeError);
  assert.throws(() => group(2, 2, [0, 2, 1]), RangeError);
  assert.throws(() => group(2, 2, [0, 1, 3]), RangeError);
  assert.equal(group(2, 5, [0, 1, 2]).lookups, 2);
});

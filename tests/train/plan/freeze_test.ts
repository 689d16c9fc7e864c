import assert from "node:assert/strict";
import fc from "../../npm/fast_check.ts";
import { RandomStream } from "../../../core/random.ts";
import { embeddingBackwardOp, embeddingForwardOp } from "../../../kernels/embedding/op.ts";
import { openCpuDevice } from "../../../kernels/cpu/device.ts";
import { LookupGrouper } from "../../../kernels/embedding/group.ts";
import type { Device, GroupedLookups, Optimizer } from "../../../kernels/types.ts";
import { openWebGpuDevice } from "../../../kernels/webgpu/device.ts";
import { RowFreezer } from "../../../train/plan/freeze.ts";
import { openReferenceDevice } from "../../kernels/reference_device.ts";
import { groupLookups } from "../../kernels/lookups.ts";
import { webGpuAvailable } from "../../kernels/webgpu_available.ts";

/** Positions of each row that is updated. */
function updates({ unique, uniqueRows, segments, positions }: GroupedLookups) {
  return Array.from({ length: unique }, (_, u) => ({
    row: uniqueRows[u]!,
    positions: [...positions.subarray(segments[u]!, segments[u + 1]!)],
  }));
}

Deno.test("frozen rows are left out of updates and stay in the gather", () => {
  const lookups = groupLookups([3, 2], 4, [2, 0, 2, 1, 1, 0, 1, 1]);
  const { lookups: kept, frozen, frozenLookups } = new RowFreezer().withoutRows(
    lookups,
    Uint8Array.of(0, 0, 1, 1, 0),
  );
  assert.equal(frozen, 2);
  assert.equal(frozenLookups, 3);
  assert.deepEqual(updates(kept), [
    { row: 0, positions: [1] },
    { row: 1, positions: [3] },
    { row: 4, positions: [4, 6, 7] },
  ]);
  for (const key of ["bags", "tables", "lookups", "rows", "offsets"] as const) {
    assert.equal(kept[key], lookups[key]);
  }
  assert.ok(kept.positions.length >= kept.lookups);
});

Deno.test("without a frozen row the lookups come back as they are; all may be frozen; unknown rows are refused", () => {
  const lookups = groupLookups([3], 4, [2, 0, 2, 1]), freezer = new RowFreezer();
  assert.deepEqual(freezer.withoutRows(lookups, new Uint8Array(3)), {
    lookups,
    frozen: 0,
    frozenLookups: 0,
  });
  const none = freezer.withoutRows(lookups, new Uint8Array(3).fill(1));
  assert.equal(none.frozen, 3);
  assert.deepEqual(updates(none.lookups), []);
  assert.equal(none.lookups.segments[0], 0);
  assert.throws(() => freezer.withoutRows(lookups, new Uint8Array(2)), {
    name: "RangeError",
    message: "Cannot freeze rows: lookups name flat row 2, but 2 rows are said to be frozen or not",
  });
});

Deno.test("arrays are used again", () => {
  const freezer = new RowFreezer(), frozen = Uint8Array.of(1, 0, 0);
  const first = freezer.withoutRows(groupLookups([3], 4, [2, 0, 2, 1]), frozen).lookups;
  const second = freezer.withoutRows(groupLookups([3], 3, [0, 1, 1]), frozen).lookups;
  for (const key of ["uniqueRows", "segments", "positions"] as const) {
    assert.equal(second[key], first[key]);
  }
  assert.deepEqual(updates(second), [{ row: 1, positions: [1, 2] }]);
});

Deno.test("what is left is what filtering gives, bags of any size", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.nat(9), { maxLength: 5 }), { minLength: 8, maxLength: 8 }),
      fc.uint8Array({ minLength: 20, maxLength: 20, max: 1 }),
      (bags, frozen) => {
        const offsets = Uint32Array.from({ length: 9 }, (_, i) => bags.slice(0, i).flat().length);
        const ids = Uint32Array.from(bags.flat());
        const lookups = new LookupGrouper([10, 10]).group({ bags: 4, ids, offsets });
        const result = new RowFreezer().withoutRows(lookups, frozen);
        const want = updates(lookups).filter(({ row }) => frozen[row] === 0);
        assert.deepEqual(updates(result.lookups), want);
        assert.equal(result.frozen, lookups.unique - want.length);
      },
    ),
    { seed: 1, numRuns: 300 },
  );
});

const ROWS = [300, 3, 50], DIM = 12, BAGS = 400;

/** Rows, state and gathered vectors after a few steps, each a gather and an update, with some rows frozen or none. */
async function steps(device: Device, optimizer: Optimizer, frozen: Uint8Array, count: number) {
  const random = new RandomStream(3, "sampling");
  const tables = device.createTables({ rows: ROWS, dim: DIM, optimizer: optimizer.kind }, "tables");
  await tables.initUniform(7);
  const T = ROWS.length;
  const offsets = Uint32Array.from({ length: T * BAGS + 1 }, (_, i) => i + Math.floor(i / 3));
  const total = offsets.at(-1)!;
  const lookups = device.createLookups({ tables: T, maxBags: BAGS, maxLookups: total }, "lookups");
  const out = device.createMatrix(BAGS, T * DIM, "out");
  const grad = device.createMatrix(BAGS, T * DIM, "grad");
  const values = new Float32Array(grad.rows * grad.stride).map((_, i) => random.normal(i));
  device.write(grad.buffer, 0, values);
  const rate = device.createBuffer(4, "rate");
  device.write(rate, 0, Float32Array.of(0.1));
  const learningRate = { buffer: rate, index: 0 };
  const program = device.record("step", (ops) => {
    ops.add(embeddingForwardOp, { tables, lookups, out, firstSlot: 0 });
    ops.add(embeddingBackwardOp, { tables, lookups, grad, firstSlot: 0, optimizer, learningRate });
  });
  const grouper = new LookupGrouper(ROWS), freezer = new RowFreezer();
  for (let step = 0; step < count; step++) {
    // Tables follow one another; skewed, so that some segments are long.
    const ids = Uint32Array.from({ length: total }, (_, i) => {
      const table = ROWS.findIndex((_, t) => i < offsets[(t + 1) * BAGS]!);
      return Math.floor(random.uniform(1e6 + step * total + i) ** 3 * ROWS[table]!);
    });
    const grouped = grouper.group({ bags: BAGS, ids, offsets });
    device.writeLookups(lookups, freezer.withoutRows(grouped, frozen).lookups);
    device.run(program);
  }
  const bits = (floats: Float32Array) => new Uint32Array(floats.slice().buffer);
  return {
    rows: bits(await tables.readRows(0, tables.totalRows)),
    state: bits(await tables.readState(0, tables.totalRows)),
    out: bits(new Float32Array(await device.read(out.buffer, 0, out.buffer.byteLength))),
  };
}

async function checkFreezing(device: Device): Promise<void> {
  const all = ROWS.reduce((a, b) => a + b, 0);
  for (const kind of ["sgd", "adagrad", "rowwise-adagrad"] as const) {
    const optimizer: Optimizer = kind === "sgd" ? { kind } : { kind, eps: 1e-8 };
    const state = kind === "sgd" ? 0 : kind === "adagrad" ? DIM : 1;
    const none = new Uint8Array(all);
    // Some of each table, among them the most popular rows and the whole of the second table.
    const some = none.map((_, row) => Number(row % 3 === 0 || (row >= 300 && row < 303)));
    const before = await steps(device, optimizer, none, 0);
    for (const count of [1, 3]) {
      const free = await steps(device, optimizer, none, count);
      const got = await steps(device, optimizer, some, count);
      let moved = 0;
      for (let row = 0; row < all; row++) {
        const of = (bits: Uint32Array, width: number) =>
          bits.subarray(row * width, (row + 1) * width);
        const want = some[row] === 1 ? before : free;
        assert.deepEqual(of(got.rows, DIM), of(want.rows, DIM), `${kind} row ${row}`);
        assert.deepEqual(of(got.state, state), of(want.state, state), `${kind} state ${row}`);
        if (some[row] === 1 && of(free.rows, DIM).some((b, c) => b !== of(got.rows, DIM)[c])) {
          moved++;
        }
      }
      assert.ok(moved > 50, "rows would have moved");
      // The first gather precedes all updates, so that it sees every row, frozen or not.
      if (count === 1) assert.deepEqual(got.out, free.out);
    }
    const frozen = await steps(device, optimizer, none.map(() => 1), 2);
    assert.deepEqual(frozen.rows, before.rows);
    assert.deepEqual(frozen.state, before.state);
  }
}

for (const threads of [1, 2]) {
  Deno.test(`on the CPU frozen rows keep their bits and all others get their updates (threads: ${threads})`, async () => {
    using device = await openCpuDevice({ threads });
    await checkFreezing(device);
  });
}

Deno.test("so do they on the reference device", async () => {
  const device = await openReferenceDevice();
  await checkFreezing(device);
  device.dispose();
});

Deno.test({
  name: "so do they on WebGPU",
  ignore: !webGpuAvailable,
  fn: async () => {
    using device = await openWebGpuDevice({ adapter: "any" });
    await checkFreezing(device);
  },
});

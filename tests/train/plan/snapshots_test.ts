import assert from "node:assert/strict";
import { RandomStream } from "../../../core/random.ts";
import { openCpuDevice } from "../../../kernels/cpu/device.ts";
import type { Device, EmbeddingTables } from "../../../kernels/types.ts";
import { openWebGpuDevice } from "../../../kernels/webgpu/device.ts";
import { SnapshotBlock } from "../../../train/plan/snapshots.ts";
import { webGpuAvailable } from "../../kernels/webgpu_available.ts";

const SPEC = { rows: [7, 1, 12], dim: 6, optimizer: "sgd" } as const;
const TOTAL = 20;
/** Some rows of all tables, across their borders. */
const SOME = Uint32Array.of(0, 3, 6, 7, 8, 11, 19);

/** Values of all rows at a time. */
function valuesAt(time: number): Float32Array {
  const random = new RandomStream(time, "synthetic");
  return Float32Array.from({ length: TOTAL * SPEC.dim }, (_, i) => random.normal(i));
}

/** Largest coordinate difference of each row, as float32 subtraction gives it. */
function changes(a: Float32Array, b: Float32Array, rows: Uint32Array | null): number[] {
  const all = rows ?? Uint32Array.from({ length: TOTAL }, (_, r) => r);
  return Array.from(all, (row) => {
    let most = 0;
    for (let i = row * SPEC.dim; i < (row + 1) * SPEC.dim; i++) {
      most = Math.max(most, Math.abs(Math.fround(a[i]! - b[i]!)));
    }
    return most;
  });
}

async function withTables(
  device: Device,
  body: (tables: EmbeddingTables) => Promise<void>,
): Promise<void> {
  const tables = device.createTables(SPEC, "tables");
  try {
    await body(tables);
  } finally {
    tables.dispose();
  }
}

/** Windows of two and of four snapshots, of all rows and of some, in one part and in several. */
async function check(device: Device): Promise<void> {
  const empty = device.counters.bytesAllocated;
  await withTables(device, async (tables) => {
    // Of three tables of 6 floats a row of a matrix takes 72 bytes: two hold six hot rows.
    for (const matrixBytes of [undefined, 150]) {
      for (const rows of [null, SOME]) {
        const block = new SnapshotBlock(device, tables, rows, matrixBytes);
        for (const snapshots of [2, 4]) {
          const what = `${matrixBytes}, ${rows?.length}, ${snapshots} snapshots`;
          await tables.writeRows(0, valuesAt(0));
          block.begin();
          const path = new Array((rows ?? { length: TOTAL }).length).fill(0);
          for (let i = 1; i < snapshots; i++) {
            await tables.writeRows(0, valuesAt(i));
            changes(valuesAt(i - 1), valuesAt(i), rows).forEach((change, r) =>
              path[r] = Math.fround(path[r] + change)
            );
            if (i === snapshots - 1) break;
            assert.equal(block.taken, i);
            await block.proceed();
          }
          const found = await block.finish();
          assert.equal(found.snapshots, snapshots);
          assert.deepEqual(
            [...found.net],
            changes(valuesAt(0), valuesAt(snapshots - 1), rows),
            what,
          );
          // Sums in another order differ by rounding.
          found.path.forEach((x, r) => assert.ok(Math.abs(x - path[r]) <= 1e-6 * path[r], what));
          assert.equal(block.taken, 0);
        }
        block.dispose();
      }
    }
  });
  assert.equal(device.counters.bytesAllocated, empty, "everything is given back");
}

Deno.test("CPU: changes between snapshots are the largest coordinate differences", async () => {
  const device = await openCpuDevice({ threads: 1 });
  try {
    await check(device);
  } finally {
    device.dispose();
  }
});

Deno.test({
  name: "WebGPU: changes between snapshots are the largest coordinate differences",
  ignore: !webGpuAvailable,
  fn: async () => {
    using device = await openWebGpuDevice({ adapter: "any" });
    await check(device);
  },
});

Deno.test("a window taken up from its state goes on to the same changes, in several parts", async () => {
  const device = await openCpuDevice({ threads: 1 });
  try {
    await withTables(device, async (tables) => {
      const of = () => new SnapshotBlock(device, tables, SOME, 150);
      const one = of();
      await tables.writeRows(0, valuesAt(0));
      one.begin();
      const states = [await stateOf(one)];
      for (const time of [1, 2]) {
        await tables.writeRows(0, valuesAt(time));
        await one.proceed();
        states.push(await stateOf(one));
      }
      await tables.writeRows(0, valuesAt(3));
      const wanted = await one.finish();
      assert.deepEqual(states.map(({ arrays }) => Object.keys(arrays)), [
        ["first"],
        ["first", "previous", "path"],
        ["first", "previous", "path"],
      ]);
      for (const [at, { taken, arrays }] of states.entries()) {
        const two = of();
        two.restore(taken, arrays);
        assert.equal(two.taken, at + 1);
        for (let time = at + 1; time < 3; time++) {
          await tables.writeRows(0, valuesAt(time));
          await two.proceed();
        }
        await tables.writeRows(0, valuesAt(3));
        assert.deepEqual(await two.finish(), wanted);
        two.dispose();
      }
      one.dispose();
    });
  } finally {
    device.dispose();
  }
});

async function stateOf(block: SnapshotBlock) {
  const arrays: { [name in "first" | "previous" | "path"]?: Float32Array } = {};
  for await (const { name, data } of block.state()) arrays[name] = data;
  return { taken: block.taken, arrays };
}

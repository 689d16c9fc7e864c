import assert from "node:assert/strict";
import { benchKernels, type KernelRow, publishedShape } from "../../bench/kernels.ts";
import { boundOf, type Limits, measureLimits, withProducts } from "../../bench/limits.ts";
import { openCpuDevice } from "../../kernels/cpu/device.ts";
import { OP_LIST } from "../../kernels/ops.ts";
import { PRESETS } from "../../train/model/presets.ts";

const DLRM = { tableRows: [5, 40], dim: 4, bottom: [13, 8, 4], top: [7, 8, 1] };
const TBSM = {
  ...{ tableRows: [5, 40], dim: 4, bottom: [13, 8, 4], top: [7, 8, 6] },
  ...{ steps: 4, attention: [3, 5, 3], final: [12, 1] },
};

Deno.test("benchKernels() measures every op of the table and gives its memory back", async () => {
  using device = await openCpuDevice({ threads: 2 });
  const options = { batch: 6, samples: 1, sampleMs: 0, hotRows: 50 };
  const rows = await benchKernels(device, { ...options, models: [DLRM, TBSM] });
  const names = new Set(rows.map((row) => row.op));
  const variants = /-(sgd|adagrad|rowwise-adagrad)$/;
  assert.deepEqual(
    new Set([...names].map((name) => name.replace(variants, ""))),
    new Set(OP_LIST.map(({ name }) => name)),
  );
  assert.deepEqual([...names].filter((name) => variants.test(name)).sort(), [
    "dense-update-adagrad",
    "dense-update-sgd",
    "embedding-backward-adagrad",
    "embedding-backward-rowwise-adagrad",
    "embedding-backward-sgd",
  ]);
  const shapesOf = (op: string): string[] =>
    rows.filter((row) => row.op === op).map((row) => row.shape);
  // All layers of the first model, in their order; of the second model what the first has not.
  assert.deepEqual(shapesOf("linear-forward"), [
    ...["M=6 K=13 N=8", "M=6 K=8 N=4", "M=6 K=7 N=8", "M=6 K=8 N=1"],
  ]);
  assert.deepEqual(shapesOf("sequence-pool"), ["B=6 S=3 D=6 T=6", "B=6 S=3 D=6 T=0"]);
  // What no model's step has, at the first one's sizes: 3 vectors of 4 floats.
  assert.deepEqual(shapesOf("variance-norm-forward"), ["B=6 F=3 dim=4"]);
  assert.equal(shapesOf("input-scores").length, 3);
  for (const { us, gflop_s, gb_s } of rows) {
    assert.ok(us > 0 && gflop_s >= 0 && gb_s > 0);
  }
  assert.equal(device.counters.bytesAllocated, 0);
  const unique = Number(/unique=(\d+)/.exec(shapesOf("embedding-backward-sgd")[0]!)![1]);
  assert.ok(unique > 0 && unique < 12, "the different rows of the minibatch are counted");
});

Deno.test("publishedShape() gives a preset its published tables, and RM1 its steps", () => {
  assert.equal(publishedShape(PRESETS.rm2).tableRows.length, 26);
  assert.deepEqual({ ...publishedShape(PRESETS.rm1), tableRows: [] }, {
    tableRows: [],
    dim: 16,
    bottom: PRESETS.rm1.bottom,
    top: [22, ...PRESETS.rm1.top],
    steps: 21,
    attention: [20, ...PRESETS.rm1.attention, 20],
    final: [2 * PRESETS.rm1.top.at(-1)!, ...PRESETS.rm1.final],
  });
});

const LIMITS: Limits = {
  gflop_s: 10,
  product: "a product",
  memory: [{ working_set: 1000, gb_s: 50 }, { working_set: 2000, gb_s: 20 }, {
    working_set: 4000,
    gb_s: 25,
  }],
};

Deno.test("boundOf() takes the longer of computing and moving", () => {
  // 1e6 operations at 10 GFLOP/s are 100 µs; 1000 bytes at 50 GB/s are 0.02 µs.
  assert.deepEqual(boundOf(LIMITS, { flops: 1e6, bytes: 1000 }), { us: 100, by: "arithmetic" });
  assert.deepEqual(boundOf(LIMITS, { flops: 0, bytes: 1000 }), { us: 0.02, by: "memory" });
  // What 4000 bytes reach 1500 do too.
  assert.deepEqual(boundOf(LIMITS, { flops: 0, bytes: 1500 }), { us: 0.06, by: "memory" });
  assert.deepEqual(boundOf(LIMITS, { flops: 0, bytes: 50_000 }), { us: 2, by: "memory" });
});

Deno.test("withProducts() lets a kernel's own product be the limit", () => {
  const row = (op: string, us: number): KernelRow => ({
    ...{ op, shape: "M=1", flops: 1e6, bytes: 1, us, p90_us: us, interval_us: [us, us] },
    ...{ samples_us: [us, 2 * us], gflop_s: 1e3 / us, gb_s: 1, mlookups_s: null },
    dispatches: 1,
  });
  const { gflop_s, product } = withProducts(LIMITS, [
    row("linear-forward", 50),
    row("linear-forward", 200),
    row("bce", 1),
  ]);
  assert.deepEqual([gflop_s, product], [20, "linear-forward M=1"]);
});

Deno.test("measureLimits() measures products and memory and gives its memory back", async () => {
  using device = await openCpuDevice({ threads: 1 });
  const { gflop_s, memory } = await measureLimits(device, {
    samples: 1,
    sampleMs: 0,
    quick: true,
  });
  assert.ok(gflop_s > 0);
  assert.equal(memory.length, 2);
  for (const { gb_s } of memory) assert.ok(gb_s > 0);
  assert.equal(device.counters.bytesAllocated, 0);
});

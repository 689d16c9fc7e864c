import assert from "node:assert/strict";
import { benchKernels, type KernelRow } from "../../bench/kernels.ts";
import { boundOf, type Limits, measureLimits, withProducts } from "../../bench/limits.ts";
import { openCpuDevice } from "../../kernels/cpu/device.ts";
import { PRESETS } from "../../train/model/presets.ts";

Deno.test("benchKernels() measures every kernel of a training step and gives its memory back", async () => {
  using device = await openCpuDevice({ threads: 2 });
  const preset = {
    ...PRESETS.rm2,
    tableRows: [5, 40],
    bottom: [13, 8, 4],
    dim: 4,
    top: [8, 1],
  };
  const rows = await benchKernels(device, {
    preset,
    batch: 6,
    samples: 1,
    sampleMs: 0,
    hotRows: 50,
  });
  const ops = new Set(rows.map((row) => row.op));
  assert.deepEqual([...ops].sort(), [
    "bce",
    "column-statistics",
    "dense-update-adagrad",
    "dense-update-sgd",
    "embedding-backward-sgd",
    "embedding-forward",
    "input-scores",
    "interaction-backward",
    "interaction-forward",
    "layer-norm-backward",
    "layer-norm-forward",
    "linear-backward-input",
    "linear-backward-weights",
    "linear-forward",
    "row-change",
    "stale-lookups",
    "standardise",
  ]);
  assert.equal(rows.filter((row) => row.op === "linear-forward").length, 4);
  assert.equal(rows[0]!.shape, "M=6 K=13 N=8");
  for (const { us, gflop_s, gb_s } of rows) {
    assert.ok(us > 0 && gflop_s >= 0 && gb_s > 0);
  }
  assert.equal(device.counters.bytesAllocated, 0);
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

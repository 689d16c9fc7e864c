import assert from "node:assert/strict";
import { benchKernels } from "../../bench/kernels.ts";
import { openCpuDevice } from "../../kernels/cpu/device.ts";
import { PRESETS } from "../../train/presets.ts";

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

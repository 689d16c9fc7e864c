import assert from "node:assert/strict";
import { bceOp } from "../../kernels/bce/op.ts";
import { openWebGpuDevice } from "../../kernels/webgpu/device.ts";
import { planLaunches, type RecordedOp } from "../../kernels/webgpu/fused/plan.ts";
import { unroll } from "../../kernels/webgpu/unroll.ts";
import { LedgerDevice } from "../../kernels/ledger.ts";
import { chooseKernels, KERNEL_CHOICES, STANDARD_KERNELS } from "../../kernels/webgpu/variants.ts";
import { Dlrm } from "../../train/model/dlrm.ts";
import { webGpuAvailable } from "./webgpu_available.ts";

Deno.test("chooseKernels() fills in the standard kernels and refuses what there is not", () => {
  assert.deepEqual(chooseKernels({}), STANDARD_KERNELS);
  assert.deepEqual(chooseKernels(KERNEL_CHOICES["segments-8"]), {
    ...STANDARD_KERNELS,
    longSegment: 8,
  });
  assert.throws(() => chooseKernels({ longSegment: 1 }), {
    name: "RangeError",
    message: "Cannot use a long segment of 1 lookups: it must be a whole number of 2 or more",
  });
  assert.throws(() => chooseKernels({ productRows: 6 as 8 }), {
    name: "RangeError",
    message: "Cannot use tiles of 6 rows a thread: there are 4 and 8",
  });
});

Deno.test("unroll() repeats the lines of a register, and no others", () => {
  assert.equal(unroll("a\n  b$r += c$r;\nd", 2), "a\n  b0 += c0;\n  b1 += c1;\nd");
});

/** The ops of a step of a small DLRM. */
function stepOps(): RecordedOp[] {
  const ledger = new LedgerDevice("webgpu");
  const shape = { tableRows: [5, 7], dim: 4, bottom: [3, 8, 4], top: [7, 8, 1] };
  using model = new Dlrm(ledger, shape, { optimizer: { kind: "sgd" }, maxBatch: 6 });
  model.trainProgram(6);
  return ledger.recorded.map(({ op, args }) => ({ op, args, stage: "s" }) as RecordedOp);
}

Deno.test("planLaunches() joins the end of a model, and lets weight gradients wait for the update", () => {
  const ops = stepOps();
  // 4 layers forward, gather, interaction, loss, 4 + 3 gradients, interaction, rows, update.
  assert.equal(ops.length, 17);
  // Without the last layer, the loss and its two gradients, which are one, and 3 gradients that are one before the update.
  assert.equal(planLaunches(ops).length, 17 - 3 - 2);
});

Deno.test("planLaunches() joins nothing without an update, or where labels share a buffer with gradients", () => {
  const ops = stepOps();
  assert.equal(planLaunches(ops.slice(0, -1)).length, 16);
  const shared = ops.map((recorded) => {
    if (recorded.op !== bceOp) return recorded;
    const { args } = recorded as Extract<RecordedOp, { op: typeof bceOp }>;
    return { ...recorded, args: { ...args, labels: args.dlogits } } as RecordedOp;
  });
  // The gradients of all four layers' weights still wait.
  assert.equal(planLaunches(shared).length, 17 - 3);
});

Deno.test({
  name: "openWebGpuDevice() refuses kernels that there are not",
  ignore: !webGpuAvailable,
  fn: async () => {
    await assert.rejects(
      openWebGpuDevice({ adapter: "any", kernels: { longSegment: 0 } }),
      RangeError,
    );
  },
});

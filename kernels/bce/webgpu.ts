/**
 * Launch of the binary cross-entropy.
 *
 * @module
 */

import { composeKernel, type LaunchContext } from "../webgpu/kernel.ts";
import source from "./bce.wgsl" with { type: "text" };
import mathSource from "./math.wgsl" with { type: "text" };
import type { BceArgs } from "./op.ts";

const kernel = composeKernel({
  name: "bce",
  params: {
    count: "u32",
    logits: "place",
    labels: "place",
    weights: "place",
    dlogits: "place",
    losses_offset: "u32",
    slots: "u32",
    slot: "u32",
  },
  buffers: {
    logits: "read f32",
    labels: "read f32",
    weights: "read f32",
    scalars: "read u32",
    dlogits: "write u32",
    losses: "write u32",
  },
  sources: [mathSource, source],
});

/** Loss and gradient over a minibatch of logits. */
export function launchBce(
  context: LaunchContext,
  { logits, labels, weights, dlogits, losses, slot }: BceArgs,
): void {
  const gradients = context.matrix(dlogits);
  const shared = context.matrix(losses) === gradients;
  context.launch(kernel.launch({
    overrides: { SHARED: Number(shared), WEIGHTED: Number(weights !== null) },
    params: {
      count: logits.rows,
      logits,
      labels,
      weights,
      dlogits,
      losses_offset: losses.offset,
      slots: losses.cols,
      slot: slot.index,
    },
    buffers: {
      logits: context.matrix(logits),
      labels: context.matrix(labels),
      weights: weights === null ? "unused" : context.matrix(weights),
      scalars: context.scalar(slot),
      dlogits: gradients,
      losses: shared ? "unused" : context.matrix(losses),
    },
    groups: 1,
  }));
}

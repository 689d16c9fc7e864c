/**
 * Launch of the binary cross-entropy.
 *
 * @module
 */

import type { BceArgs } from "../types.ts";
import { composeKernel, type LaunchContext } from "../webgpu/kernel.ts";
import source from "./bce.wgsl" with { type: "text" };

const kernel = composeKernel("bce", ["read", "read", "read", "write", "write"], source);

/** Loss and gradient over a minibatch of logits. */
export function launchBce(
  context: LaunchContext,
  { logits, labels, dlogits, losses, slot }: BceArgs,
): void {
  const gradients = context.matrix(dlogits);
  const shared = context.matrix(losses) === gradients;
  context.launch({
    kernel,
    overrides: { SHARED: Number(shared) },
    bindings: [
      context.matrix(logits),
      context.matrix(labels),
      context.scalar(slot),
      gradients,
      shared ? "unused" : context.matrix(losses),
    ],
    params: [
      logits.rows,
      ...[logits, labels, dlogits].flatMap(({ offset, stride }) => [offset, stride]),
      ...[losses.offset, losses.cols, slot.index],
    ],
    groups: 1,
  });
}

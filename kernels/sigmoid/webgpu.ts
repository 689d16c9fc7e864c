/**
 * Launches of the sigmoid's ops.
 *
 * @module
 */

import type { SigmoidBackwardArgs, SigmoidForwardArgs } from "../types.ts";
import { composeKernel, type LaunchContext } from "../webgpu/kernel.ts";
import backwardSource from "./backward.wgsl" with { type: "text" };
import forwardSource from "./forward.wgsl" with { type: "text" };

const THREADS = 256;

const forwardKernel = composeKernel("sigmoid-forward", ["read", "write"], forwardSource);

const backwardKernel = composeKernel("sigmoid-backward", ["read", "read", "write"], backwardSource);

/** y = sigmoid(x). */
export function launchSigmoidForward(context: LaunchContext, { x, y }: SigmoidForwardArgs): void {
  context.launch({
    kernel: forwardKernel,
    overrides: {},
    bindings: [context.matrix(x), context.matrix(y)],
    params: [x.rows, x.cols, ...[x, y].flatMap(({ offset, stride }) => [offset, stride])],
    groups: Math.ceil(x.rows * x.cols / THREADS),
  });
}

/** dx = dy · y (1 − y). */
export function launchSigmoidBackward(
  context: LaunchContext,
  { y, dy, dx }: SigmoidBackwardArgs,
): void {
  context.launch({
    kernel: backwardKernel,
    overrides: {},
    bindings: [context.matrix(y), context.matrix(dy), context.matrix(dx)],
    params: [y.rows, y.cols, ...[y, dy, dx].flatMap(({ offset, stride }) => [offset, stride])],
    groups: Math.ceil(y.rows * y.cols / THREADS),
  });
}

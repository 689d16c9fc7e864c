/**
 * Launches of the sigmoid's ops.
 *
 * @module
 */

import { composeKernel, type LaunchContext } from "../webgpu/kernel.ts";
import backwardSource from "./backward.wgsl" with { type: "text" };
import forwardSource from "./forward.wgsl" with { type: "text" };
import type { SigmoidBackwardArgs, SigmoidForwardArgs } from "./op.ts";

const THREADS = 256;

const forwardKernel = composeKernel({
  name: "sigmoid-forward",
  params: { rows: "u32", cols: "u32", x: "place", y: "place" },
  buffers: { x: "read f32", y: "write f32" },
  sources: [forwardSource],
});

const backwardKernel = composeKernel({
  name: "sigmoid-backward",
  params: { rows: "u32", cols: "u32", y: "place", dy: "place", dx: "place" },
  buffers: { y: "read f32", dy: "read f32", dx: "write f32" },
  sources: [backwardSource],
});

/** y = sigmoid(x). */
export function launchSigmoidForward(context: LaunchContext, { x, y }: SigmoidForwardArgs): void {
  context.launch(forwardKernel.launch({
    params: { rows: x.rows, cols: x.cols, x, y },
    buffers: { x: context.matrix(x), y: context.matrix(y) },
    groups: Math.ceil(x.rows * x.cols / THREADS),
  }));
}

/** dx = dy · y (1 − y). */
export function launchSigmoidBackward(
  context: LaunchContext,
  { y, dy, dx }: SigmoidBackwardArgs,
): void {
  context.launch(backwardKernel.launch({
    params: { rows: y.rows, cols: y.cols, y, dy, dx },
    buffers: { y: context.matrix(y), dy: context.matrix(dy), dx: context.matrix(dx) },
    groups: Math.ceil(y.rows * y.cols / THREADS),
  }));
}

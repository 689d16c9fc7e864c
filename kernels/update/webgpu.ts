/**
 * Launch of the dense optimizer step.
 *
 * @module
 */

import type { DenseUpdateArgs } from "../types.ts";
import { composeKernel, type LaunchContext } from "../webgpu/kernel.ts";
import source from "./update.wgsl" with { type: "text" };

const THREADS = 256;

const kernel = composeKernel("dense-update", ["read", "read", "write", "write"], source);

/** One optimizer step over a flat run of parameters. */
export function launchDenseUpdate(
  context: LaunchContext,
  { params, grads, state, optimizer, learningRate }: DenseUpdateArgs,
): void {
  const parameters = context.matrix(params);
  const accumulator = state === null ? "unused" : context.matrix(state);
  const shared = accumulator === parameters;
  context.launch({
    kernel,
    overrides: { OPTIMIZER: optimizer.kind === "sgd" ? 0 : 1, SHARED: Number(shared) },
    bindings: [
      context.matrix(grads),
      context.scalar(learningRate),
      parameters,
      shared ? "unused" : accumulator,
    ],
    params: [
      ...[params.cols, params.offset, grads.offset, state?.offset ?? 0, learningRate.index],
      { float: optimizer.kind === "sgd" ? 0 : optimizer.eps },
    ],
    groups: Math.ceil(params.cols / THREADS),
  });
}

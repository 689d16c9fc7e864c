/**
 * Launch of the dense optimizer step.
 *
 * @module
 */

import { composeKernel, type LaunchContext } from "../webgpu/kernel.ts";
import type { DenseUpdateArgs } from "./op.ts";
import plainSource from "./plain.wgsl" with { type: "text" };
import source from "./update.wgsl" with { type: "text" };

const THREADS = 256;

const kernel = composeKernel({
  name: "dense-update",
  params: {
    count: "u32",
    params_offset: "u32",
    grads_offset: "u32",
    state_offset: "u32",
    rate: "u32",
    eps: "f32",
  },
  buffers: { grads: "read f32", rates: "read f32", params: "write f32", state: "write f32" },
  sources: [plainSource, source],
});

/** One optimizer step over a flat run of parameters. */
export function launchDenseUpdate(
  context: LaunchContext,
  { params, grads, state, optimizer, learningRate }: DenseUpdateArgs,
): void {
  const parameters = context.matrix(params);
  const accumulator = state === null ? "unused" : context.matrix(state);
  const shared = accumulator === parameters;
  context.launch(kernel.launch({
    overrides: { OPTIMIZER: optimizer.kind === "sgd" ? 0 : 1, SHARED: Number(shared) },
    params: {
      count: params.cols,
      params_offset: params.offset,
      grads_offset: grads.offset,
      state_offset: state?.offset ?? 0,
      rate: learningRate.index,
      eps: optimizer.kind === "sgd" ? 0 : optimizer.eps,
    },
    buffers: {
      grads: context.matrix(grads),
      rates: context.scalar(learningRate),
      params: parameters,
      state: shared ? "unused" : accumulator,
    },
    groups: Math.ceil(params.cols / THREADS),
  }));
}

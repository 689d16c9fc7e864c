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

/** Parameters of update.wgsl. */
export const UPDATE_PARAMS = {
  count: "u32",
  params_offset: "u32",
  grads_offset: "u32",
  state_offset: "u32",
  rate: "u32",
  eps: "f32",
} as const;

const kernel = composeKernel({
  name: "dense-update",
  params: UPDATE_PARAMS,
  buffers: { grads: "read f32", rates: "read f32", params: "write f32", state: "write f32" },
  sources: [plainSource, source],
});

/** What a launch of update.wgsl takes of an update, besides its buffers. */
export function updateValues({ params, grads, state, optimizer, learningRate }: DenseUpdateArgs) {
  return {
    optimizer: optimizer.kind === "sgd" ? 0 : 1,
    params: {
      count: params.cols,
      params_offset: params.offset,
      grads_offset: grads.offset,
      state_offset: state?.offset ?? 0,
      rate: learningRate.index,
      eps: optimizer.kind === "sgd" ? 0 : optimizer.eps,
    },
    groups: Math.ceil(params.cols / THREADS),
  };
}

/** One optimizer step over a flat run of parameters. */
export function launchDenseUpdate(context: LaunchContext, args: DenseUpdateArgs): void {
  const { params, grads, state, learningRate } = args;
  const values = updateValues(args);
  const parameters = context.matrix(params);
  const accumulator = state === null ? "unused" : context.matrix(state);
  const shared = accumulator === parameters;
  context.launch(kernel.launch({
    overrides: { OPTIMIZER: values.optimizer, SHARED: Number(shared) },
    params: values.params,
    buffers: {
      grads: context.matrix(grads),
      rates: context.scalar(learningRate),
      params: parameters,
      state: shared ? "unused" : accumulator,
    },
    groups: values.groups,
  }));
}

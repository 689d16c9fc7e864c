/**
 * The dense update's WASM kernel.
 *
 * @module
 */

import { ADAGRAD, SGD } from "../cpu/layout.ts";
import { wasmKernel } from "../cpu/op.ts";
import type { DenseUpdateArgs } from "./op.ts";

/** One optimizer step over dense parameters. */
export const denseUpdateKernel = wasmKernel({
  source: "kernels/update/update.as.ts",
  name: "denseUpdate",
  words: {
    n: "number",
    params: "address",
    grads: "address",
    state: "address",
    kind: "number",
    eps: "float",
    learningRate: "scalar",
  },
  call: (_at, { params, grads, state, optimizer, learningRate }: DenseUpdateArgs) => ({
    words: {
      n: params.cols,
      params,
      grads,
      state,
      kind: optimizer.kind === "sgd" ? SGD : ADAGRAD,
      eps: optimizer.kind === "sgd" ? 0 : optimizer.eps,
      learningRate,
    },
  }),
});

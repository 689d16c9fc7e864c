/**
 * The variance-only layer normalisation's WASM kernels.
 *
 * @module
 */

import { wasmKernel } from "../cpu/op.ts";
import type { VarianceNormBackwardArgs, VarianceNormForwardArgs } from "./op.ts";

/** Inputs of one task in variance_norm.as.ts. */
const INPUTS_A_TASK = 16;

/** y = gain x / sqrt(variance + eps). */
export const varianceNormForwardKernel = wasmKernel({
  source: "kernels/variance_norm/variance_norm.as.ts",
  name: "varianceNormForward",
  words: {
    B: "number",
    F: "number",
    dim: "number",
    x: "matrix",
    gain: "address",
    eps: "address",
    y: "matrix",
  },
  call: (_at, { x, features, dim, gain, eps, y }: VarianceNormForwardArgs) => ({
    words: { B: x.rows, F: features, dim, x, gain, eps, y },
  }),
});

/** dx and dgain; the workspace holds each task's part of dgain. */
export const varianceNormBackwardKernel = wasmKernel({
  source: "kernels/variance_norm/variance_norm.as.ts",
  name: "varianceNormBackward",
  words: {
    B: "number",
    F: "number",
    dim: "number",
    x: "matrix",
    gain: "address",
    eps: "address",
    dy: "matrix",
    dx: "matrix",
    dgain: "address",
  },
  call: (_at, { x, features, dim, gain, eps, dy, dx, dgain }: VarianceNormBackwardArgs) => ({
    words: { B: x.rows, F: features, dim, x, gain, eps, dy, dx, dgain },
    workspaceBytes: 4 * features * Math.ceil(x.rows / INPUTS_A_TASK),
  }),
});

/**
 * The dot interaction's WASM kernels.
 *
 * @module
 */

import { wasmKernel } from "../cpu/op.ts";
import type { InteractionBackwardArgs, InteractionForwardArgs } from "./op.ts";

/** The dot interaction; each thread's scratch holds Vᵀ in panels and V Vᵀ. */
export const interactionForwardKernel = wasmKernel({
  source: "kernels/interaction/interaction.as.ts",
  name: "interactionForward",
  words: { B: "number", F: "number", dim: "number", v: "matrix", r: "matrix" },
  call(_at, { v, features, dim, r }: InteractionForwardArgs) {
    const padded = 8 * Math.ceil(features / 8);
    return {
      words: { B: v.rows, F: features, dim, v, r },
      scratchBytes: 4 * padded * dim + 4 * padded * (features + 8),
    };
  },
});

/** The dot interaction's gradient; each thread's scratch holds V in panels and G + Gᵀ. */
export const interactionBackwardKernel = wasmKernel({
  source: "kernels/interaction/interaction.as.ts",
  name: "interactionBackward",
  words: {
    B: "number",
    F: "number",
    dim: "number",
    v: "matrix",
    dr: "matrix",
    dv: "matrix",
    maskFirst: "number",
  },
  call(_at, { v, features, dim, dr, dv, maskFirst }: InteractionBackwardArgs) {
    const padded = 4 * Math.ceil(features / 4);
    return {
      words: { B: v.rows, F: features, dim, v, dr, dv, maskFirst: Number(maskFirst) },
      scratchBytes: 32 * Math.ceil(dim / 8) * features + 4 * padded * padded,
    };
  },
});

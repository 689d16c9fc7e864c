/**
 * Arguments of the dot interaction's WASM kernels (`interaction.as.ts`), in their order.
 *
 * @module
 */

import { INTERACTION_BACKWARD, INTERACTION_FORWARD } from "../cpu/layout.ts";
import type { Place, WasmOp } from "../cpu/op.ts";
import type { InteractionBackwardArgs, InteractionForwardArgs } from "../types.ts";

/** The dot interaction; each thread's scratch holds Vᵀ in panels and V Vᵀ. */
export function encodeInteractionForward(at: Place, args: InteractionForwardArgs): WasmOp {
  const { v, features, dim, r } = args;
  const padded = 8 * Math.ceil(features / 8);
  return {
    code: INTERACTION_FORWARD,
    words: [v.rows, features, dim, at.matrix(v), 4 * v.stride, at.matrix(r), 4 * r.stride],
    scratchBytes: 4 * padded * dim + 4 * padded * (features + 8),
  };
}

/** The dot interaction's gradient; each thread's scratch holds V in panels and G + Gᵀ. */
export function encodeInteractionBackward(at: Place, args: InteractionBackwardArgs): WasmOp {
  const { v, features, dim, dr, dv, maskFirst } = args;
  const padded = 4 * Math.ceil(features / 4);
  return {
    code: INTERACTION_BACKWARD,
    words: [
      ...[v.rows, features, dim, at.matrix(v), 4 * v.stride, at.matrix(dr), 4 * dr.stride],
      ...[at.matrix(dv), 4 * dv.stride, Number(maskFirst)],
    ],
    scratchBytes: 32 * Math.ceil(dim / 8) * features + 4 * padded * padded,
  };
}

/**
 * Arguments of the cross-entropy's WASM kernel (`bce.as.ts`), in their order.
 *
 * @module
 */

import { BCE } from "../cpu/layout.ts";
import type { Place, WasmOp } from "../cpu/op.ts";
import type { BceArgs } from "../types.ts";

/** Mean binary cross-entropy and its gradient; the workspace holds the partial sums. */
export function encodeBce(at: Place, args: BceArgs): WasmOp {
  const { logits, labels, dlogits, losses, slot } = args;
  return {
    code: BCE,
    words: [
      ...[logits.rows, at.matrix(logits), 4 * logits.stride, at.matrix(labels), 4 * labels.stride],
      ...[at.matrix(dlogits), 4 * dlogits.stride, at.matrix(losses), at.scalar(slot)],
    ],
    workspaceBytes: 8 * Math.ceil(logits.rows / 64),
  };
}

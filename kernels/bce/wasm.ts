/**
 * The cross-entropy's WASM kernel.
 *
 * @module
 */

import { wasmKernel } from "../cpu/op.ts";
import type { BceArgs } from "./op.ts";

/** Mean binary cross-entropy and its gradient; the workspace holds the partial sums. */
export const bceKernel = wasmKernel({
  source: "kernels/bce/bce.as.ts",
  name: "bce",
  words: {
    M: "number",
    logits: "matrix",
    labels: "matrix",
    weights: "matrix",
    dlogits: "matrix",
    losses: "address",
    slot: "scalar",
  },
  call(at, { logits, labels, weights, dlogits, losses, slot }: BceArgs) {
    const address = at.scalar(slot), slots = losses.cols;
    at.beforeRun(`bce ${address} ${slots}`, () => {
      const value = at.word(address);
      if (value >= slots) {
        throw new RangeError(`Cannot run bce: slot is ${value}, but losses has ${slots} slots`);
      }
    });
    return {
      words: { M: logits.rows, logits, labels, weights, dlogits, losses, slot },
      workspaceBytes: 8 * Math.ceil(logits.rows / 64),
    };
  },
});

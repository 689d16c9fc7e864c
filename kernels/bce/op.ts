/**
 * The binary cross-entropy as an op.
 *
 * @module
 */

import { costOf, type Op } from "../op.ts";
import type { Matrix, Scalar } from "../types.ts";
import { bceRecord } from "./record.ts";

/**
 * Mean binary cross-entropy of logits and its gradient: loss = Σ w·(max(z,0) - z·y + log1p(exp(-|z|))) / M,
 * dz = w·(sigmoid(z) - y) / M, with all weights 1 where none are given. The divisor is the number of inputs, whatever
 * their weights. The loss is written to `losses[slot]`, so that steps accumulate unread on the device.
 */
export interface BceArgs {
  /** M × 1. */
  readonly logits: Matrix;
  /** M × 1, each 0 or 1. */
  readonly labels: Matrix;
  /** M × 1, an input's weight; null where every input counts alike. */
  readonly weights: Matrix | null;
  /** M × 1. */
  readonly dlogits: Matrix;
  /** 1 × slots. */
  readonly losses: Matrix;
  /** u32: which slot of `losses` to write. */
  readonly slot: Scalar;
}

/** Mean binary cross-entropy and its gradient. The slot's value is known, and checked, only when the op runs. */
export const bceOp: Op<"bce", BceArgs> = {
  name: "bce",
  operands: {
    logits: "read",
    labels: "read",
    weights: "read",
    dlogits: "written",
    losses: "written",
    slot: "slot",
  },
  check({ logits, losses }, sizes) {
    sizes.expect("logits", logits.rows, 1, "one logit an input");
    sizes.expect("labels", logits.rows, 1, "one label a logit");
    sizes.expect("weights", logits.rows, 1, "one weight a logit");
    sizes.expect("dlogits", logits.rows, 1, "one gradient a logit");
    sizes.expect("losses", 1, Math.max(1, losses.cols), "one row of slots");
  },
  cost: ({ logits, weights }) =>
    costOf(bceRecord, { M: logits.rows, weighted: weights === null ? 0 : 1 }),
  examples: [(make, { inputs }) => ({
    logits: make.read(inputs, 1),
    labels: make.read(inputs, 1),
    weights: make.read(inputs, 1),
    dlogits: make.written(inputs, 1),
    losses: make.written(1, 4),
    slot: make.slot(),
  })],
};

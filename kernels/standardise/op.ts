/**
 * Standardisation of columns by given statistics as an op.
 *
 * @module
 */

import { costOf, type Op } from "../op.ts";
import type { Matrix } from "../types.ts";
import { standardiseRecord } from "./record.ts";

/**
 * Columns brought to mean 0 and variance 1 by given statistics: y = (x − mean) / sqrt(variance + eps). Without a mean
 * nothing is subtracted, which makes it the op's own gradient with the statistics held constant: dx from dy.
 */
export interface StandardiseArgs {
  /** M × N, read. */
  readonly x: Matrix;
  /** 1 × N, read; null where nothing is to be subtracted. */
  readonly mean: Matrix | null;
  /** 1 × N, read; not below 0, and above 0 where `eps` is 0. */
  readonly variance: Matrix;
  /**
   * Added to each variance, not below 0. Statistics in which another variance stands in the place of 0 take 0 here, which is
   * right for columns of any unit.
   */
  readonly eps: number;
  /** M × N, written. */
  readonly y: Matrix;
}

/** y = (x − mean) / sqrt(variance + eps). */
export const standardiseOp: Op<"standardise", StandardiseArgs> = {
  name: "standardise",
  operands: { x: "read", mean: "read", variance: "read", eps: "setting", y: "written" },
  check({ x, eps }, sizes) {
    if (!(Number.isFinite(eps) && eps >= 0)) {
      sizes.fail(`eps is ${eps}, not a finite number of 0 or more`);
    }
    sizes.expect("mean", 1, x.cols, "one number a column of x");
    sizes.expect("variance", 1, x.cols, "one number a column of x");
    sizes.expect("y", x.rows, x.cols, "as x");
  },
  cost: ({ x, mean }) =>
    costOf(standardiseRecord, { M: x.rows, N: x.cols, centred: mean === null ? 0 : 1 }),
  examples: [(make, { inputs, cols }) => ({
    x: make.read(inputs, cols),
    mean: make.read(1, cols),
    variance: make.read(1, cols, "positive"),
    eps: 1e-5,
    y: make.written(inputs, cols),
  })],
};

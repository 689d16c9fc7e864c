/**
 * The L2 normalisation of rows as two ops.
 *
 * @module
 */

import { costOf, type Op } from "../op.ts";
import type { Matrix } from "../types.ts";
import { normaliseBackwardRecord, normaliseForwardRecord } from "./record.ts";

/** L2 normalisation of rows, v = z / max(‖z‖, 1e-12): z and v are M × D. */
export interface NormaliseForwardArgs {
  /** M × D, read. */
  readonly z: Matrix;
  /** M × D, written. */
  readonly v: Matrix;
}

/**
 * Gradient of the L2 normalisation from its input z: dz = (dv − v (v·dv)) / ‖z‖, and dv / 1e-12 for rows no longer
 * than that. With `masked`, z came out of a ReLU and its zeros block the gradient: a row of zeros then gets zeros.
 * All are M × D.
 */
export interface NormaliseBackwardArgs {
  /** M × D, read: the forward op's input. */
  readonly z: Matrix;
  /** M × D, read: gradient of the forward op's output. */
  readonly dv: Matrix;
  /** M × D, written. */
  readonly dz: Matrix;
  /** Whether the gradient is zeroed where z is not above 0. */
  readonly masked: boolean;
}

/** v = z / max(‖z‖, 1e-12). */
export const normaliseForwardOp: Op<"normalise-forward", NormaliseForwardArgs> = {
  name: "normalise-forward",
  operands: { z: "read", v: "written" },
  check: ({ z }, sizes) => sizes.expect("v", z.rows, z.cols, "as z"),
  cost: ({ z }) => costOf(normaliseForwardRecord, { M: z.rows, D: z.cols }),
  examples: [(make, { inputs, dim }) => ({
    z: make.read(inputs, dim),
    v: make.written(inputs, dim),
  })],
};

/** dz = (dv − v (v·dv)) / ‖z‖. */
export const normaliseBackwardOp: Op<"normalise-backward", NormaliseBackwardArgs> = {
  name: "normalise-backward",
  operands: { z: "read", dv: "read", dz: "written", masked: "setting" },
  check({ z }, sizes) {
    sizes.expect("dv", z.rows, z.cols, "as z");
    sizes.expect("dz", z.rows, z.cols, "as z");
  },
  cost: ({ z }) => costOf(normaliseBackwardRecord, { M: z.rows, D: z.cols }),
  examples: [(make, { inputs, dim }) => ({
    z: make.read(inputs, dim),
    dv: make.read(inputs, dim),
    dz: make.written(inputs, dim),
    masked: true,
  })],
};

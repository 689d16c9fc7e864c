/**
 * Arguments of the standardisation's WASM kernels (`standardise.as.ts`), in their order.
 *
 * @module
 */

import { COLUMN_STATISTICS, STANDARDISE } from "../cpu/layout.ts";
import type { Place, WasmOp } from "../cpu/op.ts";
import type { ColumnStatisticsArgs, StandardiseArgs } from "../types.ts";

/** Running means and variances of columns. */
export function encodeColumnStatistics(at: Place, args: ColumnStatisticsArgs): WasmOp {
  const { x, mean, variance, weight } = args;
  return {
    code: COLUMN_STATISTICS,
    words: [
      ...[x.rows, x.cols, at.matrix(x), 4 * x.stride, at.matrix(mean), at.matrix(variance)],
      at.scalar(weight),
    ],
  };
}

/** y = (x − mean) / sqrt(variance + 1e-5); address 0 where there is no mean. */
export function encodeStandardise(at: Place, args: StandardiseArgs): WasmOp {
  const { x, mean, variance, y } = args;
  return {
    code: STANDARDISE,
    words: [
      ...[x.rows, x.cols, at.matrix(x), 4 * x.stride, mean === null ? 0 : at.matrix(mean)],
      ...[at.matrix(variance), at.matrix(y), 4 * y.stride],
    ],
  };
}

/**
 * Arguments of the staleness kernels (`staleness.as.ts`), in their order.
 *
 * @module
 */

import {
  INPUT_SCORES,
  MEAN,
  NTH_LARGEST,
  NTH_SMALLEST,
  ROW_CHANGE,
  SCORED_INPUTS,
  STALE_LOOKUPS,
} from "../cpu/layout.ts";
import type { Place, WasmOp } from "../cpu/op.ts";
import type {
  InputScoresArgs,
  LookupLayout,
  RowChangeArgs,
  RowList,
  ScoreCombination,
  StaleLookupsArgs,
} from "../types.ts";
import { selectionDepth } from "./record.ts";

/** Largest absolute coordinate change of each vector. */
export function encodeRowChange(at: Place, args: RowChangeArgs): WasmOp {
  const { a, b, features, dim, change, accumulate } = args;
  return {
    code: ROW_CHANGE,
    words: [
      ...[a.rows, features, dim, at.matrix(a), 4 * a.stride, at.matrix(b), 4 * b.stride],
      ...[at.matrix(change), Number(accumulate)],
    ],
  };
}

/** A score for each input; each thread's scratch holds the scores of a task's inputs in one group, and those kept. */
export function encodeInputScores(at: Place, args: InputScoresArgs): WasmOp {
  const { scores, rows, layout, combine, out } = args;
  const [code, depth] = selection(combine, layout.lookups);
  return {
    code: INPUT_SCORES,
    words: [
      ...lookupWords(at, rows, layout),
      ...[at.matrix(scores), at.matrix(out), 4 * out.stride, code, depth],
    ],
    // The scores, the result so far (float64 for the mean), and a vector of four inputs for each score kept.
    scratchBytes: 4 * SCORED_INPUTS * layout.lookups + 8 * SCORED_INPUTS + 16 * depth,
  };
}

/** Stale lookups of each input; each thread's scratch holds two counts for each of a task's inputs. */
export function encodeStaleLookups(at: Place, args: StaleLookupsArgs): WasmOp {
  const { scores, threshold, rows, layout, out } = args;
  return {
    code: STALE_LOOKUPS,
    words: [
      ...lookupWords(at, rows, layout),
      ...[at.matrix(scores), at.matrix(out), 4 * out.stride, at.scalar(threshold)],
    ],
    scratchBytes: 8 * SCORED_INPUTS,
  };
}

/** Which scores of a group are kept, and how many: from the end that is nearer. */
function selection(combine: ScoreCombination, lookups: number): [code: number, depth: number] {
  switch (combine.kind) {
    case "nth-smallest": {
      const depth = selectionDepth(combine.n, lookups);
      return [depth === combine.n ? NTH_SMALLEST : NTH_LARGEST, depth];
    }
    case "max":
      return [NTH_LARGEST, 1];
    case "mean":
      return [MEAN, 0];
  }
}

function lookupWords(at: Place, rows: RowList, layout: LookupLayout): number[] {
  const { inputs, groups, lookups, groupStride, lookupStride, inputStride } = layout;
  return [
    ...[inputs, groups, lookups, at.scalar({ buffer: rows.buffer, index: rows.offset })],
    ...[4 * groupStride, 4 * lookupStride, 4 * inputStride],
  ];
}

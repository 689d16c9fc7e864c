/**
 * Launches of the staleness ops.
 *
 * @module
 */

import type {
  InputScoresArgs,
  LookupLayout,
  Matrix,
  RowChangeArgs,
  RowList,
  ScoreCombination,
  StaleLookupsArgs,
} from "../types.ts";
import { composeKernel, type LaunchContext } from "../webgpu/kernel.ts";
import changeSource from "./change.wgsl" with { type: "text" };
import countsSource from "./counts.wgsl" with { type: "text" };
import lookupsSource from "./lookups.wgsl" with { type: "text" };
import scoresSource from "./scores.wgsl" with { type: "text" };

const THREADS = 64;
const LARGEST_FLOAT = 3.4028234663852886e38;

const COMBINATIONS: Readonly<Record<ScoreCombination["kind"], number>> = {
  "nth-smallest": 0,
  max: 1,
  mean: 2,
};

const changeKernel = composeKernel("row-change", ["read", "read", "write"], changeSource);

const scoresKernel = composeKernel(
  "input-scores",
  ["read", "read", "write"],
  lookupsSource,
  scoresSource,
);

const countsKernel = composeKernel(
  "stale-lookups",
  ["read", "read", "write", "read"],
  lookupsSource,
  countsSource,
);

/** Largest absolute coordinate change of each vector. */
export function launchRowChange(
  context: LaunchContext,
  { a, b, features, dim, change, accumulate }: RowChangeArgs,
): void {
  context.launch({
    kernel: changeKernel,
    overrides: { ACCUMULATE: Number(accumulate) },
    bindings: [context.matrix(a), context.matrix(b), context.matrix(change)],
    params: [a.rows, features, dim, a.offset, a.stride, b.offset, b.stride, change.offset],
    groups: Math.ceil(a.rows * features / THREADS),
  });
}

/** A score for each input. */
export function launchInputScores(
  context: LaunchContext,
  { scores, rows, layout, combine, out }: InputScoresArgs,
): void {
  // A power of two, so that scaling is exact, small enough that the sum of all scores is finite.
  const scale = 2 ** -(Math.ceil(Math.log2(layout.groups * layout.lookups)) + 1);
  context.launch({
    kernel: scoresKernel,
    overrides: { COMBINE: COMBINATIONS[combine.kind] },
    bindings: [context.matrix(scores), context.buffer(rows.buffer), context.matrix(out)],
    params: [
      ...lookupParams(scores, rows, layout, out),
      combine.kind === "nth-smallest" ? combine.n : 1,
      ...[{ float: scale }, { float: 1 / scale }, { float: scale * LARGEST_FLOAT }],
    ],
    groups: Math.ceil(layout.inputs / THREADS),
  });
}

/** Stale lookups of each input. */
export function launchStaleLookups(
  context: LaunchContext,
  { scores, threshold, rows, layout, out }: StaleLookupsArgs,
): void {
  context.launch({
    kernel: countsKernel,
    overrides: {},
    bindings: [
      context.matrix(scores),
      context.buffer(rows.buffer),
      context.matrix(out),
      context.scalar(threshold),
    ],
    // The words between are of the other op.
    params: [...lookupParams(scores, rows, layout, out), threshold.index, 0, 0, 0],
    groups: Math.ceil(layout.inputs / THREADS),
  });
}

function lookupParams(
  scores: Matrix,
  rows: RowList,
  layout: LookupLayout,
  out: Matrix,
): number[] {
  const { inputs, groups, lookups, groupStride, lookupStride, inputStride } = layout;
  return [
    ...[inputs, groups, lookups, groupStride, lookupStride, inputStride],
    ...[scores.offset, rows.offset, out.offset, out.stride],
  ];
}

/**
 * Launches of the staleness ops.
 *
 * @module
 */

import { composeKernel, type LaunchContext } from "../webgpu/kernel.ts";
import changeSource from "./change.wgsl" with { type: "text" };
import countsSource from "./counts.wgsl" with { type: "text" };
import lookupsSource from "./lookups.wgsl" with { type: "text" };
import type { InputScoresArgs, RowChangeArgs, ScoreCombination, StaleLookupsArgs } from "./op.ts";
import scoresSource from "./scores.wgsl" with { type: "text" };

const THREADS = 64;
const LARGEST_FLOAT = 3.4028234663852886e38;

const COMBINATIONS: Readonly<Record<ScoreCombination["kind"], number>> = {
  "nth-smallest": 0,
  max: 1,
  mean: 2,
};

const changeKernel = composeKernel({
  name: "row-change",
  params: {
    rows: "u32",
    features: "u32",
    dim: "u32",
    a: "place",
    b: "place",
    change_offset: "u32",
  },
  buffers: { a: "read f32", b: "read f32", change: "write f32" },
  sources: [changeSource],
});

/** What `lookups.wgsl` reads. */
const LOOKUP_PARAMS = {
  inputs: "u32",
  groups: "u32",
  lookups: "u32",
  group_stride: "u32",
  lookup_stride: "u32",
  input_stride: "u32",
  scores_offset: "u32",
  rows_offset: "u32",
  out: "place",
} as const;
const LOOKUP_BUFFERS = { scores: "read f32", rows: "read u32", out: "write f32" } as const;

const scoresKernel = composeKernel({
  name: "input-scores",
  params: {
    ...LOOKUP_PARAMS,
    // n of the n-th smallest.
    number: "u32",
    // Of the mean: scores are summed at this scale, which keeps the sum finite, and no mean is above the limit.
    scale: "f32",
    unscale: "f32",
    limit: "f32",
  },
  buffers: LOOKUP_BUFFERS,
  sources: [lookupsSource, scoresSource],
});

const countsKernel = composeKernel({
  name: "stale-lookups",
  params: { ...LOOKUP_PARAMS, threshold: "u32" },
  buffers: { ...LOOKUP_BUFFERS, scalars: "read f32" },
  sources: [lookupsSource, countsSource],
});

/** Largest absolute coordinate change of each vector. */
export function launchRowChange(
  context: LaunchContext,
  { a, b, features, dim, change, accumulate }: RowChangeArgs,
): void {
  context.launch(changeKernel.launch({
    overrides: { ACCUMULATE: Number(accumulate) },
    params: { rows: a.rows, features, dim, a, b, change_offset: change.offset },
    buffers: { a: context.matrix(a), b: context.matrix(b), change: context.matrix(change) },
    groups: Math.ceil(a.rows * features / THREADS),
  }));
}

/** A score for each input. */
export function launchInputScores(context: LaunchContext, args: InputScoresArgs): void {
  const { layout, combine } = args;
  // A power of two, so that scaling is exact, small enough that the sum of all scores is finite.
  const scale = 2 ** -(Math.ceil(Math.log2(layout.groups * layout.lookups)) + 1);
  context.launch(scoresKernel.launch({
    overrides: { COMBINE: COMBINATIONS[combine.kind] },
    params: {
      ...lookupParams(args),
      number: combine.kind === "nth-smallest" ? combine.n : 1,
      scale,
      unscale: 1 / scale,
      limit: scale * LARGEST_FLOAT,
    },
    buffers: lookupBuffers(context, args),
    groups: Math.ceil(layout.inputs / THREADS),
  }));
}

/** Stale lookups of each input. */
export function launchStaleLookups(context: LaunchContext, args: StaleLookupsArgs): void {
  const { threshold, layout } = args;
  context.launch(countsKernel.launch({
    params: { ...lookupParams(args), threshold: threshold.index },
    buffers: { ...lookupBuffers(context, args), scalars: context.scalar(threshold) },
    groups: Math.ceil(layout.inputs / THREADS),
  }));
}

type Lookups = Pick<InputScoresArgs, "scores" | "rows" | "layout" | "out">;

function lookupParams({ scores, rows, layout, out }: Lookups) {
  return {
    inputs: layout.inputs,
    groups: layout.groups,
    lookups: layout.lookups,
    group_stride: layout.groupStride,
    lookup_stride: layout.lookupStride,
    input_stride: layout.inputStride,
    scores_offset: scores.offset,
    rows_offset: rows.offset,
    out,
  };
}

function lookupBuffers(context: LaunchContext, { scores, rows, out }: Lookups) {
  return {
    scores: context.matrix(scores),
    rows: context.buffer(rows.buffer),
    out: context.matrix(out),
  };
}

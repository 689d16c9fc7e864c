/**
 * The WASM kernels of the staleness ops.
 *
 * @module
 */

import { MEAN, NTH_LARGEST, NTH_SMALLEST, SCORED_INPUTS } from "../cpu/layout.ts";
import { wasmKernel } from "../cpu/op.ts";
import type {
  InputScoresArgs,
  LookupLayout,
  RowChangeArgs,
  ScoreCombination,
  StaleLookupsArgs,
} from "./op.ts";
import { selectionDepth } from "./record.ts";

/** Largest absolute coordinate change of each vector. */
export const rowChangeKernel = wasmKernel({
  source: "kernels/staleness/staleness.as.ts",
  name: "rowChange",
  words: {
    M: "number",
    F: "number",
    dim: "number",
    a: "matrix",
    b: "matrix",
    change: "address",
    accumulate: "number",
  },
  call: (_at, { a, b, features, dim, change, accumulate }: RowChangeArgs) => ({
    words: { M: a.rows, F: features, dim, a, b, change, accumulate: Number(accumulate) },
  }),
});

/** What both ops on inputs read; steps are bytes between entries of the list. */
const LOOKUP_WORDS = {
  B: "number",
  G: "number",
  L: "number",
  rows: "row-list",
  groupStep: "number",
  lookupStep: "number",
  inputStep: "number",
  scores: "address",
  out: "matrix",
} as const;

/** A score for each input; each thread's scratch holds the scores of a task's inputs in one group, and those kept. */
export const inputScoresKernel = wasmKernel({
  source: "kernels/staleness/staleness.as.ts",
  name: "inputScores",
  words: { ...LOOKUP_WORDS, kind: "number", depth: "number" },
  call(_at, { scores, rows, layout, combine, out }: InputScoresArgs) {
    const { kind, depth } = selection(combine, layout.lookups);
    return {
      words: { ...lookupWords(layout), rows, scores, out, kind, depth },
      // The scores, the result so far (float64 for the mean), and a vector of four inputs for each score kept.
      scratchBytes: 4 * SCORED_INPUTS * layout.lookups + 8 * SCORED_INPUTS + 16 * depth,
    };
  },
});

/** Stale lookups of each input; each thread's scratch holds two counts for each of a task's inputs. */
export const staleLookupsKernel = wasmKernel({
  source: "kernels/staleness/staleness.as.ts",
  name: "staleLookups",
  words: { ...LOOKUP_WORDS, threshold: "scalar" },
  call: (_at, { scores, threshold, rows, layout, out }: StaleLookupsArgs) => ({
    words: { ...lookupWords(layout), rows, scores, out, threshold },
    scratchBytes: 8 * SCORED_INPUTS,
  }),
});

/** Which scores of a group are kept, and how many: from the end that is nearer. */
function selection(combine: ScoreCombination, lookups: number): { kind: number; depth: number } {
  switch (combine.kind) {
    case "nth-smallest": {
      const depth = selectionDepth(combine.n, lookups);
      return { kind: depth === combine.n ? NTH_SMALLEST : NTH_LARGEST, depth };
    }
    case "max":
      return { kind: NTH_LARGEST, depth: 1 };
    case "mean":
      return { kind: MEAN, depth: 0 };
  }
}

function lookupWords(layout: LookupLayout) {
  const { inputs, groups, lookups, groupStride, lookupStride, inputStride } = layout;
  return {
    B: inputs,
    G: groups,
    L: lookups,
    groupStep: 4 * groupStride,
    lookupStep: 4 * lookupStride,
    inputStep: 4 * inputStride,
  };
}

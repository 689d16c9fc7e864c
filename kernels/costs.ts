/**
 * What a recorded op costs, from its arguments and its kernel's record, the same on both devices.
 *
 * @module
 */

import { bceRecord } from "./bce/record.ts";
import { embeddingBackwardRecord, embeddingForwardRecord } from "./embedding/record.ts";
import type { EmbeddingShape } from "./embedding/record.ts";
import { interactionBackwardRecord, interactionForwardRecord } from "./interaction/record.ts";
import { layerNormBackwardRecord, layerNormForwardRecord } from "./layer_norm/record.ts";
import {
  linearBackwardInputRecord,
  linearBackwardWeightsRecord,
  linearForwardRecord,
} from "./linear/record.ts";
import { normaliseBackwardRecord, normaliseForwardRecord } from "./normalise/record.ts";
import type { OpRecord } from "./record.ts";
import {
  sequenceBackwardRecord,
  sequenceDotRecord,
  sequencePoolRecord,
} from "./sequence/record.ts";
import { sigmoidBackwardRecord, sigmoidForwardRecord } from "./sigmoid/record.ts";
import {
  inputScoresRecord,
  rowChangeRecord,
  selectionDepth,
  staleLookupsRecord,
} from "./staleness/record.ts";
import { columnStatisticsRecord, standardiseRecord } from "./standardise/record.ts";
import type {
  BceArgs,
  ColumnStatisticsArgs,
  DenseUpdateArgs,
  EmbeddingBackwardArgs,
  EmbeddingForwardArgs,
  InputScoresArgs,
  InteractionBackwardArgs,
  InteractionForwardArgs,
  LayerNormBackwardArgs,
  LayerNormForwardArgs,
  LinearBackwardInputArgs,
  LinearBackwardWeightsArgs,
  LinearForwardArgs,
  Matrix,
  NormaliseBackwardArgs,
  NormaliseForwardArgs,
  OpCost,
  RowChangeArgs,
  SequenceBackwardArgs,
  SequenceDotArgs,
  SequencePoolArgs,
  SigmoidBackwardArgs,
  SigmoidForwardArgs,
  Stage,
  StaleLookupsArgs,
  StandardiseArgs,
} from "./types.ts";
import { denseUpdateRecord } from "./update/record.ts";

/** Cost of Y = act(X Wᵀ + b). */
export function linearForwardCost(stage: Stage, { x, w }: LinearForwardArgs): OpCost {
  return cost(stage, linearForwardRecord, { M: x.rows, K: x.cols, N: w.rows });
}

/** Cost of dX = (dY W) ∘ [mask > 0]. */
export function linearBackwardInputCost(
  stage: Stage,
  { dy, w, mask }: LinearBackwardInputArgs,
): OpCost {
  return cost(stage, linearBackwardInputRecord, {
    M: dy.rows,
    K: w.cols,
    N: dy.cols,
    masked: mask === null ? 0 : 1,
  });
}

/** Cost of dW = dYᵀ X and db. */
export function linearBackwardWeightsCost(
  stage: Stage,
  { dy, x }: LinearBackwardWeightsArgs,
): OpCost {
  return cost(stage, linearBackwardWeightsRecord, { M: dy.rows, K: x.cols, N: dy.cols });
}

/**
 * Cost of the gather with full lookup buffers. The lookups are known only when the program runs, so this counts
 * `maxLookups` of them, every one to a different row: an upper bound.
 */
export function embeddingForwardCost(stage: Stage, args: EmbeddingForwardArgs): OpCost {
  return cost(stage, embeddingForwardRecord, embeddingShape(args, args.out));
}

/** Cost of the gather's gradient and update, an upper bound as in {@linkcode embeddingForwardCost}. */
export function embeddingBackwardCost(stage: Stage, args: EmbeddingBackwardArgs): OpCost {
  const record = embeddingBackwardRecord(args.optimizer.kind);
  return cost(stage, record, embeddingShape(args, args.grad));
}

/** Cost of the dot interaction. */
export function interactionForwardCost(
  stage: Stage,
  { v, features, dim }: InteractionForwardArgs,
): OpCost {
  return cost(stage, interactionForwardRecord, { B: v.rows, F: features, dim });
}

/** Cost of the dot interaction's gradient. */
export function interactionBackwardCost(
  stage: Stage,
  { v, features, dim }: InteractionBackwardArgs,
): OpCost {
  return cost(stage, interactionBackwardRecord, { B: v.rows, F: features, dim });
}

/** Cost of the L2 normalisation. */
export function normaliseForwardCost(stage: Stage, { z }: NormaliseForwardArgs): OpCost {
  return cost(stage, normaliseForwardRecord, { M: z.rows, D: z.cols });
}

/** Cost of the L2 normalisation's gradient. */
export function normaliseBackwardCost(stage: Stage, { z }: NormaliseBackwardArgs): OpCost {
  return cost(stage, normaliseBackwardRecord, { M: z.rows, D: z.cols });
}

/** Cost of the scores of a history. */
export function sequenceDotCost(stage: Stage, { h, a }: SequenceDotArgs): OpCost {
  return cost(stage, sequenceDotRecord, { B: a.rows, S: a.cols, D: h.cols });
}

/** Cost of the weighted sum of a history. */
export function sequencePoolCost(stage: Stage, { h, y, tail }: SequencePoolArgs): OpCost {
  const shape = { B: y.rows, S: y.cols, D: h.cols, T: tail?.cols ?? 0 };
  return cost(stage, sequencePoolRecord, shape);
}

/** Cost of the gradient of a history's steps. */
export function sequenceBackwardCost(
  stage: Stage,
  { y, dh, query }: SequenceBackwardArgs,
): OpCost {
  const shape = { B: y.rows, S: y.cols, D: dh.cols, query: query === null ? 0 : 1 };
  return cost(stage, sequenceBackwardRecord, shape);
}

/** Cost of the sigmoid. */
export function sigmoidForwardCost(stage: Stage, { x }: SigmoidForwardArgs): OpCost {
  return cost(stage, sigmoidForwardRecord, { M: x.rows, N: x.cols });
}

/** Cost of the sigmoid's gradient. */
export function sigmoidBackwardCost(stage: Stage, { y }: SigmoidBackwardArgs): OpCost {
  return cost(stage, sigmoidBackwardRecord, { M: y.rows, N: y.cols });
}

/** Cost of the layer normalisation. */
export function layerNormForwardCost(
  stage: Stage,
  { x, features, dim }: LayerNormForwardArgs,
): OpCost {
  return cost(stage, layerNormForwardRecord, { B: x.rows, F: features, dim });
}

/** Cost of the layer normalisation's gradient. */
export function layerNormBackwardCost(
  stage: Stage,
  { x, features, dim }: LayerNormBackwardArgs,
): OpCost {
  return cost(stage, layerNormBackwardRecord, { B: x.rows, F: features, dim });
}

/** Cost of the update of columns' running statistics. */
export function columnStatisticsCost(stage: Stage, { x }: ColumnStatisticsArgs): OpCost {
  return cost(stage, columnStatisticsRecord, { M: x.rows, N: x.cols });
}

/** Cost of the division of columns by their standard deviation. */
export function standardiseCost(stage: Stage, { x, mean }: StandardiseArgs): OpCost {
  const shape = { M: x.rows, N: x.cols, centred: mean === null ? 0 : 1 };
  return cost(stage, standardiseRecord, shape);
}

/** Cost of the vectors' change. */
export function rowChangeCost(
  stage: Stage,
  { a, features, dim, accumulate }: RowChangeArgs,
): OpCost {
  const shape = { M: a.rows, F: features, dim, accumulate: Number(accumulate) };
  return cost(stage, rowChangeRecord, shape);
}

/** Cost of the inputs' scores; each lookup counts a score read, though popular rows stay in caches. */
export function inputScoresCost(stage: Stage, { layout, combine }: InputScoresArgs): OpCost {
  const { inputs, groups, lookups } = layout;
  const depth = combine.kind === "nth-smallest" ? selectionDepth(combine.n, lookups) : 1;
  return cost(stage, inputScoresRecord, { B: inputs, G: groups, L: lookups, depth });
}

/** Cost of the count of stale lookups, with a score read for each as in {@linkcode inputScoresCost}. */
export function staleLookupsCost(stage: Stage, { layout }: StaleLookupsArgs): OpCost {
  const { inputs, groups, lookups } = layout;
  return cost(stage, staleLookupsRecord, { B: inputs, G: groups, L: lookups });
}

/** Cost of the binary cross-entropy and its gradient. */
export function bceCost(stage: Stage, { logits }: BceArgs): OpCost {
  return cost(stage, bceRecord, { M: logits.rows });
}

/** Cost of the dense update. */
export function denseUpdateCost(stage: Stage, { params, optimizer }: DenseUpdateArgs): OpCost {
  return cost(stage, denseUpdateRecord(optimizer.kind), { n: params.cols });
}

function embeddingShape(
  { tables, lookups }: Pick<EmbeddingForwardArgs, "tables" | "lookups">,
  m: Matrix,
): EmbeddingShape {
  return {
    lookups: lookups.maxLookups,
    bags: tables.rows.length * m.rows,
    unique: lookups.maxLookups,
    dim: tables.dim,
  };
}

function cost<Shape extends { readonly [name in keyof Shape]: number }>(
  stage: Stage,
  record: OpRecord<Shape>,
  shape: Shape,
): OpCost {
  return {
    op: record.name,
    stage,
    shape: { ...shape },
    flops: record.flops(shape),
    bytes: record.bytes(shape),
  };
}

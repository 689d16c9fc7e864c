/**
 * The table of all ops. Each device has a table with the same names (`cpu/encoders.ts`, `webgpu/launchers.ts`), and
 * whatever treats all ops alike goes over this one: checks, costs, benches, tests.
 *
 * @module
 */

import { bceOp } from "./bce/op.ts";
import { embeddingBackwardOp, embeddingForwardOp } from "./embedding/op.ts";
import { interactionBackwardOp, interactionForwardOp } from "./interaction/op.ts";
import { linearBackwardInputOp, linearBackwardWeightsOp, linearForwardOp } from "./linear/op.ts";
import { normaliseBackwardOp, normaliseForwardOp } from "./normalise/op.ts";
import type { Op } from "./op.ts";
import { sequenceBackwardOp, sequenceDotOp, sequencePoolOp } from "./sequence/op.ts";
import { sigmoidBackwardOp, sigmoidForwardOp } from "./sigmoid/op.ts";
import { inputScoresOp, rowChangeOp, staleLookupsOp } from "./staleness/op.ts";
import { standardiseOp } from "./standardise/op.ts";
import { denseUpdateOp } from "./update/op.ts";
import { varianceNormBackwardOp, varianceNormForwardOp } from "./variance_norm/op.ts";

/** Every op by its name. */
export const OPS = {
  "linear-forward": linearForwardOp,
  "linear-backward-input": linearBackwardInputOp,
  "linear-backward-weights": linearBackwardWeightsOp,
  "embedding-forward": embeddingForwardOp,
  "embedding-backward": embeddingBackwardOp,
  "interaction-forward": interactionForwardOp,
  "interaction-backward": interactionBackwardOp,
  "bce": bceOp,
  "dense-update": denseUpdateOp,
  "normalise-forward": normaliseForwardOp,
  "normalise-backward": normaliseBackwardOp,
  "sequence-dot": sequenceDotOp,
  "sequence-pool": sequencePoolOp,
  "sequence-backward": sequenceBackwardOp,
  "sigmoid-forward": sigmoidForwardOp,
  "sigmoid-backward": sigmoidBackwardOp,
  "standardise": standardiseOp,
  "row-change": rowChangeOp,
  "input-scores": inputScoresOp,
  "stale-lookups": staleLookupsOp,
  "variance-norm-forward": varianceNormForwardOp,
  "variance-norm-backward": varianceNormBackwardOp,
} as const;

/** Name of an op. */
export type OpName = keyof typeof OPS;

/** The arguments of each op. */
export type OpArgs = {
  readonly [Name in OpName]: Parameters<(typeof OPS)[Name]["cost"]>[0];
};

/** The op of a name. */
export type OpNamed<Name extends OpName> = Op<Name, OpArgs[Name]>;

/** One op of the table, whichever. */
export type AnyOp = { readonly [Name in OpName]: OpNamed<Name> }[OpName];

/** The ops in the order of the table. */
export const OP_LIST: readonly AnyOp[] = Object.values(OPS);

/** Something to do with an op, whichever it is. */
export type OpVisitor<Result> = <Name extends OpName>(op: OpNamed<Name>) => Result;

/** Does something with each op, in the order of the table. */
export function eachOp<Result>(visit: OpVisitor<Result>): Result[] {
  // An op of the table is one of its members, so that a function of any member fits each.
  return OP_LIST.map((op) => (visit as (op: AnyOp) => Result)(op));
}

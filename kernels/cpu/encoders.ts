/**
 * The CPU device's table of ops: the WASM kernel of each. An op that lacks a line does not compile. The module's own list
 * of kernels is written from this table when it is built (`build.ts`), so that op codes are the order of the table.
 *
 * @module
 */

import { bceKernel } from "../bce/wasm.ts";
import {
  embeddingBackwardKernel,
  embeddingForwardKernel,
  initUniformKernel,
} from "../embedding/wasm.ts";
import { interactionBackwardKernel, interactionForwardKernel } from "../interaction/wasm.ts";
import {
  linearBackwardInputKernel,
  linearBackwardWeightsKernel,
  linearForwardKernel,
} from "../linear/wasm.ts";
import { normaliseBackwardKernel, normaliseForwardKernel } from "../normalise/wasm.ts";
import type { OpArgs, OpName } from "../ops.ts";
import { sequenceBackwardKernel, sequenceDotKernel, sequencePoolKernel } from "../sequence/wasm.ts";
import { sigmoidBackwardKernel, sigmoidForwardKernel } from "../sigmoid/wasm.ts";
import { inputScoresKernel, rowChangeKernel, staleLookupsKernel } from "../staleness/wasm.ts";
import { standardiseKernel } from "../standardise/wasm.ts";
import { denseUpdateKernel } from "../update/wasm.ts";
import { varianceNormBackwardKernel, varianceNormForwardKernel } from "../variance_norm/wasm.ts";
import type { WasmKernel } from "./op.ts";

/** The kernel of each op. */
export const ENCODERS: { readonly [Name in OpName]: WasmKernel<OpArgs[Name]> } = {
  "linear-forward": linearForwardKernel,
  "linear-backward-input": linearBackwardInputKernel,
  "linear-backward-weights": linearBackwardWeightsKernel,
  "embedding-forward": embeddingForwardKernel,
  "embedding-backward": embeddingBackwardKernel,
  "interaction-forward": interactionForwardKernel,
  "interaction-backward": interactionBackwardKernel,
  "bce": bceKernel,
  "dense-update": denseUpdateKernel,
  "normalise-forward": normaliseForwardKernel,
  "normalise-backward": normaliseBackwardKernel,
  "sequence-dot": sequenceDotKernel,
  "sequence-pool": sequencePoolKernel,
  "sequence-backward": sequenceBackwardKernel,
  "sigmoid-forward": sigmoidForwardKernel,
  "sigmoid-backward": sigmoidBackwardKernel,
  "standardise": standardiseKernel,
  "row-change": rowChangeKernel,
  "input-scores": inputScoresKernel,
  "stale-lookups": staleLookupsKernel,
  "variance-norm-forward": varianceNormForwardKernel,
  "variance-norm-backward": varianceNormBackwardKernel,
};

/** Every kernel by its op code: those of the ops, and the start values of tables, which no program holds. */
export const KERNELS: readonly Pick<WasmKernel<never>, "source" | "name" | "words">[] = [
  ...Object.values(ENCODERS),
  initUniformKernel,
];

const CODES: ReadonlyMap<string, number> = new Map(
  Object.keys(ENCODERS).map((name, code) => [name, code]),
);

/** The op code of an op. */
export function opCode(name: OpName): number {
  return CODES.get(name)!;
}

/** The op code of the tables' start values. */
export const INIT_UNIFORM: number = KERNELS.indexOf(initUniformKernel);

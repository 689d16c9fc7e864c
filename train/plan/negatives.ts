/**
 * Leaving most negatives out of training and putting the probabilities right again: the industry's way to train on fewer
 * inputs (He et al., ADKDD'14: "negative down sampling"). Clicks are all kept.
 *
 * @module
 */

import { sharedBytes } from "../../core/shared_memory.ts";
import { withTrainInputs } from "../../data/train_subset.ts";
import type { Dataset } from "../../data/types.ts";
import type { HostBatch } from "../model/model.ts";
import { eachChunk, type PassHooks } from "./pass.ts";
import type { PlanOptions } from "./options.ts";
import { PositionDraw } from "./sampling.ts";

/** A data set whose training split lacks negatives, and what that asks of training and evaluation. */
export interface SampledNegatives {
  /** The data set; other splits are whole. */
  readonly dataset: Dataset;
  /** Negatives left out of the training split. */
  readonly leftOut: number;
  /** What a negative weighs in the loss. */
  readonly weight: number;
  /** What is added to each logit of the trained model, so that it predicts the rate of the whole log. */
  readonly logitShift: number;
}

/**
 * Keeps each negative of the training split with the plan's probability q, the same ones in every epoch.
 *
 * The odds that a model learns from what is kept are 1/q times the log's. With the correction `logit` log q is added to its
 * logits; with `weights` each negative kept weighs 1/q in the loss, and logits need nothing.
 *
 * @param seed Of which negatives are kept.
 */
export async function sampleNegatives(
  dataset: Dataset,
  { negatives, correction }: Pick<PlanOptions, "negatives" | "correction">,
  seed: number,
  hooks: PassHooks = {},
): Promise<SampledNegatives> {
  if (negatives === 1) return { dataset, leftOut: 0, weight: 1, logitShift: 0 };
  const total = dataset.count("train");
  const draw = PositionDraw.forNegatives(seed);
  // Shared, so that other threads can read them.
  const kept = new Uint32Array(sharedBytes(4 * total));
  let count = 0;
  await eachChunk(dataset, {}, "negatives", hooks, ({ labels, size }, from) => {
    for (let b = 0; b < size; b++) {
      const position = from + b, click = labels[b] === 1;
      if (click || draw.uniform(position) < negatives) kept[count++] = position;
    }
  });
  return {
    dataset: withTrainInputs(dataset, kept.subarray(0, count)),
    leftOut: total - count,
    weight: correction === "weights" ? 1 / negatives : 1,
    logitShift: correction === "logit" ? Math.log(negatives) : 0,
  };
}

/** A minibatch whose negatives weigh as they are told to, times what they weigh already. */
export function weighNegatives(batch: HostBatch, weight: number): HostBatch {
  if (weight === 1) return batch;
  const weights = Float32Array.from(
    { length: batch.size },
    (_, b) => (batch.weights?.[b] ?? 1) * (batch.labels[b] === 0 ? weight : 1),
  );
  return { ...batch, weights };
}

/**
 * Leaving most negatives out of training and putting the probabilities right again: the industry's way to train on fewer
 * inputs (He et al., ADKDD'14: "negative down sampling"). Clicks are all kept.
 *
 * @module
 */

import { Permutation } from "../../core/random.ts";
import { createInputs } from "../../data/inputs.ts";
import type { Dataset, Inputs, Order, Reader } from "../../data/types.ts";
import type { HostBatch } from "../model/model.ts";
import { eachChunk, PASS_CHUNK, type PassHooks } from "./pass.ts";
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
  const reader = dataset.reader("train", { kind: "sequential" });
  const draw = PositionDraw.forNegatives(seed);
  const inputs = createInputs(dataset.schema, PASS_CHUNK);
  const kept = new Uint32Array(reader.count);
  let count = 0;
  await eachChunk(reader.count, "negatives", hooks, async (from, to) => {
    const waiting = reader.read(from, to - from, inputs);
    if (waiting !== undefined) await waiting;
    for (let position = from; position < to; position++) {
      const click = inputs.labels[position - from] === 1;
      if (click || draw.uniform(position) < negatives) kept[count++] = position;
    }
  });
  return {
    dataset: withTrainInputs(dataset, kept.slice(0, count)),
    leftOut: reader.count - count,
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

/** A data set of which some inputs train, by their positions in the training split, ascending. */
function withTrainInputs(dataset: Dataset, kept: Uint32Array): Dataset {
  const { schema, hash, notes, bayes, keys } = dataset;
  return {
    ...{ schema, hash, notes, bayes },
    ...(keys === undefined ? {} : { keys: () => keys.call(dataset) }),
    count: (split) => split === "train" ? kept.length : dataset.count(split),
    reader: (split, order) =>
      split === "train" ? new SubsetReader(dataset, kept, order) : dataset.reader(split, order),
    close: () => dataset.close(),
    [Symbol.dispose]: () => dataset.close(),
  };
}

/** Walks some inputs of the training split. */
class SubsetReader implements Reader {
  readonly count: number;
  readonly #reader: Reader;
  readonly #kept: Uint32Array;
  readonly #permutation: Permutation | null;

  constructor(dataset: Dataset, kept: Uint32Array, order: Order) {
    this.count = kept.length;
    this.#kept = kept;
    this.#reader = dataset.reader("train", { kind: "sequential" });
    this.#permutation = order.kind === "shuffled"
      ? new Permutation(kept.length, order.seed, order.epoch)
      : null;
  }

  read(start: number, count: number, into: Inputs): void | Promise<void> {
    return this.readAt(Uint32Array.from({ length: count }, (_, i) => start + i), into);
  }

  readAt(positions: Uint32Array, into: Inputs): void | Promise<void> {
    const permutation = this.#permutation;
    const rows = positions.map((position) => {
      if (position >= this.count) {
        throw new RangeError(`Cannot read input ${position}: there are ${this.count}`);
      }
      return this.#kept[permutation === null ? position : permutation.at(position)]!;
    });
    return this.#reader.readAt(rows, into);
  }
}

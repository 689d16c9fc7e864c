/**
 * How good predictions of a click are: exact AUC, log-loss, accuracy, normalised entropy, calibration.
 *
 * @module
 */

/** Metrics of one split. A metric that the split does not define is null, never NaN. */
export interface Metrics {
  /** Inputs evaluated. */
  readonly count: number;
  /** Share of label 1. Null when there are no inputs. */
  readonly label_rate: number | null;
  /**
   * Probability that a click's logit is above a non-click's, ties counting half; exact. Null unless both labels
   * occur.
   */
  readonly auc: number | null;
  /** Mean binary cross-entropy in nats, from the logits, without clamping. Null when there are no inputs. */
  readonly logloss: number | null;
  /** Share of inputs whose class is right; a logit of 0 (probability 0.5) is class 0. Null when there are no inputs. */
  readonly accuracy: number | null;
  /**
   * Log-loss divided by the entropy of the label rate (He et al., ADKDD'14): below 1 the model knows more than
   * the rate. Null unless both labels occur.
   */
  readonly normalised_entropy: number | null;
  /** Sum of predicted probabilities over the number of clicks; 1 is right. Null when there are no clicks. */
  readonly calibration: number | null;
}

/** A logit is not finite, so the weights are ruined and metrics are undefined. */
export class LogitError extends RangeError {
  /**
   * Made for the first such input.
   *
   * @param message Names the input's position and the logit.
   */
  constructor(message: string) {
    super(message);
    this.name = "LogitError";
  }
}

/**
 * Collects logits and labels of a split chunk by chunk, then computes its metrics. Keeps four bytes an input.
 *
 * @example Two clicks, one of them ranked below a non-click
 * ```ts
 * import assert from "node:assert/strict";
 * import { Evaluation } from "./metrics.ts";
 *
 * const evaluation = new Evaluation();
 * evaluation.add(Float32Array.of(2, -1, 0), Float32Array.of(1, 1, 0));
 * assert.equal(evaluation.metrics().auc, 0.5);
 * ```
 */
export class Evaluation {
  readonly #positives = new LogitList();
  readonly #negatives = new LogitList();
  #logloss = 0;
  #predicted = 0;
  #right = 0;

  /** Inputs added so far. */
  get count(): number {
    return this.#positives.length + this.#negatives.length;
  }

  /**
   * Adds a chunk.
   *
   * @param logits One for each input. The array is not kept.
   * @param labels 0 or 1 for each input.
   * @throws {LogitError} A logit is not finite; nothing of the chunk counts then.
   * @throws {RangeError} The lengths differ, or a label is neither 0 nor 1; the same.
   */
  add(logits: Float32Array, labels: ArrayLike<number>): void {
    if (logits.length !== labels.length) {
      throw new RangeError(
        `Cannot evaluate ${logits.length} logits: there are ${labels.length} labels`,
      );
    }
    for (let i = 0; i < logits.length; i++) {
      if (!Number.isFinite(logits[i]!)) {
        throw new LogitError(
          `Cannot evaluate input ${this.count + i}: its logit is ${logits[i]}, not finite`,
        );
      }
      if (labels[i] !== 0 && labels[i] !== 1) {
        throw new RangeError(
          `Cannot evaluate input ${this.count + i}: its label is ${labels[i]}, not 0 or 1`,
        );
      }
    }
    for (let i = 0; i < logits.length; i++) {
      const z = logits[i]!;
      const click = labels[i] === 1;
      (click ? this.#positives : this.#negatives).push(z);
      const small = Math.exp(-Math.abs(z));
      this.#logloss += Math.max(z, 0) - (click ? z : 0) + Math.log1p(small);
      this.#predicted += (z >= 0 ? 1 : small) / (1 + small);
      if (z > 0 === click) this.#right++;
    }
  }

  /** The metrics of everything added so far. May be called again after more chunks. */
  metrics(): Metrics {
    const count = this.count;
    const clicks = this.#positives.length;
    const rate = count === 0 ? null : clicks / count;
    const logloss = count === 0 ? null : this.#logloss / count;
    const both = rate !== null && rate > 0 && rate < 1;
    return {
      count,
      label_rate: rate,
      auc: both ? separation(this.#positives.sorted(), this.#negatives.sorted()) : null,
      logloss,
      accuracy: count === 0 ? null : this.#right / count,
      normalised_entropy: both ? logloss! / entropy(rate) : null,
      calibration: clicks === 0 ? null : this.#predicted / clicks,
    };
  }
}

/**
 * Exact area under the ROC curve, ties counting half: the Mann-Whitney statistic over the number of pairs, in
 * O(n log n).
 *
 * @param scores Logits or probabilities; any increasing function of them gives the same result.
 * @param labels 0 or 1 for each score.
 * @returns A number from 0 to 1, or null unless both labels occur.
 * @throws {RangeError} The lengths differ, a score is not finite, a label is neither 0 nor 1.
 */
export function auc(scores: Float32Array, labels: ArrayLike<number>): number | null {
  const evaluation = new Evaluation();
  evaluation.add(scores, labels);
  return evaluation.metrics().auc;
}

/** Entropy in nats of a coin that shows 1 with probability p, 0 < p < 1. */
function entropy(p: number): number {
  return -p * Math.log(p) - (1 - p) * Math.log1p(-p);
}

/** Merges two ascending lists. Counts twice the won pairs, so that sums stay integers: exact below 2^52 pairs. */
function separation(positives: Float32Array, negatives: Float32Array): number {
  let twiceWon = 0;
  let below = 0;
  let i = 0;
  while (i < positives.length) {
    const value = positives[i]!;
    let equalPositives = 0;
    // Numeric comparison on purpose: -0 and 0 tie although sorting puts them apart.
    while (i < positives.length && positives[i] === value) {
      equalPositives++;
      i++;
    }
    while (below < negatives.length && negatives[below]! < value) below++;
    let equal = below;
    while (equal < negatives.length && negatives[equal] === value) equal++;
    twiceWon += equalPositives * (below + equal);
    below = equal;
  }
  return twiceWon / (2 * positives.length * negatives.length);
}

/** A growing list of float32 numbers. */
class LogitList {
  #values = new Float32Array(1024);
  length = 0;

  push(value: number): void {
    if (this.length === this.#values.length) {
      const grown = new Float32Array(2 * this.length);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.length++] = value;
  }

  /** The list itself in ascending order; the order of arrival is lost, which no metric needs. */
  sorted(): Float32Array {
    return this.#values.subarray(0, this.length).sort();
  }
}

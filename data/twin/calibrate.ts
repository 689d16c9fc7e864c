/**
 * Sets the planted click model so that clicks are as frequent, and as predictable, as asked for.
 *
 * @module
 */

import { bayesRates } from "../bayes.ts";
import { logistic, logit, PARTS } from "./clicks.ts";
import { TwinGenerator } from "./generator.ts";
import {
  DEFAULT_EXPONENT,
  EFFECT_EXPONENTS,
  type TwinClicks,
  type TwinParameters,
} from "./parameters.ts";

/** Shares of the logit's variance. */
const SHARES = { dense: 0.3, rows: 0.5, pairs: 0.2 };
/**
 * The dense part's where all of it is a clock, beside the unchanged others: small, so that the rates of any stretch are
 * near those of the whole.
 */
const CLOCK_SHARE = 0.02;
/** Inputs on which the model is calibrated and its rates are stated. */
const INPUTS = 65_536;
const SEED = 0;

/** A twin without clicks yet. */
export type Unplanted = Omit<TwinParameters, "clicks" | "otherClicks">;

/** Plants clicks of every exponent. */
export function plantClicks(
  parameters: Unplanted,
  rate: number,
  learnableAuc: number,
): TwinParameters {
  const clicks = EFFECT_EXPONENTS.map((exponent) =>
    calibrateClicks(parameters, rate, learnableAuc, exponent)
  );
  return {
    ...parameters,
    clicks: clicks.find(({ effectExponent }) => effectExponent === DEFAULT_EXPONENT)!,
    otherClicks: clicks.filter(({ effectExponent }) => effectExponent !== DEFAULT_EXPONENT),
  };
}

/** Finds bias and strength. The stated rates are those of the rounded parameters that it returns. */
function calibrateClicks(
  unplanted: Unplanted,
  rate: number,
  learnableAuc: number,
  effectExponent: TwinClicks["effectExponent"],
): TwinClicks {
  const parameters = { ...unplanted, clicks: noClicks(effectExponent) };
  const generator = new TwinGenerator(parameters, SEED);
  const parts = Array.from({ length: INPUTS }, () => new Float64Array(PARTS));
  // All positions are alike unless a clock tells them apart: then they spread over the data set.
  const stride = parameters.dense.some(({ clock }) => clock !== null)
    ? Math.max(1, parameters.inputs / INPUTS)
    : 1;
  for (const [i, into] of parts.entries()) generator.parts(Math.floor(i * stride), into);
  const spread = [0, 1, 2].map((k) => {
    const mean = parts.reduce((sum, x) => sum + x[k]!, 0) / INPUTS;
    return Math.sqrt(parts.reduce((sum, x) => sum + (x[k]! - mean) ** 2, 0) / INPUTS);
  });
  const scaled = (strength: number, k: number, share: number) =>
    spread[k]! > 1e-9 ? Number((strength * Math.sqrt(share) / spread[k]!).toPrecision(6)) : 0;
  const denseShare = parameters.dense.every(({ clock }) => clock !== null)
    ? CLOCK_SHARE
    : SHARES.dense;
  const attempt = (strength: number): TwinClicks => {
    const scales = {
      dense: scaled(strength, 0, denseShare),
      rows: scaled(strength, 1, SHARES.rows),
      pairs: scaled(strength, 2, SHARES.pairs),
    };
    let low = -30, high = 30;
    const p = new Float64Array(INPUTS);
    const probabilities = (bias: number) => {
      for (let i = 0; i < INPUTS; i++) {
        p[i] = logistic(logit({ bias, strength: scales }, parts[i]!, false));
      }
      return p.reduce((sum, x) => sum + x, 0) / INPUTS;
    };
    for (let step = 0; step < 22; step++) {
      const middle = (low + high) / 2;
      if (probabilities(middle) < rate) low = middle;
      else high = middle;
    }
    const bias = Number(low.toFixed(5));
    probabilities(bias);
    const model = { bias, strength: scales };
    const scores = parts.map((x) => logit(model, x, true));
    const bayes = bayesRates(p);
    return {
      effectExponent,
      rate,
      ...model,
      bayes: { auc: short(bayes.auc), logloss: short(bayes.logloss) },
      learnableAuc: short(expectedAuc(scores, p)),
    };
  };
  let low = 0.05, high = 8;
  for (let step = 0; step < 12; step++) {
    const middle = (low + high) / 2;
    if (attempt(middle).learnableAuc < learnableAuc) low = middle;
    else high = middle;
  }
  return attempt(high);
}

/** Clicks that nothing makes likely, for inputs to be drawn before any are planted. */
export function noClicks(
  effectExponent: TwinClicks["effectExponent"] = DEFAULT_EXPONENT,
): TwinClicks {
  return {
    effectExponent,
    rate: 0.5,
    bias: 0,
    strength: { dense: 0, rows: 0, pairs: 0 },
    bayes: { auc: 0.5, logloss: 0.6931 },
    learnableAuc: 0.5,
  };
}

/** Expected AUC of scores over the labels that the probabilities could give. */
function expectedAuc(scores: readonly number[], probabilities: Float64Array): number {
  const order = Array.from(scores.keys()).sort((a, b) => scores[a]! - scores[b]!);
  let negatives = 0, wins = 0, positives = 0;
  for (const i of order) {
    const p = probabilities[i]!;
    wins += p * (negatives + (1 - p) / 2);
    negatives += 1 - p;
    positives += p;
  }
  return wins / (positives * negatives);
}

function short(value: number): number {
  return Number(value.toFixed(4));
}

/**
 * How well labels can be predicted at best, from their true probabilities.
 *
 * @module
 */

/** The best AUC and log-loss that any predictor can expect. */
export interface BayesRates {
  readonly auc: number;
  readonly logloss: number;
}

/**
 * Expected AUC and log-loss of the true probabilities themselves, over the labels they could give (nothing is drawn):
 * AUC = Σ p_i (1 - p_j) [p_i > p_j, ties half] / Σ p_i (1 - p_j) over all pairs i ≠ j.
 *
 * @param probabilities Each in [0, 1]; left as they are.
 */
export function bayesRates(probabilities: Float64Array): BayesRates {
  const sorted = probabilities.slice().sort();
  let wins = 0, negatives = 0, positives = 0, self = 0, logloss = 0;
  for (let i = 0; i < sorted.length;) {
    const p = sorted[i]!;
    let end = i;
    while (end < sorted.length && sorted[end] === p) end++;
    const ties = end - i;
    // Among equals each ordered pair of different inputs counts one half.
    wins += ties * p * (negatives + (ties - 1) * (1 - p) / 2);
    negatives += ties * (1 - p);
    positives += ties * p;
    self += ties * p * (1 - p);
    logloss += ties * entropy(p);
    i = end;
  }
  return {
    auc: wins / (positives * negatives - self),
    logloss: logloss / sorted.length,
  };
}

function entropy(p: number): number {
  return p <= 0 || p >= 1 ? 0 : -p * Math.log(p) - (1 - p) * Math.log1p(-p);
}

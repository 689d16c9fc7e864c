/**
 * Float64 reference of the mean binary cross-entropy of logits, for tests only.
 *
 * @module
 */

/**
 * loss = Σ w·(max(z,0) - z·y + log1p(exp(-|z|))) / M and dz = w·(sigmoid(z) - y) / M, with weights of 1 for null. No
 * logits: loss 0.
 */
export function bce(
  logits: Float64Array,
  labels: Float64Array,
  weights: Float64Array | null = null,
): { loss: number; dlogits: Float64Array } {
  const M = logits.length;
  const dlogits = new Float64Array(M);
  let sum = 0;
  for (let i = 0; i < M; i++) {
    const z = logits[i]!, y = labels[i]!, w = weights === null ? 1 : weights[i]!;
    sum += w * (Math.max(z, 0) - z * y + Math.log1p(Math.exp(-Math.abs(z))));
    dlogits[i] = w * (1 / (1 + Math.exp(-z)) - y) / M;
  }
  return { loss: M === 0 ? 0 : sum / M, dlogits };
}

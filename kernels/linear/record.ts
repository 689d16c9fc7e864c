import type { OpRecord } from "../record.ts";

/** M inputs, K features in, N features out. */
interface LinearShape {
  readonly M: number;
  readonly K: number;
  readonly N: number;
}

/** Y = act(X Wᵀ + b). */
export const linearForwardRecord: OpRecord<LinearShape> = {
  name: "linear-forward",
  flops: ({ M, K, N }) => 2 * M * K * N + M * N,
  bytes: ({ M, K, N }) => 4 * (M * K + N * K + N + M * N),
};

/** dX = dY W, masked; `masked` adds the mask's read. */
export const linearBackwardInputRecord: OpRecord<LinearShape & { readonly masked: number }> = {
  name: "linear-backward-input",
  flops: ({ M, K, N }) => 2 * M * K * N,
  bytes: ({ M, K, N, masked }) => 4 * (M * N + N * K + M * K * (1 + masked)),
};

/** dW = dYᵀ X, db = column sums of dY. */
export const linearBackwardWeightsRecord: OpRecord<LinearShape> = {
  name: "linear-backward-weights",
  flops: ({ M, K, N }) => 2 * M * K * N + M * N,
  bytes: ({ M, K, N }) => 4 * (M * N + M * K + N * K + N),
};

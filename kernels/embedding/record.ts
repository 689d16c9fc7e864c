import type { OpRecord } from "../record.ts";
import type { Optimizer } from "../types.ts";

/** Lookups of one minibatch over all tables. */
export interface EmbeddingShape {
  readonly lookups: number;
  /** Bags over all tables. */
  readonly bags: number;
  /** Different rows among the lookups. */
  readonly unique: number;
  readonly dim: number;
}

/** Sum-pooled gather: each lookup reads a row and its index, each bag writes a vector. */
export const embeddingForwardRecord: OpRecord<EmbeddingShape> = {
  name: "embedding-forward",
  flops: ({ lookups, bags, dim }) => Math.max(0, lookups - bags) * dim,
  bytes: ({ lookups, bags, dim }) => 4 * (lookups * (dim + 1) + bags * dim),
};

/** Floats of optimizer state touched for a row of `dim` coordinates. */
export function stateFloats(optimizer: Optimizer["kind"], dim: number): number {
  return optimizer === "sgd" ? 0 : optimizer === "adagrad" ? dim : 1;
}

/** Segment sums of the bags' gradients and one fused update of each different row. */
export function embeddingBackwardRecord(optimizer: Optimizer["kind"]): OpRecord<EmbeddingShape> {
  const perCoordinate = optimizer === "sgd" ? 2 : optimizer === "adagrad" ? 7 : 6;
  return {
    name: `embedding-backward-${optimizer}`,
    flops: ({ lookups, unique, dim }) =>
      Math.max(0, lookups - unique) * dim + perCoordinate * unique * dim,
    bytes: ({ lookups, unique, dim }) =>
      4 * (lookups * (dim + 1) + unique * (2 + 2 * dim + 2 * stateFloats(optimizer, dim))),
  };
}

import type { OpRecord } from "../record.ts";

/** B inputs, F vectors of `dim` floats each. */
interface InteractionShape {
  readonly B: number;
  readonly F: number;
  readonly dim: number;
}

/** Floats in a row of the interaction's output: vector 0 and the strictly lower triangle. */
export function interactionWidth(features: number, dim: number): number {
  return dim + features * (features - 1) / 2;
}

/** R = [v0, lower triangle of V Vᵀ]. */
export const interactionForwardRecord: OpRecord<InteractionShape> = {
  name: "interaction-forward",
  flops: ({ B, F, dim }) => B * F * (F - 1) * dim,
  bytes: ({ B, F, dim }) => 4 * B * (F * dim + interactionWidth(F, dim)),
};

/** dV = (G + Gᵀ) V, with the direct part of vector 0. */
export const interactionBackwardRecord: OpRecord<InteractionShape> = {
  name: "interaction-backward",
  flops: ({ B, F, dim }) => 2 * B * F * (F - 1) * dim + B * dim,
  bytes: ({ B, F, dim }) => 4 * B * (2 * F * dim + interactionWidth(F, dim)),
};

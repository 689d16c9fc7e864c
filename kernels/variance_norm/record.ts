import type { OpRecord } from "../record.ts";

/** B inputs of F vectors of `dim` floats. */
interface VarianceNormShape {
  readonly B: number;
  readonly F: number;
  readonly dim: number;
}

/** y = gain x / sqrt(variance + eps), vector by vector. */
export const varianceNormForwardRecord: OpRecord<VarianceNormShape> = {
  name: "variance-norm-forward",
  flops: ({ B, F, dim }) => B * F * (5 * dim + 5),
  bytes: ({ B, F, dim }) => 4 * (2 * B * F * dim + 2 * F),
};

/** dx and the gains' gradients from dy and x, with the deviation computed anew. */
export const varianceNormBackwardRecord: OpRecord<VarianceNormShape> = {
  name: "variance-norm-backward",
  flops: ({ B, F, dim }) => B * F * (10 * dim + 9),
  bytes: ({ B, F, dim }) => 4 * (3 * B * F * dim + 3 * F),
};

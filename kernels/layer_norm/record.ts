import type { OpRecord } from "../record.ts";

/** B inputs of F vectors of `dim` floats. */
interface LayerNormShape {
  readonly B: number;
  readonly F: number;
  readonly dim: number;
}

/** Added to the variance before its root is taken, as torch's `layer_norm` does by default. */
export const LAYER_NORM_EPS = 1e-5;

/** y = (x − mean) / sqrt(variance + 1e-5), vector by vector. */
export const layerNormForwardRecord: OpRecord<LayerNormShape> = {
  name: "layer-norm-forward",
  flops: ({ B, F, dim }) => B * F * (5 * dim + 4),
  bytes: ({ B, F, dim }) => 4 * 2 * B * F * dim,
};

/** dx = (dy − mean(dy) − y mean(dy · y)) / sqrt(variance + 1e-5), with y computed anew. */
export const layerNormBackwardRecord: OpRecord<LayerNormShape> = {
  name: "layer-norm-backward",
  flops: ({ B, F, dim }) => B * F * (12 * dim + 6),
  bytes: ({ B, F, dim }) => 4 * 3 * B * F * dim,
};

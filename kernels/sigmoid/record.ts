import type { OpRecord } from "../record.ts";

/** M rows of N floats. */
interface SigmoidShape {
  readonly M: number;
  readonly N: number;
}

/** y = sigmoid(x); a transcendental counts 1. */
export const sigmoidForwardRecord: OpRecord<SigmoidShape> = {
  name: "sigmoid-forward",
  flops: ({ M, N }) => 4 * M * N,
  bytes: ({ M, N }) => 4 * 2 * M * N,
};

/** dx = dy · y (1 − y). */
export const sigmoidBackwardRecord: OpRecord<SigmoidShape> = {
  name: "sigmoid-backward",
  flops: ({ M, N }) => 3 * M * N,
  bytes: ({ M, N }) => 4 * 3 * M * N,
};

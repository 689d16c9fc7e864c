import type { OpRecord } from "../record.ts";

/** Loss and gradient over M logits; a transcendental counts 1. */
export const bceRecord: OpRecord<{ readonly M: number }> = {
  name: "bce",
  flops: ({ M }) => 12 * M,
  bytes: ({ M }) => 4 * (3 * M + 1),
};

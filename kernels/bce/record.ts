import type { OpRecord } from "../record.ts";

/** M logits; `weighted` is 1 where each has a weight, else 0. */
interface BceShape {
  readonly M: number;
  readonly weighted: number;
}

/** Loss and gradient over M logits; a transcendental counts 1. */
export const bceRecord: OpRecord<BceShape> = {
  name: "bce",
  flops: ({ M, weighted }) => (12 + 2 * weighted) * M,
  bytes: ({ M, weighted }) => 4 * ((3 + weighted) * M + 1),
};

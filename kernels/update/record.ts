import type { OpRecord } from "../record.ts";
import type { Optimizer } from "../types.ts";

/** One optimizer step over n dense parameters. */
export function denseUpdateRecord(
  optimizer: Optimizer["kind"],
): OpRecord<{ readonly n: number }> {
  const sgd = optimizer === "sgd";
  return {
    name: `dense-update-${optimizer}`,
    flops: ({ n }) => n * (sgd ? 2 : 7),
    bytes: ({ n }) => 4 * n * (sgd ? 3 : 5),
  };
}

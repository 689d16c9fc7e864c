/**
 * A counted trace again with other hot memories. Which inputs are hot cannot be told from a trace, so the twin that it was
 * counted over is counted again.
 *
 * @module
 */

import { UserError } from "../core/errors.ts";
import { WORKLOAD_NAMES } from "../data/twin/workloads.ts";
import { type CountOptions, countTraces } from "./counts.ts";
import { condense, type CountedTrace, countTraceRuns } from "./work.ts";

/**
 * Counts a trace's twin again, as it was counted but for the hot memory.
 *
 * @param name What errors call the trace.
 * @param mebibytes Hot memories; condensed traces come in their order.
 * @throws {UserError} The trace is not counted over a twin, or a hot memory that leaves the plan too few hot minibatches.
 */
export async function recount(
  name: string,
  trace: CountedTrace,
  mebibytes: readonly number[],
  options: Pick<CountOptions, "onProgress" | "threads" | "signal"> = {},
): Promise<CountedTrace[]> {
  const { header } = trace;
  const [, twinName, inputs, seed] = /^twin:(\w+):(\d+):seed=(\d+)$/.exec(header.dataset.hash) ??
    [];
  const twin = WORKLOAD_NAMES.find((candidate) => candidate === twinName);
  if (header.origin !== "counts" || twin === undefined) {
    throw new UserError(
      `Cannot sweep the hot memory of ${name}: its inputs were told hot from cold in a run; trace a run with each --hot-memory and give all of them to --trace, or give a trace counted over a twin`,
      2,
    );
  }
  const planned = header.plan.options as Readonly<Record<string, unknown>>;
  const number = (key: string): number | undefined => {
    const value = planned[key];
    return typeof value === "number" ? value : undefined;
  };
  const traces = await countTraces({
    ...options,
    twin,
    inputs: Number(inputs),
    seed: Number(seed),
    batch: header.batch,
    drop: number("drop_share"),
    warmup: number("warm_up"),
    window: number("window_share"),
    profileEvery: number("profile_every"),
    sampled: number("sampled_minibatches"),
    classified: number("classified"),
  }, mebibytes.map((mib) => mib * 2 ** 20));
  return traces.map((one) => condense(countTraceRuns(one)));
}

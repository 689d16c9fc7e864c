/**
 * Whether something of the paper is found again, put together from what single workloads say.
 *
 * @module
 */

import type { Outcome, Settings } from "./experiment.ts";

/** What one workload says; `not decided` with too few seeds. */
export type State = Exclude<Outcome["state"], "not tested" | "reproduced in part"> | "not decided";

/**
 * All of them together. Reduced runs can show that something is there, and never that it is not.
 *
 * @param settings What the runs were made with.
 */
export function joinedState(
  states: readonly State[],
  { full, inputs, recorded }: Pick<Settings, "full" | "inputs" | "recorded">,
): Outcome["state"] {
  const found = states.filter((state) => state === "reproduced").length;
  if (states.length > 0 && found === states.length) return "reproduced";
  const isReduced = !full && inputs === null && !recorded;
  const decided = states.filter((state) => state === "reproduced" || state === "not reproduced");
  if (isReduced || decided.length < states.length || states.length === 0) {
    return "not at this size";
  }
  return found > 0 ? "reproduced in part" : "not reproduced";
}

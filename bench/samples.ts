/**
 * Samples for `bench compare`.
 *
 * @module
 */

import type { Sample } from "./experiment.ts";

/** Times, of which less is better. */
export function timeSample(name: string, unit: string, values: readonly number[]): Sample {
  return { name, unit, better: "lower", timing: true, values };
}

/** What no other machine changes, such as losses and bytes, of which less is better unless told. */
export function valueSample(
  name: string,
  unit: string,
  values: readonly number[],
  better: Sample["better"] = "lower",
): Sample {
  return { name, unit, better, timing: false, values };
}

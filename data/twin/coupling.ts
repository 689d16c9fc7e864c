/**
 * Finds how many columns must keep to an input's level of popularity for popular ids to occur together as often as they do in a
 * sample.
 *
 * @module
 */

import { checkTwin } from "./check.ts";
import type { TwinParameters } from "./parameters.ts";
import type { TwinSample } from "./sample.ts";

/** Shares that are tried: 0, 1/32, …, 1. */
const STEPS = 32;
/** Inputs drawn for each, at least. */
const DRAWN = 60_000;
/** Shares of inputs whose every id occurs at least 2, 5 and 10 times come first among what is compared. */
const SHARES = 3;
const SEED = 0;

/**
 * The coupling under which the shares of inputs whose every id occurs at least 2, 5 and 10 times come nearest to the sample's:
 * the least sum of squared differences, each in units of the standard error of the sample's share.
 *
 * @param sample Inputs that the dependence was fitted to.
 */
export function fitCoupling(parameters: TwinParameters, sample: TwinSample): number {
  const n = sample.inputs, repeats = Math.max(4, Math.ceil(DRAWN / n));
  let best = 0, least = Infinity;
  for (let step = 0; step <= STEPS; step++) {
    const coupling = step / STEPS;
    const shares = checkTwin({ ...parameters, coupling }, sample, repeats, SEED).slice(0, SHARES);
    const distance = shares.reduce((sum, { measured, twin }) => {
      // With one input more of either kind, so that a share of none has an error, too.
      const share = (n * measured + 1) / (n + 2);
      return sum + (measured - twin) ** 2 * n / (share * (1 - share));
    }, 0);
    if (distance < least) {
      least = distance;
      best = coupling;
    }
  }
  return best;
}

/**
 * Which experiment takes which flags of `deno task bench`: what is given to those that take none of it is refused.
 *
 * @module
 */

import { UsageError } from "../core/errors.ts";
import { parseFlags } from "../core/flags.ts";
import type { Experiment, ExperimentFlag, Settings } from "./experiment.ts";
import { BENCH_FLAGS, EXPERIMENT_FLAG_KEYS, settingsOf } from "./flags.ts";

/** What is asked of an experiment here. */
type Taker = Pick<Experiment, "name" | "flags">;

const OWN: ReadonlySet<string> = new Set(EXPERIMENT_FLAG_KEYS);

/** Those of some flags that at least one of the experiments takes; flags that all experiments take are among them. */
export function takenFlags(keys: Iterable<string>, experiments: readonly Taker[]): string[] {
  return [...keys].filter((key) =>
    !OWN.has(key) || experiments.some(({ flags }) => flags.includes(key as ExperimentFlag))
  );
}

/**
 * Checks that each flag means something to at least one of the experiments that are to run.
 *
 * @param given Spellings of the flags that were given, by key.
 * @param all Where else a flag may be of use.
 * @param who The experiments that are to run, in words: `accuracy`.
 * @throws {UsageError} It names the experiments that take the flag.
 */
export function checkTaken(
  given: ReadonlyMap<string, string>,
  chosen: readonly Taker[],
  all: readonly Taker[],
  who: string,
): void {
  const taken = new Set(takenFlags(given.keys(), chosen));
  for (const [key, spelling] of given) {
    if (taken.has(key)) continue;
    throw new UsageError(
      `Cannot use ${spelling} with ${who}: the flag is for ${namesOfTakers(key, all).join(", ")}`,
    );
  }
}

/** Names of the experiments that take a flag. */
export function namesOfTakers(key: string, all: readonly Taker[]): string[] {
  return all.filter(({ flags }) => flags.includes(key as ExperimentFlag)).map(({ name }) => name);
}

/** Settings with the defaults of all flags that the experiment does not take, and with those that it always has. */
export function ownSettings(
  { flags, fixed = {} }: Pick<Experiment, "flags" | "fixed">,
  settings: Settings,
): Settings {
  const { values } = parseFlags(BENCH_FLAGS, []);
  const defaults = settingsOf({ ...values, smoke: settings.smoke }, settings);
  const others = EXPERIMENT_FLAG_KEYS.filter((key) => !flags.includes(key));
  return {
    ...settings,
    ...Object.fromEntries(others.map((key) => [key, defaults[key]])),
    ...fixed,
  };
}

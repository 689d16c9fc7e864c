/**
 * Variants that are `fae` or `baseline` stopped early, and nothing else.
 *
 * @module
 */

import { variantOf } from "./variants.ts";

/** Plans that are stopped early. */
export const RIVALS = ["fae", "baseline"] as const;

/** A plan that is stopped early. */
export type Rival = typeof RIVALS[number];

/** The plan whose budget a variant is, if it is one and nothing else. */
export function rivalOf(
  variant: string,
): { readonly rival: Rival; readonly budget: number } | null {
  const { plan, options } = variantOf(variant).words;
  const rival = RIVALS.find((name) => name === plan);
  const { budget = "1", schedule: _schedule, rate: _rate, "least-rate": _least, ...others } =
    options;
  return rival === undefined || Object.keys(others).length > 0
    ? null
    : { rival, budget: Number(budget) };
}

/** The variants among some that are a rival's budgets, the largest last. */
export function budgetsOf(names: readonly string[], rival: Rival): string[] {
  return names.flatMap((name) => {
    const found = rivalOf(name);
    return found?.rival === rival ? [{ name, budget: found.budget }] : [];
  }).sort((a, b) => a.budget - b.budget).map(({ name }) => name);
}

/** The variant among some that is a rival on all of its inputs. */
export function wholeOf(names: readonly string[], rival: Rival): string | undefined {
  return budgetsOf(names, rival).find((name) => rivalOf(name)!.budget === 1);
}

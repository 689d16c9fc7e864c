/**
 * Comparing the variants of a study over the seeds that both have.
 *
 * @module
 */

import type { Datum } from "../../figures/figure.ts";
import { differencesBySeed, type Estimate, estimate, pairedDifference } from "./statistics.ts";
import type { StudyKey, StudyResult, StudyStore, Wanted } from "./store.ts";

/** What is compared. */
export type Measure = (result: StudyResult) => number;

/** AUC on the test split. */
export const AUC: Measure = ({ metrics }) => metrics.auc!;
/** Log-loss on the test split. */
export const LOG_LOSS: Measure = ({ metrics }) => metrics.logloss!;

/** Results of one workload and size. */
export class StudyResults {
  readonly #byVariant: ReadonlyMap<string, readonly StudyResult[]>;

  private constructor(byVariant: ReadonlyMap<string, readonly StudyResult[]>) {
    this.#byVariant = byVariant;
  }

  /** Reads what a store has of seeds 1 to `seeds`, variants under the names they are given here. */
  static async read(
    store: StudyStore,
    runs: Omit<StudyKey, "seed" | "variant">,
    seeds: number,
    variants: Readonly<Record<string, string>>,
    wanted: Wanted = "accuracy",
  ): Promise<StudyResults> {
    const byVariant = new Map<string, StudyResult[]>();
    for (const [name, variant] of Object.entries(variants)) {
      const own: StudyResult[] = [];
      for (let seed = 1; seed <= seeds; seed++) {
        const result = await store.read({ ...runs, seed, variant }, wanted);
        if (result !== null) own.push(result);
      }
      byVariant.set(name, own);
    }
    return new StudyResults(byVariant);
  }

  /** Of results that are at hand, by the names they are given here. */
  static of(byVariant: ReadonlyMap<string, readonly StudyResult[]>): StudyResults {
    return new StudyResults(byVariant);
  }

  /** Names of the variants, with or without results. */
  get names(): readonly string[] {
    return [...this.#byVariant.keys()];
  }

  /** All results, variant by variant. */
  get all(): readonly StudyResult[] {
    return [...this.#byVariant.values()].flat();
  }

  /** Results of a variant, by seed. */
  of(variant: string): readonly StudyResult[] {
    return this.#byVariant.get(variant) ?? [];
  }

  /** The mean of a measure over a variant's seeds; null without any. */
  mean(variant: string, measure: Measure): Estimate | null {
    const own = this.of(variant);
    return own.length === 0 ? null : estimate(own.map(measure));
  }

  /** A measure of a variant's results, by seed. */
  bySeed(variant: string, measure: Measure): Map<number, number> {
    return new Map(this.of(variant).map((result) => [result.seed, measure(result)]));
  }

  /** The differences a - b of the seeds that have both. */
  differences(a: string, b: string, measure: Measure): Map<number, number> {
    return differencesBySeed(this.bySeed(a, measure), this.bySeed(b, measure));
  }

  /** The mean difference a - b; null where no seed has both. */
  difference(a: string, b: string, measure: Measure): Estimate | null {
    return pairedDifference(this.bySeed(a, measure), this.bySeed(b, measure));
  }
}

/** Inputs that were passed over, in percent of the hot ones: the mean over runs. */
export function droppedOfHot(runs: readonly StudyResult[]): number {
  const shares = runs.map(({ skipped_inputs, plan: { hot } }) =>
    100 * skipped_inputs / Math.max(1, hot?.hot_inputs ?? 1)
  );
  return shares.reduce((sum, share) => sum + share, 0) / shares.length;
}

/** A mean for a figure, with its interval where there is one. */
export function datumOf({ mean, half }: Estimate): Pick<Datum, "y" | "low" | "high"> {
  return { y: mean, ...(half === null ? {} : { low: mean - half, high: mean + half }) };
}

/** `0.78195 ± 0.00021`; empty for nothing. */
export function formatEstimate(of: Estimate | null, digits = 5): string {
  if (of === null) return "";
  return `${of.mean.toFixed(digits)}${of.half === null ? "" : ` ± ${of.half.toFixed(digits)}`}`;
}

/**
 * The same with a sign.
 *
 * @param shown Whether a test shows the difference, which a star says.
 */
export function formatDifference(of: Estimate | null, digits = 5, shown = false): string {
  if (of === null) return "";
  return `${of.mean >= 0 ? "+" : ""}${formatEstimate(of, digits)}${shown ? " *" : ""}`;
}

/** `95 % interval -0.00002 to 0.00021`. */
export function intervalOf({ mean, half }: Estimate, digits: number): string {
  return half === null
    ? "no interval"
    : `95 % interval ${(mean - half).toFixed(digits)} to ${(mean + half).toFixed(digits)}`;
}

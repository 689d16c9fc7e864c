/**
 * Plans against training on less: what each reaches for what it costs, beside `fae` and `baseline` stopped early.
 *
 * @module
 */

import type { Origin } from "../../figures/figure.ts";
import { BudgetCurve, type FoundCost } from "./budget_curve.ts";
import { AUC, LOG_LOSS, type Measure, type StudyResults } from "./compare.ts";
import { budgetsOf, type Rival, rivalOf, RIVALS, wholeOf } from "./rivals.ts";
import { type Estimate, estimate, LEAST_SEEDS } from "./statistics.ts";
import type { StudyResult } from "./store.ts";
import type { Trained } from "./trained.ts";
import { variantOf } from "./variants.ts";

/** What accuracy is paid with. */
export interface Cost {
  /** Lower case with dashes. */
  readonly name: string;
  /** As the end of a sentence that begins with "at equal": `time on this machine`. */
  readonly title: string;
  /** What an axis of it calls it: `simulated time`. */
  readonly saved: string;
  readonly unit: string;
  readonly origin: Origin;
  /** Of a run; null where it is not known. */
  of(run: StudyResult): number | null;
}

/** A plan on a workload, against those that are stopped early at the same cost. */
export interface Standing extends Pick<Trained, "workload" | "size" | "results"> {
  /** The variant. */
  readonly name: string;
  /** Seeds that it and the rival have at this cost. */
  readonly seeds: number;
  /** Its cost, in the unit. */
  readonly cost: Estimate;
  /** That in per cent of the cost of `fae` on all inputs. */
  readonly percent: Estimate;
  /** The rival that is better at that cost, in the mean; null where neither has been trained at it. */
  readonly rival: Rival | null;
  /** AUC beyond the rival's at equal cost. */
  readonly auc: Estimate | null;
  /** Log-loss beyond the rival's at equal cost; lower is better. */
  readonly logLoss: Estimate | null;
  /**
   * Of the cost at which the rival reaches the same AUC, the share that is saved, in per cent; `below` where the rival reaches
   * it with its smallest budget in some seed, `above` where it does not with all inputs.
   */
  readonly saved: Estimate | "below" | "above" | null;
}

/**
 * A rival's curve of each seed, all through the same budgets, so that what is read off differs by seed and not by where a seed
 * happens to have points. Seeds lack budgets while runs are still being trained: then those budgets count, and the seeds that
 * have all of them, that give seeds enough to decide something, and after that the most points.
 */
function curvesOf(
  results: StudyResults,
  rival: Rival,
  cost: Cost,
  measure: Measure,
): ReadonlyMap<number, BudgetCurve> {
  const whole = wholeOf(results.names, rival);
  const curves = new Map<number, BudgetCurve>();
  if (whole === undefined) return curves;
  const less = budgetsOf(results.names, rival).filter((name) =>
    rivalOf(name)!.budget < 1 && scheduleOf(name) === scheduleOf(whole)
  );
  const { names, seeds } = shared(results, whole, less);
  for (const seed of seeds) {
    const points = names.flatMap((name) => {
      const run = results.of(name).find((one) => one.seed === seed)!, paid = cost.of(run);
      return paid === null ? [] : [{ cost: paid, value: measure(run) }];
    });
    if (points.length === names.length) curves.set(seed, new BudgetCurve(points));
  }
  return curves;
}

function scheduleOf(name: string): string {
  return variantOf(name).plan.schedule;
}

/** Budgets, and the seeds that have all of them. */
interface Shared {
  readonly names: readonly string[];
  readonly seeds: readonly number[];
}

/** Those that are read off: the whole run, and some of the budgets below it. */
function shared(results: StudyResults, whole: string, less: readonly string[]): Shared {
  const seedsOf = (name: string): number[] => results.of(name).map(({ seed }) => seed);
  const alone: Shared = { names: [whole], seeds: seedsOf(whole) };
  let sets = [alone];
  for (const name of less) {
    const own = new Set(seedsOf(name));
    const more = sets.map(({ names, seeds }) => ({
      names: [...names, name],
      seeds: seeds.filter((seed) => own.has(seed)),
    }));
    sets = [...sets, ...more.filter(({ seeds }) => seeds.length > 0)];
  }
  const decides = ({ seeds }: Shared) => Math.min(seeds.length, LEAST_SEEDS);
  const points = ({ names, seeds }: Shared) => (names.length - 1) * seeds.length;
  return sets.slice(1).toSorted((a, b) => decides(b) - decides(a) || points(b) - points(a))[0] ??
    alone;
}

/** Higher is better, as curves have it. */
const NEGATED_LOG_LOSS: Measure = (run) => -LOG_LOSS(run);

/** How every variant that is no rival's budget stands at a cost; those whose cost nobody knows are left out. */
export function standingsOf(
  { workload, size, results }: Pick<Trained, "workload" | "size" | "results">,
  cost: Cost,
): Standing[] {
  const curves = {
    auc: byRival((rival) => curvesOf(results, rival, cost, AUC)),
    logLoss: byRival((rival) => curvesOf(results, rival, cost, NEGATED_LOG_LOSS)),
  };
  return results.names.filter((name) => rivalOf(name) === null).flatMap((name): Standing[] => {
    const runs = results.of(name).flatMap((run) => {
      const paid = cost.of(run), whole = curves.auc.fae.get(run.seed)?.whole;
      return paid === null || whole === undefined ? [] : [{ run, paid, whole: whole.cost }];
    });
    if (runs.length === 0) return [];
    const against = (rival: Rival, of: keyof typeof curves, value: Measure): number[] =>
      runs.flatMap(({ run, paid }) => {
        const at = curves[of][rival].get(run.seed)?.at(paid) ?? null;
        return at === null ? [] : [value(run) - at];
      });
    // In AUC less ahead of the better rival.
    const known = RIVALS.flatMap((rival) => {
      const found = against(rival, "auc", AUC);
      return found.length === 0 ? [] : [{ rival, auc: estimate(found) }];
    });
    const best = known.toSorted((a, b) => a.auc.mean - b.auc.mean)[0] ?? null;
    return [{
      workload,
      size,
      results,
      name,
      seeds: best?.auc.seeds ?? runs.length,
      cost: estimate(runs.map(({ paid }) => paid)),
      percent: estimate(runs.map(({ paid, whole }) => 100 * paid / whole)),
      rival: best?.rival ?? null,
      auc: best?.auc ?? null,
      logLoss: best === null ? null : negated(against(best.rival, "logLoss", NEGATED_LOG_LOSS)),
      saved: best === null ? null : savedOf(
        runs.flatMap(({ run, paid }) => {
          const curve = curves.auc[best.rival].get(run.seed);
          return curve === undefined ? [] : [{ paid, found: curve.costOf(AUC(run)) }];
        }),
      ),
    }];
  });
}

function byRival<T>(of: (rival: Rival) => T): Readonly<Record<Rival, T>> {
  return { fae: of("fae"), baseline: of("baseline") };
}

function negated(values: readonly number[]): Estimate | null {
  return values.length === 0 ? null : estimate(values.map((value) => -value));
}

/** Saved of the costs that a rival needs; where one lies outside of its curve, on which side. */
function savedOf(
  needed: readonly { readonly paid: number; readonly found: FoundCost }[],
): Standing["saved"] {
  if (needed.length === 0) return null;
  const shares: number[] = [];
  for (const { paid, found } of needed) {
    if (typeof found === "string") return found;
    shares.push(100 * (1 - paid / found.cost));
  }
  return estimate(shares);
}

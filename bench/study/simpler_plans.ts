/**
 * Plans beside simpler ones: the chosen plan and the paper's beside popularity alone, which needs no snapshot, and beside
 * chance; a plan that looks again beside itself deciding once; plans that tell hot inputs from cold ones beside one that does
 * not; and, where inputs are trained in the order of time, plans beside leaving out the oldest. What plans come to against
 * training on everything, or on less, does not say what of them is needed.
 *
 * @module
 */

import { countColumn, numberColumn, plainColumn, tableOf } from "../columns.ts";
import type { ResultTable } from "../experiment.ts";
import { signed } from "../paper_machine.ts";
import { AUC, intervalOf, LOG_LOSS, type Measure, type StudyResults } from "./compare.ts";
import {
  studyWords,
  testedColumn,
  type TestedDifference,
  testTogether,
  WORKLOAD_COLUMN,
} from "./comparison.ts";
import { orderOf } from "./ground.ts";
import { wholeOf } from "./rivals.ts";
import { type Estimate, estimate, LEAST_SEEDS } from "./statistics.ts";
import type { Trained } from "./trained.ts";
import { CHOSEN_PLAN, SCHEDULE_WORDS, shortName, variantOf } from "./variants.ts";

const INPUTS: Measure = (run) => run.trained_inputs;

/** What choosing by popularity is called. */
const POPULARITY = "slipstream,criterion=popularity";

/** As many inputs dropped by chance. */
const RANDOM = "random-drop";

/** The paper's plan. */
const PAPERS = "slipstream";

/** Every input in its order, which needs no hot set. */
const EVERY = "baseline";

/** What each is set beside. */
const SIMPLER: ReadonlyMap<string, readonly string[]> = new Map([
  [shortName(CHOSEN_PLAN), [PAPERS, POPULARITY, RANDOM, EVERY]],
  [PAPERS, [POPULARITY, RANDOM]],
  ["fae", [EVERY]],
]);

/** Plans that are set beside leaving out the oldest inputs as well, where these are trained in the order of time. */
const BESIDE_NEWEST = [shortName(CHOSEN_PLAN), PAPERS];

/** A plan and a simpler one, on the seeds that both have. */
interface Pair extends Pick<Trained, "workload" | "size"> {
  readonly plan: string;
  readonly simpler: string;
  readonly seeds: number;
  /** Inputs that the plan trained, in per cent of those of `fae`. */
  readonly percent: number | null;
  readonly simplerPercent: number | null;
  /** The plan's beyond the simpler one's. */
  readonly auc: Estimate;
  readonly logLoss: Estimate;
}

/** Pairs, their differences in each measure tested together. */
export interface BesideSimpler {
  readonly pairs: readonly Pair[];
  readonly auc: readonly (TestedDifference | null)[];
  readonly logLoss: readonly (TestedDifference | null)[];
}

/** Sets plans beside the simpler ones that have been trained on a workload. */
export function besideSimpler(trained: readonly Trained[]): BesideSimpler {
  const pairs = trained.flatMap(pairsOf);
  const [auc] = testTogether([pairs.map((pair) => pair.auc)]);
  const [logLoss] = testTogether([pairs.map((pair) => pair.logLoss)]);
  return { pairs, auc: auc!, logLoss: logLoss! };
}

function pairsOf({ workload, size, results }: Trained): Pair[] {
  const { names } = results, whole = wholeOf(names, "fae");
  const all = whole === undefined ? new Map<number, number>() : results.bySeed(whole, INPUTS);
  const inTime = orderOf({ seed: 1, ...size }).kind === "sequential";
  return names.flatMap((plan) => {
    const simpler = simplerThan(shortName(plan)), { schedule } = variantOf(plan).plan;
    const others = names.filter((name) =>
      simpler.includes(shortName(name)) &&
      (name === EVERY || variantOf(name).plan.schedule === schedule)
    );
    const newest = inTime && BESIDE_NEWEST.includes(shortName(plan))
      ? nearestNewest(results, plan)
      : null;
    return [...others, ...(newest === null ? [] : [newest])].flatMap((name): Pair[] => {
      const auc = results.difference(plan, name, AUC);
      const logLoss = results.difference(plan, name, LOG_LOSS);
      if (auc === null || logLoss === null) return [];
      const seeds = [...results.differences(plan, name, AUC).keys()];
      const percent = (of: string): number | null => {
        const shares = seeds.flatMap((seed) =>
          all.has(seed) ? [100 * results.bySeed(of, INPUTS).get(seed)! / all.get(seed)!] : []
        );
        return shares.length === 0 ? null : estimate(shares).mean;
      };
      return [{
        ...{ workload, size, plan, auc, logLoss, simpler: name, seeds: seeds.length },
        percent: percent(plan),
        simplerPercent: percent(name),
      }];
    });
  });
}

/** `fae` without the oldest inputs, of those that were trained the one with most nearly as many inputs as a plan. */
function nearestNewest(results: StudyResults, plan: string): string | null {
  const apart = (name: string): number =>
    Math.abs(results.difference(plan, name, INPUTS)?.mean ?? Infinity);
  const own = variantOf(plan).words.options;
  const all = results.names.filter((name) => {
    const { plan: base, options } = variantOf(name).words;
    const { "budget-of": part, budget, ...rest } = options;
    return base === "fae" && part === "last" && budget !== undefined &&
      Object.keys(rest).every((word) => SCHEDULE_WORDS.some((known) => known === word)) &&
      SCHEDULE_WORDS.every((word) => rest[word] === own[word]);
  });
  return all.toSorted((a, b) => apart(a) - apart(b))[0] ?? null;
}

/** What a plan is set beside: one that looks again also beside itself deciding once. */
function simplerThan(plan: string): readonly string[] {
  const once = plan.replace(/,wake-every=[^,]+/, "");
  return [...SIMPLER.get(plan) ?? [], ...(once === plan ? [] : [once])];
}

/** A line a pair. */
export function besideTable({ pairs, auc, logLoss }: BesideSimpler): ResultTable {
  return tableOf({ title: "Plans beside simpler ones" }, pairs, [
    WORKLOAD_COLUMN,
    countColumn("inputs", ({ size }) => size.inputs),
    numberColumn("seeds", 0, ({ seeds }) => seeds),
    plainColumn("plan", ({ plan }) => shortName(plan)),
    plainColumn("beside", ({ simpler }) => shortName(simpler)),
    numberColumn("% of fae's inputs", 1, ({ percent }) => percent),
    numberColumn("% beside", 1, ({ simplerPercent }) => simplerPercent),
    testedColumn("AUC", pairs, auc),
    testedColumn("log-loss", pairs, logLoss),
  ]);
}

/** Of each workload whether the chosen plan does better than popularity alone, which needs no snapshot. */
export function besideSentences({ pairs, auc }: BesideSimpler): string[] {
  return pairs.flatMap((pair, i) => {
    if (pair.plan !== CHOSEN_PLAN || shortName(pair.simpler) !== POPULARITY) return [];
    const { seeds, percent, simplerPercent } = pair;
    const { mean } = pair.auc;
    const by = `${signed(5)(mean)} AUC (${intervalOf(pair.auc, 5)})`;
    const found = seeds < LEAST_SEEDS
      ? `not decided with fewer than ${LEAST_SEEDS} seeds; the chosen plan differs by ${by}`
      : auc[i]!.shown
      ? `the chosen plan is ${mean > 0 ? "ahead" : "behind"}, by ${by}`
      : `neither is shown to be ahead; the chosen plan differs by ${by}`;
    const shares = percent === null || simplerPercent === null
      ? ""
      : `; it trains ${percent.toFixed(1)} % of the inputs, popularity alone ${
        simplerPercent.toFixed(1)
      } %`;
    return [`${studyWords(pair)}, beside dropping by popularity alone: ${found}${shares}`];
  });
}

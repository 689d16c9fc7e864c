/**
 * The chosen plan beside plans that need less of it: no snapshot, no other criterion, no criterion at all. Against training on
 * everything, or on less, it says nothing of what in it is needed.
 *
 * @module
 */

import { counted, formatCount } from "../../core/format.ts";
import { countColumn, figureColumn, numberColumn, plainColumn, tableOf } from "../columns.ts";
import type { ResultTable } from "../experiment.ts";
import { signed } from "../paper_machine.ts";
import { AUC, formatEstimate, LOG_LOSS, type Measure } from "./compare.ts";
import { testedColumn, type TestedDifference, testTogether } from "./comparison.ts";
import { wholeOf } from "./rivals.ts";
import { type Estimate, LEAST_SEEDS } from "./statistics.ts";
import type { Trained } from "./trained.ts";
import { CHOSEN_PLAN, shortName } from "./variants.ts";
import { kindOf, studyLabel } from "./workload.ts";

/** What choosing by popularity is called. */
const POPULARITY = "slipstream,criterion=popularity";

/** The simpler plans: the paper's criterion, how often rows are used, and chance. */
const SIMPLER: readonly string[] = ["slipstream", POPULARITY, "random-drop"];

/** The chosen plan and a simpler one, on the seeds that both have. */
interface Pair extends Pick<Trained, "workload" | "size"> {
  readonly simpler: string;
  readonly seeds: number;
  /** Inputs trained, in per cent of those of `fae`. */
  readonly chosenPercent: Estimate | null;
  readonly simplerPercent: Estimate | null;
  /** The chosen plan's beyond the other's. */
  readonly auc: Estimate;
  readonly logLoss: Estimate;
}

/** Pairs, their differences in each measure tested together. */
export interface BesideChosen {
  readonly pairs: readonly Pair[];
  readonly auc: readonly (TestedDifference | null)[];
  readonly logLoss: readonly (TestedDifference | null)[];
}

/** Sets the chosen plan beside the simpler ones that have been trained on a workload. */
export function besideChosen(trained: readonly Trained[]): BesideChosen {
  const pairs = trained.flatMap(pairsOf);
  const [auc] = testTogether([pairs.map((pair) => pair.auc)]);
  const [logLoss] = testTogether([pairs.map((pair) => pair.logLoss)]);
  return { pairs, auc: auc!, logLoss: logLoss! };
}

function pairsOf({ workload, size, results }: Trained): Pair[] {
  const whole = wholeOf(results.names, "fae");
  const inputs: Measure = (run) => run.trained_inputs;
  const percent = (name: string): Estimate | null => {
    const all = whole === undefined ? null : results.mean(whole, inputs);
    const own = results.mean(name, inputs);
    return all === null || own === null
      ? null
      : { ...own, mean: 100 * own.mean / all.mean, half: null };
  };
  return results.names.filter((name) => SIMPLER.includes(shortName(name))).flatMap((name) => {
    const auc = results.difference(CHOSEN_PLAN, name, AUC);
    const logLoss = results.difference(CHOSEN_PLAN, name, LOG_LOSS);
    return auc === null || logLoss === null ? [] : [{
      ...{ workload, size, auc, logLoss, simpler: name, seeds: auc.seeds },
      chosenPercent: percent(CHOSEN_PLAN),
      simplerPercent: percent(name),
    }];
  });
}

/** A line a pair. */
export function besideTable({ pairs, auc, logLoss }: BesideChosen): ResultTable {
  return tableOf({ title: "The chosen plan beside simpler ones" }, pairs, [
    plainColumn("workload", ({ workload, size }) => studyLabel(workload, size.twin)),
    countColumn("inputs", ({ size }) => size.inputs),
    numberColumn("seeds", 0, ({ seeds }) => seeds),
    plainColumn("beside", ({ simpler }) => shortName(simpler)),
    figureColumn("% of fae's inputs", ({ chosenPercent }) => formatEstimate(chosenPercent, 1)),
    figureColumn("% beside", ({ simplerPercent }) => formatEstimate(simplerPercent, 1)),
    testedColumn("AUC", pairs, auc),
    testedColumn("log-loss", pairs, logLoss),
  ]);
}

/** Of each workload whether the chosen plan does better than popularity alone, which needs no snapshot. */
export function besideSentences({ pairs, auc }: BesideChosen): string[] {
  return pairs.flatMap((pair, i) => {
    if (shortName(pair.simpler) !== POPULARITY) return [];
    const { workload, size, seeds, chosenPercent, simplerPercent } = pair;
    const { mean, half } = pair.auc;
    const interval = half === null
      ? "no interval"
      : `95 % interval ${(mean - half).toFixed(5)} to ${(mean + half).toFixed(5)}`;
    const by = `${signed(5)(mean)} AUC (${interval})`;
    const found = seeds < LEAST_SEEDS
      ? `not decided with fewer than ${LEAST_SEEDS} seeds; the chosen plan differs by ${by}`
      : auc[i]!.shown
      ? `the chosen plan is ${mean > 0 ? "ahead" : "behind"}, by ${by}`
      : `neither is shown to be ahead; the chosen plan differs by ${by}`;
    const shares = chosenPercent === null || simplerPercent === null
      ? ""
      : `; it trains ${chosenPercent.mean.toFixed(1)} % of the inputs, popularity alone ${
        simplerPercent.mean.toFixed(1)
      } %`;
    return [
      `${studyLabel(workload, size.twin)} (${kindOf(workload)}), ${
        formatCount(size.inputs)
      } inputs, ${counted(seeds, "seed")}, beside dropping by popularity alone: ${found}${shares}`,
    ];
  });
}

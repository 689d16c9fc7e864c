/**
 * What the runs of one log say of skipping: what it saves, what it costs, and whether training on less would do as well. Numbers
 * alone; `verdict.ts` has the sentences.
 *
 * @module
 */

import type { Origin } from "../../figures/figure.ts";
import { AUC, LOG_LOSS, type StudyResults } from "../study/compare.ts";
import { type TestedDifference, testTogether } from "../study/comparison.ts";
import { type Cost, standingsOf } from "../study/frontier.ts";
import { type Rival, wholeOf } from "../study/rivals.ts";
import { DrawnPlace, simulatedCost, type SimulatedPlace } from "../study/simulated.ts";
import { estimate, estimateRatio, LEAST_SEEDS } from "../study/statistics.ts";
import type { StudyResult } from "../study/store.ts";
import type { Trained } from "../study/trained.ts";
import { shortName, variantOf } from "../study/variants.ts";

/** A share of time that is saved; below 0 where more is taken. */
export interface Saving {
  readonly share: number;
  /** Ends of the 95 % interval over seeds, or of the range over draws; null for too few seeds. */
  readonly low: number | null;
  readonly high: number | null;
}

/** What is saved at one place, of the time of both plans that train on everything. */
export interface SavedAt {
  /** As the end of a sentence: `on 4 x V100, rows in host memory`. */
  readonly place: string;
  readonly origin: Origin;
  /** Null where the other plan cannot be had there. */
  readonly of: Readonly<Record<Rival, Saving | null>>;
}

/** Skipping beside a plan that is stopped early, at equal cost. */
export interface Less {
  /** As the end of a sentence that begins with "at equal". */
  readonly cost: string;
  /** As the end of one that begins with "at equal time"; null where the cost is no time. */
  readonly place: string | null;
  readonly origin: Origin;
  readonly rival: Rival;
  /** AUC beyond the rival's. */
  readonly auc: TestedDifference;
  /** How many differences were tested together with this one, itself counted. */
  readonly tests: number;
}

/** A way of skipping, against training on everything and training on less. */
export interface Candidate {
  /** Without what all variants have. */
  readonly name: string;
  /** Inputs passed over, in per cent of all: the mean over seeds. */
  readonly skippedPercent: number;
  readonly seeds: number;
  readonly saved: readonly SavedAt[];
  /** Against `fae` on all inputs. */
  readonly auc: TestedDifference;
  readonly logLoss: TestedDifference;
  /** Costs at which nothing can be said are missing. Inputs come first. */
  readonly less: readonly Less[];
  /** AUC beyond that of as many inputs dropped at random; null where there are no such runs. */
  readonly random: TestedDifference | null;
}

/** The places where time is known, and what it is called in sentences. */
export interface Place {
  readonly cost: Cost;
  /** Null here, where it is measured. */
  readonly simulated: DrawnPlace | null;
  /** As the end of a sentence: `here`, `on 4 x V100, rows in host memory`. */
  readonly title: string;
}

/** Seeds whose runs are simulated: what differs between them is small beside what is uncertain of a machine. */
const SIMULATED_SEEDS = 3;

/**
 * Where time is known: here, and at each place that is simulated.
 *
 * @param here What computes here.
 * @param draws Of what is uncertain.
 */
export function placesOf(
  here: string,
  places: readonly SimulatedPlace[],
  draws: number,
): Place[] {
  const simulated = places.map((place, i): Place => ({
    title: `on ${place.title}`,
    simulated: new DrawnPlace(place, draws),
    cost: simulatedCost(place, `simulated-${i + 1}`),
  }));
  return [{
    title: "here",
    simulated: null,
    cost: {
      name: "measured",
      title: `training time on ${here}`,
      saved: "training time",
      unit: "s",
      origin: "measured",
      of: trainSeconds,
    },
  }, ...simulated];
}

/** Seconds of training, without preparation and evaluations. */
export function trainSeconds({ train_ms }: StudyResult): number {
  return train_ms / 1000;
}

/** Inputs as a cost. */
export const INPUTS_COST: Cost = {
  name: "inputs",
  title: "inputs trained",
  saved: "inputs",
  unit: "inputs",
  origin: "measured",
  of: ({ trained_inputs }) => trained_inputs,
};

/**
 * The ways of skipping, the best first: whichever is furthest ahead of training on less, at as many inputs, in the mean.
 *
 * @param compared Variants that skip, of which something can be said.
 */
export function candidatesOf(
  trained: Trained,
  compared: readonly string[],
  places: readonly Place[],
): Candidate[] {
  const { results } = trained;
  const fae = wholeOf(results.names, "fae");
  const names = compared.filter((name) => results.of(name).length > 0);
  if (fae === undefined || names.length === 0) return [];
  const against = (measure: typeof AUC) =>
    testTogether([names.map((name) => results.difference(name, fae, measure))])[0]!;
  const auc = against(AUC), logLoss = against(LOG_LOSS);
  const random = testTogether([
    names.map((name) => {
      const control = controlOf(results, name);
      return control === null ? null : results.difference(name, control, AUC);
    }),
  ])[0]!;
  const less = lessOf(trained, names, [{ cost: INPUTS_COST, title: null }, ...places]);
  const found = names.flatMap((name, i): Candidate[] => {
    if (auc[i] === null || logLoss[i] === null) return [];
    const runs = results.of(name);
    return [{
      name: shortName(name),
      skippedPercent: estimate(runs.map(skippedPercent)).mean,
      seeds: auc[i]!.found.seeds,
      saved: places.map((place) => savedAt(results, name, place)),
      auc: auc[i]!,
      logLoss: logLoss[i]!,
      less: less[i]!,
      random: random[i]!,
    }];
  });
  const ahead = ({ less, auc }: Candidate) => (less[0]?.auc ?? auc).found.mean;
  // What was trained with fewer seeds than others is no better for it.
  return found.toSorted((a, b) => b.seeds - a.seeds || ahead(b) - ahead(a));
}

/** Inputs passed over, in per cent of those that train. */
export function skippedPercent({ skipped_inputs, train_inputs }: StudyResult): number {
  return 100 * skipped_inputs / train_inputs;
}

/** How far apart shares of skipped inputs may be, in per cent of all, and still count as one. */
const SAME_SHARE_PERCENT = 1;

/** The control that drops as large a share at random; null where there is none. */
export function controlOf(results: StudyResults, name: string): string | null {
  const mean = (of: string) => estimate(results.of(of).map(skippedPercent)).mean;
  const controls = results.names.filter((one) =>
    variantOf(one).words.plan === "random-drop" && results.of(one).length > 0
  );
  const distance = (one: string) => Math.abs(mean(one) - mean(name));
  const [nearest] = controls.toSorted((a, b) => distance(a) - distance(b));
  return nearest !== undefined && distance(nearest) <= SAME_SHARE_PERCENT ? nearest : null;
}

/**
 * Every variant beside training on less, at each cost. All are tested together, whatever the cost, because one difference that is
 * shown decides the verdict.
 */
function lessOf(
  trained: Trained,
  names: readonly string[],
  costs: readonly { readonly cost: Cost; readonly title: string | null }[],
): Less[][] {
  const standings = costs.map(({ cost }) => {
    const all = standingsOf(trained, cost);
    return names.map((name) => all.find((one) => one.name === name) ?? null);
  });
  const tested = testTogether(standings.map((list) => list.map((one) => one?.auc ?? null)));
  const tests = tested.flat().filter((one) => one !== null).length;
  return names.map((_, i) =>
    costs.flatMap(({ cost, title }, c): Less[] => {
      const rival = standings[c]![i]?.rival ?? null, auc = tested[c]![i] ?? null;
      return rival === null || auc === null
        ? []
        : [{ cost: cost.title, place: title, origin: cost.origin, rival, auc, tests }];
    })
  );
}

function savedAt(
  results: StudyResults,
  name: string,
  { cost, simulated, title }: Place,
): SavedAt {
  const of = (rival: Rival): Saving | null => {
    const whole = wholeOf(results.names, rival);
    if (whole === undefined) return null;
    return simulated === null
      ? measuredSaving(results, name, whole, trainSeconds)
      : predictedSaving(results, name, whole, simulated);
  };
  return {
    place: title,
    origin: cost.origin,
    of: { fae: of("fae"), baseline: of("baseline") },
  };
}

/** What a variant saves of another's time, paired by seed. */
export function measuredSaving(
  results: StudyResults,
  name: string,
  other: string,
  paid: (run: StudyResult) => number,
): Saving | null {
  const ratio = estimateRatio(results.bySeed(name, paid), results.bySeed(other, paid));
  if (ratio === null) return null;
  // Of two seeds the interval would be thirteen times as wide as they lie apart.
  const known = ratio.seeds >= LEAST_SEEDS;
  return {
    share: 1 - ratio.ratio,
    low: known ? 1 - ratio.high! : null,
    high: known ? 1 - ratio.low! : null,
  };
}

function predictedSaving(
  results: StudyResults,
  name: string,
  other: string,
  place: DrawnPlace,
): Saving | null {
  const others = new Map(results.of(other).map((run) => [run.seed, run]));
  const pairs = results.of(name).flatMap((run) => {
    const pair = others.get(run.seed);
    return pair === undefined ? [] : [[run, pair] as const];
  });
  return place.saving(pairs.slice(0, SIMULATED_SEEDS));
}

/** The whole answer. */
export interface Answer {
  /** The log: `log my`. */
  readonly log: string;
  /** Inputs that train. */
  readonly inputs: number;
  /** Whether the log goes on behind the rows that were read. */
  readonly cut: boolean;
  /** Minutes that it might take; null without a limit. */
  readonly budget: number | null;
  /** Seeds that were asked for; null for as many as fit. */
  readonly seedsAsked: number | null;
  /** The best first. */
  readonly candidates: readonly Candidate[];
  /** What was not compared, and why, a clause each. */
  readonly refused: readonly string[];
  /** What was left out or failed, a clause each. */
  readonly leftOut: readonly string[];
  /** Time of one seed of all variants, in seconds. */
  readonly secondsASeed: number;
}

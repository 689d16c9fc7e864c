/**
 * From a sample of a log to the parameters of its twin.
 *
 * Each column's law uses the whole sample and the published number of distinct ids. The dependence between columns uses a
 * random part of the inputs; the others stay back to judge it ({@link checkTwin}).
 *
 * @module
 */

import { UsageError } from "../../core/errors.ts";
import { Permutation } from "../../core/random.ts";
import { noClicks, plantClicks, type Unplanted } from "./calibrate.ts";
import { cellPopularity, cutCells, Observations } from "./cells.ts";
import {
  classLikelihood,
  type ClassModel,
  describeClasses,
  fitClasses,
  type ObservedColumn,
} from "./classes.ts";
import { fitCoupling } from "./coupling.ts";
import { fitLaw, possibleIds } from "./law.ts";
import { findParents, fitGiven } from "./nesting.ts";
import {
  type ColumnDrift,
  TWIN_VERSION,
  type TwinColumn,
  type TwinDense,
  type TwinParameters,
} from "./parameters.ts";
import { countIds, selectInputs, type TwinSample } from "./sample.ts";

/** What the sample does not show. */
export interface FitOptions {
  /** Name of the twin. */
  readonly name: string;
  /** Inputs of the full data set. */
  readonly inputs: number;
  /** Distinct ids of each table in the full data set. */
  readonly distinct: readonly number[];
  /** Share of clicks in the full data set. */
  readonly clickRate: number;
  /** AUC that the learnable part of the planted click model is to reach. */
  readonly learnableAuc: number;
  /** A dense column that tells the time, put before the others: name, inputs of a step, steps of a cycle. */
  readonly clock?: { readonly name: string; readonly inputs: number; readonly steps: number };
  /** How ids of columns come and go, by name. Not fitted: a sample hardly spans the time. */
  readonly drift?: Readonly<Record<string, ColumnDrift>>;
  /** Numbers of classes to try; the likelihood of inputs not fitted to decides. Default 4 to 96. */
  readonly classes?: readonly number[];
  /** Which inputs are held back, and where the classes begin. Default 1. */
  readonly seed?: number;
  /** Whether the dependence leaves half of the inputs unseen. Default true. */
  readonly holdBack?: boolean;
}

/** A fit, and the part of the sample that it has not seen. */
interface TwinFit {
  /** Fitted, with the click model planted. */
  readonly parameters: TwinParameters;
  /** Inputs that the dependence was fitted to. */
  readonly seen: TwinSample;
  /** Inputs that the dependence was not fitted to. */
  readonly heldOut: TwinSample;
  /** Mean log-likelihood in nats of each number of classes tried, on inputs not fitted to. */
  readonly tried: readonly { readonly classes: number; readonly likelihood: number }[];
}

const DEFAULT_CLASSES = [4, 8, 16, 32, 64, 96];
/** A dense value with at least this share has a range of its own. */
const OWN_VALUE = 0.03;
const RANGE_SHARE = 0.06;
/** A range speaks of at least so many inputs. */
const LEAST_INPUTS = 5;

/** Fits a twin. Takes seconds for 10,000 inputs. */
export function fitTwin(sample: TwinSample, options: FitOptions): TwinFit {
  if (options.distinct.length !== sample.tables.length) {
    throw new UsageError(
      `Cannot fit a twin: ${options.distinct.length} numbers of distinct ids are given for ` +
        `${sample.tables.length} tables`,
    );
  }
  const seed = options.seed ?? 1;
  const order = new Permutation(sample.inputs, seed);
  const shuffled = Array.from({ length: sample.inputs }, (_, i) => order.at(i));
  const half = options.holdBack === false ? sample.inputs : Math.ceil(sample.inputs / 2);
  const fitted = shuffled.slice(0, half), held = shuffled.slice(half);

  const counts = sample.tables.map(({ ids }) => countIds(ids));
  const laws = sample.tables.map((_, t) =>
    fitLaw({
      counts: Array.from(counts[t]!),
      distinct: Math.max(options.distinct[t]!, counts[t]!.length),
      inputs: options.inputs,
    })
  );
  const cells = laws.map((law) => cutCells(law, sample.inputs));
  const training = selectInputs(sample, fitted);
  const observed = sample.tables.map(({ ids }, t): ObservedColumn => {
    const observations = new Observations(laws[t]!, cells[t]!, half);
    const ranks = rankIds(counts[t]!);
    const seen = new Uint32Array(counts[t]!.length);
    for (const i of fitted) seen[ids[i]!]!++;
    return {
      kinds: Uint16Array.from(fitted, (i) => observations.kind(ranks[ids[i]!]!, seen[ids[i]!]!)),
      given: observations.given,
      shares: cells[t]!.map((end, c) => end - (c === 0 ? 0 : cells[t]![c - 1]!)),
    };
  });
  const parents = findParents(training.tables.map(({ ids }) => ids), laws.map(possibleIds));
  const dense = training.dense.map(({ name, values }) => cutRanges(name, values));
  const roots = observed.filter((_, t) => (parents[t]?.share ?? 0) < 1);
  const observedDense = training.dense.map(({ values }, j) => observeRanges(dense[j]!, values));
  const { model, tried } = chooseClasses(roots, half, options.classes ?? DEFAULT_CLASSES, seed);
  const denseCells = describeClasses(model, roots, observedDense);

  const indices = fitted.map((_, i) => i);
  const columns = sample.tables.map(({ name }, t): TwinColumn => {
    const parent = parents[t]?.column ?? null;
    const follows = Number((parents[t]?.share ?? 0).toFixed(4));
    const given = parent === null ? null : fitGiven({
      parentKinds: observed[parent]!.kinds,
      childKinds: observed[t]!.kinds,
      parentGiven: observed[parent]!.given,
      childGiven: observed[t]!.given,
      parentShares: observed[parent]!.shares,
      childShares: observed[t]!.shares,
      parentPopularity: cellPopularity(laws[parent]!, cells[parent]!),
      childPopularity: cellPopularity(laws[t]!, cells[t]!),
    }, indices).map(rounded);
    return {
      name,
      distinct: options.distinct[t]!,
      law: laws[t]!,
      cells: cells[t]!,
      parent,
      follows,
      given,
      ...(options.drift?.[name] === undefined ? {} : { drift: options.drift[name] }),
    };
  });
  const clock: TwinDense[] = options.clock === undefined ? [] : [{
    name: options.clock.name,
    ranges: [[0, 1]],
    clock: { inputs: options.clock.inputs, steps: options.clock.steps },
  }];
  const uncoupled: Unplanted = {
    version: TWIN_VERSION,
    name: options.name,
    inputs: options.inputs,
    sample: { inputs: sample.inputs, fitted: half },
    columns,
    dense: [...clock, ...dense],
    classes: Array.from(model.weights, (weight, z) => ({
      weight: Number(weight.toPrecision(6)),
      columns: model.cells[z]!.map((row) => rounded(Array.from(row))),
      dense: [
        ...clock.map(() => [1]),
        ...denseCells[z]!.map((row) => rounded(Array.from(row))),
      ],
    })),
    coupling: 0,
  };
  const coupling = fitCoupling({ ...uncoupled, clicks: noClicks() }, training);
  return {
    parameters: plantClicks({ ...uncoupled, coupling }, options.clickRate, options.learnableAuc),
    seen: training,
    heldOut: selectInputs(sample, held),
    tried,
  };
}

/** Rank of each id by its count, the most frequent first. */
function rankIds(counts: Uint32Array): Uint32Array {
  const order = Array.from(counts.keys()).sort((a, b) => counts[b]! - counts[a]! || a - b);
  const ranks = new Uint32Array(counts.length);
  for (const [rank, id] of order.entries()) ranks[id] = rank;
  return ranks;
}

/** Fits to three quarters, judges by the last, then fits the best number of classes to all. */
function chooseClasses(
  columns: readonly ObservedColumn[],
  inputs: number,
  counts: readonly number[],
  seed: number,
): { model: ClassModel; tried: { classes: number; likelihood: number }[] } {
  const all = Array.from({ length: inputs }, (_, i) => i);
  const cut = Math.floor(inputs * 3 / 4);
  const tried: { classes: number; likelihood: number }[] = [];
  for (const classes of counts) {
    if (classes * 8 > cut) continue;
    const model = fitClasses(columns, all.slice(0, cut), classes, seed);
    const likelihood = classLikelihood(model, columns, all.slice(cut));
    tried.push({ classes, likelihood });
    // Past the best number more classes only get worse.
    if (tried.length > 1 && likelihood < tried.at(-2)!.likelihood - 0.05) break;
  }
  if (tried.length === 0) tried.push({ classes: 1, likelihood: 0 });
  const best = tried.reduce((a, b) => b.likelihood > a.likelihood ? b : a);
  return { model: fitClasses(columns, all, best.classes, seed), tried };
}

function cutRanges(name: string, values: Float64Array): TwinDense {
  const sorted = values.slice().sort(), n = sorted.length;
  // The few largest values are no statistic: what lies beyond is drawn as if it lay on the largest but four.
  const top = sorted[Math.max(0, Math.min(n - LEAST_INPUTS, Math.floor(n * 0.999) - 1))]!;
  const ranges: [number, number][] = [];
  let low = -1, held = 0, last = 0;
  const close = () => {
    const before = ranges.at(-1);
    if (held * n >= LEAST_INPUTS - 0.5 || !before) {
      if (held > 0) ranges.push([short(low), short(last)]);
    } else if (held > 0) before[1] = short(last);
    held = 0;
  };
  for (let i = 0; i < n;) {
    const value = Math.min(sorted[i]!, top);
    let end = i;
    while (end < n && Math.min(sorted[end]!, top) === value) end++;
    const share = (end - i) / n;
    if (share >= OWN_VALUE) {
      close();
      ranges.push([short(value), short(value)]);
    } else {
      if (held === 0) low = value;
      held += share;
      last = value;
      if (held >= RANGE_SHARE) close();
    }
    i = end;
  }
  close();
  return { name, ranges, clock: null };
}

function observeRanges(dense: TwinDense, values: Float64Array): ObservedColumn {
  const size = dense.ranges.length;
  const kinds = Uint16Array.from(values, (value) => {
    const found = dense.ranges.findIndex(([, high]) => short(value) <= high);
    return found < 0 ? size - 1 : found;
  });
  const shares = new Array<number>(size).fill(0);
  for (const kind of kinds) shares[kind]! += 1 / kinds.length;
  const given = dense.ranges.map((_, c) => {
    const row = new Float64Array(size);
    row[c] = 1;
    return row;
  });
  return { kinds, given, shares };
}

function short(value: number): number {
  return Number(value.toFixed(4));
}

/** Few digits, sum still nearly 1. */
function rounded(shares: readonly number[]): number[] {
  return shares.map((share) => Number(share.toFixed(5)));
}

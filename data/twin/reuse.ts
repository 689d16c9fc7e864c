/**
 * Twins from reuse statistics: for production logs, the only thing published is how often the rows of one minibatch are
 * used.
 *
 * The law of a table is found from two histograms, the rows and the lookups by the number of a row's uses. Uses of a row
 * with λ expected ones are Poisson, so each histogram is linear in the numbers of rows at each λ. These are found by
 * multiplicative updates that lower the Kullback-Leibler divergence of both (Richardson-Lucy), from a power law.
 *
 * What is not published is made up: dense columns are uniform, lookups independent of each other, clicks planted as in every
 * twin, and all tables have one law, that of the mean table.
 *
 * @module
 */

import { plantClicks, type Unplanted } from "./calibrate.ts";
import type { Law } from "./law.ts";
import { poisson } from "./law.ts";
import { TWIN_VERSION, type TwinParameters } from "./parameters.ts";

/** Reuse within one minibatch. */
export interface ReuseStatistics {
  /** Name of the twin. */
  readonly name: string;
  /** Embedding tables that the minibatch looks up. */
  readonly tables: number;
  /** Inputs of the minibatch. */
  readonly inputs: number;
  /** Lookups of the minibatch in all tables. */
  readonly lookups: number;
  /** Different rows among them. */
  readonly rows: number;
  /** Shares of the rows by their number of uses, in the bins (0, 1], (1, 2], (2, 4], …; the last bin is open. */
  readonly rowShares: readonly number[];
  /** Shares of the lookups that go to those rows. */
  readonly lookupShares: readonly number[];
}

/**
 * The first trace of Meta's embedding lookup data sets of 2021, `fbgemm_t856_bs65536`, as published with them
 * (github.com/facebookresearch/dlrm_datasets, MIT licence): statistics of one minibatch of production lookups.
 */
export const META_2021: ReuseStatistics = {
  name: "meta2021",
  tables: 856,
  inputs: 65_536,
  lookups: 887_017_990,
  rows: 128_435_723,
  // deno-fmt-ignore
  rowShares: [
    0.473, 0.152, 0.139, 0.112, 0.072, 0.032, 0.011, 0.005, 0.002, 0.001, 0, 0, 0, 0, 0, 0, 0,
  ],
  // deno-fmt-ignore
  lookupShares: [
    0.069, 0.044, 0.068, 0.101, 0.121, 0.104, 0.073, 0.058, 0.052, 0.050, 0.049, 0.048, 0.048, 0.043, 0.031, 0.023,
    0.019,
  ],
};

/** Expected uses of the rarest rows that the law knows; what is rarer hardly shows in one minibatch. */
const RAREST = 0.5;
/** Ratio of neighbouring levels of λ. */
const RATIO = 1.3;
const UPDATES = 4000;
/** From here on a row is taken to have as many uses as are expected. */
const SURE = 600;

/** Rows and lookups of a row with λ expected uses that fall into each bin, on average. */
function binsOf(lambda: number, bins: number): { rows: number[]; lookups: number[] } {
  const rows = Array<number>(bins).fill(0), lookups = Array<number>(bins).fill(0);
  const binOf = (uses: number) => Math.min(bins - 1, Math.max(0, Math.ceil(Math.log2(uses))));
  if (lambda > SURE) {
    rows[binOf(lambda)] = 1;
    lookups[binOf(lambda)] = lambda;
    return { rows, lookups };
  }
  for (let uses = 1; uses < lambda + 12 * Math.sqrt(lambda) + 20; uses++) {
    const p = poisson(uses, lambda), bin = binOf(uses);
    rows[bin]! += p;
    lookups[bin]! += p * uses;
  }
  return { rows, lookups };
}

/**
 * Fits the popularity law of the mean table to the histograms of rows and lookups by a row's uses.
 *
 * @category Data: twins
 */
export function fitReuse(statistics: ReuseStatistics): Law {
  const { tables, rowShares, lookupShares } = statistics;
  const rows = statistics.rows / tables, lookups = statistics.lookups / tables;
  const bins = rowShares.length;
  const highest = 2 ** bins;
  const levels: number[] = [];
  for (let lambda = RAREST; lambda < highest; lambda *= RATIO) levels.push(lambda);
  const effects = levels.map((lambda) => {
    const found = binsOf(lambda, bins);
    return [...found.rows.map((x) => x / rows), ...found.lookups.map((x) => x / lookups)];
  });
  const wanted = [...rowShares, ...lookupShares];
  const weights = effects.map((own) => own.reduce((sum, x) => sum + x, 0));
  const ids = levels.map((lambda) => rows / levels.length / lambda);
  for (let update = 0; update < UPDATES; update++) {
    const now = wanted.map((_, b) => ids.reduce((sum, x, j) => sum + x * effects[j]![b]!, 0));
    for (let j = 0; j < ids.length; j++) {
      let gain = 0;
      for (const [b, share] of wanted.entries()) {
        if (share > 0) gain += effects[j]![b]! * share / now[b]!;
      }
      ids[j]! *= gain / weights[j]!;
    }
  }
  return wholeSegments(levels, ids);
}

/** Whole numbers of rows with the same running total, most popular first, and masses with the sum 1. */
function wholeSegments(levels: readonly number[], ids: readonly number[]): Law {
  const segments: { ids: number; mass: number }[] = [];
  let running = 0, given = 0, mass = 0;
  for (let j = levels.length - 1; j >= 0; j--) {
    running += ids[j]!;
    mass += ids[j]! * levels[j]!;
    const count = Math.round(running) - given;
    if (count === 0) continue;
    segments.push({ ids: count, mass });
    given += count;
    mass = 0;
  }
  segments.sort((a, b) => b.mass / b.ids - a.mass / a.ids);
  const total = segments.reduce((sum, segment) => sum + segment.mass, 0);
  return segments.map((segment) => ({
    ids: segment.ids,
    mass: Number((segment.mass / total).toPrecision(7)),
  }));
}

/** What is chosen for the twin, because it is not published. */
export interface ReuseTwinOptions {
  /** Tables of the twin, each like the mean of all tables. */
  readonly tables: number;
  /** Dense columns, uniform from 0 to 8, about as far as ln(x + 1) of Criteo's integers goes. */
  readonly denseColumns: number;
  /** Share of the inputs with label 1, in (0, 1). */
  readonly clickRate: number;
  /** AUC of a model that knows only the rows that are seen often. */
  readonly learnableAuc: number;
}

/** Eight tables, and the dense columns of Criteo so that its models take the inputs. */
export const META_2021_OPTIONS: ReuseTwinOptions = {
  tables: 8,
  denseColumns: 13,
  clickRate: 0.25,
  learnableAuc: 0.75,
};

/**
 * Makes the parameters of a twin of bags: each bag has the mean number of lookups, and rows are reused as in the
 * statistics.
 *
 * @category Data: twins
 */
export function twinOfReuse(
  statistics: ReuseStatistics,
  options: ReuseTwinOptions,
): TwinParameters {
  const law = fitReuse(statistics);
  const { name, inputs } = statistics;
  const lookups = Math.round(statistics.lookups / statistics.tables / inputs);
  const columns = Array.from({ length: options.tables }, (_, t) => ({
    name: `C${t + 1}`,
    distinct: Math.round(statistics.rows / statistics.tables),
    law,
    cells: [1],
    parent: null,
    follows: 0,
    given: null,
    lookups,
  }));
  const dense = Array.from({ length: options.denseColumns }, (_, j) => ({
    name: `I${j + 1}`,
    ranges: [[0, 8] as const],
    clock: null,
  }));
  const unplanted: Unplanted = {
    version: TWIN_VERSION,
    name,
    inputs,
    sample: { inputs, fitted: inputs },
    columns,
    dense,
    classes: [{ weight: 1, columns: columns.map(() => [1]), dense: dense.map(() => [1]) }],
    coupling: 0,
  };
  return plantClicks(unplanted, options.clickRate, options.learnableAuc);
}

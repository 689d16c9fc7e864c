/**
 * Generated click logs with a planted signal, on which training can be checked: the best AUC that a model can reach is
 * known.
 *
 * Input i of a data set depends only on (options, i):
 *
 * - The id in a table of n rows has rank k (from 0) with probability ∝ ∫ x^-s dx over [k + 1, k + 2]: a Zipf
 *   distribution smoothed so that its inverse is one formula, which needs no memory at any table size. Rank is id, not
 *   scrambled: in a log numbered in order of first appearance the frequent rows come first as well.
 * - Dense column j is ln(1 + count), the count exponentially distributed with a mean of 1 to 100.
 * - The label is 1 with probability sigmoid(bias + strength · signal). The signal has variance 1 and is a mix of three
 *   parts: 40 % of its variance is linear in the dense columns, 40 % a sum of row effects over the tables, 20 % a sum of
 *   products of row effects over up to four pairs of tables, which only an interaction can see.
 * - Bias and strength are found once, on inputs of their own, so that the click rate and the Bayes AUC are those asked for.
 *
 * Inputs are the same wherever `Math` gives the same bits, as it does in one version of Deno on every machine.
 *
 * @module
 */

import { UsageError } from "../core/errors.ts";
import { Sha256 } from "../core/files.ts";
import { formatCount } from "../core/format.ts";
import { RandomStream } from "../core/random.ts";
import { type BayesRates, bayesRates } from "./bayes.ts";
import { RowReader } from "./row_reader.ts";
import type { SharedDataset } from "./shared_dataset.ts";
import { type Splits, splitSevenths } from "./split.ts";
import type { Dataset, DatasetSchema, Inputs, Order, Reader, Split } from "./types.ts";

/** What to generate. */
export interface SyntheticOptions {
  /** Inputs in all splits together, at least 7. Default 100,000. */
  readonly inputs?: number;
  /** Default 13. */
  readonly denseColumns?: number;
  /** Rows of each table. Default: 26 tables with the sizes of Criteo Kaggle, capped at 10,000. */
  readonly tableRows?: readonly number[];
  /** An integer in [0, 2^32). Default 1. */
  readonly seed?: number;
  /** Skew of the accesses: 0 is uniform, larger is more skewed. Default 1.05. */
  readonly zipfExponent?: number;
  /** Expected share of ones among the labels. Default 0.25, about that of Criteo Kaggle. */
  readonly clickRate?: number;
  /** The AUC of the true probabilities. Default 0.8. */
  readonly bayesAuc?: number;
}

/** Raised whenever the same options would give other inputs. */
const GENERATOR_VERSION = 1;

const DEFAULTS: Required<SyntheticOptions> = {
  inputs: 100_000,
  denseColumns: 13,
  // deno-fmt-ignore
  tableRows: [
    1460, 583, 10000, 10000, 305, 24, 10000, 633, 3, 10000, 5683, 10000, 3194, 27, 10000, 10000, 10, 5652, 2173, 4,
    10000, 18, 15, 10000, 105, 10000,
  ],
  seed: 1,
  zipfExponent: 1.05,
  clickRate: 0.25,
  bayesAuc: 0.8,
};

/** Shares of the signal's variance. */
const SHARES = { dense: 0.4, rows: 0.4, pairs: 0.2 };
const MAX_PAIRS = 4;

/** Sub-streams of the stream `synthetic`; table t has `TABLES + t`. */
const SUB = { inputs: 0, calibration: 1, dense: 2, tables: 16 };

/** Inputs on which bias and strength are found. */
const CALIBRATION_INPUTS = 16_384;
/** Inputs of the test split over which the Bayes rates are stated. */
const BAYES_INPUTS = 65_536;
/** Row effects kept in memory for each table, from the most frequent row on; the others are computed when met. */
const KEPT_EFFECTS = 16_384;

/** Ranks of a table by the inverse of their distribution. */
class ZipfRanks {
  readonly #rows: number;
  readonly #power: number;
  readonly #span: number;

  constructor(rows: number, exponent: number) {
    this.#rows = rows;
    this.#power = Math.abs(1 - exponent) < 1e-9 ? 0 : 1 - exponent;
    this.#span = this.#power === 0 ? Math.log(rows + 1) : (rows + 1) ** this.#power - 1;
  }

  /** The rank for a number in [0, 1). */
  at(u: number): number {
    const x = this.#power === 0
      ? Math.exp(u * this.#span)
      : (1 + u * this.#span) ** (1 / this.#power);
    return Math.min(Math.floor(x) - 1, this.#rows - 1);
  }
}

/** Effects of a table's rows: standard normal, by position. */
class RowEffects {
  readonly #stream: RandomStream;
  readonly #kept: Float64Array;

  constructor(seed: number, table: number, rows: number) {
    this.#stream = new RandomStream(seed, "synthetic", SUB.tables + table);
    this.#kept = new Float64Array(Math.min(rows, KEPT_EFFECTS));
    for (let r = 0; r < this.#kept.length; r++) this.#kept[r] = this.#stream.normal(r);
  }

  at(row: number): number {
    return row < this.#kept.length ? this.#kept[row]! : this.#stream.normal(row);
  }
}

/** Generates inputs by position. */
class Generator {
  readonly #options: Required<SyntheticOptions>;
  readonly #wordsPerInput: number;
  readonly #ranks: readonly ZipfRanks[];
  readonly #effects: readonly RowEffects[];
  readonly #denseWeights: Float64Array;
  readonly #denseMeans: Float64Array;
  readonly #rowEffects: Float64Array;
  readonly #inputs: RandomStream;
  /** Of the three parts, so that each has mean 0 and its share of the variance. */
  readonly #means = new Float64Array(3);
  readonly #scales = new Float64Array(3);
  #bias = 0;

  constructor(options: Required<SyntheticOptions>) {
    this.#options = options;
    const { tableRows, denseColumns, seed } = options;
    // A whole number of Philox blocks, so that no block is made twice.
    this.#wordsPerInput = 4 * Math.ceil((1 + denseColumns + tableRows.length) / 4);
    this.#ranks = tableRows.map((rows) => new ZipfRanks(rows, options.zipfExponent));
    this.#effects = tableRows.map((rows, t) => new RowEffects(seed, t, rows));
    this.#rowEffects = new Float64Array(tableRows.length);
    const dense = new RandomStream(seed, "synthetic", SUB.dense);
    this.#denseWeights = Float64Array.from({ length: denseColumns }, (_, j) => dense.normal(j));
    this.#denseMeans = Float64Array.from(
      { length: denseColumns },
      (_, j) => 100 ** dense.uniform(2 * denseColumns + j),
    );
    this.#inputs = new RandomStream(seed, "synthetic", SUB.inputs);
    this.#calibrate();
  }

  /** Writes input i as number b of a minibatch of `size` and returns its true probability. */
  write(i: number, into: Inputs, b: number, size: number): number {
    const parts = this.#parts(this.#inputs, i, into, b, size);
    let logit = this.#bias;
    for (let k = 0; k < 3; k++) logit += (parts[k]! - this.#means[k]!) * this.#scales[k]!;
    const p = sigmoid(logit);
    into.labels[b] = this.#inputs.uint32(i * this.#wordsPerInput) / 0x100000000 < p ? 1 : 0;
    return p;
  }

  readonly #partValues = new Float64Array(3);

  #parts(stream: RandomStream, i: number, into: Inputs, b: number, size: number): Float64Array {
    const { denseColumns, tableRows } = this.#options;
    const tables = tableRows.length;
    let word = i * this.#wordsPerInput + 1;
    let fromDense = 0;
    for (let j = 0; j < denseColumns; j++) {
      const u = stream.uint32(word++) / 0x100000000;
      const count = Math.floor(-this.#denseMeans[j]! * Math.log(1 - u));
      const value = Math.log(count + 1);
      into.dense[b * denseColumns + j] = value;
      fromDense += this.#denseWeights[j]! * value;
    }
    let fromRows = 0;
    const effects = this.#rowEffects;
    for (let t = 0; t < tables; t++) {
      const row = this.#ranks[t]!.at(stream.uint32(word++) / 0x100000000);
      into.ids[t * size + b] = row;
      fromRows += effects[t] = this.#effects[t]!.at(row);
    }
    let fromPairs = 0;
    for (let t = 1; t < Math.min(tables, 2 * MAX_PAIRS); t += 2) {
      fromPairs += effects[t - 1]! * effects[t]!;
    }
    const parts = this.#partValues;
    parts[0] = fromDense;
    parts[1] = fromRows;
    parts[2] = fromPairs;
    return parts;
  }

  #calibrate(): void {
    const { denseColumns, tableRows, seed, clickRate, bayesAuc } = this.#options;
    const stream = new RandomStream(seed, "synthetic", SUB.calibration);
    const into: Inputs = {
      size: 1,
      dense: new Float32Array(denseColumns),
      ids: new Uint32Array(tableRows.length),
      labels: new Float32Array(1),
    };
    const n = CALIBRATION_INPUTS;
    const parts = Array.from({ length: 3 }, () => new Float64Array(n));
    for (let i = 0; i < n; i++) {
      const values = this.#parts(stream, i, into, 0, 1);
      for (let k = 0; k < 3; k++) parts[k]![i] = values[k]!;
    }
    const signal = new Float64Array(n);
    let share = 0;
    for (const [k, wanted] of Object.values(SHARES).entries()) {
      const part = parts[k]!;
      const mean = part.reduce((sum, x) => sum + x, 0) / n;
      const variance = part.reduce((sum, x) => sum + (x - mean) ** 2, 0) / n;
      if (variance < 1e-12) continue;
      share += wanted;
      this.#means[k] = mean;
      this.#scales[k] = Math.sqrt(wanted / variance);
      for (let i = 0; i < n; i++) signal[i]! += (part[i]! - mean) * this.#scales[k]!;
    }
    if (share === 0) {
      throw new UsageError(
        "Cannot generate a signal: there is no dense column and no table with more than one row",
      );
    }
    const probabilities = new Float64Array(n);
    let low = 0, high = 64 / Math.sqrt(share);
    for (let step = 0; step < 30; step++) {
      const strength = (low + high) / 2;
      this.#bias = solveBias(signal, strength, clickRate, this.#bias, probabilities);
      if (bayesRates(probabilities).auc < bayesAuc) low = strength;
      else high = strength;
    }
    for (let k = 0; k < 3; k++) this.#scales[k]! *= low;
  }
}

/** The bias at which the mean of sigmoid(bias + strength · signal) is the click rate, by damped Newton steps. */
function solveBias(
  signal: Float64Array,
  strength: number,
  clickRate: number,
  bias: number,
  probabilities: Float64Array,
): number {
  for (let step = 0; step < 100; step++) {
    let mean = 0, slope = 0;
    for (let i = 0; i < signal.length; i++) {
      const p = probabilities[i] = sigmoid(bias + strength * signal[i]!);
      mean += p;
      slope += p * (1 - p);
    }
    const error = mean / signal.length - clickRate;
    if (Math.abs(error) < 1e-7) break;
    const move = error * signal.length / Math.max(slope, 1e-9);
    bias -= Math.max(-1, Math.min(1, move));
  }
  return bias;
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** The rates of the true probabilities of some test inputs. */
interface BayesMeasurement {
  readonly bayes: BayesRates;
  /** Inputs that were measured. */
  readonly inputs: number;
  /** Standard error of the AUC; null for too few inputs. */
  readonly error: number | null;
}

/** What a generated data set is made of. */
export interface SyntheticParts extends BayesMeasurement {
  readonly options: Required<SyntheticOptions>;
}

/** A generated data set. Every `read` is computed on the spot; nothing is stored. */
export class SyntheticDataset implements Dataset {
  readonly schema: DatasetSchema;
  readonly hash: string;
  readonly notes: readonly string[];
  readonly bayes: BayesRates;
  readonly #splits: Splits;
  readonly #generator: Generator;
  readonly #parts: SyntheticParts;

  /** @param measured What another thread has measured of the same data set. */
  constructor(options: Required<SyntheticOptions>, measured?: BayesMeasurement) {
    this.schema = {
      format: "synthetic",
      dense: Array.from({ length: options.denseColumns }, (_, j) => `I${j + 1}`),
      tables: options.tableRows.map((rows, t) => ({ name: `C${t + 1}`, rows })),
    };
    this.hash = new Sha256().update(JSON.stringify([
      "synthetic",
      GENERATOR_VERSION,
      options.inputs,
      options.denseColumns,
      options.tableRows,
      options.seed,
      options.zipfExponent,
      options.clickRate,
      options.bayesAuc,
    ])).hex();
    this.#splits = splitSevenths(options.inputs);
    this.#generator = new Generator(options);
    const { bayes, inputs, error } = measured ?? this.#measureBayes();
    this.#parts = { options, bayes, inputs, error };
    this.bayes = bayes;
    this.notes = [
      `Synthetic: ${
        formatCount(options.inputs)
      } inputs, seed ${options.seed}, Zipf exponent ${options.zipfExponent}`,
      `Split in sevenths: ${formatCount(this.count("train"))} train, ${
        formatCount(this.count("test"))
      } test, ` +
      `${formatCount(this.count("validation"))} validation`,
      `Best possible on the ${
        inputs === this.count("test") ? "" : `first ${formatCount(inputs)} inputs of the `
      }test split: AUC ${bayes.auc.toFixed(4)}, log-loss ${bayes.logloss.toFixed(4)}, expected ` +
      `over their labels${
        error === null
          ? ""
          : `; over all inputs the AUC has a standard error of ${error.toFixed(4)}`
      }`,
    ];
  }

  share(): Promise<SharedDataset> {
    return Promise.resolve({ kind: "synthetic", parts: this.#parts });
  }

  count(split: Split): number {
    return this.#splits[split].count;
  }

  reader(split: Split, order: Order): Reader {
    const { start, count } = this.#splits[split];
    const generator = this.#generator;
    return new RowReader(this.schema, order, {
      count,
      write: (row, into, b, size) => void generator.write(start + row, into, b, size),
    });
  }

  close(): void {
    // Nothing is open.
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Exact over the inputs named; the error is that of taking them for all, from sixteen batches. */
  #measureBayes(): BayesMeasurement {
    const { start, count } = this.#splits.test;
    const inputs = Math.min(count, BAYES_INPUTS);
    const into: Inputs = {
      size: 1,
      dense: new Float32Array(this.schema.dense.length),
      ids: new Uint32Array(this.schema.tables.length),
      labels: new Float32Array(1),
    };
    const probabilities = new Float64Array(inputs);
    for (let i = 0; i < inputs; i++) {
      probabilities[i] = this.#generator.write(start + i, into, 0, 1);
    }
    const batches = 16, size = Math.floor(inputs / batches);
    let error: number | null = null;
    if (size >= 64) {
      const aucs = Array.from(
        { length: batches },
        (_, k) => bayesRates(probabilities.subarray(k * size, (k + 1) * size)).auc,
      );
      const mean = aucs.reduce((sum, x) => sum + x, 0) / batches;
      const variance = aucs.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (batches - 1);
      error = Math.sqrt(variance / batches);
    }
    // A single input makes no pair.
    const bayes = bayesRates(probabilities);
    return {
      bayes: inputs > 1 ? bayes : { auc: 0.5, logloss: bayes.logloss },
      inputs,
      error,
    };
  }
}

/**
 * Opens a generated data set. Splits are sevenths, as for a single file of Criteo.
 *
 * @throws UserError for options that make no data set.
 * @category Data
 */
export function openSynthetic(options: SyntheticOptions = {}): Dataset {
  const full = { ...DEFAULTS, ...options };
  const need = (holds: boolean, name: string, value: unknown, expected: string) => {
    if (!holds) {
      throw new UsageError(`Cannot generate data: ${name} is ${value}, not ${expected}`);
    }
  };
  need(
    Number.isInteger(full.inputs) && full.inputs >= 7 && full.inputs <= 2 ** 40,
    "the number of inputs",
    full.inputs,
    "an integer from 7 to 2^40",
  );
  need(
    Number.isInteger(full.denseColumns) && full.denseColumns >= 0 && full.denseColumns <= 1000,
    "the number of dense columns",
    full.denseColumns,
    "an integer from 0 to 1000",
  );
  need(
    full.tableRows.length <= 1000,
    "the number of tables",
    full.tableRows.length,
    "at most 1000",
  );
  for (const [t, rows] of full.tableRows.entries()) {
    need(
      Number.isInteger(rows) && rows >= 1 && rows < 2 ** 32,
      `the size of table ${t}`,
      rows,
      "an integer from 1 to 4294967295",
    );
  }
  need(
    Number.isInteger(full.seed) && full.seed >= 0 && full.seed < 2 ** 32,
    "the seed",
    full.seed,
    "an integer from 0 to 4294967295",
  );
  need(
    full.zipfExponent >= 0 && full.zipfExponent <= 4,
    "the Zipf exponent",
    full.zipfExponent,
    "a number from 0 to 4",
  );
  need(
    full.clickRate >= 0.001 && full.clickRate <= 0.999,
    "the click rate",
    full.clickRate,
    "a number from 0.001 to 0.999",
  );
  need(
    full.bayesAuc >= 0.5 && full.bayesAuc <= 0.99,
    "the Bayes AUC",
    full.bayesAuc,
    "a number from 0.5 to 0.99",
  );
  return new SyntheticDataset(full);
}

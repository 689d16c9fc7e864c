/**
 * The parameter file of a twin: statistics of a data set, never rows of it.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import type { Law } from "./law.ts";

/** Raised whenever the same file would give other inputs. */
export const TWIN_VERSION = 1;

/** A column of ids. Ids are ordered by popularity: 0 is the most frequent. */
export interface TwinColumn {
  /** Of the column. */
  readonly name: string;
  /** Distinct ids of the full data set, as published. */
  readonly distinct: number;
  /** Its popularity law. */
  readonly law: Law;
  /**
   * Where the column's popularity is cut into cells, most popular first: upper ends of the cells as shares of all inputs,
   * the last being 1. Columns depend on each other through their cells.
   */
  readonly cells: readonly number[];
  /** The column whose id this one's may follow from, or null: then the latent class decides the cell. */
  readonly parent: number | null;
  /** Share of the parent's ids that decide this column's; for the others the latent class does. 0 without a parent. */
  readonly follows: number;
  /** For each cell of the parent, probabilities of this column's cells. Null without a parent. */
  readonly given: readonly (readonly number[])[] | null;
}

/** A dense column: value ranges in the transformed unit (for Criteo ln(x + 1)), uniform inside. */
export interface TwinDense {
  /** Of the column. */
  readonly name: string;
  /** [low, high] of each range; equal for a single value. */
  readonly ranges: readonly (readonly [number, number])[];
  /** For a column that tells the time: floor(i / inputs) mod steps, divided by steps, for input i. Else null. */
  readonly clock: { readonly inputs: number; readonly steps: number } | null;
}

/** One of the latent classes. */
export interface TwinClass {
  /** Share of inputs. */
  readonly weight: number;
  /** Probabilities of the cells of each column that does not always follow a parent, in the order of columns. */
  readonly columns: readonly (readonly number[])[];
  /** Probabilities of the ranges of each dense column. */
  readonly dense: readonly (readonly number[])[];
}

/** The planted click model. */
export interface TwinClicks {
  /** Expected share of clicks. */
  readonly rate: number;
  /** Of the logit. */
  readonly bias: number;
  /** Standard deviations in the logit of dense effects, row effects and pairs, each summed over an input. */
  readonly strength: { readonly dense: number; readonly rows: number; readonly pairs: number };
  /** AUC and log-loss of the true probabilities. */
  readonly bayes: { readonly auc: number; readonly logloss: number };
  /** AUC of who knows only the effects of rows with at least 20 expected uses in two million inputs. */
  readonly learnableAuc: number;
}

/** All of a twin. */
export interface TwinParameters {
  /** Of the layout. */
  readonly version: typeof TWIN_VERSION;
  /** Of the twin. */
  readonly name: string;
  /** Inputs of the full data set. */
  readonly inputs: number;
  /** Inputs of the sample, and how many of them the dependence was fitted to. */
  readonly sample: { readonly inputs: number; readonly fitted: number };
  /** Columns of ids, in the order of tables. */
  readonly columns: readonly TwinColumn[];
  /** Dense columns. */
  readonly dense: readonly TwinDense[];
  /** What makes columns depend on each other. */
  readonly classes: readonly TwinClass[];
  /** What makes clicks likely. */
  readonly clicks: TwinClicks;
}

/** A check of one value: returns what is wrong, or null. */
type Problem = string | null;

/**
 * Reads a parameter file's text.
 *
 * @param source For messages: where the text came from.
 * @throws UserError if it is not JSON or not a twin of this version.
 */
export function parseTwin(text: string, source: string): TwinParameters {
  return checkParameters(parseJson(text, source), source);
}

/** The value of a parameter file's text. Throws a `UserError` if it is not JSON. */
export function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UserError(`Cannot read twin ${source}: it is not JSON`);
  }
}

/**
 * The value as parameters of a twin.
 *
 * @throws UserError if it is not a twin of this version.
 */
export function checkParameters(value: unknown, source: string): TwinParameters {
  const problem = findProblem(value);
  if (problem !== null) throw new UserError(`Cannot read twin ${source}: ${problem}`);
  return value as TwinParameters;
}

function findProblem(value: unknown): Problem {
  if (!isRecord(value)) return "it is not an object";
  if (value.version !== TWIN_VERSION) {
    return `version is ${JSON.stringify(value.version)}, not ${TWIN_VERSION}`;
  }
  const { name, inputs, sample, columns, dense, classes, clicks } = value;
  if (typeof name !== "string" || name === "") return "name is not a text";
  if (!isCount(inputs, 2 ** 40)) return "inputs is not a positive integer";
  if (!isRecord(sample) || !isCount(sample.inputs, 2 ** 40) || !isCount(sample.fitted, 2 ** 40)) {
    return "sample is not {inputs, fitted}";
  }
  if (!Array.isArray(columns) || columns.length === 0 || columns.length > 1000) {
    return "columns is not a list of 1 to 1000";
  }
  const problem = checkColumns(columns);
  if (problem !== null) return problem;
  if (!Array.isArray(dense)) return "dense is not a list";
  for (const [j, column] of dense.entries()) {
    if (
      !isRecord(column) || typeof column.name !== "string" || !Array.isArray(column.ranges) ||
      column.ranges.length === 0 || column.ranges.length > 256 ||
      !column.ranges.every((r: unknown) =>
        Array.isArray(r) && r.length === 2 && r.every(Number.isFinite) && r[0] <= r[1]
      ) ||
      !(column.clock === null || isRecord(column.clock) && isCount(column.clock.inputs, 2 ** 40) &&
          isCount(column.clock.steps, 2 ** 20))
    ) return `dense[${j}] is not {name, ranges, clock}`;
  }
  if (!Array.isArray(classes) || classes.length === 0 || classes.length > 4096) {
    return "classes is not a list of 1 to 4096";
  }
  const roots = columns.filter((column) => column.follows < 1);
  for (const [z, one] of classes.entries()) {
    if (!isRecord(one) || !isShare(one.weight)) return `classes[${z}]: weight is not a share`;
    const lists: [unknown, readonly number[]][] = [
      [one.columns, roots.map((column) => column.cells.length)],
      [one.dense, dense.map((column) => column.ranges.length)],
    ];
    for (const [list, sizes] of lists) {
      if (!Array.isArray(list) || list.length !== sizes.length) {
        return `classes[${z}]: it has not ${sizes.length} distributions`;
      }
      for (const [c, shares] of list.entries()) {
        if (!isDistribution(shares, sizes[c]!)) {
          return `classes[${z}]: distribution ${c} is not ${sizes[c]} shares with sum 1`;
        }
      }
    }
  }
  if (!isDistribution(classes.map((one) => one.weight), classes.length)) {
    return "the weights of the classes have not the sum 1";
  }
  return clicksProblem(clicks);
}

/** What is wrong with a list of columns, or null. */
export function checkColumns(columns: readonly unknown[]): string | null {
  for (const [t, column] of columns.entries()) {
    const problem = columnProblem(column, t, columns);
    if (problem !== null) return `columns[${t}]: ${problem}`;
  }
  return null;
}

function columnProblem(column: unknown, t: number, columns: readonly unknown[]): Problem {
  if (!isRecord(column)) return "it is not an object";
  const { name, distinct, law, cells, parent, follows, given } = column;
  if (typeof name !== "string") return "name is not a text";
  if (!isCount(distinct, 2 ** 32 - 1)) return "distinct is not a positive integer";
  if (!Array.isArray(law) || law.length === 0) return "law is not a list of segments";
  let ids = 0, before = Infinity;
  for (const segment of law) {
    if (!isRecord(segment) || !isCount(segment.ids, 2 ** 32 - 1) || !isShare(segment.mass)) {
      return "law has a segment that is not {ids, mass}";
    }
    const each = (segment.mass as number) / (segment.ids as number);
    if (each > before * (1 + 1e-5)) return "law is not ordered by popularity";
    before = each;
    ids += segment.ids as number;
  }
  if (ids >= 2 ** 32) return "law has more than 4294967295 ids";
  if (!isDistribution(law.map((segment) => segment.mass), law.length)) {
    return "the masses of law have not the sum 1";
  }
  if (
    !Array.isArray(cells) || cells.length === 0 || cells.length > 256 || cells.at(-1) !== 1 ||
    !cells.every((end, c) => isShare(end) && end > (c === 0 ? 0 : cells[c - 1]))
  ) return "cells are not increasing shares up to 1";
  if (parent === null) {
    return given === null && follows === 0 ? null : "given or follows is set without a parent";
  }
  if (!isShare(follows)) return "follows is not a share";
  if (!isCount((parent as number) + 1, columns.length) || parent === t) {
    return "parent is not the number of another column";
  }
  // A chain of parents ends, or this column is its own ancestor.
  let at: unknown = parent;
  for (let steps = 0; at !== null; steps++) {
    const next = columns[at as number];
    if (steps > columns.length || !isRecord(next)) return "its parents form a circle";
    at = next.parent ?? null;
  }
  const above = columns[parent as number];
  const size = isRecord(above) && Array.isArray(above.cells) ? above.cells.length : 0;
  return Array.isArray(given) && given.length === size &&
      given.every((shares) => isDistribution(shares, cells.length))
    ? null
    : `given is not ${size} distributions over ${cells.length} cells`;
}

function clicksProblem(clicks: unknown): Problem {
  if (!isRecord(clicks)) return "clicks is not an object";
  const { rate, bias, strength, bayes, learnableAuc } = clicks;
  const good = isShare(rate) && Number.isFinite(bias) && isRecord(strength) &&
    [strength.dense, strength.rows, strength.pairs].every(isNotNegative) && isRecord(bayes) &&
    isShare(bayes.auc) && isNotNegative(bayes.logloss) && isShare(learnableAuc);
  return good ? null : "clicks is not {rate, bias, strength, bayes, learnableAuc}";
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown, most: number): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= most;
}

function isNotNegative(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value < Infinity;
}

function isShare(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= 1;
}

/** Shares are written with few digits, so their sum is 1 only nearly; the generator divides by it. */
function isDistribution(value: unknown, size: number): boolean {
  return Array.isArray(value) && value.length === size && value.every(isShare) &&
    Math.abs(value.reduce((sum, x) => sum + x, 0) - 1) < 1e-3;
}

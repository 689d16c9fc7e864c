/**
 * Latent classes: columns are independent of each other within a class, and classes differ in what is likely in each
 * column. Fitted by expectation maximisation (Dempster, Laird and Rubin 1977) to observations that only hint at the
 * cell; every column's cells keep exactly the shares that its law gives them.
 *
 * @module
 */

import { RandomStream } from "../../core/random.ts";

/** One column as classes see it. */
export interface ObservedColumn {
  /** Kind of observation of each input. */
  readonly kinds: Uint16Array;
  /** Of each cell, the probability of each kind. */
  readonly given: readonly Float64Array[];
  /** Share of each cell, sum 1. */
  readonly shares: readonly number[];
}

/** A fitted model. */
export interface ClassModel {
  readonly weights: Float64Array;
  /** For each class and column the probabilities of the cells. */
  readonly cells: readonly (readonly Float64Array[])[];
}

/** Weight of the column's own shares in the distribution of every class, in inputs. */
const PRIOR_INPUTS = 3;
const ITERATIONS = 80;

/** Fits a number of classes to the inputs named. */
export function fitClasses(
  columns: readonly ObservedColumn[],
  inputs: readonly number[],
  count: number,
  seed: number,
): ClassModel {
  const random = new RandomStream(seed, "twin", 0xfffffff0);
  const weights = new Float64Array(count).fill(1 / count);
  const cells = Array.from(
    { length: count },
    () => columns.map((c) => Float64Array.from(c.shares)),
  );
  // Each class begins near one input drawn at random.
  for (let z = 0; z < count; z++) {
    const input = inputs[Math.floor(random.uniform(z) * inputs.length)]!;
    for (const [j, column] of columns.entries()) {
      const row = cells[z]![j]!, kind = column.kinds[input]!;
      let sum = 0;
      for (let c = 0; c < row.length; c++) sum += column.shares[c]! * column.given[c]![kind]!;
      for (let c = 0; c < row.length; c++) {
        row[c] = 0.6 * column.shares[c]! + 0.4 * column.shares[c]! * column.given[c]![kind]! / sum;
      }
    }
  }
  let model: ClassModel = { weights, cells };
  for (let step = 0; step < ITERATIONS; step++) model = improve(model, columns, inputs);
  return withShares(model, columns);
}

/** Mean log-likelihood of inputs, in nats. */
export function classLikelihood(
  model: ClassModel,
  columns: readonly ObservedColumn[],
  inputs: readonly number[],
): number {
  const logs = likelihoods(model, columns);
  const posterior = new Float64Array(model.weights.length);
  let sum = 0;
  for (const i of inputs) sum += posteriorOf(model, logs, columns, i, posterior);
  return sum / inputs.length;
}

/**
 * For each class and each of further columns, which had no part in finding the classes, the probabilities of its cells.
 * Their observations must be their cells.
 */
export function describeClasses(
  model: ClassModel,
  columns: readonly ObservedColumn[],
  further: readonly ObservedColumn[],
): Float64Array[][] {
  const logs = likelihoods(model, columns);
  const count = model.weights.length, posterior = new Float64Array(count);
  const cells = Array.from(
    { length: count },
    () =>
      further.map((column) => Float64Array.from(column.shares, (share) => PRIOR_INPUTS * share)),
  );
  const inputs = columns[0]!.kinds.length;
  for (let i = 0; i < inputs; i++) {
    posteriorOf(model, logs, columns, i, posterior);
    for (const [j, column] of further.entries()) {
      for (let z = 0; z < count; z++) cells[z]![j]![column.kinds[i]!]! += posterior[z]!;
    }
  }
  for (const row of cells.flat()) {
    const sum = row.reduce((a, b) => a + b, 0);
    for (let c = 0; c < row.length; c++) row[c]! /= sum;
  }
  withShares({ weights: model.weights, cells }, further);
  return cells;
}

/** For each column and kind the logarithm of its probability in each class: [column][kind × classes + z]. */
function likelihoods(model: ClassModel, columns: readonly ObservedColumn[]): Float64Array[] {
  const count = model.weights.length;
  return columns.map((column, j) => {
    const kinds = column.given[0]!.length;
    const out = new Float64Array(kinds * count);
    for (let z = 0; z < count; z++) {
      const row = model.cells[z]![j]!;
      for (let c = 0; c < row.length; c++) {
        for (let k = 0; k < kinds; k++) out[k * count + z]! += row[c]! * column.given[c]![k]!;
      }
    }
    return out.map((p) => Math.log(p + 1e-12));
  });
}

function posteriorOf(
  model: ClassModel,
  logs: readonly Float64Array[],
  columns: readonly ObservedColumn[],
  input: number,
  posterior: Float64Array,
): number {
  const count = posterior.length;
  for (let z = 0; z < count; z++) posterior[z] = Math.log(model.weights[z]! + 1e-300);
  for (const [j, column] of columns.entries()) {
    const offset = column.kinds[input]! * count, log = logs[j]!;
    for (let z = 0; z < count; z++) posterior[z]! += log[offset + z]!;
  }
  let top = -Infinity, sum = 0;
  for (let z = 0; z < count; z++) top = Math.max(top, posterior[z]!);
  for (let z = 0; z < count; z++) sum += posterior[z] = Math.exp(posterior[z]! - top);
  for (let z = 0; z < count; z++) posterior[z]! /= sum;
  return top + Math.log(sum);
}

function improve(
  model: ClassModel,
  columns: readonly ObservedColumn[],
  inputs: readonly number[],
): ClassModel {
  const count = model.weights.length;
  const logs = likelihoods(model, columns);
  const posterior = new Float64Array(count), weights = new Float64Array(count);
  const seen = columns.map((column) => new Float64Array(column.given[0]!.length * count));
  for (const i of inputs) {
    posteriorOf(model, logs, columns, i, posterior);
    for (let z = 0; z < count; z++) weights[z]! += posterior[z]!;
    for (const [j, column] of columns.entries()) {
      const offset = column.kinds[i]! * count, into = seen[j]!;
      for (let z = 0; z < count; z++) into[offset + z]! += posterior[z]!;
    }
  }
  const cells = Array.from({ length: count }, (_, z) =>
    columns.map((column, j) => {
      const old = model.cells[z]![j]!, row = new Float64Array(old.length);
      const kinds = column.given[0]!.length;
      for (let k = 0; k < kinds; k++) {
        const times = seen[j]![k * count + z]!;
        if (times < 1e-9) continue;
        let sum = 1e-300;
        for (let c = 0; c < row.length; c++) sum += old[c]! * column.given[c]![k]!;
        for (let c = 0; c < row.length; c++) {
          row[c]! += times * old[c]! * column.given[c]![k]! / sum;
        }
      }
      const total = weights[z]! + PRIOR_INPUTS;
      for (let c = 0; c < row.length; c++) {
        row[c] = (row[c]! + PRIOR_INPUTS * column.shares[c]!) / total;
      }
      return row;
    }));
  return { weights: weights.map((w) => w / inputs.length), cells };
}

/** Iterative proportional fitting: over all classes together, cells have the shares of the law. */
function withShares(model: ClassModel, columns: readonly ObservedColumn[]): ClassModel {
  const { weights, cells } = model;
  for (let step = 0; step < 200; step++) {
    for (const [j, column] of columns.entries()) {
      for (let c = 0; c < column.shares.length; c++) {
        let sum = 1e-300;
        for (let z = 0; z < weights.length; z++) sum += weights[z]! * cells[z]![j]![c]!;
        const factor = column.shares[c]! / sum;
        for (let z = 0; z < weights.length; z++) cells[z]![j]![c]! *= factor;
      }
      for (let z = 0; z < weights.length; z++) {
        const row = cells[z]![j]!, sum = row.reduce((a, b) => a + b, 0);
        for (let c = 0; c < row.length; c++) row[c]! /= sum;
      }
    }
  }
  return model;
}

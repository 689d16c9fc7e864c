/**
 * A data set made of arrays in memory, for data that a script generates or reads by itself.
 *
 * @module
 */

import { UsageError } from "../core/errors.ts";
import { Sha256 } from "../core/files.ts";
import { formatCount } from "../core/format.ts";
import { materialise } from "./materialised.ts";
import { RowReader } from "./row_reader.ts";
import type { SharedDataset } from "./shared_dataset.ts";
import { SPLITS, type Splits, splitSevenths } from "./split.ts";
import type { Dataset, DatasetSchema, Inputs, Order, Reader, Split } from "./types.ts";

/**
 * The inputs, in order, and how they are split. A Float32Array or Uint32Array is used as it is and must not be changed;
 * other arrays are copied.
 */
export interface ArraysOptions {
  /**
   * Float32Array of inputs × dense columns, row-major, already transformed. Of sequences, step s of input b is row
   * `b * steps + s`.
   */
  readonly dense: ArrayLike<number>;
  /** One Uint32Array a table: the id of input b at b. Of sequences, that of step s at `b * steps + s`. */
  readonly ids: readonly ArrayLike<number>[];
  /** Float32Array: 0 or 1 for each input. */
  readonly labels: ArrayLike<number>;
  /** Time steps of an input where inputs are sequences, at least 2. Absent for inputs without steps. */
  readonly steps?: number;
  /** Rows of each table, above its ids. Default: the greatest id and one more. */
  readonly tableRows?: readonly number[];
  /** Default: `I1`, … */
  readonly denseNames?: readonly string[];
  /** Default: `C1`, … */
  readonly tableNames?: readonly string[];
  /** Name of the data set in results. Default `arrays`. */
  readonly format?: string;
  /**
   * How many inputs test and how many validate: the last ones, after those that train, in this order. Default: in sevenths,
   * of which six train and half of the last tests.
   */
  readonly split?: { readonly test: number; readonly validation?: number };
}

/** Raised whenever the same arrays would give other inputs. */
const ARRAYS_VERSION = 1;
const HASHED_BYTES = 2 ** 28;
/** Largest arrays that are copied into shared memory, for other threads to read. */
const SHARED_BYTES = 2 ** 30;

/**
 * Makes a data set from arrays.
 *
 * @category Data
 *
 * @example Two dense columns and two tables; the label is 1 for row 0 of the first table
 * ```ts
 * import assert from "node:assert/strict";
 * import { datasetFromArrays, Dlrm, openDevice, PRESETS, resolveShape, train } from "@slipstream/slipstream";
 *
 * const inputs = 7000;
 * const numbers = Array.from({ length: inputs }, (_, b) => b);
 * const dataset = datasetFromArrays({
 *   dense: Float32Array.from({ length: 2 * inputs }, (_, k) => Math.sin(k)),
 *   ids: [numbers.map((b) => b % 3), numbers.map((b) => b % 5)],
 *   labels: numbers.map((b) => b % 3 === 0 ? 1 : 0),
 *   split: { test: 1000 },
 * });
 * const { device } = await openDevice({ device: "cpu" });
 * const widths = { bottom: [2, 8, 4], dim: 4, top: [8, 1] };
 * const shape = resolveShape(PRESETS.rm2, dataset.schema, widths);
 * const model = new Dlrm(device, shape, { optimizer: { kind: "adagrad", eps: 1e-8 }, maxBatch: 128 });
 * await model.initialise(1);
 * const { evaluations } = await train(model, dataset, {
 *   batch: 32,
 *   epochs: 1,
 *   seed: 1,
 *   shuffle: true,
 *   schedule: { base: 0.1, warmupSteps: 0, decayStartStep: 0, decaySteps: 0 },
 *   evalEvery: 0,
 *   evalBatch: 128,
 *   maxSteps: 0,
 * });
 * assert.ok(evaluations.at(-1)!.metrics.auc! > 0.99);
 * model.dispose();
 * device.dispose();
 * ```
 *
 * @throws {UserError} Lengths that do not fit each other, an id outside its table, a label that is neither 0 nor 1, a dense
 * value that is not finite, or a split that leaves nothing to train or to test with.
 */
export function datasetFromArrays(options: ArraysOptions): Dataset {
  return new ArraysDataset(options);
}

function refuse(reason: string): never {
  throw new UsageError(`Cannot make a data set of arrays: ${reason}`);
}

class ArraysDataset implements Dataset {
  readonly schema: DatasetSchema;
  readonly hash: string;
  readonly notes: readonly string[];
  readonly bayes = null;
  readonly #splits: Splits;
  readonly #dense: Float32Array;
  readonly #ids: readonly Uint32Array[];
  readonly #labels: Float32Array;
  /** The arrays in shared memory, once another thread has wanted them. */
  #shared: Dataset | null = null;

  constructor({ steps, format = "arrays", ...options }: ArraysOptions) {
    const inputs = options.labels.length;
    if (steps !== undefined && !(Number.isInteger(steps) && steps >= 2)) {
      refuse(`steps is ${steps} and must be an integer from 2, or absent for inputs without steps`);
    }
    this.#splits = splitOf(inputs, options.split);
    this.#labels = checkLabels(options.labels);
    const rows = inputs * (steps ?? 1);
    this.#dense = checkDense(options.dense, rows);
    const columns = this.#dense.length / rows;
    this.#ids = options.ids.map((ids, t) => checkIds(ids, rows, t));
    const tables = this.#ids.length;
    if (tables === 0) refuse("ids has no table and there must be at least one");
    const tableNames = checkCount(
      "tableNames",
      options.tableNames ?? this.#ids.map((_, t) => `C${t + 1}`),
      tables,
      "table",
    );
    const tableRows = checkCount(
      "tableRows",
      options.tableRows ?? this.#ids.map((ids) => greatest(ids) + 1),
      tables,
      "table",
    );
    this.schema = {
      format,
      dense: checkCount(
        "denseNames",
        options.denseNames ?? Array.from({ length: columns }, (_, j) => `I${j + 1}`),
        columns,
        "dense column",
      ),
      tables: tableNames.map((name, t) => ({
        name,
        rows: checkRows(tableRows[t]!, this.#ids[t]!, t),
      })),
      ...(steps === undefined ? {} : { steps }),
    };
    const hash = new Sha256().update(
      JSON.stringify(["arrays", ARRAYS_VERSION, this.schema, this.#splits]),
    );
    for (const { buffer, byteOffset, byteLength } of [this.#dense, ...this.#ids, this.#labels]) {
      // The hash takes less than 2 GiB at once.
      for (let at = 0; at < byteLength; at += HASHED_BYTES) {
        const length = Math.min(HASHED_BYTES, byteLength - at);
        hash.update(new Uint8Array(buffer, byteOffset + at, length));
      }
    }
    this.hash = hash.hex();
    const [train, test, validation] = SPLITS.map((split) =>
      `${formatCount(this.count(split))} ${split}`
    );
    this.notes = [`Arrays: ${formatCount(inputs)} inputs, ${train}, ${test}, ${validation}`];
  }

  async share(): Promise<SharedDataset | null> {
    const { byteLength } = this.#dense;
    const bytes = this.#ids.reduce((sum, ids) => sum + ids.byteLength, byteLength);
    if (bytes > SHARED_BYTES) return null;
    this.#shared ??= await materialise(this);
    return await this.#shared.share!(["train"]);
  }

  count(split: Split): number {
    return this.#splits[split].count;
  }

  reader(split: Split, order: Order): Reader {
    const { start, count } = this.#splits[split];
    return new RowReader(this.schema, order, {
      count,
      write: (row, into, b, size) => this.#write(start + row, into, b, size),
    });
  }

  close(): void {
    // Nothing is open.
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #write(input: number, into: Inputs, b: number, size: number): void {
    const steps = this.schema.steps ?? 1;
    const width = this.schema.dense.length * steps;
    into.dense.set(this.#dense.subarray(input * width, (input + 1) * width), b * width);
    for (const [t, ids] of this.#ids.entries()) {
      for (let s = 0; s < steps; s++) {
        into.ids[t * size * steps + b * steps + s] = ids[input * steps + s]!;
      }
    }
    into.labels[b] = this.#labels[input]!;
  }
}

function splitOf(inputs: number, split: ArraysOptions["split"]): Splits {
  if (split === undefined) return splitSevenths(inputs);
  const { test, validation = 0 } = split;
  for (const [name, count] of [["test", test], ["validation", validation]] as const) {
    if (!(Number.isInteger(count) && count >= (name === "test" ? 1 : 0))) {
      refuse(
        `split.${name} is ${count} and must be an integer from ${
          name === "test" ? 1 : 0
        }, the number of inputs`,
      );
    }
  }
  const train = inputs - test - validation;
  if (train < 1) {
    refuse(
      `split leaves nothing to train with: ${test} to test and ${validation} to validate are all ${inputs} inputs or more`,
    );
  }
  return {
    train: { start: 0, count: train },
    test: { start: train, count: test },
    validation: { start: train + test, count: validation },
  };
}

function checkLabels(labels: ArrayLike<number>): Float32Array {
  for (let b = 0; b < labels.length; b++) {
    if (labels[b] !== 0 && labels[b] !== 1) {
      refuse(`the label of input ${b} is ${labels[b]} and must be 0 or 1`);
    }
  }
  return labels instanceof Float32Array ? labels : Float32Array.from(labels);
}

/** @param rows Inputs × steps. */
function checkDense(dense: ArrayLike<number>, rows: number): Float32Array {
  if (dense.length % rows !== 0) {
    refuse(
      `dense has ${dense.length} values, which is no multiple of the ${rows} rows (labels × steps)`,
    );
  }
  const values = dense instanceof Float32Array ? dense : Float32Array.from(dense);
  const columns = values.length / rows;
  for (let k = 0; k < values.length; k++) {
    if (!Number.isFinite(values[k])) {
      refuse(
        `dense column ${k % columns} of row ${Math.floor(k / columns)} is ${
          dense[k]
        } and must be a finite float32`,
      );
    }
  }
  return values;
}

/** @param rows Inputs × steps. */
function checkIds(ids: ArrayLike<number>, rows: number, table: number): Uint32Array {
  if (ids.length !== rows) {
    refuse(`ids[${table}] has ${ids.length} ids and must have ${rows} (labels × steps)`);
  }
  if (ids instanceof Uint32Array) return ids;
  for (let k = 0; k < ids.length; k++) {
    if (!(Number.isInteger(ids[k]) && ids[k]! >= 0 && ids[k]! < 2 ** 32 - 1)) {
      refuse(`ids[${table}][${k}] is ${ids[k]} and must be an integer from 0 to 4294967294`);
    }
  }
  return Uint32Array.from(ids);
}

function checkCount<T>(
  name: string,
  values: readonly T[],
  count: number,
  of: string,
): readonly T[] {
  if (values.length !== count) {
    refuse(`${name} has ${values.length} values and must have one a ${of}: ${count}`);
  }
  return values;
}

/** A table's rows, which must be above its ids. */
function checkRows(rows: number, ids: Uint32Array, table: number): number {
  if (!(Number.isInteger(rows) && rows >= 1 && rows < 2 ** 32)) {
    refuse(`tableRows[${table}] is ${rows} and must be an integer from 1 to 4294967295`);
  }
  const k = ids.findIndex((id) => id >= rows);
  if (k >= 0) refuse(`ids[${table}][${k}] is ${ids[k]} and the table has ${rows} rows`);
  return rows;
}

function greatest(ids: Uint32Array): number {
  let most = 0;
  for (const id of ids) if (id > most) most = id;
  return most;
}

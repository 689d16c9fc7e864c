/**
 * The lookups of a twin's training inputs, by position, in one numbering of the rows of all tables.
 *
 * @module
 */

import { createInputs } from "../inputs.ts";
import { TwinGenerator } from "./generator.ts";
import { isHistories, loadAnyTwin, openTwin } from "./open.ts";

/** Lookups of inputs. */
export interface TwinLookups {
  /** How many: those wanted, or all that the full data set has. */
  readonly inputs: number;
  /** Lookups of an input. */
  readonly each: number;
  /** Rows of each table. */
  readonly tableRows: readonly number[];
  /** Writes the rows that the first `count` of some inputs look up, one input after the other. */
  writeAll(numbers: ArrayLike<number>, count: number, into: Uint32Array): void;
}

/** Sequences of all splits for one that trains, at most. */
const SEQUENCES = 7 / 6;

/**
 * Opens the lookups of a shipped twin.
 *
 * @param inputs Training inputs that are wanted; sequences draw their negatives from the users that this takes.
 */
export async function openTwinLookups(
  name: string,
  seed: number,
  inputs: number,
): Promise<TwinLookups> {
  const parameters = await loadAnyTwin(name);
  if (!isHistories(parameters)) {
    const generator = new TwinGenerator(parameters, seed);
    const { tableRows, lookups } = generator;
    const first = firstRows(tableRows)
      .flatMap((row, t) => Array.from({ length: lookups[t]! }, () => row));
    return {
      inputs: Math.min(inputs, parameters.inputs - Math.floor(parameters.inputs / 7)),
      each: first.length,
      tableRows,
      writeAll(numbers, count, into) {
        generator.writeAllIds(numbers, count, into);
        for (let b = 0, at = 0; b < count; b++) {
          for (let k = 0; k < first.length; k++) into[at++]! += first[k]!;
        }
      },
    };
  }
  const whole = await openTwin({ twin: parameters, seed });
  const dataset = inputs >= whole.count("train")
    ? whole
    : await openTwin({ twin: parameters, seed, inputs: Math.ceil(SEQUENCES * inputs) });
  const { tables, steps = 1 } = dataset.schema;
  const tableRows = tables.map(({ rows }) => rows), first = firstRows(tableRows);
  const reader = dataset.reader("train", { kind: "sequential" });
  const one = createInputs(dataset.schema, 1);
  const each = tables.length * steps;
  return {
    inputs: Math.min(inputs, dataset.count("train")),
    each,
    tableRows,
    writeAll(numbers, count, into) {
      for (let b = 0, at = 0; b < count; b++) {
        // A drawn input never waits for a disk.
        void reader.read(numbers[b]!, 1, one);
        for (let k = 0; k < each; k++) into[at++] = one.ids[k]! + first[Math.floor(k / steps)]!;
      }
    },
  };
}

function firstRows(tableRows: readonly number[]): number[] {
  let next = 0;
  return tableRows.map((rows) => (next += rows) - rows);
}

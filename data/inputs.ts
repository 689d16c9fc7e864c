/**
 * The arrays that readers fill.
 *
 * @module
 */

import { idLayout } from "./id_layout.ts";
import type { DatasetSchema, Inputs, Reader } from "./types.ts";

/**
 * Arrays for minibatches of up to `size` inputs of a data set.
 *
 * @category Data
 */
export function createInputs(schema: DatasetSchema, size: number): Inputs {
  return {
    size: 0,
    dense: new Float32Array(size * (schema.steps ?? 1) * schema.dense.length),
    ids: new Uint32Array(size * idLayout(schema).width),
    labels: new Float32Array(size),
  };
}

/**
 * Throws a `RangeError` unless the positions lie in the split and the arrays are large enough for them.
 *
 * @param denseColumns Dense values an input: columns × steps.
 * @param places Places of ids an input: its lookups at most, in all tables.
 */
export function checkRead(
  reader: Reader,
  start: number,
  count: number,
  into: Inputs,
  denseColumns: number,
  places: number,
): void {
  if (!Number.isInteger(start) || !Number.isInteger(count) || start < 0 || count < 0) {
    throw new RangeError(
      `Cannot read ${count} inputs from ${start}: both must be integers from 0`,
    );
  }
  if (start + count > reader.count) {
    throw new RangeError(
      `Cannot read inputs ${start} to ${start + count}: the split ends at ${reader.count}`,
    );
  }
  checkRoom(count, into, denseColumns, places);
}

/**
 * Throws a `RangeError` unless all positions lie in the split and the arrays are large enough for them.
 *
 * @param denseColumns Dense values an input: columns × steps.
 * @param places Places of ids an input: its lookups at most, in all tables.
 */
export function checkReadAt(
  reader: Reader,
  positions: Uint32Array,
  into: Inputs,
  denseColumns: number,
  places: number,
): void {
  const count = reader.count;
  for (let b = 0; b < positions.length; b++) {
    if (positions[b]! >= count) {
      throw new RangeError(
        `Cannot read the input at position ${positions[b]} (number ${b} of ${positions.length}): ` +
          `the split ends at ${count}`,
      );
    }
  }
  checkRoom(positions.length, into, denseColumns, places);
}

function checkRoom(count: number, into: Inputs, denseColumns: number, places: number): void {
  if (
    into.dense.length < count * denseColumns || into.ids.length < count * places ||
    into.labels.length < count
  ) {
    throw new RangeError(
      `Cannot read ${count} inputs: the arrays hold ${into.dense.length} dense values, ` +
        `${into.ids.length} ids and ${into.labels.length} labels`,
    );
  }
}

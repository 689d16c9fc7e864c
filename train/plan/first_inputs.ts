/**
 * The beginning of an order.
 *
 * @module
 */

import type { Reader } from "../../data/types.ts";

/** A reader's first inputs, at most so many. */
export function firstInputs(reader: Reader, most: number): Reader {
  if (most >= reader.count) return reader;
  return {
    count: most,
    read: (start, count, into) => {
      if (start + count > most) {
        throw new RangeError(`Cannot read inputs ${start} to ${start + count}: ${most} are wanted`);
      }
      return reader.read(start, count, into);
    },
    readAt: (positions, into) => reader.readAt(positions, into),
  };
}

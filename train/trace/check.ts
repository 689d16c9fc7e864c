/**
 * Checks that a trace is consistent: the members of its header, and counts that fit together.
 *
 * @module
 */

import { findWrong } from "../../core/schema.ts";
import type { TraceColumns } from "./columns.ts";
import { HEADER_SCHEMA } from "./header.ts";
import type { TraceHeader } from "./schema.ts";

/** Says why a trace is refused. */
type Refuse = (reason: string) => never;

/** Checks what JSON gave. Calls `refuse` if it is no header of this version. */
export function checkHeader(header: unknown, refuse: Refuse): TraceHeader {
  const wrong = findWrong(HEADER_SCHEMA, header, ["header"]);
  return wrong === null ? header as TraceHeader : refuse(wrong);
}

/** Columns that cannot exceed another one, because they count a part of it. */
const PARTS = [
  ["unique_rows", "lookups"],
  ["cold_lookups", "lookups"],
  ["unique_cold_rows", "cold_lookups"],
  ["unique_cold_rows", "unique_rows"],
  ["frozen_rows", "unique_rows"],
] as const;

/** A minibatch takes no thirty years, and copies no exabyte. */
const MOST_MS = 1e12, MOST_BYTES = 1e18;

/** Checks all minibatches. Calls `refuse` on none, steps out of sequence, and counts or times that cannot be. */
export function checkColumns(columns: TraceColumns, refuse: Refuse): void {
  const { length, step, inputs } = columns;
  if (length === 0) refuse("it holds no minibatches");
  for (let i = 0; i < length; i++) {
    if (step[i] !== i) {
      refuse(`minibatch ${i} has step ${step[i]}, where steps count from 0 without a gap`);
    }
    if (inputs[i] === 0) refuse(`minibatch ${i} has 0 inputs, and must have 1 or more`);
  }
  for (const [part, whole] of PARTS) {
    const parts = columns[part], wholes = columns[whole];
    for (let i = 0; i < length; i++) {
      if (parts[i]! > wholes[i]!) {
        refuse(
          `minibatch ${i} has ${part} ${parts[i]}, which cannot be more than its ${whole} ${
            wholes[i]
          }`,
        );
      }
    }
  }
  for (const [name, values] of columns.byName) {
    // Unsigned integers cannot be wrong by themselves.
    if (!(values instanceof Float32Array || values instanceof Float64Array)) continue;
    const most = name.endsWith("_ms") ? MOST_MS : MOST_BYTES;
    for (let i = 0; i < length; i++) {
      const value = values[i]!;
      if (!(value >= 0 && value <= most)) {
        refuse(`minibatch ${i} has ${name} ${value}, which must be a number from 0 to ${most}`);
      }
    }
  }
}

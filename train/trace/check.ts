/**
 * Whether a trace can be what it says: its header's members, and counts that fit together.
 *
 * @module
 */

import type { TraceColumns } from "./columns.ts";
import { TRACE_SCHEMA_VERSION, type TraceHeader } from "./schema.ts";

/** Says why a trace is refused. */
type Refuse = (reason: string) => never;

/** Members of the header that every reader relies on, with what they must be. */
const MEMBERS: readonly (readonly [string, string, (value: unknown) => boolean])[] = [
  ["origin", '"run" or "counts"', (value) => value === "run" || value === "counts"],
  [
    "model",
    "an object with table_rows and dim",
    (value) =>
      isObject(value) && Array.isArray(value.table_rows) && value.table_rows.every(isCount) &&
      isCount(value.dim),
  ],
  ["optimizer", "a name", isString],
  ["batch", "a whole number above 0", (value) => isCount(value) && value !== 0],
  ["lookups_per_input", "a whole number", isCount],
  ["dataset", "an object", isObject],
  ["plan", "an object with a name", (value) => isObject(value) && isString(value.name)],
  ["placement", "a name", isString],
  [
    "stage_resolution",
    '"minibatch" or "interval"',
    (value) => value === "minibatch" || value === "interval",
  ],
];

/** Checks what JSON gave. Calls `refuse` if it is no header of this version. */
export function checkHeader(header: unknown, refuse: Refuse): TraceHeader {
  if (!isObject(header)) return refuse("its header is not a JSON object");
  if (header.schema !== "slipstream.trace") {
    refuse(`its header is of schema ${JSON.stringify(header.schema)} and must be slipstream.trace`);
  }
  if (header.schema_version !== TRACE_SCHEMA_VERSION) {
    refuse(
      `its schema version is ${
        JSON.stringify(header.schema_version)
      } and must be ${TRACE_SCHEMA_VERSION}; trace the run again with this version`,
    );
  }
  for (const [name, wanted, fits] of MEMBERS) {
    if (!fits(header[name])) refuse(`its header's ${name} must be ${wanted}`);
  }
  return header as unknown as TraceHeader;
}

/** Columns that cannot pass another one: they count a part of it. */
const PARTS = [
  ["unique_rows", "lookups"],
  ["cold_lookups", "lookups"],
  ["unique_cold_rows", "cold_lookups"],
  ["unique_cold_rows", "unique_rows"],
  ["frozen_rows", "unique_rows"],
] as const;

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
    for (let i = 0; i < length; i++) {
      const value = values[i]!;
      if (!(value >= 0 && value < Infinity)) {
        refuse(`minibatch ${i} has ${name} ${value}, which must be a number from 0 up`);
      }
    }
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isString(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

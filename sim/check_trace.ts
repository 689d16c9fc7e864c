/**
 * Whether a trace can be simulated: its version, and counts that are possible.
 *
 * @module
 */

import { UserError } from "../core/errors.ts";
import {
  MINIBATCH_KINDS,
  type MinibatchRecord,
  TRACE_SCHEMA_VERSION,
  type TraceHeader,
} from "../train/trace/schema.ts";

const COUNTS = [
  "inputs",
  "lookups",
  "unique_rows",
  "cold_lookups",
  "unique_cold_rows",
  "skipped_inputs",
] as const;

/** What of a minibatch is checked. */
type Checked = Pick<MinibatchRecord, "kind" | typeof COUNTS[number]>;

/**
 * Refuses a header that cannot be simulated.
 *
 * @param minibatches Number of records.
 * @throws {UserError} Another schema or version, a model whose shape is not told, or no minibatch.
 */
export function checkHeader(header: TraceHeader, minibatches: number): void {
  const refuse = (reason: string): never => {
    throw new UserError(`Cannot simulate the trace: ${reason}`);
  };
  if (header.schema !== "slipstream.trace") {
    refuse(`its schema is ${JSON.stringify(header.schema)} and must be "slipstream.trace"`);
  }
  if (header.schema_version !== TRACE_SCHEMA_VERSION) {
    refuse(
      `it has version ${header.schema_version} and this simulator reads ${TRACE_SCHEMA_VERSION}`,
    );
  }
  const { batch, lookups_per_input: each, model } = header;
  if (!(batch >= 1) || !(each >= 1)) {
    refuse(
      `its header has a minibatch of ${batch} inputs with ${each} lookups each, and both must be at least 1`,
    );
  }
  for (const name of ["table_rows", "bottom", "top"] as const) {
    if (!isCounts(model[name])) refuse(`its header's model.${name} must be whole numbers above 0`);
  }
  for (
    const [name, value] of [
      ["dim", model.dim],
      ["parameters.dense", model.parameters?.dense],
      ["parameters.embedding", model.parameters?.embedding],
    ] as const
  ) {
    if (!isCount(value)) refuse(`its header's model.${name} must be a whole number above 0`);
  }
  const { lookups } = model;
  if (
    lookups !== undefined && !(isCounts(lookups) && lookups.length === model.table_rows.length)
  ) {
    refuse(`its header's model.lookups must be a whole number above 0 for each table`);
  }
  const most = lookups?.reduce((sum, some) => sum + some, 0) ??
    model.table_rows.length * (model.steps ?? 1);
  if (each !== most) {
    refuse(`its header has ${each} lookups an input, and its model's tables and steps ${most}`);
  }
  if (minibatches === 0) refuse("it has no minibatches");
}

/**
 * Refuses a minibatch whose counts contradict each other.
 *
 * @throws {UserError} Names the minibatch.
 */
export function checkRecord(record: Checked, i: number, header: TraceHeader): void {
  const { lookups_per_input: each, batch, model } = header;
  const wrong = contradiction(record, each, batch, model.lookups !== undefined);
  if (wrong !== null) throw new UserError(`Cannot simulate the trace: minibatch ${i} ${wrong}`);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function isCounts(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(isCount);
}

function contradiction(
  record: Checked,
  each: number,
  batch: number,
  bags: boolean,
): string | null {
  for (const name of COUNTS) {
    const value = record[name];
    if (!Number.isSafeInteger(value) || value < 0) {
      return `has ${name} ${value}, which is no whole number of at least 0`;
    }
  }
  const { kind, inputs, lookups, unique_rows, cold_lookups, unique_cold_rows } = record;
  if (!MINIBATCH_KINDS.includes(kind)) return `is of kind "${kind}", which is unknown`;
  if (inputs === 0) return "trains no inputs";
  if (inputs > batch) return `has ${inputs} inputs, more than the ${batch} of a full one`;
  // Bags may be shorter than the longest.
  if (bags ? lookups > inputs * each : lookups !== inputs * each) {
    return `has ${lookups} lookups for ${inputs} inputs of ${bags ? "at most " : ""}${each}`;
  }
  if (unique_rows < 1 || unique_rows > lookups) {
    return `has ${unique_rows} different rows in ${lookups} lookups`;
  }
  if (cold_lookups > lookups) return `has ${cold_lookups} cold lookups of ${lookups}`;
  if (unique_cold_rows > cold_lookups || unique_cold_rows > unique_rows) {
    return `has ${unique_cold_rows} different cold rows in ${cold_lookups} cold lookups and ${unique_rows} different rows`;
  }
  if (kind === "cold" && cold_lookups < inputs) {
    return `is cold with ${cold_lookups} cold lookups for ${inputs} inputs, of which each has one`;
  }
  if (kind !== "cold" && kind !== "all" && cold_lookups > 0) {
    return `is of hot inputs and has ${cold_lookups} cold lookups`;
  }
  return null;
}

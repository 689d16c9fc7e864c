/**
 * Whether a trace can be simulated: its version, and counts that are possible.
 *
 * @module
 */

import { UserError } from "../core/errors.ts";
import {
  MINIBATCH_KINDS,
  type MinibatchRecord,
  type Trace,
  TRACE_SCHEMA_VERSION,
} from "../train/trace/schema.ts";

const COUNTS = [
  "inputs",
  "lookups",
  "unique_rows",
  "cold_lookups",
  "unique_cold_rows",
  "skipped_inputs",
] as const;

/**
 * Refuses what cannot be simulated.
 *
 * @throws {UserError} Another schema or version, no minibatch, no input, or a record whose counts contradict each other;
 * the record is named.
 */
export function checkTrace({ header, records }: Trace): void {
  if (header.schema !== "slipstream.trace") {
    throw new UserError(
      `Cannot simulate the trace: its schema is ${
        JSON.stringify(header.schema)
      } and must be "slipstream.trace"`,
    );
  }
  if (header.schema_version !== TRACE_SCHEMA_VERSION) {
    throw new UserError(
      `Cannot simulate the trace: it has version ${header.schema_version} and this simulator reads ${TRACE_SCHEMA_VERSION}`,
    );
  }
  if (!(header.batch >= 1) || !(header.lookups_per_input >= 1)) {
    throw new UserError(
      `Cannot simulate the trace: its header has a minibatch of ${header.batch} inputs with ${header.lookups_per_input} lookups each, and both must be at least 1`,
    );
  }
  if (records.length === 0) {
    throw new UserError("Cannot simulate the trace: it has no minibatches");
  }
  for (const [i, record] of records.entries()) {
    const wrong = contradiction(record, header.lookups_per_input, header.batch);
    if (wrong !== null) {
      throw new UserError(`Cannot simulate the trace: minibatch ${i} ${wrong}`);
    }
  }
}

function contradiction(record: MinibatchRecord, each: number, batch: number): string | null {
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
  if (lookups !== inputs * each) {
    return `has ${lookups} lookups for ${inputs} inputs of ${each}`;
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

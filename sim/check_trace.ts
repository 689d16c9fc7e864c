/**
 * Checks that a trace can be simulated: its version, and that its counts are possible.
 *
 * @module
 */

import { UserError } from "../core/errors.ts";
import { checkHeader as checkTraceHeader } from "../train/trace/check.ts";
import { MINIBATCH_KINDS, type MinibatchRecord, type TraceHeader } from "../train/trace/schema.ts";

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
 * @param cannot How the message begins.
 * @throws {UserError} Another schema or version, a field that is missing or cannot be, or no minibatch.
 */
export function checkHeader(
  header: TraceHeader,
  minibatches: number,
  cannot = "Cannot simulate the trace",
): void {
  const refuse = (reason: string): never => {
    throw new UserError(`${cannot}: ${reason}`);
  };
  checkTraceHeader(header, refuse);
  const { lookups_per_input: each, model } = header;
  const { lookups, table_rows } = model;
  if (lookups !== undefined && lookups.length !== table_rows.length) {
    refuse(
      `header.model.lookups has ${lookups.length} numbers, and there are ${table_rows.length} tables`,
    );
  }
  const most = lookups?.reduce((sum, some) => sum + some, 0) ??
    table_rows.length * (model.steps ?? 1);
  if (each !== most) {
    refuse(
      `header.lookups_per_input is ${each}, and the tables and steps of header.model make ${most}`,
    );
  }
  if (minibatches === 0) refuse("it has no minibatches");
}

/**
 * Refuses a minibatch whose counts contradict each other.
 *
 * @throws {UserError} Names the minibatch.
 */
export function checkRecord(record: Checked, i: number, header: TraceHeader): void {
  const wrong = noCount(record) ?? contradiction(record, header);
  if (wrong !== null) throw new UserError(`Cannot simulate the trace: minibatch ${i} ${wrong}`);
}

/** What is no count in a record; null where all are. */
function noCount(record: Checked): string | null {
  const { kind } = record;
  if (!MINIBATCH_KINDS.includes(kind)) return `is of kind "${kind}", which is unknown`;
  for (const name of COUNTS) {
    const value = record[name];
    if (!Number.isSafeInteger(value) || value < 0) {
      return `has ${name} ${value}, which is no whole number of at least 0`;
    }
  }
  return null;
}

/** In what the counts of a minibatch contradict each other or the header, as the end of a sentence on it; null where they do not. */
export function contradiction(
  record: Omit<Checked, "skipped_inputs">,
  { batch, lookups_per_input: each, model }: TraceHeader,
): string | null {
  const { kind, inputs, lookups, unique_rows, cold_lookups, unique_cold_rows } = record;
  if (inputs === 0) return "trains no inputs";
  if (inputs > batch) return `has ${inputs} inputs, more than the ${batch} of a full one`;
  // Bags may be shorter than the longest.
  const bags = model.lookups !== undefined;
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

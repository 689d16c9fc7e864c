/**
 * Traces as files: Arrow IPC, one row a minibatch, the header in the schema's metadata (docs/trace.md).
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import { writeFileWhole } from "../../core/files.ts";
import { readBounded } from "../../core/json_file.ts";
import { checkColumns, checkHeader } from "./check.ts";
import type { TraceColumns } from "./columns.ts";
import type { TraceRecorder } from "./recorder.ts";
import type { MinibatchRecord, Trace, TraceHeader } from "./schema.ts";

/** A larger file is refused. A trace takes some 120 bytes a minibatch. */
export const MOST_TRACE_BYTES = 1e9;

/** A trace that was read from a file. It holds the columns; records are made when they are first used. */
export class TraceFile implements Trace {
  /** What was run. */
  readonly header: TraceHeader;
  /** One typed array a column, which is faster to go through than `records`. */
  readonly columns: TraceColumns;
  #records: readonly MinibatchRecord[] | null = null;

  /** Joins a header and columns that fit it. */
  constructor(header: TraceHeader, columns: TraceColumns) {
    this.header = header;
    this.columns = columns;
  }

  /** One object a minibatch, made the first time. */
  get records(): readonly MinibatchRecord[] {
    return this.#records ??= Array.from(
      { length: this.columns.length },
      (_, i) => this.columns.record(i),
    );
  }
}

/**
 * Writes a trace, whole or not at all. Check the place before the run with `checkOutputFile`.
 *
 * @throws {UserError} The file cannot be written.
 * @category Traces
 */
export async function writeTrace(
  path: string,
  header: TraceHeader,
  recorder: TraceRecorder,
): Promise<void> {
  await writeFileWhole(path, await recorder.bytes(header));
}

/**
 * Reads a trace and checks it: form, version, columns, checksum where it has one, and that its counts and times can be true.
 *
 * @throws {UserError} The file cannot be read, is no Arrow file or no trace, is cut short or damaged, is of another
 * version, lacks a column, was changed after it was written, holds no minibatches, or has counts or times that cannot be
 * true.
 * @category Traces
 */
export async function readTrace(path: string): Promise<TraceFile> {
  return await parseTraceFile(path, await readBounded(path, MOST_TRACE_BYTES));
}

/**
 * Checks the bytes of a trace file.
 *
 * @param path Where they come from, for messages.
 * @throws {UserError} As `readTrace` does.
 */
export async function parseTraceFile(path: string, bytes: Uint8Array): Promise<TraceFile> {
  const refuse = (reason: string): never => {
    throw new UserError(`Cannot read ${path}: ${reason}`);
  };
  const { parseTrace } = await import("./arrow.ts");
  const parsed = parseTrace(bytes, refuse);
  // The version is checked first: another version may have other columns.
  const header = checkHeader(parsed.header(), refuse);
  const columns = parsed.columns();
  checkColumns(columns, refuse);
  return new TraceFile(header, columns);
}

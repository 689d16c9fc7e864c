/**
 * Counted traces as JSON files: the header, and runs of equal minibatches. Small enough to keep, where a trace of every
 * minibatch is not.
 *
 * @module
 */

import { UserError } from "../core/errors.ts";
import { fileError, writeFileWhole } from "../core/files.ts";
import { type Trace, TRACE_SCHEMA_VERSION } from "../train/trace/schema.ts";
import { type CountedTrace } from "./work.ts";

const OPENING_BRACE = "{".charCodeAt(0);

/** What a file holds. */
interface CountedDocument extends CountedTrace {
  readonly schema: "slipstream.counted-trace";
  readonly schema_version: typeof TRACE_SCHEMA_VERSION;
}

/** Writes a counted trace. */
export async function writeCountedTrace(path: string, trace: CountedTrace): Promise<void> {
  const document: CountedDocument = {
    schema: "slipstream.counted-trace",
    schema_version: TRACE_SCHEMA_VERSION,
    header: trace.header,
    runs: trace.runs,
  };
  await writeFileWhole(path, `${JSON.stringify(document, null, 2)}\n`);
}

/** Checks what was parsed. Throws a `UserError` for a file that is no counted trace or has another version. */
export function parseCountedTrace(value: unknown, where: string): CountedTrace {
  const document = value as Partial<CountedDocument> | null;
  const refuse = (reason: string): never => {
    throw new UserError(`Cannot read ${where}: ${reason}`);
  };
  if (document?.schema !== "slipstream.counted-trace") {
    refuse('it is no counted trace (its schema must be "slipstream.counted-trace")');
  }
  const { schema_version, header, runs } = document as CountedDocument;
  if (schema_version !== TRACE_SCHEMA_VERSION || header?.schema_version !== TRACE_SCHEMA_VERSION) {
    refuse(`it has version ${schema_version} and this simulator reads ${TRACE_SCHEMA_VERSION}`);
  }
  if (!Array.isArray(runs) || runs.length === 0) refuse("it has no minibatches");
  for (const [i, run] of runs.entries()) {
    const { record, times } = run;
    const numbers = [
      times,
      record?.inputs,
      record?.lookups,
      record?.unique_rows,
      record?.cold_lookups,
      record?.unique_cold_rows,
      record?.epoch,
      record?.skipped_inputs,
    ];
    if (numbers.some((n) => typeof n !== "number" || !Number.isFinite(n) || n < 0)) {
      refuse(`run ${i} lacks a count or has one below 0`);
    }
    const most = record.inputs * header.lookups_per_input;
    const bags = header.model.lookups !== undefined;
    if (
      times < 1 || record.inputs < 1 || (bags ? record.lookups > most : record.lookups !== most)
    ) {
      refuse(`run ${i} has ${record.lookups} lookups for ${record.inputs} inputs, ${times} times`);
    }
  }
  return { header, runs };
}

/**
 * Reads a trace: a counted one (JSON), or one of a run (Arrow, `readTrace`).
 *
 * @throws {UserError} The file cannot be read, is neither, is cut short or damaged, is of another version, or says what
 * cannot be.
 */
export async function readAnyTrace(path: string): Promise<Trace | CountedTrace> {
  let bytes;
  try {
    bytes = await Deno.readFile(path);
  } catch (error) {
    throw fileError("read", path, error);
  }
  if (bytes[0] === OPENING_BRACE) {
    let value: unknown;
    try {
      value = JSON.parse(new TextDecoder().decode(bytes));
    } catch {
      throw new UserError(`Cannot read ${path}: it starts as JSON and is cut off or damaged`);
    }
    return parseCountedTrace(value, path);
  }
  // The Arrow library is needed for traces of runs alone.
  const { parseTraceFile } = await import("../train/trace/files.ts");
  return await parseTraceFile(path, bytes);
}

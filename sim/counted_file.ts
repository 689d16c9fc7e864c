/**
 * Counted traces as JSON files: the header, and runs of equal minibatches. Small enough to keep, where a trace of every
 * minibatch is not.
 *
 * @module
 */

import { UserError } from "../core/errors.ts";
import { writeFileWhole } from "../core/files.ts";
import { formatSealed, parseSealed, readBounded, tooLarge } from "../core/json_file.ts";
import {
  checkSchema,
  documentOf,
  listOf,
  numberFrom,
  objectOf,
  oneOf,
  type Schema,
  wholeFrom,
} from "../core/schema.ts";
import { MOST_TRACE_BYTES, parseTraceFile } from "../train/trace/files.ts";
import { HEADER_SCHEMA } from "../train/trace/header.ts";
import { MINIBATCH_KINDS, type Trace, TRACE_SCHEMA_VERSION } from "../train/trace/schema.ts";
import { checkHeader, contradiction } from "./check_trace.ts";
import { parseRecordedRun, RECORDED_SCHEMA } from "./recorded_run.ts";
import type { CountedTrace, HotCopies } from "./work.ts";

const OPENING_BRACE = "{".charCodeAt(0);
/** A counted trace takes some 250 bytes a run of minibatches. */
const MOST_JSON_BYTES = 64e6;
/** Minibatches of a trace and of one run of it. Beyond it sums are not exact any more. */
const MOST_MINIBATCHES = 2 ** 40;

/** An exabyte. */
const MOST_BYTES_COPIED = 1e18;

/** What a file holds. */
interface CountedDocument extends CountedTrace {
  readonly schema: "slipstream.counted-trace";
  readonly schema_version: typeof TRACE_SCHEMA_VERSION;
}

type Run = CountedTrace["runs"][number];

const COUNT = wholeFrom(0);

const RUN: Schema<Run> = objectOf<Run>({
  record: objectOf<Run["record"]>({
    kind: oneOf(MINIBATCH_KINDS),
    inputs: wholeFrom(1),
    lookups: COUNT,
    unique_rows: COUNT,
    cold_lookups: COUNT,
    unique_cold_rows: COUNT,
    epoch: wholeFrom(0, 1e6),
    // A mean over the minibatches of a condensed trace.
    skipped_inputs: numberFrom(0, MOST_MINIBATCHES),
  }, {
    frozen_rows: numberFrom(0, MOST_MINIBATCHES),
  }),
  times: wholeFrom(1, MOST_MINIBATCHES),
});

const DOCUMENT: Schema<CountedDocument> = documentOf<CountedDocument>(
  {
    schema: "slipstream.counted-trace",
    version: TRACE_SCHEMA_VERSION,
    otherwise: "; count it again with this version",
  },
  objectOf<CountedDocument>({
    schema: oneOf(["slipstream.counted-trace"]),
    schema_version: oneOf([TRACE_SCHEMA_VERSION]),
    header: HEADER_SCHEMA,
    runs: listOf(RUN, 1),
  }, {
    copies: objectOf<HotCopies>({
      bytes: numberFrom(0, MOST_BYTES_COPIED),
      times: wholeFrom(1, MOST_MINIBATCHES),
    }),
  }),
);

/**
 * Writes a counted trace with its checksum.
 *
 * @category Traces
 */
export async function writeCountedTrace(path: string, trace: CountedTrace): Promise<void> {
  const document: CountedDocument = {
    schema: "slipstream.counted-trace",
    schema_version: TRACE_SCHEMA_VERSION,
    ...trace,
  };
  await writeFileWhole(path, formatSealed(document));
}

/**
 * Checks what was parsed.
 *
 * @throws {UserError} Names the first field that is missing, unknown or cannot be, or the run whose counts contradict each
 * other.
 */
export function parseCountedTrace(value: unknown, where: string): CountedTrace {
  const cannot = `Cannot read ${where}`;
  const { header, runs, copies } = checkSchema(DOCUMENT, value, cannot);
  checkHeader(header, runs.length, cannot);
  let minibatches = 0, skipped = 0, epochs = 1;
  for (const [i, { record, times }] of runs.entries()) {
    const wrong = contradiction(record, header);
    if (wrong !== null) throw new UserError(`${cannot}: runs[${i}].record ${wrong}`);
    minibatches += times;
    skipped += times * record.skipped_inputs;
    epochs = Math.max(epochs, record.epoch + 1);
  }
  const { train_inputs: inputs } = header.dataset;
  if (skipped > epochs * inputs) {
    throw new UserError(
      `${cannot}: its runs skip ${skipped} inputs together, and header.dataset has ${inputs} in each of ${epochs} epochs`,
    );
  }
  if (minibatches > MOST_MINIBATCHES) {
    throw new UserError(
      `${cannot}: its runs have ${minibatches} minibatches together, more than ${MOST_MINIBATCHES}`,
    );
  }
  return { header, runs, ...(copies === undefined ? {} : { copies }) };
}

/**
 * Reads a trace: a counted one or a recorded run (JSON), or one of a run (Arrow, `readTrace`).
 *
 * @throws {UserError} The file cannot be read, is neither, is cut short or damaged, is of another version, was changed
 * after it was written, or has counts or times that are impossible.
 * @category Traces
 */
export async function readAnyTrace(path: string): Promise<Trace | CountedTrace> {
  return await parseAnyTrace(path, await readBounded(path, MOST_TRACE_BYTES));
}

/**
 * The trace that a file's bytes are, as {@linkcode readAnyTrace} reads it.
 *
 * @param path Where they come from, for messages.
 * @throws {UserError} As `readAnyTrace` does.
 * @category Traces
 */
export async function parseAnyTrace(
  path: string,
  bytes: Uint8Array,
): Promise<Trace | CountedTrace> {
  if (bytes[0] !== OPENING_BRACE) return await parseTraceFile(path, bytes);
  if (bytes.length > MOST_JSON_BYTES) throw tooLarge(path, MOST_JSON_BYTES);
  // Files of other programs have no seal; only a sealed file must be unchanged.
  const document = parseSealed(bytes, { cannot: `Cannot read ${path}`, seal: "optional" });
  const schema = (document as { readonly schema?: unknown } | null)?.schema;
  return schema === RECORDED_SCHEMA
    ? parseRecordedRun(document, path)
    : parseCountedTrace(document, path);
}

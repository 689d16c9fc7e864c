/**
 * Reads the events of a run, which may still be going on.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import { readBounded } from "../../core/json_file.ts";
import * as schema from "../../core/schema.ts";
import { stageColumn, STAGES } from "../stages.ts";
import { EVENTS_SCHEMA_VERSION, type RunEvent } from "./schema.ts";

/** A larger file is refused. A line of progress takes some 500 bytes, and there are few thousand a day. */
const MOST_BYTES = 256e6;

const count = schema.wholeFrom(0);
const ms = schema.numberFrom(0);
const share = schema.numberFrom(0, 1);
const numberOrNull = schema.orNull(schema.numberFrom(-Infinity));
const base = { step: count, inputs: count, train_ms: ms };

const DECISION: schema.Schema<unknown> = schema.objectWith<Record<string, unknown>>({
  window: schema.objectWith<Record<string, unknown>>({ from: count, to: count }),
  target: share,
  threshold: ms,
  share,
  curve: schema.listOf(
    schema.objectWith<Record<string, unknown>>({ threshold: schema.numberFrom(-Infinity), share }),
  ),
  tables: schema.listOf(
    schema.objectWith<Record<string, unknown>>({ hot: count, touched: count, stale: count }),
  ),
});

/** Of each kind of line that is known, what is needed of it. */
const LINES: Readonly<Record<RunEvent["event"], schema.Schema<unknown>>> = {
  start: schema.documentOf(
    { schema: "slipstream.events", version: EVENTS_SCHEMA_VERSION },
    schema.objectWith<Record<string, unknown>>({
      ...base,
      resumed: schema.flag,
      configuration: schema.anyObject,
      device: schema.text,
      dataset: schema.objectWith<Record<string, unknown>>({
        ...{ format: schema.text, train_inputs: count, test_inputs: count },
        tables: schema.listOf(schema.text),
      }),
    }),
  ),
  progress: schema.objectWith<Record<string, unknown>>(
    { ...base, skipped_inputs: count, loss: numberOrNull },
    Object.fromEntries(STAGES.map((stage) => [stageColumn(stage), ms])),
  ),
  evaluation: schema.objectWith<Record<string, unknown>>({
    ...base,
    ...{ skipped_inputs: count, auc: numberOrNull, logloss: numberOrNull },
  }),
  decision: schema.objectWith<Record<string, unknown>>({
    ...base,
    threshold: ms,
    decision: DECISION,
  }),
  end: schema.objectWith<Record<string, unknown>>({
    ...base,
    skipped_inputs: count,
    how: schema.oneOf(["completed", "stopped", "interrupted", "failed"]),
  }),
};

/**
 * The events in a file, in order. Lines of kinds that this version does not know are left out, and so is a last line that is
 * not whole yet.
 *
 * @throws {UserError} The file cannot be read, a line is no event, or the first is no beginning of a run.
 */
export async function readEvents(path: string): Promise<RunEvent[]> {
  return parseEvents(path, new TextDecoder().decode(await readBounded(path, MOST_BYTES)));
}

/** The events in a text; `path` is for messages. Throws as {@linkcode readEvents}. */
export function parseEvents(path: string, text: string): RunEvent[] {
  const events = text.split("\n").slice(0, -1).flatMap((line, i) => {
    const event = parseLine(line, `Cannot read ${path}: line ${i + 1}`);
    return event === null ? [] : [event];
  });
  if (events[0]?.event !== "start") {
    throw new UserError(
      `Cannot read ${path}: its first line is no beginning of a run, as deno task train --events writes it`,
    );
  }
  return events;
}

function parseLine(line: string, cannot: string): RunEvent | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new UserError(`${cannot} is no JSON`);
  }
  schema.checkSchema(
    schema.objectWith<Record<string, unknown>>({ event: schema.text }),
    value,
    cannot,
  );
  const { event } = value as { readonly event: string };
  if (!Object.hasOwn(LINES, event)) return null;
  return schema.checkSchema(LINES[event as RunEvent["event"]], value, cannot) as RunEvent;
}

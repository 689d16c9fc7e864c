/**
 * Flags that say what data to train on.
 *
 * @module
 */

import { UsageError } from "../../core/errors.ts";
import type { FlagTable, FlagValues } from "../../core/flags.ts";
import { LOG_FLAGS } from "../../data/flags.ts";
import { daysOf } from "../../data/source_files.ts";
import { parseDataSource } from "../run/data_source.ts";
import type { DataOptions, DataSource } from "../run/options.ts";
import type { DLRM_TRANSLATED } from "./dlrm_flags.ts";

/** Where inputs come from and how they are read. */
export const DATA_FLAGS = {
  data: {
    type: "paths",
    positional: true,
    group: "Data",
    valueName: "FILE…",
    aliases: ["raw-data-file"],
    help:
      "Click logs in order: text, plain or in gzip or zstd, Parquet, Arrow, or arrays (docs/data.md); folders and patterns of them; or twin:rm1 to twin:rm4 or twin:FILE.json, perhaps with settings (docs/twins.md) and :INPUTS (default 2333333, of which two million train); or synthetic, or synthetic:INPUTS",
  },
  format: LOG_FLAGS.format,
  schema: LOG_FLAGS.schema,
  test: LOG_FLAGS.test,
  validation: LOG_FLAGS.validation,
  limit: LOG_FLAGS.limit,
  maxIndRange: {
    type: "number",
    integer: true,
    min: -1,
    max: 0xffffffff,
    default: -1,
    group: "Data",
    help: "Take ids modulo N; 0 or -1 leaves them as they are",
  },
  minCount: LOG_FLAGS.minCount,
  dataSeed: LOG_FLAGS.dataSeed,
  leak: {
    type: "boolean",
    group: "Data",
    help: "Validate taobao with users that are trained on too, as the original does",
  },
  badRows: LOG_FLAGS.badRows,
  cache: LOG_FLAGS.cache,
  dataOrder: {
    type: "choice",
    choices: ["total", "none"],
    default: "total",
    aliases: ["data-randomize"],
    group: "Data",
    help: "Order of training inputs: total shuffles them all each epoch, none keeps the file's",
  },
} as const satisfies FlagTable;

type Values = FlagValues<typeof DATA_FLAGS & typeof DLRM_TRANSLATED>;

/** The files that begin with a path; none where it is a file itself. */
export type DaysFrom = (path: string) => readonly string[];

/** Flags as they were spelled. */
export type Given = ReadonlyMap<string, string>;

/**
 * The data that flags ask for.
 *
 * @param days Finds the files whose paths begin with a path that is not a file itself: DLRM names the Terabyte files by
 * their common beginning.
 * @param notes Takes lines on what has no effect, or was read as something else.
 */
export function dataOf(
  values: Values,
  given: Given,
  days: DaysFrom,
  notes: string[],
): DataOptions & { readonly source: DataSource } {
  const format = formatOf(values, given);
  return {
    source: sourceOf(values, given, format, days, notes),
    format,
    schema: values.schema,
    test: values.test,
    validation: values.validation,
    limit: values.limit,
    maxIndexRange: values.maxIndRange > 0 ? values.maxIndRange : null,
    minCount: values.minCount,
    seed: values.dataSeed,
    leak: values.leak,
    badRows: values.badRows,
    cache: values.cache,
  };
}

function formatOf({ format, dataSet }: Values, given: Given): Values["format"] {
  if (dataSet === undefined) return format;
  const meant = `criteo-${dataSet}` as const;
  if (given.has("format") && format !== meant) {
    throw new UsageError(
      `Cannot use --format ${format}: --data-set ${dataSet} has been given and means --format ${meant}`,
    );
  }
  return meant;
}

function sourceOf(
  { data, dataGeneration, dataSize }: Values,
  given: Given,
  format: Values["format"],
  days: DaysFrom,
  notes: string[],
): DataSource {
  if (dataGeneration === "random") {
    notes.push("--data-generation random is read as --data synthetic, whose clicks can be learnt");
    if (data !== undefined) {
      notes.push(`${given.get("data")} has no effect with --data-generation random`);
    }
    return { kind: "synthetic", inputs: dataSize ?? null };
  }
  if (data === undefined) {
    throw new UsageError(
      "Cannot start without --data: give one or more click logs, or --data synthetic",
    );
  }
  const source = parseDataSource(data);
  if (source.kind !== "files" || format !== "criteo-terabyte") return source;
  return {
    kind: "files",
    paths: source.paths.flatMap((path) => {
      const found = days(path);
      return found.length > 0 ? found : path;
    }),
  };
}

/** `./day` gives `./day_0`, `./day_1`, … unless `./day` exists itself. */
export function daysFrom(path: string): readonly string[] {
  try {
    Deno.statSync(path);
    return [];
  } catch {
    return daysOf(path);
  }
}

/**
 * Flags that say what data to train on.
 *
 * @module
 */

import { UsageError } from "../../core/errors.ts";
import type { FlagTable, FlagValues } from "../../core/flags.ts";
import { LOG_FLAGS } from "../../data/flags.ts";
import { parseDataSource } from "../run/data_source.ts";
import type { DataOptions, DataSource } from "../run/options.ts";
import type { DLRM_TRANSLATED } from "./dlrm_flags.ts";

/** Where inputs come from and how they are read. */
export const DATA_FLAGS = {
  data: {
    type: "paths",
    group: "Data",
    valueName: "FILE…",
    aliases: ["raw-data-file"],
    help:
      "Click logs, plain or .gz, in order; or twin:rm1 to twin:rm4 or twin:FILE.json, perhaps with :INPUTS (default 2333333, of which two million train); or synthetic, or synthetic:INPUTS",
  },
  format: LOG_FLAGS.format,
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

/** Flags as they were spelled. */
export type Given = ReadonlyMap<string, string>;

/**
 * The data that flags ask for.
 *
 * @param exists Whether a path exists.
 * @param notes Takes lines on what has no effect, or was read as something else.
 */
export function dataOf(
  values: Values,
  given: Given,
  exists: (path: string) => boolean,
  notes: string[],
): DataOptions & { readonly source: DataSource } {
  const format = formatOf(values, given);
  return {
    source: sourceOf(values, given, format, exists, notes),
    format,
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
  exists: (path: string) => boolean,
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
  return { kind: "files", paths: source.paths.flatMap((path) => expandDays(path, exists)) };
}

/** `./day` becomes `./day_0`, `./day_1`, … as far as they exist, unless `./day` exists itself. */
function expandDays(path: string, exists: (path: string) => boolean): string[] {
  if (exists(path)) return [path];
  const days: string[] = [];
  for (let day = 0; day < 24 && exists(`${path}_${day}`); day++) days.push(`${path}_${day}`);
  return days.length > 0 ? days : [path];
}

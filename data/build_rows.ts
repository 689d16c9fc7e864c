/**
 * Prepares the formats whose rows are inputs. One pass: parse, number the ids, write; memory is one piece of text, a few
 * blocks and the dictionaries. A frequency threshold walks over what was written twice more, and so does standardising.
 *
 * @module
 */

import { UserError } from "../core/errors.ts";
import { counted, formatCount } from "../core/format.ts";
import { sum } from "../core/sum.ts";
import { isArrayFormat } from "./arrays/formats.ts";
import { BlockWriter } from "./block_writer.ts";
import {
  CACHE_VERSION,
  datasetHash,
  type Manifest,
  type PreparationOptions,
  ROWS_FILE,
  type SourceRecord,
  writeManifest,
} from "./manifest.ts";
import { RandomSplit, SplitWriter } from "./random_split.ts";
import { groupRareIds, rareNote } from "./rare_ids.ts";
import { NO_LOOKUP } from "./id_layout.ts";
import { BLOCK_ROWS, RowBlock } from "./row_block.ts";
import { ROW_FORMATS, type RowFormat } from "./row_formats.ts";
import { hashNumber, type RowSplit, TimeSplit, UserSplit } from "./row_split.ts";
import { hashBytes } from "./ids/byte_dictionary.ts";
import { isLabelled } from "./schema/log_schema.ts";
import { firstPlaces } from "./schema/row_shape.ts";
import { schemaFormat } from "./schema/schema_format.ts";
import { parseTime } from "./schema/times.ts";
import { type PreparationHooks, SourceScan } from "./source_scan.ts";
import {
  type Range,
  splitCounts,
  splitLastFile,
  splitNone,
  type Splits,
  splitSevenths,
  splitShares,
} from "./split.ts";
import { missingDays } from "./source_files.ts";
import { type ColumnScales, measureScales, standardise } from "./standardise.ts";
import { type TableKeys, writeKeys } from "./table_keys.ts";
import type { TextFile } from "./text_source.ts";
import type { TableSchema } from "./types.ts";
import { Vocabulary } from "./vocabulary.ts";

/** Fills an empty folder with the blocks and the manifest of some files. */
export async function buildRows(
  folder: string,
  files: readonly TextFile[],
  options: PreparationOptions,
  hooks: PreparationHooks,
): Promise<Manifest> {
  const format = formatOf(options);
  checkWhole(format, options);
  const tableNames = format.tables, fixed = tableNames.map((_, t) => rule(format, t).fixedRows);
  const lookups = lookupsOf(format), firsts = firstPlaces(lookups);
  const places = sum(lookups);
  const columns = [format.dense.length, places] as const;
  const block = new RowBlock(columns[0], places + (format.carried?.length ?? 0));
  const vocabularies = fixed.map((rows) => rows === null ? new Vocabulary() : null);
  // A format without rules takes the ids of its files as numbers, modulo the range.
  const range = format.rules === undefined ? options.maxIndexRange : 0;
  const scan = new SourceScan(files, options, hooks);
  using writer = await BlockWriter.create(`${folder}/${ROWS_FILE}`, ...columns);
  const rowSplit = options.heldOut === null && !options.whole ? rowSplitOf(format, options) : null;
  using splitting = rowSplit === null
    ? null
    : await SplitWriter.create(folder, writer, rowSplit, ...columns);
  const number = () => {
    for (const [t, vocabulary] of vocabularies.entries()) {
      if (vocabulary === null) continue;
      for (let p = 0; p < lookups[t]!; p++) {
        const ids = block.idColumn(firsts[t]! + p);
        if (format.bags?.[t] || isPerStep(format, t)) numberBags(vocabulary, ids);
        else vocabulary.replace(ids, range);
      }
    }
  };
  await scan.run(format, block, async () => {
    if (splitting !== null) return await splitting.write(block, number);
    number();
    await writer.write(block);
  });
  const { rows, cut, sources, skipped } = scan;
  const { splits, how } = splitting === null
    ? splitFiles(format, options, sources, rows, cut)
    : { splits: await splitting.finish(), how: describeSplit(format, options) };
  const notes = [
    `${how}: ${formatCount(splits.train.count)} train, ${formatCount(splits.test.count)} test, ` +
    `${formatCount(splits.validation.count)} validation`,
  ];
  const missing = missingDays(files.map(({ name }) => name));
  if (missing !== null) notes.push(missing);
  if (cut && options.limit !== null) {
    notes.push(
      `The limit of ${formatCount(options.limit)} inputs came before the end of the files` +
        (sources.length > 1 && format.split.by === "last file"
          ? ", so the split is in sevenths of what it left"
          : ""),
    );
  }
  notes.push(format.note);
  format.cut?.forEach((count, t) => {
    if (count === 0) return;
    notes.push(
      `${counted(count, "list")} of ${tableNames[t]} had more than ${
        lookups[t]
      } ids, of which the first count`,
    );
  });
  let tableRows = vocabularies.map((vocabulary, t) => vocabulary?.size ?? fixed[t]!);
  // Of a log that is scored nothing trains, so no id is rare.
  const minCounts = vocabularies.map((vocabulary, t) =>
    vocabulary === null || options.whole ? 0 : rule(format, t).minCount ?? options.minCount
  );
  const codes = vocabularies.map((vocabulary) => vocabulary?.values() ?? null);
  // The dictionaries are no longer needed, and the threshold needs memory of their order.
  vocabularies.length = 0;
  let rowOf: readonly Uint32Array[] | null = null;
  if (minCounts.some((count) => count > 0)) {
    const { train } = splits;
    const rare = await groupRareIds(
      writer,
      columns[0],
      tableRows,
      train,
      minCounts,
      lookups,
      hooks.signal,
    );
    tableRows = rare.map((table) => table.rows);
    rowOf = rare.map((table) => table.rowOf);
    for (const count of new Set(minCounts.filter((count) => count > 0))) {
      const row = format.sequences === undefined ? "row 0" : "a row";
      notes.push(rareNote(count, rare.filter((_, t) => minCounts[t] === count), row));
    }
  }
  const scales = await scaleColumns(writer, columns, format, options, splits.train, hooks.signal);
  if (scales !== null) notes.push(scaleNote(scales, options));
  await writer.sync();
  const keys = await writeKeys(
    folder,
    tableNames.map((name, t) =>
      keysOf(name, format, t, codes[t]!, minCounts[t]! > 0 ? rowOf![t]! : null, range)
    ),
  );
  const tables = tableNames.map((name, t): TableSchema => {
    const bag = format.bags?.[t];
    const table = { name, rows: tableRows[t]! + (isPerStep(format, t) ? 1 : 0) };
    return bag ? { ...table, lookups: bag.most, variable: true } : table;
  });
  return await writeManifest(folder, {
    version: CACHE_VERSION,
    options,
    sources,
    rows,
    blockRows: BLOCK_ROWS,
    dense: format.sequences === undefined ? format.dense : [STEP, ...format.dense],
    tables,
    ...(format.sequences ?? {}),
    splits,
    notes,
    skipped,
    blocks: writer.blocks,
    keys,
    labelled: options.schema === null || isLabelled(options.schema),
    ...(scales === null ? {} : { scales }),
    hash: datasetHash({ options, sources, rows, splits, tables }),
  });
}

/** The dense column that says how far a step is, before those of the log. */
const STEP = "step";

/** Whether a table has an id at each step; row 0 of such a table is what pads sequences in front. */
function isPerStep({ sequences }: RowFormat, t: number): boolean {
  return sequences?.perStep[t] ?? false;
}

/** A log that is scored has no rows that train, whose mean and deviation could be taken. */
function checkWhole(
  { dense, standardised = [] }: RowFormat,
  { whole, schema, scales }: PreparationOptions,
) {
  const unknown = standardised.find((slot) => scales?.[dense[slot]!] === undefined);
  if (!whole || unknown === undefined) return;
  throw new UserError(
    `Cannot score by the schema ${schema!.name}: column ${
      dense[unknown]
    } is standardised over the inputs that train, and nothing says what their mean and deviation were`,
  );
}

/** Standardises the columns that are to be, by the scales of the options or else of the rows that train; null without any. */
async function scaleColumns(
  writer: BlockWriter,
  columns: readonly [dense: number, places: number],
  { dense, standardised: slots = [] }: RowFormat,
  { scales: given = {} }: PreparationOptions,
  train: Range,
  signal: AbortSignal | undefined,
): Promise<ColumnScales | null> {
  if (slots.length === 0) return null;
  const unknown = slots.filter((slot) => given[dense[slot]!] === undefined);
  const measured = unknown.length === 0
    ? []
    : await measureScales(writer, ...columns, unknown, train, signal);
  const scales = slots.map((slot) => given[dense[slot]!] ?? measured[unknown.indexOf(slot)]!);
  await standardise(writer, ...columns, slots, scales, signal);
  return Object.fromEntries(slots.map((slot, i) => [dense[slot]!, scales[i]!]));
}

function scaleNote(scales: ColumnScales, { scales: given }: PreparationOptions): string {
  const scaled = Object.entries(scales).map(([name, { mean, deviation }]) =>
    `${name} (${mean.toPrecision(4)}, ${deviation.toPrecision(4)})`
  );
  return `Standardised by mean and deviation of training inputs${
    given === undefined ? "" : " of the weights"
  }: ${scaled.join(", ")}`;
}

function formatOf({ format, schema, maxIndexRange }: PreparationOptions): RowFormat {
  if (
    format === "taobao" || isArrayFormat(format) || (format === "schema" && schema === null)
  ) {
    throw new TypeError(`Cannot prepare rows of the format ${format}`);
  }
  if (schema === null) return ROW_FORMATS[format as keyof typeof ROW_FORMATS];
  const note = format === "schema"
    ? `Columns are those of the schema ${schema.name}`
    : `${ROW_FORMATS[format].note}; a missing value is 0, a missing id is one like others`;
  return schemaFormat(schema, maxIndexRange, note);
}

/** How the rows of a table come about; without rules, codes are ids of 32 bits. */
function rule(format: RowFormat, t: number) {
  return format.rules?.[t] ??
    { fixedRows: null, dictionary: null, minCount: null, meaning: format.idsOf?.(t) ?? "number" };
}

/** Ids of a row in each table, at most. */
function lookupsOf(format: RowFormat): number[] {
  const { tables, bags, sequences } = format;
  return tables.map((_, t) => isPerStep(format, t) ? sequences!.steps : bags?.[t]?.most ?? 1);
}

/** Numbers ids among which places without one hold `NO_LOOKUP`. */
function numberBags(vocabulary: Vocabulary, ids: Uint32Array): void {
  const own = ids.filter((id) => id !== NO_LOOKUP);
  vocabulary.replace(own, 0);
  for (let r = 0, next = 0; r < ids.length; r++) if (ids[r] !== NO_LOOKUP) ids[r] = own[next++]!;
}

/** A split that looks at each row, where the format has one. */
function rowSplitOf(format: RowFormat, { seed }: PreparationOptions): RowSplit | null {
  const { split } = format;
  switch (split.by) {
    case "random":
      return new RandomSplit(seed);
    case "user": {
      const table = format.tables.indexOf(split.column);
      const lookups = lookupsOf(format);
      // Of a sequence the last step is what the split looks at.
      const place = firstPlaces(lookups)[table]! +
        (isPerStep(format, table) ? lookups[table]! - 1 : 0);
      const { dictionary } = rule(format, table);
      const hash = (code: number) => {
        if (dictionary === null) return hashNumber(code);
        const text = dictionary.text(code);
        return hashBytes(text, 0, text.length);
      };
      return new UserSplit(seed, place, hash, split.test, split.validation ?? 0);
    }
    case "time": {
      const test = parseTime(split.test_from)!;
      const validation = split.validation_from === undefined
        ? test
        : parseTime(split.validation_from)!;
      return new TimeSplit(
        sum(lookupsOf(format)),
        test,
        validation,
      );
    }
    default:
      return null;
  }
}

function describeSplit({ split }: RowFormat, { seed }: PreparationOptions): string {
  switch (split.by) {
    case "user":
      return `Values of ${split.column} are drawn with seed ${seed} to train, test and validate`;
    case "time":
      return `Inputs from ${split.test_from} on test${
        split.validation_from === undefined
          ? ""
          : `, those before from ${split.validation_from} on validate`
      }`;
    default:
      return `Of every ten rows one tests, one validates and eight train, drawn with seed ${seed}`;
  }
}

/** A split by the places of rows and files alone. */
function splitFiles(
  { split }: RowFormat,
  { heldOut, whole }: PreparationOptions,
  sources: readonly SourceRecord[],
  rows: number,
  cut: boolean,
): { splits: Splits; how: string } {
  if (whole) return { splits: splitNone(rows), how: "Not split" };
  const named = (files: readonly SourceRecord[]) => files.map(({ name }) => name).join(", ");
  if (heldOut !== null) {
    const test = sources.slice(sources.length - heldOut.test - heldOut.validation).slice(
      0,
      heldOut.test,
    );
    const validation = sources.slice(sources.length - heldOut.validation);
    const count = (files: readonly SourceRecord[]) => files.reduce((sum, f) => sum + f.rows, 0);
    return {
      splits: splitCounts(rows - count(test) - count(validation), count(test), count(validation)),
      how: `${named(test)} tests${
        validation.length === 0 ? "" : `, ${named(validation)} validates`
      }`,
    };
  }
  if (split.by === "share") {
    const { test, validation } = split;
    return {
      splits: splitShares(rows, test, validation ?? 0),
      how: "The end of the log is held out",
    };
  }
  if (split.by === "last file" && sources.length > 1 && !cut) {
    return {
      splits: splitLastFile(sources.map((source) => source.rows)),
      how: `The last file is held out, ${sources.at(-1)!.name}`,
    };
  }
  // Of files that a limit cut short the last one is missing or has only its beginning.
  return { splits: splitSevenths(rows), how: "Split in sevenths" };
}

/** What the rows of a table stand for. */
function keysOf(
  name: string,
  format: RowFormat,
  t: number,
  codes: Uint32Array | null,
  rowOf: Uint32Array | null,
  range: number,
): TableKeys {
  const { dictionary, meaning } = rule(format, t);
  const padding = isPerStep(format, t) ? ["padding"] : [];
  const means = range > 0 ? `${meaning} modulo ${range}` : meaning;
  if (codes === null) return { name, meaning, reserved: padding, ids: null };
  // Rows that were kept stand in their old order, behind that of rare ids.
  const kept = rowOf === null ? codes : codes.filter((_, id) => rowOf[id]! > 0);
  const reserved = rowOf === null ? padding : [...padding, "rare"];
  if (dictionary === null) {
    return { name, meaning: means, reserved, ids: { kind: "numbers", values: kept } };
  }
  const ends = new Float64Array(kept.length);
  let bytes = 0;
  for (let i = 0; i < kept.length; i++) ends[i] = bytes += dictionary.text(kept[i]!).length;
  const texts = new Uint8Array(bytes);
  for (let i = 0; i < kept.length; i++) {
    texts.set(dictionary.text(kept[i]!), i === 0 ? 0 : ends[i - 1]!);
  }
  return { name, meaning: means, reserved, ids: { kind: "texts", bytes: texts, ends } };
}

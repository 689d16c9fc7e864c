/**
 * The schema of a log: what its columns mean, in a form that people can read, write and edit.
 *
 * @module
 */

/** Version of the document. */
export const LOG_SCHEMA_VERSION = 1;

/** How separated text is laid out. Not used for Parquet and Arrow files. */
export interface TextLayout {
  /** One character between the columns. */
  readonly separator: string;
  /** Whether the first line of each file names the columns. */
  readonly header: boolean;
  /** Whether a field may stand in double quotes; separators and line ends are part of it there, and a quote is doubled. */
  readonly quotes?: boolean | undefined;
  /**
   * `exact`: every row has all columns. `stripped`: empty columns at the end of a row may be missing, and an extra
   * separator or space there is ignored. Default `exact`.
   */
  readonly trailing?: "exact" | "stripped" | undefined;
  /** What stands before the fraction of a number. Default a point. */
  readonly decimal?: "." | "," | undefined;
}

/** Where a column stands. */
export interface PlacedColumn {
  /** Its name in tables and messages, and in the file unless `header` says otherwise. */
  readonly name: string;
  /** Its name in the file (in the header, or as a Parquet or Arrow column), if that is different. */
  readonly header?: string | undefined;
  /** Counted from 1. Default: found by name where there is a header, else its place in the list. */
  readonly position?: number | undefined;
}

/** The label. 1, 1.0, true and yes are clicks; 0, 0.0, -1, false and no are not (in any case; t, f, y and n too). */
export interface LabelColumn extends PlacedColumn {
  /** Which kind of column it is. */
  readonly kind: "label";
  /** For ratings: a number above this is a click, any other is not. */
  readonly above?: number | undefined;
}

/** What becomes of a number. */
export type DenseTransform =
  /** As it is. */
  | "none"
  /** ln(x + 1), negative numbers as 0: Criteo's. */
  | "log"
  /** (x - mean) / standard deviation, both over the rows that train. */
  | "standardise";

/** A number. */
export interface DenseColumn extends PlacedColumn {
  /** Which kind of column it is. */
  readonly kind: "dense";
  /** Default `none`. */
  readonly transform?: DenseTransform | undefined;
  /** Replaces a missing value, before the transform. Default 0. */
  readonly missing?: number | undefined;
}

/** How ids are spelled. */
export type IdSpelling =
  /** Any text, byte by byte. */
  | "text"
  /** Decimal digits, with or without a minus; leading zeros are ignored. */
  | "decimal"
  /** Hexadecimal digits, with or without 0x; leading zeros and case are ignored. */
  | "hexadecimal"
  /** Numbers that are put between bounds: see `bounds`. */
  | "buckets";

/** Which row of its table an id gets. */
export type RowRule =
  /** Rows in order of first appearance. */
  | "appearance"
  /** The row is FNV-1a of the id's text, finalised, modulo this number of rows. */
  | { readonly hash: number }
  /** The id itself is the row: a decimal number below this number of rows. */
  | { readonly keep: number };

/** What categorical columns share. */
export interface IdColumn extends PlacedColumn {
  /** How ids are spelled. */
  readonly ids: IdSpelling;
  /**
   * 32: hexadecimal numbers below 2^32 or decimal ones from -2^31 to 2^31 - 1, and a missing one is 0, as the originals have
   * it. Default: of any length, and "missing" is an id like others.
   */
  readonly bits?: 32 | undefined;
  /** Of `buckets`, ascending: the id is the number of bounds at or below the value. */
  readonly bounds?: readonly number[] | undefined;
  /** Default `appearance`. */
  readonly rows?: RowRule | undefined;
  /** Ids that occur fewer times in the training split share row 0. Default: the value of the command's flag. */
  readonly min_count?: number | undefined;
}

/** One id: one lookup in a table. */
export interface CategoricalColumn extends IdColumn {
  /** Which kind of column it is. */
  readonly kind: "categorical";
}

/** Several ids in one field: a bag of lookups in a table. */
export interface CategoricalListColumn extends IdColumn {
  /** Which kind of column it is. */
  readonly kind: "categorical list";
  /**
   * The character between ids, different from the one between columns. Not used for Parquet and Arrow files, which have
   * lists.
   */
  readonly separator: string;
  /** Ids that count of one field, the first ones: so many places the table's bags have. */
  readonly most: number;
}

/**
 * The ids that came before that of another column, oldest first: what a user looked at before the item that is shown. Inputs
 * are then sequences, for a TBSM: a step for each of these ids, and a last one for that of the other column.
 */
export interface SequenceColumn extends PlacedColumn {
  /** Which kind of column it is. */
  readonly kind: "sequence";
  /** The categorical column whose id comes last; ids mean the same in both, and they share its table. */
  readonly of: string;
  /**
   * The character between ids, different from the one between columns. Not used for Parquet and Arrow files, which have
   * lists.
   */
  readonly separator: string;
  /** Ids that count of one field, the last ones; shorter ones are padded in front. The same for all sequences of a schema. */
  readonly steps: number;
}

/** How a time is written. */
export type TimeSpelling = "seconds" | "milliseconds" | "YYMMDDHH" | "ISO 8601";

/** When the row happened, for a split by time; perhaps a dense value too. */
export interface TimeColumn extends PlacedColumn {
  /** Which kind of column it is. */
  readonly kind: "time";
  /** Seconds and milliseconds are those since 1970. ISO 8601 may have a space for the T; without a zone it is UTC. */
  readonly format: TimeSpelling;
  /** `hour of day`: hour / 24 is a dense column of this name, as of Avazu. Default: none. */
  readonly dense?: "hour of day" | undefined;
}

/** Ignored. Needed only where columns are found by their place. */
export interface IgnoredColumn extends PlacedColumn {
  /** Which kind of column it is. */
  readonly kind: "ignored";
}

/** A column of a log. */
export type LogColumn =
  | LabelColumn
  | DenseColumn
  | CategoricalColumn
  | CategoricalListColumn
  | SequenceColumn
  | TimeColumn
  | IgnoredColumn;

/** Which rows train, test and validate. */
export type SplitRule =
  /** Seven equal pieces in the order of the rows: six train, half of the last tests, the other half validates. */
  | { readonly by: "sevenths" }
  /** The last of several files is held out and halved. */
  | { readonly by: "last file" }
  /** Of every ten rows one, drawn at random, tests, another validates and eight train. */
  | { readonly by: "random" }
  /** The last rows: these shares test and validate, in this order. */
  | { readonly by: "share"; readonly test: number; readonly validation?: number | undefined }
  /** Rows from `test_from` on test, those before from `validation_from` on validate. ISO 8601, UTC without a zone. */
  | {
    readonly by: "time";
    readonly test_from: string;
    readonly validation_from?: string | undefined;
  }
  /**
   * These shares of the values of a categorical column (users) are drawn to test and to validate, each with all of its
   * rows.
   */
  | {
    readonly by: "user";
    readonly column: string;
    readonly test: number;
    readonly validation?: number | undefined;
  };

/** A schema, as its JSON file says it. */
export interface LogSchema {
  /** Version of the document; another one is refused. */
  readonly schema_version: typeof LOG_SCHEMA_VERSION;
  /** What the data set is called. */
  readonly name: string;
  /** Left out for logs that are never separated text. */
  readonly text?: TextLayout | undefined;
  /** Fields that mean "no value", besides an empty one. */
  readonly missing?: readonly string[] | undefined;
  /** Default `sevenths`. */
  readonly split?: SplitRule | undefined;
  /** In the order of tables and dense columns. */
  readonly columns: readonly LogColumn[];
}

/** Markers of missing values that are usual: those of Hive, SQL, pandas, Spark and R. */
export const USUAL_MARKERS: readonly string[] = [
  "\\N",
  "NULL",
  "null",
  "NaN",
  "nan",
  "None",
  "NA",
  "<NA>",
];

/** What a file calls a column. */
export function nameInFile({ name, header }: LogColumn): string {
  return header ?? name;
}

/** What to do about a file that lacks a column, as the end of a message; empty where nothing is known. */
export function hintOf({ kind }: LogColumn): string {
  return kind === "label" ? "; a log without labels needs a schema without that column" : "";
}

/** The names of the dense columns that rows of a schema have, in order. */
export function denseNames({ columns }: LogSchema): string[] {
  return columns.flatMap((column) =>
    column.kind === "dense" || (column.kind === "time" && column.dense !== undefined)
      ? [column.name]
      : []
  );
}

/** A column with an embedding table. */
export type TableColumn = CategoricalColumn | CategoricalListColumn;

/** The columns with embedding tables, in order. */
export function tableColumns({ columns }: LogSchema): TableColumn[] {
  return columns.filter((column): column is TableColumn =>
    column.kind === "categorical" || column.kind === "categorical list"
  );
}

/** The columns with sequences. */
export function sequenceColumns({ columns }: LogSchema): SequenceColumn[] {
  return columns.filter((column) => column.kind === "sequence");
}

/** Whether rows of a schema have labels; those of files that are only scored have none. */
export function isLabelled({ columns }: LogSchema): boolean {
  return columns.some(({ kind }) => kind === "label");
}

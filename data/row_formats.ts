/**
 * The formats whose rows are inputs: their columns, parsers and splits.
 *
 * @module
 */

import { AVAZU_TABLES } from "./avazu.ts";
import { AvazuParser } from "./avazu_parser.ts";
import { CRITEO_DENSE_NAMES, CRITEO_TABLE_NAMES } from "./criteo.ts";
import { CriteoParser } from "./criteo_parser.ts";
import type { ColumnRows } from "./columnar/column_rows.ts";
import type { ByteDictionary } from "./ids/byte_dictionary.ts";
import type { TextFormat } from "./open.ts";
import type { BadRow, RowParser } from "./row_parser.ts";
import type { SplitRule } from "./schema/log_schema.ts";
import type { TextFile } from "./text_source.ts";

/** The name of a format whose rows are inputs. */
export type RowFormatName = Exclude<TextFormat, "taobao">;

/** How ids of one table become rows. */
export interface TableRule {
  /** Rows whatever the data, where an id's code is its row; null where rows are numbered in order of appearance. */
  readonly fixedRows: number | null;
  /** The texts behind the codes; null where a code is the id itself. */
  readonly dictionary: ByteDictionary | null;
  /** Ids that occur fewer times in the training split share row 0; null takes the value of the preparation's options. */
  readonly minCount: number | null;
  /** What the ids are, so that rows of two data sets can be matched. */
  readonly meaning: string;
}

/** A format of rows, as a preparation needs it. */
export interface RowFormat {
  readonly dense: readonly string[];
  readonly tables: readonly string[];
  readonly split: SplitRule;
  /** A note on what differs from the original preprocessing. */
  readonly note: string;
  /** Of each table how many ids a row has at most where it has a list of them, else null. Without it none has. */
  readonly bags?: readonly ({ readonly most: number } | null)[];
  /** Of each table the lists so far that had more, of which the first ones count. */
  readonly cut?: Uint32Array;
  /** Of rows that are sequences: their steps, and which tables have an id at each. The others have one for all steps. */
  readonly sequences?: { readonly steps: number; readonly perStep: readonly boolean[] };
  /** Id columns that the parser fills behind those of the tables: what the split looks at, and nobody stores. */
  readonly carried?: readonly string[];
  /** Dense columns that are standardised over the rows that train. */
  readonly standardised?: readonly number[];
  /** One a table. Without them codes are ids, which are numbered in order of appearance. */
  readonly rules?: readonly TableRule[];
  /** Of a format without rules: what the ids of a table are. Default `number`. */
  readonly idsOf?: (table: number) => string;
  /** @param path The file, for messages. */
  createParser(onBad: (bad: BadRow) => void, path: string): RowParser;
  /** Opens a file of columns; formats without it are always text. */
  openColumns?(file: TextFile, onBad: (bad: BadRow) => void): Promise<ColumnRows>;
}

const CRITEO = {
  dense: CRITEO_DENSE_NAMES,
  tables: CRITEO_TABLE_NAMES,
  idsOf: () => "hexadecimal 32",
  note:
    "Ids and integers are taken as written; the int32 of the original preprocessing wraps ids from " +
    "2^31 or fails on them",
  createParser: (onBad: (bad: BadRow) => void) => new CriteoParser(onBad),
};

/** The formats by name. */
export const ROW_FORMATS: Readonly<Record<RowFormatName, RowFormat>> = {
  "criteo-kaggle": { ...CRITEO, split: { by: "sevenths" } },
  "criteo-terabyte": { ...CRITEO, split: { by: "last file" } },
  avazu: {
    dense: ["hour"],
    tables: AVAZU_TABLES.map(({ name }) => name),
    idsOf: (table) => AVAZU_TABLES[table]!.hex ? "hexadecimal 32" : "decimal 32",
    split: { by: "random" },
    note: "The dense value is the hour of the day / 24; the original's scale is not known",
    createParser: (onBad, path) => new AvazuParser(onBad, path),
  },
};

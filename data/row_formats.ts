/**
 * The formats whose rows are inputs: their columns, parsers and splits.
 *
 * @module
 */

import { AVAZU_TABLES } from "./avazu.ts";
import { AvazuParser } from "./avazu_parser.ts";
import { CRITEO_DENSE_NAMES, CRITEO_TABLE_NAMES } from "./criteo.ts";
import { CriteoParser } from "./criteo_parser.ts";
import type { BadRow, RowParser } from "./row_parser.ts";

/** The name of a format whose rows are inputs. */
export type RowFormatName = "criteo-kaggle" | "criteo-terabyte" | "avazu";

/** What a preparation has to know of a format. */
interface RowFormat {
  readonly dense: readonly string[];
  readonly tables: readonly string[];
  /** `sevenths`, or the last of several files; or a tenth each at random, see `random_split.ts`. */
  readonly split: "sevenths" | "last-file" | "random";
  /** What differs from the original preprocessing, for people. */
  readonly note: string;
  createParser(onBad: (bad: BadRow) => void): RowParser;
}

const CRITEO = {
  dense: CRITEO_DENSE_NAMES,
  tables: CRITEO_TABLE_NAMES,
  note:
    "Ids and integers are taken as written; the int32 of the original preprocessing wraps ids from " +
    "2^31 or fails on them",
  createParser: (onBad: (bad: BadRow) => void) => new CriteoParser(onBad),
};

/** The formats by name. */
export const ROW_FORMATS: Readonly<Record<RowFormatName, RowFormat>> = {
  "criteo-kaggle": { ...CRITEO, split: "sevenths" },
  "criteo-terabyte": { ...CRITEO, split: "last-file" },
  avazu: {
    dense: ["hour"],
    tables: AVAZU_TABLES.map(({ name }) => name),
    split: "random",
    note: "The dense value is the hour of the day / 24; the original's scale is not known",
    createParser: (onBad) => new AvazuParser(onBad),
  },
};

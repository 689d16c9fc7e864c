/**
 * The public logs as schemas: their columns, in the layouts of widespread copies.
 *
 * @module
 */

import { AVAZU_TABLES } from "../avazu.ts";
import { CRITEO_DENSE_NAMES, CRITEO_TABLE_NAMES } from "../criteo.ts";
import {
  type CategoricalColumn,
  type IdSpelling,
  LOG_SCHEMA_VERSION,
  type LogColumn,
  type LogSchema,
  type SplitRule,
  type TextLayout,
  type TimeSpelling,
  USUAL_MARKERS,
} from "./log_schema.ts";

/** How the text of Criteo's own files is laid out. */
export const CRITEO_TEXT: TextLayout = { separator: "\t", header: false };
/** How that of Avazu's is, behind a header. */
export const AVAZU_TEXT: TextLayout = { separator: ",", header: true };

/** How a copy differs from the original. */
export interface KnownLayout {
  /** What the data set is called. */
  readonly name: string;
  readonly text: TextLayout | undefined;
  /** The columns' names in the file, where there is a header; null in the order of the original. */
  readonly header: readonly string[] | null;
  readonly labelled: boolean;
  readonly split: SplitRule;
}

/**
 * Criteo's columns: label, 13 numbers as ln(x + 1), 26 ids.
 *
 * @param ids Whether ids are hexadecimal numbers of 32 bits, as Criteo writes them, or of any spelling.
 */
export function criteoSchema(layout: KnownLayout, ids: "original" | IdSpelling): LogSchema {
  const spelled = ids === "original" ? { ids: "hexadecimal", bits: 32 } as const : { ids } as const;
  return known(layout, [
    { name: "label", kind: "label" },
    ...CRITEO_DENSE_NAMES.map((name): LogColumn => ({ name, kind: "dense", transform: "log" })),
    ...CRITEO_TABLE_NAMES.map((name): LogColumn => ({ name, kind: "categorical", ...spelled })),
  ]);
}

/** Avazu's columns: id (read over), click, hour (of the day / 24), 21 ids. */
export function avazuSchema(
  layout: KnownLayout,
  hour: TimeSpelling,
  withId: boolean,
  ids: "original" | IdSpelling,
): LogSchema {
  const spelled = (hex: boolean): Pick<CategoricalColumn, "ids" | "bits"> =>
    ids === "original" ? { ids: hex ? "hexadecimal" : "decimal", bits: 32 } : { ids };
  return known(layout, [
    ...(withId ? [{ name: "id", kind: "ignored" } as const] : []),
    { name: "click", kind: "label" },
    { name: "hour", kind: "time", format: hour, dense: "hour of day" },
    ...AVAZU_TABLES.map(({ name, hex }): LogColumn => {
      return { name, kind: "categorical", ...spelled(hex) };
    }),
  ]);
}

function known(layout: KnownLayout, columns: readonly LogColumn[]): LogSchema {
  const { name, text, header, labelled, split } = layout;
  return {
    schema_version: LOG_SCHEMA_VERSION,
    name,
    ...(text === undefined ? {} : { text }),
    missing: USUAL_MARKERS,
    split,
    columns: columns.filter(({ kind }) => labelled || kind !== "label").map((column) => {
      const written = header?.find((name) => meansColumn(name, column));
      return written === undefined || written === column.name
        ? column
        : { ...column, header: written };
    }),
  };
}

/** Names that stand for the label. */
const LABEL_NAMES: readonly string[] = ["label", "click", "clicked", "target"];

/** Whether a name in a header is that of a column, whatever the case. */
export function meansColumn(name: string, column: Pick<LogColumn, "name" | "kind">): boolean {
  const lower = name.toLowerCase();
  return column.kind === "label"
    ? LABEL_NAMES.includes(lower)
    : lower === column.name.toLowerCase();
}

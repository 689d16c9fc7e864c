/**
 * What a preparation has to know of a log that a schema describes.
 *
 * @module
 */

import { UsageError } from "../../core/errors.ts";
import { ColumnRows } from "../columnar/column_rows.ts";
import { openColumnar } from "../columnar/open.ts";
import type { RowFormat } from "../row_formats.ts";
import type { LogSchema, TableColumn } from "./log_schema.ts";
import { RowShape } from "./row_shape.ts";
import { SchemaParser } from "./schema_parser.ts";

/**
 * The format of a schema; used for one preparation, because it keeps the codes of ids.
 *
 * @param range Ids are taken modulo this; 0 for as they are.
 * @param note What to say of it.
 * @throws UserError for a range beside text ids.
 */
export function schemaFormat(schema: LogSchema, range: number, note: string): RowFormat {
  const shape = new RowShape(schema, range);
  if (range > 0) {
    const text = shape.tables.find((column) =>
      column.ids === "text" && typeof column.rows !== "object"
    );
    if (text !== undefined) {
      throw new UsageError(
        `Cannot take the ids of column ${text.name} modulo ${range}: they are texts; give it rows {"hash": ${range}} in the schema`,
      );
    }
  }
  return {
    dense: shape.dense,
    tables: shape.tables.map(({ name }) => name),
    bags: shape.tables.map((column) =>
      column.kind === "categorical list" ? { most: column.most } : null
    ),
    cut: shape.cut,
    ...(shape.steps === null ? {} : { sequences: { steps: shape.steps, perStep: shape.perStep } }),
    split: schema.split ?? { by: "sevenths" },
    note,
    carried: shape.carried,
    standardised: schema.columns.flatMap((column) =>
      column.kind === "dense" && column.transform === "standardise" ? shape.denseSlot(column) : []
    ),
    rules: shape.tables.map((column, t) => ({
      fixedRows: shape.coders[t]!.fixedRows,
      dictionary: shape.coders[t]!.dictionary,
      minCount: column.min_count ?? null,
      meaning: meaningOf(column, range),
    })),
    createParser: (onBad, path) => new SchemaParser(schema, shape, onBad, path),
    openColumns: async (file, onBad) =>
      new ColumnRows(schema, shape, await openColumnar(file), file.path, onBad),
  };
}

/** What ids of a column are, so that rows of two data sets can be told apart or matched. */
function meaningOf(column: TableColumn, range: number): string {
  const { ids, bits, bounds, rows } = column;
  if (ids === "buckets") return `buckets ${bounds!.join(" ")}`;
  const spelled = bits === 32 ? `${ids} 32` : ids;
  if (typeof rows === "object") {
    return "hash" in rows ? `${spelled} hashed to ${rows.hash}` : `rows below ${rows.keep}`;
  }
  return range > 0 ? `${spelled} modulo ${range}` : spelled;
}

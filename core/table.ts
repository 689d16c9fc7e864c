/**
 * Tables as aligned text and as Markdown.
 *
 * @module
 */

import { visibleWidth } from "./terminal.ts";

/** A cell: numbers stand right, text left, null is shown as `-`. */
export type Cell = string | number | null;

/** A column. */
export interface Column {
  /** Heading. */
  readonly name: string;
  /** By default right if every cell is a number or null. */
  readonly align?: "left" | "right";
  /** How numbers are written; `String` by default. */
  readonly format?: (value: number) => string;
}

/** A table whose rows have one cell a column. */
export interface Table {
  /** From left to right. */
  readonly columns: readonly Column[];
  /** One cell a column. */
  readonly rows: readonly (readonly Cell[])[];
}

/** Aligned columns under a heading and a rule, for a terminal. Ends with a newline. */
export function formatTable(table: Table): string {
  const { texts, right, widths } = layOut(table);
  const line = (cells: readonly string[]) =>
    cells.map((cell, i) => pad(cell, widths[i]!, right[i]!)).join("  ").trimEnd();
  const rule = widths.map((width) => "─".repeat(width)).join("  ");
  const heading = line(table.columns.map((column) => column.name));
  return [heading, rule, ...texts.map(line)].join("\n") + "\n";
}

/** A Markdown table, aligned in its source too. Ends with a newline. */
export function formatMarkdown(table: Table): string {
  const escaped: Table = {
    columns: table.columns.map((column) => ({ ...column, name: escapeMarkdown(column.name) })),
    rows: table.rows.map((row) =>
      row.map((cell) => typeof cell === "string" ? escapeMarkdown(cell) : cell)
    ),
  };
  const { texts, right, widths } = layOut(escaped, 3);
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => pad(cell, widths[i]!, right[i]!)).join(" | ")} |`;
  const rule = `| ${
    widths.map((width, i) => right[i] ? "-".repeat(width - 1) + ":" : "-".repeat(width)).join(" | ")
  } |`;
  return [line(escaped.columns.map((column) => column.name)), rule, ...texts.map(line)]
    .join("\n") + "\n";
}

function layOut(
  table: Table,
  leastWidth = 0,
): { texts: string[][]; right: boolean[]; widths: number[] } {
  for (const [i, row] of table.rows.entries()) {
    if (row.length !== table.columns.length) {
      throw new RangeError(
        `Cannot lay out row ${i}: it has ${row.length} cells for ${table.columns.length} columns`,
      );
    }
  }
  const texts = table.rows.map((row) => row.map((cell, i) => formatCell(cell, table.columns[i]!)));
  const right = table.columns.map((column, i) =>
    column.align !== undefined ? column.align === "right" : table.rows.length > 0 &&
      table.rows.every((row) => typeof row[i] !== "string") &&
      table.rows.some((row) => row[i] !== null)
  );
  const widths = table.columns.map((column, i) =>
    texts.reduce(
      (width, row) => Math.max(width, visibleWidth(row[i]!)),
      Math.max(leastWidth, visibleWidth(column.name)),
    )
  );
  return { texts, right, widths };
}

/** A cell as text. */
export function formatCell(cell: Cell, column: Column): string {
  if (cell === null) return "-";
  if (typeof cell === "string") return cell;
  return (column.format ?? String)(cell);
}

function pad(text: string, width: number, right: boolean): string {
  const space = " ".repeat(width - visibleWidth(text));
  return right ? space + text : text + space;
}

function escapeMarkdown(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

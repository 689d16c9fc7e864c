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

/**
 * Aligned columns under a heading and a rule, for a terminal. Ends with a newline.
 *
 * @param width Columns of the terminal. A table that is wider is cut into parts one below the other; all of them have the columns
 * that tell the rows apart, or, where those leave no room, the rows' numbers.
 */
export function formatTable(table: Table, width = Infinity): string {
  const { texts, right, widths } = layOut(table);
  const all = [...widths.keys()];
  if (widthOf(all, widths) > width) {
    const keys = keysOf(texts);
    const others = all.filter((i) => !keys.includes(i));
    const room = others.length > 0 && others.every((i) => widthOf([...keys, i], widths) <= width);
    if (!room && table.rows.length > 1 && table.columns[0]!.name !== ROW) {
      return formatTable(numbered(table), width);
    }
    return partsOf(room ? keys : [0], widths, width)
      .map((part) => linesOf(part, table, { texts, right, widths })).join("\n");
  }
  return linesOf(all, table, { texts, right, widths });
}

function linesOf(
  part: readonly number[],
  { columns }: Table,
  { texts, right, widths }: ReturnType<typeof layOut>,
): string {
  const line = (cells: readonly string[]) =>
    part.map((i) => pad(cells[i]!, widths[i]!, right[i]!)).join("  ").trimEnd();
  const rule = part.map((i) => "─".repeat(widths[i]!)).join("  ");
  return [line(columns.map(({ name }) => name)), rule, ...texts.map(line)].join("\n") + "\n";
}

/** Heading of the column of row numbers. */
const ROW = "row";

function numbered({ columns, rows }: Table): Table {
  return {
    columns: [{ name: ROW, align: "right" }, ...columns],
    rows: rows.map((row, i) => [i + 1, ...row]),
  };
}

/** The first columns that tell rows apart, without those that add nothing to it. */
function keysOf(texts: readonly (readonly string[])[]): number[] {
  const keys: number[] = [];
  const apart = (columns: readonly number[]) =>
    new Set(texts.map((row) => JSON.stringify(columns.map((i) => row[i])))).size;
  for (let i = 0, now = 1; i < (texts[0]?.length ?? 0) && now < texts.length; i++) {
    const then = apart([...keys, i]);
    if (then > now) keys.push(i);
    now = then;
  }
  return keys;
}

/** The columns of each part, the keys among them. A column that is too wide by itself stays whole. */
function partsOf(keys: readonly number[], widths: readonly number[], width: number): number[][] {
  const parts: number[][] = [];
  for (const i of widths.keys()) {
    if (keys.includes(i)) continue;
    const last = parts.at(-1);
    if (last !== undefined && widthOf([...last, i], widths) <= width) last.push(i);
    else parts.push([...keys, i]);
  }
  return (parts.length === 0 ? [[...keys]] : parts).map((part) => part.toSorted((a, b) => a - b));
}

function widthOf(columns: readonly number[], widths: readonly number[]): number {
  return columns.reduce((sum, i) => sum + widths[i]!, 2 * (columns.length - 1));
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

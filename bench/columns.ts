/**
 * Tables of results by their columns: each says what stands in it.
 *
 * @module
 */

import { fixed, formatCount } from "../core/format.ts";
import type { Cell } from "../core/table.ts";
import type { Origin } from "../figures/figure.ts";
import type { ResultColumn, ResultTable } from "./experiment.ts";

/** A column, and its cell in the line of an item. */
export interface ColumnOf<T> extends ResultColumn {
  readonly cell: (item: T) => Cell;
}

/** A table with one line an item. */
export function tableOf<T>(
  about: Omit<ResultTable, "columns" | "rows">,
  items: readonly T[],
  columns: readonly ColumnOf<T>[],
): ResultTable {
  return {
    ...about,
    columns: columns.map(({ cell: _cell, ...column }) => column),
    rows: items.map((item) => columns.map(({ cell }) => cell(item))),
  };
}

/** Texts, and numbers as they are. */
export function plainColumn<T>(name: string, cell: ColumnOf<T>["cell"]): ColumnOf<T> {
  return { name, cell };
}

/** Texts that are numbers with an interval or a unit, from the right. */
export function figureColumn<T>(name: string, cell: ColumnOf<T>["cell"]): ColumnOf<T> {
  return { name, align: "right", cell };
}

/** Numbers with so many digits behind the point. */
export function numberColumn<T>(
  name: string,
  digits: number,
  cell: ColumnOf<T>["cell"],
  origin?: Origin,
): ColumnOf<T> {
  return { name, format: fixed(digits), cell, ...(origin === undefined ? {} : { origin }) };
}

/** Ends of intervals, with two digits. */
export function intervalColumn<T>(
  name: string,
  ends: (item: T) => readonly [low: number, high: number],
): ColumnOf<T> {
  return figureColumn(name, (item) => ends(item).map((end) => end.toFixed(2)).join(" … "));
}

/** Counts. */
export function countColumn<T>(name: string, cell: ColumnOf<T>["cell"]): ColumnOf<T> {
  return { name, format: formatCount, cell };
}

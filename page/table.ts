/**
 * Tables of the project as elements.
 *
 * @module
 */

import type { Cell, Column, Table } from "../core/table.ts";
import { element } from "./dom.ts";

/** A table in a box that scrolls sideways on a narrow screen, by keyboard too. */
export function tableElement(table: Table, caption: string): HTMLElement {
  const { columns, rows } = table;
  const right = columns.map((column, c) =>
    column.align === undefined
      ? rows.every((row) => row[c] === null || typeof row[c] === "number")
      : column.align === "right"
  );
  const place = (c: number): string => right[c] ? "number" : "";
  const head = columns.map(({ name }, c) => element("th", { scope: "col", class: place(c) }, name));
  const body = rows.map((row) =>
    element(
      "tr",
      {},
      ...row.map((cell, c) =>
        element(
          c === 0 ? "th" : "td",
          c === 0 ? { scope: "row" } : { class: place(c) },
          textOf(cell, columns[c]!),
        )
      ),
    )
  );
  return scrolling(
    caption,
    element(
      "table",
      {},
      element("caption", {}, caption),
      element("thead", {}, element("tr", {}, ...head)),
      element("tbody", {}, ...body),
    ),
  );
}

/** A box that scrolls sideways on a narrow screen, by keyboard too. */
export function scrolling(label: string, table: HTMLTableElement): HTMLElement {
  return element(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": label },
    table,
  );
}

function textOf(cell: Cell, { format = String }: Column): string {
  if (cell === null) return "-";
  return typeof cell === "number" ? format(cell) : cell;
}

/**
 * Tables of results as HTML.
 *
 * @module
 */

import { type Markup, markup } from "../../figures/markup.ts";
import { type TableDocument, tableToCsv } from "../report.ts";
import { dataUrl } from "./data_url.ts";
import { badge, badges } from "./origins.ts";

/**
 * A table, with what its columns are from and its full numbers behind a link. On a phone its rows become lines of names and
 * values, so that no column is off the screen.
 *
 * @param name Names its file.
 */
export async function resultTable(table: TableDocument, name: string): Promise<Markup> {
  const { title, columns, texts, rows } = table;
  const origins = columns.map(({ origin }) => origin);
  const isMixed = new Set(origins).size > 1;
  const side = (c: number) => columns[c]?.right ? "right" : "";
  // Names stay on one line, sentences do not.
  const classes = (text: string, c: number) =>
    [side(c), text.length <= 28 ? "name" : "", isMixed && c > 0 ? origins[c] : ""]
      .filter((name) => name !== "").join(" ");
  // What a column is sorted by, where the text is not the whole number.
  const number = (r: number, c: number) => {
    const cell = rows[r]![c];
    return typeof cell === "number" ? markup` data-value="${cell}"` : null;
  };
  return scrollBox(
    title,
    markup`<table class="result">
<caption><span>${title}${badges(origins)} <small class="links">${
      csvLink(name, await tableToCsv(table))
    }</small></span></caption>
<thead><tr>${
      columns.map(({ name, origin }, c) =>
        markup`<th scope="col" class="${side(c)}">${
          isMixed && c > 0 && (c === 1 || origin !== origins[c - 1])
            ? markup`${badge(origin)} `
            : null
        }${name}</th>`
      )
    }</tr></thead>
<tbody>${
      texts.map((row, r) =>
        markup`<tr>${
          row.map((text, c) =>
            c === 0
              ? markup`<th scope="row" class="${classes(text, c)}"${number(r, c)}>${text}</th>`
              : markup`<td class="${classes(text, c)}" data-label="${columns[c]!.name}"${
                number(r, c)
              }>${text}</td>`
          )
        }</tr>\n`
      )
    }</tbody>
</table>`,
  );
}

/** A link to a table's full numbers. */
export function csvLink(name: string, csv: string): Markup {
  return markup`<a download="${name}.csv" href="${dataUrl("text/csv", csv)}">CSV</a>`;
}

/** A box that scrolls sideways, by keyboard too. */
export function scrollBox(label: string, content: Markup): Markup {
  return markup`<div class="scroll" tabindex="0" role="region" aria-label="${label}">${content}</div>`;
}

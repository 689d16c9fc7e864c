/**
 * Tables of results as HTML.
 *
 * @module
 */

import type { TableDocument } from "../report.ts";
import { dataUrl } from "./data_url.ts";
import { type Markup, markup } from "../../figures/markup.ts";
import { badge, badges } from "./origins.ts";

/** A table in a box that scrolls on a narrow screen, with what its columns are from. */
export function resultTable(table: TableDocument): Markup {
  const { title, columns, texts } = table;
  const origins = columns.map(({ origin }) => origin);
  const isMixed = new Set(origins).size > 1;
  const side = (c: number) => columns[c]?.right ? "right" : "";
  // Names stay on one line, sentences do not.
  const classes = (text: string, c: number) =>
    [side(c), text.length <= 28 ? "name" : "", isMixed && c > 0 ? origins[c] : ""]
      .filter((name) => name !== "").join(" ");
  return scrollBox(
    title,
    markup`<table>
<caption><span>${title}${badges(origins)}</span></caption>
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
      texts.map((row) =>
        markup`<tr>${
          row.map((text, c) =>
            c === 0
              ? markup`<th scope="row" class="${classes(text, c)}">${text}</th>`
              : markup`<td class="${classes(text, c)}">${text}</td>`
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

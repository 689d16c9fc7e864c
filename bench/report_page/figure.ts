/**
 * A figure in the page: caption and legend, panels, and its data and its file behind links.
 *
 * @module
 */

import type { Figure } from "../../figures/figure.ts";
import { drawPieces } from "../../figures/figure_svg.ts";
import { type Markup, markup } from "../../figures/markup.ts";
import { ORIGIN_NAMES } from "../../figures/theme.ts";
import { tableToCsv } from "../report.ts";
import { dataUrl } from "./data_url.ts";
import { badges } from "./origins.ts";
import { csvLink, scrollBox } from "./table.ts";

/** Data shown in the page; all are in the CSV. */
const SHOWN = 200;

/**
 * A figure.
 *
 * @param name Unique in the page; names its files.
 * @param svg The same figure as a document.
 */
export async function figureMarkup(figure: Figure, name: string, svg: string): Promise<Markup> {
  const { title, caption, panels } = figure;
  const [legend, ...drawn] = await drawPieces(figure, name);
  const data = figureData(figure);
  const origins = panels.flatMap((panel) => panel.data.map(({ origin }) => origin));
  // A few panels stand at the right of the caption, more of them below it in rows of three.
  const layout = panels.length === 4 || panels.length < 3 ? "beside" : "below";
  return markup`<figure id="${name}" class="${layout}">
<figcaption>
<div><h3>${title}${badges(origins)}</h3>
<p>${caption}</p></div>
<div>${legend!}
<p class="meta links">${csvLink(name, await tableToCsv(data))} · <a download="${name}.svg" href="${
    dataUrl("image/svg+xml", svg)
  }">SVG</a></p>
<details class="meta"><summary>${data.rows.length} values</summary>
${dataTable(title, data)}${
    data.rows.length > SHOWN
      ? markup`<p>The first ${SHOWN} of ${data.rows.length}; all of them are in the CSV.</p>`
      : null
  }
</details></div>
</figcaption>
<div class="panels">${drawn}</div>
</figure>
`;
}

interface FigureData {
  readonly columns: readonly { readonly name: string }[];
  readonly rows: readonly (readonly (string | number | null)[])[];
}

/** A figure's data as one table. */
function figureData({ panels }: Figure): FigureData {
  return {
    columns: ["panel", "x", "series", "origin", "y", "low", "high"].map((name) => ({ name })),
    rows: panels.flatMap((panel) =>
      panel.data.map(({ x, series, origin, y, low, high }) => [
        panel.title,
        x,
        series,
        ORIGIN_NAMES[origin],
        y,
        low ?? null,
        high ?? null,
      ])
    ),
  };
}

function dataTable(title: string, { columns, rows }: FigureData): Markup {
  return scrollBox(
    `Data of ${title}`,
    markup`<table><caption><span>Data of ${title}</span></caption><thead><tr>${
      columns.map(({ name }) => markup`<th scope="col">${name}</th>`)
    }</tr></thead><tbody>${
      rows.slice(0, SHOWN).map((row) =>
        markup`<tr>${
          row.map((cell) =>
            typeof cell === "number"
              ? markup`<td class="right">${cell}</td>`
              : markup`<td>${cell ?? ""}</td>`
          )
        }</tr>\n`
      )
    }</tbody></table>`,
  );
}

/**
 * The section of an experiment.
 *
 * @module
 */

import { type BenchDocument, tableToCsv } from "../report.ts";
import { figureMarkup } from "./figure.ts";
import { type Markup, markup } from "../../figures/markup.ts";
import { formatSeconds, formatTime, isInstant, isSmoke } from "./run_facts.ts";
import { csvLink, resultTable } from "./table.ts";

/** Tables with more rows than this are closed at first. */
const LONG = 24;

/**
 * Figures, tables, notes, and the command that repeats them.
 *
 * @param svgs The figures as documents, by their names.
 * @param shared Notes that stand elsewhere.
 */
export async function experimentSection(
  document: BenchDocument,
  svgs: ReadonlyMap<string, string>,
  shared: ReadonlySet<string>,
): Promise<Markup> {
  const { experiment, title, command, failure, figures, tables, seconds, finished_at } = document;
  const { verdicts = [] } = document;
  const notes = document.notes.filter((note) => !shared.has(note));
  const drawn = await Promise.all(
    figures.map((figure) =>
      figureMarkup(figure, `${experiment}-${figure.name}`, svgs.get(figure.name)!)
    ),
  );
  const listed = await Promise.all(
    tables.map(async (table, i) =>
      markup`${
        table.rows.length > LONG
          ? markup`<details class="long"><summary>${table.title} (${table.rows.length} rows)</summary>${
            resultTable(table)
          }</details>`
          : resultTable(table)
      }<p class="meta links">${csvLink(`${experiment}-${i + 1}`, await tableToCsv(table))} of ${
        table.rows.length > LONG ? "that table" : "the table"
      }, full precision</p>`
    ),
  );
  return markup`<section id="${experiment}" aria-labelledby="${experiment}-heading">
<h2 id="${experiment}-heading">${title}</h2>
${isSmoke(document) ? SMOKE : null}${
    failure === null
      ? null
      : markup`<div class="alert" role="note"><p><strong>This experiment failed.</strong> It ended with:</p><pre><code>${failure}</code></pre></div>`
  }${
    verdicts.length === 0
      ? null
      : markup`<ul class="verdicts">${
        verdicts.map((verdict) => markup`<li>${verdict}</li>`)
      }</ul>\n`
  }${drawn}${listed}${
    notes.length === 0
      ? null
      : markup`<ul class="notes">${notes.map((note) => markup`<li>${note}</li>`)}</ul>\n`
  }<p class="meta">Again: <code>${command}</code>. This run ${
    isInstant(document) ? "" : `took ${formatSeconds(seconds)} and `
  }ended on ${formatTime(finished_at)}.</p>
</section>
`;
}

const SMOKE =
  markup`<div class="alert" role="note"><p><strong>A smoke run.</strong> It ran every line with the least work; its numbers mean nothing.</p></div>`;

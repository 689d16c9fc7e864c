/**
 * The section of an experiment.
 *
 * @module
 */

import { type Markup, markup } from "../../figures/markup.ts";
import type { BenchDocument } from "../report.ts";
import { calculatorMarkup } from "./calculator.ts";
import { figureMarkup } from "./figure.ts";
import { formatSeconds, isInstant, isSmoke } from "./run_facts.ts";
import { resultTable } from "./table.ts";

/** Tables with more rows than this are closed at first. */
const LONG = 16;
/** More sentences than this are closed at first. */
const MANY = 4;

/**
 * What was found and why, figures, tables, and closed: what has more detail, notes; then the command that repeats it all.
 *
 * @param svgs The figures as documents, by their names.
 * @param shared Notes that stand elsewhere.
 */
export async function experimentSection(
  document: BenchDocument,
  svgs: ReadonlyMap<string, string>,
  shared: ReadonlySet<string>,
): Promise<Markup> {
  const { experiment, title, command, failure, figures, seconds, outcome, verdicts = [] } =
    document;
  const tables = document.tables.filter(({ rows }) => rows.length > 0);
  // An outcome says the same in one sentence; where the headline is the first of them, they are the answer.
  const isShort = verdicts.length <= MANY && outcome === undefined ||
    verdicts[0] !== undefined && verdicts[0] === document.headline;
  const notes = document.notes.filter((note) => !shared.has(note));
  const drawn = await Promise.all(
    figures.map(async (figure) => ({
      figure,
      markup: await figureMarkup(
        figure,
        `${experiment}-${figure.name}`,
        svgs.get(figure.name)!,
      ),
    })),
  );
  const listed = await Promise.all(
    tables.map(async (table) => ({
      table,
      markup: await resultTable(table, `${experiment}-${document.tables.indexOf(table) + 1}`),
    })),
  );
  const leads = tables.some(({ short }) => short)
    ? tables.filter(({ short }) => short)
    : tables.slice(0, 1);
  const isOpen = (table: typeof tables[number]) =>
    leads.includes(table) && table.rows.length <= LONG;
  const closed = [
    ...drawn.filter(({ figure }) => figure.secondary).map(({ figure, markup }) =>
      folded(figure.title, markup)
    ),
    ...listed.filter(({ table }) => !isOpen(table)).map(({ table, markup }) =>
      folded(`${table.title} (${table.rows.length} rows)`, markup)
    ),
    ...(isShort || verdicts.length === 0
      ? []
      : [folded(`What was found (${verdicts.length})`, list(verdicts))]),
    ...(notes.length === 0 ? [] : [folded(`Notes (${notes.length})`, list(notes))]),
  ];
  return markup`<section id="${experiment}" aria-labelledby="${experiment}-heading">
<h2 id="${experiment}-heading">${title}</h2>
${
    outcome === undefined
      ? null
      : markup`<p class="outcome ${outcome.state.replaceAll(" ", "-")}"><strong>${
        capital(outcome.state)
      }:</strong> ${outcome.why}.</p>\n`
  }${isSmoke(document) ? SMOKE : null}${
    failure === null
      ? null
      : markup`<div class="alert" role="note"><p><strong>This experiment failed.</strong> It ended with:</p><pre><code>${failure}</code></pre></div>`
  }${verdicts.length > 0 && isShort ? list(verdicts) : null}${
    calculatorMarkup(document.calculator ?? [])
  }${drawn.filter(({ figure }) => !figure.secondary).map(({ markup }) => markup)}${
    listed.filter(({ table }) => isOpen(table)).map(({ markup }) => markup)
  }${
    closed.length === 0 ? null : markup`<div class="more">${closed}</div>\n`
  }<p class="meta again"><code>${command}</code>${
    isInstant(document) ? "" : ` took ${formatSeconds(seconds)}`
  }</p>
</section>
`;
}

const SMOKE =
  markup`<p class="alert" role="note"><strong>A smoke run:</strong> its numbers mean nothing.</p>`;

function folded(summary: string, content: Markup): Markup {
  return markup`<details class="long"><summary>${summary}</summary>${content}</details>\n`;
}

function list(sentences: readonly string[]): Markup {
  return markup`<ul class="found">${sentences.map((text) => markup`<li>${text}</li>`)}</ul>\n`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

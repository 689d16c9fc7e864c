/**
 * The report: all results of a folder as one HTML file that needs nothing else.
 *
 * @module
 */

import type { BenchDocument } from "../report.ts";
import type { Results } from "../results.ts";
import { showable } from "./documents.ts";
import { drawFigureSvg } from "../../figures/figure_svg.ts";
import { Markup, markup } from "../../figures/markup.ts";
import pageCss from "./page.css" with { type: "text" };
import { isSmoke, runFacts } from "./run_facts.ts";
import { experimentSection } from "./section.ts";
import { resultTable } from "./table.ts";
import { LEDE, STANDING_DEVIATIONS, TERMS } from "./texts.ts";
import { themeCss } from "../../figures/theme.ts";

/** A page and the files beside it. */
export interface Report {
  /** The page's HTML. */
  readonly page: string;
  /** SVG documents by their file names. */
  readonly svgs: ReadonlyMap<string, string>;
  /** Names of the experiments that are shown. */
  readonly experiments: readonly string[];
  /** Why a result is not shown, a sentence each; the page says so too. */
  readonly refused: readonly string[];
}

/** The page alone. */
export async function reportPage(results: Results): Promise<string> {
  return (await buildReport(results)).page;
}

/** Draws all figures and puts the page together. */
export async function buildReport(results: Results): Promise<Report> {
  const { documents, refused } = showable(results);
  const svgs = new Map<string, string>(), sections: Markup[] = [];
  const shared = sharedNotes(documents);
  for (const document of documents) {
    const own = new Map<string, string>();
    for (const figure of document.figures) {
      const svg = await drawFigureSvg(figure);
      own.set(figure.name, svg);
      svgs.set(`${document.experiment}-${figure.name}.svg`, svg);
    }
    sections.push(await experimentSection(document, own, new Set(shared.keys())));
  }
  const page = markup`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Slipstream: results</title>
<link rel="icon" href="data:,">
<style>
${new Markup(themeCss(":root") + pageCss)}</style>
</head>
<body>
<header>
<h1>What skipping stale embeddings brings</h1>
<p class="lede">${LEDE}</p>
${alerts(documents, refused)}
</header>
${contents(documents)}
<main>
<section aria-labelledby="how-to-read">
<h2 id="how-to-read">How to read this</h2>
<dl class="terms">${TERMS.map(([term, text]) => markup`<dt>${term}</dt><dd>${text}</dd>`)}</dl>
</section>
<section aria-labelledby="what-was-run">
<h2 id="what-was-run">What was run</h2>
${documents.length === 0 ? markup`<p>There is no result yet.</p>` : runFacts(documents)}
</section>
${headline(documents)}
${sections}
${deviations(documents, shared)}
${rerun(documents)}
</main>
</body>
</html>
`;
  const experiments = documents.map(({ experiment }) => experiment);
  return { page: page.text, svgs, experiments, refused };
}

function alerts(documents: readonly BenchDocument[], refused: readonly string[]): Markup[] {
  const smoke = documents.filter(isSmoke), failed = documents.filter((d) => d.failure !== null);
  const revisions = new Set(documents.map(({ environment }) => JSON.stringify(environment)));
  const list: Markup[] = [];
  if (smoke.length > 0) {
    list.push(
      markup`<p><strong>Smoke runs: these numbers mean nothing.</strong> ${
        smoke.length === documents.length ? "All experiments were" : listOf(smoke)
      } run with the least work that executes every line, to test the program.</p>`,
    );
  }
  if (failed.length > 0) {
    list.push(markup`<p><strong>Failed:</strong> ${listOf(failed)}. The other results stand.</p>`);
  }
  if (revisions.size > 1) {
    list.push(
      markup`<p><strong>Mixed:</strong> these results are of different machines or versions; compare their times with care.</p>`,
    );
  }
  if (refused.length > 0) {
    list.push(
      markup`<p><strong>Left out:</strong></p><ul>${
        refused.map((sentence) => markup`<li>${sentence}.</li>`)
      }</ul>`,
    );
  }
  return list.map((item) => markup`<div class="alert" role="note">${item}</div>\n`);
}

function listOf(documents: readonly BenchDocument[]): Markup[] {
  return documents.map(({ experiment }, i) =>
    markup`${i > 0 ? ", " : ""}<a href="#${experiment}">${experiment}</a>`
  );
}

function contents(documents: readonly BenchDocument[]): Markup {
  const entries = [
    ["how-to-read", "How to read this"],
    ["what-was-run", "What was run"],
    ...(hasHeadline(documents) ? [["headline", "Headline"]] : []),
    ...documents.map(({ experiment, title }) => [experiment, title]),
    ["deviations", "What deviates and why"],
    ["rerun", "How to rerun"],
  ];
  return markup`<nav aria-label="Contents"><ol>${
    entries.map(([id, title]) => markup`<li><a href="#${id!}">${title!}</a></li>`)
  }</ol></nav>`;
}

function hasHeadline(documents: readonly BenchDocument[]): boolean {
  return documents.some(({ tables }) => tables.some(({ short }) => short));
}

function headline(documents: readonly BenchDocument[]): Markup | null {
  if (!hasHeadline(documents)) return null;
  return markup`<section aria-labelledby="headline">
<h2 id="headline">Headline</h2>
${
    documents.flatMap((document) => {
      const tables = document.tables.filter(({ short }) => short);
      if (tables.length === 0) return [];
      return [
        markup`${
          tables.map(resultTable)
        }<p class="meta">Figures and more of <a href="#${document.experiment}">${document.experiment}</a>${
          isSmoke(document) ? "; a smoke run, whose numbers mean nothing" : ""
        }</p>\n`,
      ];
    })
  }</section>`;
}

/** Notes of two experiments or more, with the names of these. */
function sharedNotes(
  documents: readonly BenchDocument[],
): ReadonlyMap<string, readonly BenchDocument[]> {
  const of = new Map<string, BenchDocument[]>();
  for (const document of documents) {
    for (const note of new Set(document.notes)) of.set(note, [...of.get(note) ?? [], document]);
  }
  return new Map([...of].filter(([, { length }]) => length > 1));
}

function deviations(
  documents: readonly BenchDocument[],
  shared: ReadonlyMap<string, readonly BenchDocument[]>,
): Markup {
  const own = documents.map((document) => ({
    document,
    notes: document.notes.filter((note) => !shared.has(note)),
  })).filter(({ notes }) => notes.length > 0);
  return markup`<section aria-labelledby="deviations">
<h2 id="deviations">What deviates and why</h2>
<ul>${STANDING_DEVIATIONS.map((text) => markup`<li>${text}</li>`)}${
    [...shared].map(([note, of]) => markup`<li>${note} (${listOf(of)})</li>`)
  }</ul>
${
    own.map(({ document: { experiment }, notes }) =>
      markup`<details><summary>Notes of ${experiment} (${notes.length})</summary><ul>${
        notes.map((note) => markup`<li>${note}</li>`)
      }</ul></details>\n`
    )
  }
</section>`;
}

function rerun(documents: readonly BenchDocument[]): Markup {
  return markup`<section aria-labelledby="rerun">
<h2 id="rerun">How to rerun</h2>
<p>In a clone of the project, with Deno:</p>
<dl class="terms"><dt>The default</dt><dd><code>deno task bench</code></dd><dt>Published sizes, hours</dt><dd><code>deno task bench --full</code>; an interrupted run goes on where it stopped</dd><dt>Two folders of results</dt><dd><code>deno task bench compare A B</code></dd>${
    documents.map(({ experiment, command }) =>
      markup`<dt>${experiment}</dt><dd><code>${command}</code></dd>`
    )
  }</dl>
</section>`;
}

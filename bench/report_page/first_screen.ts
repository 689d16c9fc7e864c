/**
 * What the page begins with: what was found in a few sentences, and accuracy against time saved in a chart.
 *
 * @module
 */

import type { Figure } from "../../figures/figure.ts";
import { drawFigureSvg } from "../../figures/figure_svg.ts";
import { type Markup, markup } from "../../figures/markup.ts";
import { RECORDED_ENDING } from "../folder_names.ts";
import type { BenchDocument } from "../report.ts";
import { figureMarkup } from "./figure.ts";

/** Sentences on the first screen; those of further experiments stand in their sections. */
const SENTENCES = 3;

/** The section; null where the documents have neither a sentence nor a value for the chart. */
export async function firstScreen(documents: readonly BenchDocument[]): Promise<Markup | null> {
  const told = ranked(documents)
    .flatMap(({ experiment, headline }) => headline === undefined ? [] : [{ experiment, headline }])
    .slice(0, SENTENCES);
  const chart = tradeoffFigure(documents);
  if (told.length === 0 && chart === null) return null;
  const drawn = chart === null
    ? null
    : await figureMarkup(chart, "answer-tradeoff", await drawFigureSvg(chart));
  return markup`<section class="first" aria-labelledby="answer">
<h2 id="answer">What was found</h2>
<ul class="answer">${
    told.map(({ experiment, headline }) =>
      markup`<li>${headline}. <a href="#${experiment}">More</a></li>`
    )
  }</ul>
${
    documents.some(({ experiment }) => experiment === OWN_LOG)
      ? null
      : markup`<p class="meta">For a log of your own: <code>deno task bench --data LOG</code></p>`
  }${drawn}
</section>
`;
}

/** The experiment that answers for a log of the reader's own. */
const OWN_LOG = "worth";

/** A log of one's own leads; what was recorded is of more inputs than what ran here. */
function ranked(documents: readonly BenchDocument[]): readonly BenchDocument[] {
  const rank = (one: BenchDocument): number =>
    one.experiment === OWN_LOG ? 0 : isRecorded(one) ? 1 : 2;
  return documents.toSorted((a, b) => rank(a) - rank(b));
}

function isRecorded({ experiment }: BenchDocument): boolean {
  return experiment.endsWith(RECORDED_ENDING);
}

/** Recorded runs and those made here beside each other, on the same axes: of each kind the first experiment that has any. */
export function tradeoffFigure(documents: readonly BenchDocument[]): Figure | null {
  const having = ranked(documents).filter(({ tradeoff }) => (tradeoff?.data.length ?? 0) > 0);
  const first = [having.find(isRecorded), having.find((one) => !isRecorded(one))];
  const shown = having.filter((one) => first.includes(one)).map(({ tradeoff }) => tradeoff!);
  return shown.length === 0 ? null : {
    name: "tradeoff",
    title: "Accuracy lost against time saved",
    caption:
      "Up and to the right is better. Lines: fae and baseline stopped early, which saves time too; a plan is worth it where it stands above them. Against fae on all inputs, paired by seed, with 95 % intervals from three seeds on; what takes longer than fae is left out.",
    panels: shown,
  };
}

/**
 * The end of the page, for looking things up: what was run, what deviates from the paper, and the terms.
 *
 * @module
 */

import { type Markup, markup } from "../../figures/markup.ts";
import type { BenchDocument } from "../report.ts";
import { linksTo, runFacts } from "./run_facts.ts";
import { STANDING_DEVIATIONS, TERMS } from "./texts.ts";

/**
 * Its sections.
 *
 * @param shared Notes of two experiments or more, with these.
 */
export function reference(
  documents: readonly BenchDocument[],
  shared: ReadonlyMap<string, readonly BenchDocument[]>,
): Markup {
  return markup`<section aria-labelledby="what-was-run">
<h2 id="what-was-run">What was run</h2>
${documents.length === 0 ? markup`<p>There is no result yet.</p>` : runFacts(documents)}
<p>In a clone of the project, with Deno: <code>deno task bench</code> runs the default, <code>deno task bench --full</code> published sizes (hours; an interrupted run goes on where it stopped), and <code>deno task bench compare A B</code> sets two folders of results side by side.</p>
</section>
<section aria-labelledby="deviations">
<h2 id="deviations">What deviates and why</h2>
<ul class="two">${STANDING_DEVIATIONS.map((text) => markup`<li>${text}</li>`)}${
    [...shared].map(([note, of]) => markup`<li>${note} (${linksTo(of)})</li>`)
  }</ul>
</section>
<section aria-labelledby="how-to-read">
<h2 id="how-to-read">Terms</h2>
<dl class="two">${
    TERMS.map(([term, text]) => markup`<div><dt>${term}</dt><dd>${text}</dd></div>`)
  }</dl>
</section>
`;
}

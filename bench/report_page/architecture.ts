/**
 * How Slipstream trains, in boxes (the paper's Figure 1): a list that is drawn as a flow, so that it can be read aloud, on paper
 * and on a phone.
 *
 * @module
 */

import { type Markup, markup } from "../../figures/markup.ts";

/** A step: where it runs, what it is called, what it does. */
type Step = readonly [where: "host" | "GPUs" | "host and GPUs", name: string, does: string];

const STEPS: readonly Step[] = [
  [
    "host",
    "Profile",
    "Lookups of a sample of the inputs are counted; the most used rows that fit a budget of memory are hot, and are copied to every GPU.",
  ],
  [
    "host",
    "Segregate",
    "An input all of whose rows are hot is hot, any other cold; minibatches are of one kind.",
  ],
  [
    "host and GPUs",
    "Train",
    "Hot minibatches on the GPUs alone. Cold ones look rows up and update them on the host, and cross the link.",
  ],
  [
    "GPUs",
    "Window",
    "Hot rows are copied before and after some minibatches; those that changed by less than T are stale.",
  ],
  [
    "host and GPUs",
    "Search",
    "A sample of the hot inputs gives the T at which a share D of them would be skipped.",
  ],
  [
    "host and GPUs",
    "Classify",
    "Of the hot inputs left, those that look stale rows up are skipped, the others trained.",
  ],
];

/** The section. */
export function architecture(): Markup {
  return markup`<section aria-labelledby="architecture">
<h2 id="architecture">How Slipstream trains (the paper's Figure 1)</h2>
<ol class="flow">${
    STEPS.map(([where, name, does]) =>
      markup`<li><small>${where}</small><strong>${name}</strong><span>${does}</span></li>`
    )
  }</ol>
</section>
`;
}

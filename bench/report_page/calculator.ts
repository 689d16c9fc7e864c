/**
 * The calculator: what an epoch takes by hot share, skipped share and machine. It needs the page's script, which shows it; the
 * table of the same experiment says what it begins with.
 *
 * @module
 */

import { type Markup, markup } from "../../figures/markup.ts";
import type { CalculatedEpoch } from "../experiment.ts";
import { badge } from "./origins.ts";

/** Its markup, hidden; null without epochs. */
export function calculatorMarkup(epochs: readonly CalculatedEpoch[]): Markup | null {
  if (epochs.length === 0) return null;
  const options = (of: (epoch: CalculatedEpoch) => string) =>
    [...new Set(epochs.map(of))].map((name) => markup`<option>${name}</option>`);
  return markup`<form class="calculator" hidden data-epochs="${JSON.stringify(epochs)}">
<h3>What an epoch would take ${badge("predicted")}</h3>
<p><label>Workload <select name="workload">${options(({ workload }) => workload)}</select></label>
<label>Machine <select name="machine">${options(({ machine }) => machine)}</select></label>
<label>Hot inputs <input type="range" name="hot" min="5" max="95" step="1"> <output name="hot-said"></output></label>
<label>Skipped of them <input type="range" name="skipped" min="0" max="60" step="1"> <output name="skipped-said"></output></label></p>
<table aria-live="polite"><caption>Time of an epoch</caption><thead><tr><th scope="col">system</th><th scope="col" class="right">an epoch</th><th scope="col" class="right">times as fast as FAE</th></tr></thead><tbody></tbody></table>
<p class="meta">The simulator's own sum: so many cold minibatches and so many hot ones, copies of hot rows, and the search and classification of inputs. What skipping costs in accuracy it does not say.</p>
</form>
`;
}

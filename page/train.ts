/**
 * The tab Train: a small model trains on the visitor's own GPU.
 *
 * @module
 */

import { runTraining } from "../train/run/run_training.ts";
import type { RunOptions } from "../train/run/options.ts";
import { element, showError } from "./dom.ts";

/** Twenty steps of a small DLRM on generated clicks. */
export const TWENTY_STEPS: RunOptions = {
  data: "synthetic:7000",
  model: {
    preset: "rm2",
    shape: { tables: Array(26).fill(1000), dim: 16, bottom: [13, 64, 16], top: [64, 1] },
  },
  training: { batch: 128, maxSteps: 20 },
  device: { kind: "webgpu" },
};

/** Fills the tab. */
export function mountTrain(panel: HTMLElement): void {
  const run = element("button", { type: "button", class: "action" }, "Train twenty steps");
  const result = element("div", { id: "train-result", "aria-live": "polite" });
  run.addEventListener("click", () => {
    run.disabled = true;
    result.replaceChildren(element("p", {}, "Training …"));
    train(result).catch((error) => showError(result, error)).finally(() => {
      run.disabled = false;
    });
  });
  panel.append(
    element("h2", {}, "Train"),
    element("p", {}, "A small DLRM on generated clicks, with the kernels of the command line."),
    run,
    result,
  );
}

async function train(result: HTMLElement): Promise<void> {
  const { device, losses } = await runTraining(TWENTY_STEPS);
  const steps = losses.map((loss, step) =>
    element(
      "tr",
      {},
      element("td", {}, `${step + 1}`),
      element("td", { class: "number" }, loss === null ? "not finite" : loss.toPrecision(9)),
    )
  );
  const head = element("tr", {}, element("th", {}, "step"), element("th", {}, "loss"));
  result.replaceChildren(
    element("p", {}, `On ${device.name}:`),
    element(
      "table",
      { id: "train-losses" },
      element("thead", {}, head),
      element("tbody", {}, ...steps),
    ),
  );
}

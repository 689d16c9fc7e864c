/**
 * The tab Measure: what this GPU is and what it allows.
 *
 * @module
 */

import { openDevice } from "../kernels/open.ts";
import { element, showError } from "./dom.ts";

/** Fills the tab. */
export function mountMeasure(panel: HTMLElement): void {
  const result = element("div", { id: "measure-result", "aria-live": "polite" });
  panel.append(element("h2", {}, "Measure"), result);
  describeDevice(result).catch((error) => showError(result, error));
}

async function describeDevice(result: HTMLElement): Promise<void> {
  const { device } = await openDevice({ device: "webgpu" });
  const { name, isFallbackAdapter } = device.info;
  device.dispose();
  const kind = isFallbackAdapter
    ? "a software adapter, whose speed says nothing of a GPU"
    : "a GPU";
  result.replaceChildren(element("p", {}, `${name}: ${kind}`));
}

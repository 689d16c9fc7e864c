/**
 * Whether this browser has WebGPU, and what to do where it has not.
 *
 * @module
 */

import { findAdapter } from "../kernels/webgpu/adapter.ts";
import { element } from "./dom.ts";

/** Why there is no WebGPU, and what helps. */
export interface Missing {
  readonly why: string;
  readonly help: string;
}

/** What helps, by what a browser calls itself; the first that fits. */
const HELP: readonly (readonly [name: RegExp, help: string])[] = [
  [
    /Firefox\//,
    "Firefox has it from version 141 on Windows and 145 on macOS; elsewhere take Firefox Nightly, or set dom.webgpu.enabled to true in about:config",
  ],
  [
    /(Chrome|Chromium|Edg)\//,
    "Chrome and Edge have it from version 113; switch graphics acceleration on in the settings under System, and on Linux, where it is still an experiment, allow Unsafe WebGPU Support in chrome://flags",
  ],
  [
    /Safari\//,
    "Safari has it from version 26 on; in older versions switch WebGPU on under Feature Flags of the Develop menu",
  ],
];
const ANY = "Take a recent Chrome, Edge, Firefox or Safari";
const NO_HTTPS =
  "Browsers give it to pages of https and of this computer alone, so open this page by https or from localhost";

/** What is missing for WebGPU; null where nothing is. */
export async function missingWebGpu(): Promise<Missing | null> {
  const help = HELP.find(([name]) => name.test(navigator.userAgent))?.[1] ?? ANY;
  if (!isSecureContext) {
    return { why: "This page was not opened in a way that allows WebGPU.", help: `${NO_HTTPS}.` };
  }
  if (!("gpu" in navigator)) return { why: "This browser has no WebGPU.", help: `${help}.` };
  if (await findAdapter("any") !== null) return null;
  return { why: "This browser found no GPU that it may use.", help: `${help}.` };
}

/** Says at the top of the page what is missing, if anything is. */
export async function sayWhatIsMissing(place: HTMLElement): Promise<void> {
  const missing = await missingWebGpu();
  if (missing === null) return;
  place.replaceChildren(
    element(
      "p",
      { class: "error", role: "status" },
      `${missing.why} Train and Measure need it; all else works without. ${missing.help}`,
    ),
  );
}

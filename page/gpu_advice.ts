/**
 * What to do where a browser has no WebGPU.
 *
 * @module
 */

/// <reference lib="dom" />

/**
 * A browser, as its user agent names it, and where WebGPU is switched on in it. Chrome had WebGPU before the version that is
 * named here, without `GPUAdapter.info`. Tests take from a browser what one of these versions lacks
 * (`tests/page/oldest_browser.js`).
 */
const BROWSERS: readonly { readonly found: RegExp; readonly advice: string }[] = [
  {
    found: /Firefox\//,
    advice:
      "Firefox has it from version 141 on Windows and 145 on macOS; elsewhere open about:config and set dom.webgpu.enabled to true",
  },
  {
    found: /Edg\/|Chrome\/|Chromium\//,
    advice:
      "Chrome and Edge have what the page needs from version 127 on Windows, macOS, ChromeOS and Android; on Linux, or where the GPU is blocked, start the browser with --enable-unsafe-webgpu --enable-features=Vulkan, and see chrome://gpu",
  },
  {
    found: /Safari\//,
    advice:
      "Safari has it from version 26; before that, switch WebGPU on under Develop, Feature Flags",
  },
];

const ANY =
  "current versions of Chrome, Edge, Firefox and Safari have it on most computers, so try another browser";

/** What to do in a browser, a clause. */
export function adviceFor(userAgent: string): string {
  return BROWSERS.find(({ found }) => found.test(userAgent))?.advice ?? ANY;
}

/**
 * Why nothing can be computed here, with what to do, in one sentence; null where a GPU answers.
 *
 * @param what What cannot be done: `train`.
 */
export async function missingGpu(what = "train"): Promise<string | null> {
  const advice = adviceFor(navigator.userAgent);
  if (!("gpu" in navigator)) {
    return isSecureContext
      ? `Cannot ${what} here: this browser offers no WebGPU; ${advice}.`
      : `Cannot ${what} here: browsers offer WebGPU only to pages that come by https or from localhost, so open it from there.`;
  }
  const adapter = await navigator.gpu.requestAdapter().catch(() => null);
  if (adapter === null) {
    return `Cannot ${what} here: this browser has WebGPU and found no GPU for it; ${advice}.`;
  }
  return "info" in adapter
    ? null
    : `Cannot ${what} here: this browser's WebGPU is older than the page needs; ${advice}.`;
}

/**
 * How far the two runs have come in equal time: a bar each, and its numbers.
 *
 * @module
 */

/// <reference lib="dom" />

import { formatCount, formatDuration, formatSi } from "../../core/format.ts";
import { element } from "../dom.ts";
import type { RunProgress } from "./messages.ts";

/** A bar of one run. */
export interface Lane {
  readonly element: HTMLElement;
  /** @param name The plan's. */
  show(name: string, progress: RunProgress | null): void;
}

/** Makes a bar. */
export function lane(run: "fae" | "own"): Lane {
  const name = element("span", { class: `lane-name ${run}` });
  const numbers = element("span", { class: "lane-numbers" });
  const trained = element("span", { class: `lane-trained ${run}` });
  const skipped = element("span", { class: "lane-skipped" });
  const bar = element("div", { class: "lane-bar", "aria-hidden": "true" }, trained, skipped);
  const all = element("div", { class: "lane" }, name, numbers, bar);
  return {
    element: all,
    show: (plan, progress) => {
      name.textContent = plan;
      numbers.textContent = progress === null ? "not begun" : numbersOf(progress);
      // For the bench of the page.
      if (progress !== null) Object.assign(all.dataset, { ms: progress.ms, step: progress.step });
      const { trained: some = 0, skipped: others = 0, total = 0 } = progress ?? {};
      trained.style.width = `${100 * some / Math.max(1, total)}%`;
      skipped.style.width = `${100 * others / Math.max(1, total)}%`;
    },
  };
}

function numbersOf({ ms, trained, skipped }: RunProgress): string {
  const rate = trained / Math.max(1, ms) * 1000;
  return [
    formatDuration(ms / 1000),
    `${formatCount(trained)} trained`,
    `${formatCount(skipped)} skipped`,
    `${formatSi(rate)} trained/s`,
  ].join(" · ");
}

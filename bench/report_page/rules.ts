/**
 * Labels of lines across a panel, at its right edge, moved apart where they would overlap.
 *
 * @module
 */

import type { NumberScale } from "./axis.ts";
import { widest, wrapText } from "./measure.ts";

/** A label's lines and its first baseline from the top of the axes. */
export interface RuleLabel {
  readonly lines: readonly string[];
  readonly top: number;
}

const FONT_SIZE = 12;
const STEP = 14;

/** Lays the labels out. */
export function ruleLabels(
  rules: readonly { readonly y: number; readonly label: string }[],
  { type, domain: [low, high] }: NumberScale,
  height: number,
  maxWidth: number,
): { readonly labels: readonly RuleLabel[]; readonly width: number } {
  const along = (value: number) => type === "log" ? Math.log(value) : value;
  const labels: RuleLabel[] = [];
  let free = -STEP;
  for (const { y, label } of rules.toSorted((a, b) => b.y - a.y)) {
    if (!(y >= low && y <= high) || label === "") continue;
    const lines = wrapText(label, maxWidth, FONT_SIZE);
    const at = height * (1 - (along(y) - along(low)) / (along(high) - along(low)));
    const first = Math.max(free, at - (lines.length - 1) * STEP / 2);
    labels.push({ lines, top: first + 4 });
    free = first + lines.length * STEP;
  }
  return { labels, width: widest(labels.flatMap(({ lines }) => lines), FONT_SIZE) };
}

/**
 * Labels of lines across a panel, moved apart where they would overlap.
 *
 * @module
 */

import { type NumberScale, shareOf } from "./axis.ts";
import { FONT_SIZE, textWidth, widest, wrapText } from "./measure.ts";

/** A label's lines and where the first one begins or ends. */
export interface RuleLabel {
  readonly lines: readonly string[];
  readonly x: number;
  readonly y: number;
  readonly anchor: "start" | "end";
}

type Rules = readonly { readonly y: number; readonly label: string }[];

const STEP = 15;

/** At the right of axes with values that grow upwards; y from their top, x for the caller to set. */
export function ruleLabelsBeside(
  rules: Rules,
  scale: NumberScale,
  height: number,
  maxWidth: number,
): { readonly labels: readonly RuleLabel[]; readonly width: number } {
  const labels: RuleLabel[] = [];
  let free = -STEP;
  for (const { y, label } of labelled(rules, scale).reverse()) {
    const lines = wrapText(label, maxWidth, FONT_SIZE);
    const at = height * (1 - shareOf(y, scale));
    const first = Math.max(free, at - (lines.length - 1) * STEP / 2);
    labels.push({ lines, x: 0, y: first + 4, anchor: "start" });
    free = first + lines.length * STEP;
  }
  return { labels, width: widest(labels.flatMap(({ lines }) => lines), FONT_SIZE) };
}

/** Above axes with values that grow to the right, a line each; x from their left. */
export function ruleLabelsAbove(
  rules: Rules,
  scale: NumberScale,
  width: number,
): { readonly labels: readonly RuleLabel[]; readonly height: number } {
  const labels = labelled(rules, scale).map(({ y, label }, i): RuleLabel => {
    const x = width * shareOf(y, scale);
    const isLeft = x + textWidth(label, FONT_SIZE) <= width;
    return { lines: [label], x, y: i * STEP + FONT_SIZE, anchor: isLeft ? "start" : "end" };
  });
  return { labels, height: labels.length * STEP };
}

/** Those with a label and a place, from low to high. */
function labelled(rules: Rules, { domain: [low, high] }: NumberScale) {
  return rules.filter(({ y, label }) => y >= low && y <= high && label !== "")
    .toSorted((a, b) => a.y - b.y);
}

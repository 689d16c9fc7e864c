/**
 * The drop curve: how many clicks are skipped at each threshold, under the picture of rows and on its axis.
 *
 * @module
 */

import { svgElement } from "../dom.ts";
import type { StalenessDecision } from "./messages.ts";
import { SIDES } from "./rows_picture.ts";
import { type MovementScale, placeOf } from "./scale.ts";

const TOP = 12, BOTTOM = 8;

/** Draws the curve of a decision, or the empty axes before one. */
export function curvePicture(
  decision: StalenessDecision | null,
  domain: readonly [number, number],
  width: number,
  height: number,
): SVGSVGElement {
  const scale: MovementScale = { domain, left: SIDES.left, right: width - SIDES.right };
  const most = Math.max(0.1, ...decision?.curve.map(({ share }) => share) ?? [1]);
  const top = Math.min(1, Math.ceil(10 * most) / 10);
  const y = (share: number) => height - BOTTOM - share / top * (height - BOTTOM - TOP);
  const drawing = svgElement("svg", {
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    "aria-hidden": "true",
  });
  for (const share of [0, top / 2, top]) {
    drawing.append(
      svgElement("line", {
        class: "rule",
        x1: scale.left,
        x2: scale.right,
        y1: y(share),
        y2: y(share),
      }),
      text(scale.left - 8, y(share) + 4, `${Math.round(100 * share)} %`, "end"),
    );
  }
  if (decision !== null) drawing.append(...curve(decision, scale, y));
  return drawing;
}

function curve(
  { curve, threshold, share, target }: StalenessDecision,
  scale: MovementScale,
  y: (share: number) => number,
): SVGElement[] {
  const points = curve.map((point) => [placeOf(scale, point.threshold), y(point.share)] as const);
  const last = points.at(-1);
  if (last === undefined) return [];
  const line = [...points, [scale.right, last[1]] as const];
  const path = (all: readonly (readonly [number, number])[]) =>
    all.map(([x, y], i) => `${i === 0 ? "M" : "L"}${x.toFixed(1)},${y.toFixed(1)}`).join("");
  const x = placeOf(scale, threshold);
  const skipped = [...line.filter(([at]) => at <= x), [x, y(share)] as const];
  const drawn = [
    svgElement("path", {
      class: "skipped-area",
      d: `${path(skipped)}L${x},${y(0)}L${skipped[0]![0]},${y(0)}Z`,
    }),
    svgElement("path", { class: "curve", d: path(line) }),
    svgElement("line", {
      class: "target",
      x1: scale.left,
      x2: x,
      y1: y(target),
      y2: y(target),
    }),
    svgElement("line", { class: "threshold", x1: x, x2: x, y1: 0, y2: y(0) }),
    svgElement("circle", { class: "found", cx: x, cy: y(share), r: 4.5 }),
    text(scale.left + 4, y(target) - 5, `D = ${Math.round(100 * target)} %`, "start"),
  ];
  return drawn;
}

function text(x: number, y: number, words: string, anchor: string): SVGTextElement {
  return svgElement("text", { x, y, "text-anchor": anchor }, words);
}

/**
 * The roofline: what each kernel computes a second against the operations that it does for each byte it moves.
 *
 * Williams, Waterman, Patterson: Roofline. CACM 52 (2009), https://doi.org/10.1145/1498765.1498785
 *
 * @module
 */

/// <reference lib="dom" />

import { numberScale, shareOf } from "../../figures/axis.ts";
import { svgElement } from "../dom.ts";
import type { ShownKernel, ShownLimits } from "./messages.ts";

const LEFT = 56, RIGHT = 16, TOP = 16, BOTTOM = 38;

/** Draws kernels that compute; those that only move bytes have no place in it. */
export function roofline(
  kernels: readonly ShownKernel[],
  limits: ShownLimits,
  width: number,
  height: number,
): SVGSVGElement {
  const shown = kernels.filter(({ flops, bytes }) => flops > 0 && bytes > 0);
  const intensities = shown.map(({ flops, bytes }) => flops / bytes);
  const { gflop_s, gb_s, cache_gb_s } = limits;
  const options = { type: "log", zero: false, pad: true, count: 6 } as const;
  const across = numberScale([...intensities, gflop_s / gb_s], options);
  const up = numberScale([...shown.map((kernel) => kernel.gflop_s), gflop_s], options);
  const x = (value: number) => LEFT + shareOf(value, across) * (width - LEFT - RIGHT);
  const y = (value: number) => height - BOTTOM - shareOf(value, up) * (height - BOTTOM - TOP);
  const drawing = svgElement("svg", {
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    "aria-hidden": "true",
  });
  for (const tick of up.ticks) {
    drawing.append(
      svgElement("line", { class: "rule", x1: LEFT, x2: width - RIGHT, y1: y(tick), y2: y(tick) }),
      label(LEFT - 6, y(tick) + 4, up.format(tick), "end"),
    );
  }
  for (const tick of across.ticks) {
    drawing.append(label(x(tick), height - 20, across.format(tick), "middle"));
  }
  drawing.append(
    label(width - RIGHT, height - 4, "operations for each byte moved", "end"),
    label(4, 11, "GFLOP/s", "start"),
    roof("roof cache", cache_gb_s),
    roof("roof", gb_s),
    ...shown.map(dot),
  );
  return drawing;

  /** Memory's rate up to where the fastest product is reached. */
  function roof(kind: string, rate: number): SVGPathElement {
    const [low, high] = across.domain, least = up.domain[0];
    const from = Math.max(low, least / rate), corner = gflop_s / rate;
    const points = [[from, from * rate], [corner, gflop_s], [high, gflop_s]]
      .filter(([at]) => at! >= low && at! <= high)
      .map(([at, value]) => `${x(at!).toFixed(1)},${y(value!).toFixed(1)}`);
    return svgElement("path", { class: kind, d: `M${points.join("L")}` });
  }

  function dot({ op, shape, flops, bytes, gflop_s: speed, by }: ShownKernel): SVGElement {
    return svgElement(
      "circle",
      { class: `kernel ${by}`, cx: x(flops / bytes), cy: y(speed), r: 4 },
      svgElement("title", {}, `${op} ${shape}: ${speed.toPrecision(3)} GFLOP/s`),
    );
  }
}

function label(x: number, y: number, words: string, anchor: string): SVGTextElement {
  return svgElement("text", { x, y, "text-anchor": anchor }, words);
}

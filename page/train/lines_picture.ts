/**
 * A chart of both runs against the time that each has had.
 *
 * @module
 */

import { numberScale, shareOf } from "../../figures/axis.ts";
import { svgElement } from "../dom.ts";
import type { TimedPoint } from "./state.ts";

const LEFT = 48, RIGHT = 60, TOP = 10, BOTTOM = 24;
/** Points that are drawn of a line at most. */
const MOST_POINTS = 300;

/** A run's line. */
export interface RunLine {
  /** The class of its colour. */
  readonly run: "fae" | "own";
  readonly points: readonly TimedPoint[];
}

/** Draws the lines with their last values beside them. */
export function linesPicture(
  lines: readonly RunLine[],
  width: number,
  height: number,
  digits: number,
): SVGSVGElement {
  const drawing = svgElement("svg", {
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    "aria-hidden": "true",
  });
  const all = lines.flatMap(({ points }) => points);
  const seconds = all.reduce((most, point) => Math.max(most, point.seconds), 1e-3);
  const options = { type: "linear", zero: false, pad: true, count: 4 } as const;
  const values = numberScale(all.map(({ value }) => value), options);
  const times = numberScale([0, seconds], { ...options, zero: true, pad: false });
  const x = (at: number) => LEFT + shareOf(at, times) * (width - LEFT - RIGHT);
  const y = (at: number) => height - BOTTOM - shareOf(at, values) * (height - BOTTOM - TOP);
  if (all.length > 0) {
    for (const tick of values.ticks) {
      drawing.append(
        svgElement("line", {
          class: "rule",
          x1: LEFT,
          x2: width - RIGHT,
          y1: y(tick),
          y2: y(tick),
        }),
        svgElement(
          "text",
          { x: LEFT - 6, y: y(tick) + 4, "text-anchor": "end" },
          values.format(tick),
        ),
      );
    }
    for (const tick of times.ticks) {
      const label = tick === times.ticks.at(-1) ? `${times.format(tick)} s` : times.format(tick);
      drawing.append(
        svgElement("text", { x: x(tick), y: height - 6, "text-anchor": "middle" }, label),
      );
    }
  }
  const ends = apart(lines.map(({ points }) => points.at(-1)).map((end) => end && y(end.value)));
  for (const [i, { run, points }] of lines.entries()) {
    const last = points.at(-1);
    if (last === undefined) continue;
    const d = thinned(points).map((point, p) =>
      `${p === 0 ? "M" : "L"}${x(point.seconds).toFixed(1)},${y(point.value).toFixed(1)}`
    ).join("");
    drawing.append(
      svgElement("path", { class: `line ${run}`, d }),
      svgElement("circle", { class: `end ${run}`, cx: x(last.seconds), cy: y(last.value), r: 3 }),
      svgElement(
        "text",
        { class: `name ${run}`, x: x(last.seconds) + 8, y: ends[i]! + 4 },
        last.value.toFixed(digits),
      ),
    );
  }
  return drawing;
}

/** Heights of two labels, moved apart where they would lie on each other. */
function apart(heights: readonly (number | undefined)[]): (number | undefined)[] {
  const [a, b] = heights, least = 14;
  if (a === undefined || b === undefined || Math.abs(a - b) >= least) return [a, b];
  const middle = (a + b) / 2, sign = a <= b ? 1 : -1;
  return [middle - sign * least / 2, middle + sign * least / 2];
}

function thinned(points: readonly TimedPoint[]): readonly TimedPoint[] {
  if (points.length <= MOST_POINTS) return points;
  const step = Math.ceil(points.length / MOST_POINTS);
  return points.filter((_, i) => i % step === 0 || i === points.length - 1);
}

/** Each value as the mean of the last few, so that a line of single minibatches can be read. */
export function smoothed(points: readonly TimedPoint[], over: number): TimedPoint[] {
  let sum = 0;
  return points.map((point, i) => {
    sum += point.value;
    if (i >= over) sum -= points[i - over]!.value;
    return { seconds: point.seconds, value: sum / Math.min(i + 1, over) };
  });
}

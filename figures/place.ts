/**
 * Where a panel's values stand on its axes.
 *
 * @module
 */

import type { Datum, Panel } from "./figure.ts";
import { keyOf } from "./series.ts";

/** A value and where it stands. */
export interface Placed {
  readonly datum: Datum;
  /** Left, middle and right; a category i is the unit around i. */
  readonly x1: number;
  readonly x: number;
  readonly x2: number;
  /** Where a bar begins and ends; both the value itself for other marks. */
  readonly y1: number;
  readonly y2: number;
  readonly low: number | null;
  readonly high: number | null;
}

/** All of a panel that can be drawn. */
export interface Placement {
  readonly placed: readonly Placed[];
  /** Categories from left to right; null where x is a number. */
  readonly categories: readonly string[] | null;
  /** Values that cannot be drawn: none, infinite, or not positive on a logarithmic axis. */
  readonly left: number;
  readonly logX: boolean;
  readonly logY: boolean;
}

/** The part of a category's width that its bars or points take. */
const FILLED = 0.78;

/** Places the values. */
export function placeValues(panel: Panel): Placement {
  // The parts of a stack have no logarithmic lengths.
  const logY = panel.y.scale === "log" && panel.mark !== "stacked";
  const numeric = (panel.mark === "lines" || panel.mark === "scatter") &&
    panel.data.every(({ x }) => typeof x === "number" && Number.isFinite(x));
  const logX = numeric && panel.x.scale === "log";
  const data = panel.data.filter((datum) =>
    isDrawable(datum.y, logY) && (!numeric || isDrawable(datum.x as number, logX))
  );
  const left = panel.data.length - data.length;
  if (numeric) {
    const placed = data.map((datum) => {
      const x = datum.x as number;
      return { datum, x1: x, x, x2: x, y1: datum.y, y2: datum.y, ...interval(datum, 0, logY) };
    });
    return { placed, categories: null, left, logX, logY };
  }
  const categories = [...new Set(data.map(({ x }) => String(x)))];
  const placed = categories.flatMap((category, i) =>
    placeCategory(data.filter(({ x }) => String(x) === category), i, panel.mark, logY)
  );
  return { placed, categories, left, logX, logY };
}

/** Side by side what differs in series or, of stacks, in origin. */
function placeCategory(
  data: readonly Datum[],
  at: number,
  mark: Panel["mark"],
  logY: boolean,
): Placed[] {
  const slotOf = (datum: Datum) => mark === "stacked" ? datum.origin : keyOf(datum);
  const slots = mark === "lines" ? [] : [...new Set(data.map(slotOf))];
  // A few bars are no broader than those of a fuller category would be.
  const each = mark === "stacked" || mark === "bars"
    ? Math.min(FILLED / Math.max(1, slots.length), 0.56)
    : FILLED / Math.max(1, slots.length);
  const ends = new Map<string, { up: number; down: number }>();
  return data.map((datum) => {
    const slot = slotOf(datum), middle = mark === "lines" ? 0 : slots.indexOf(slot) + 0.5;
    const x = mark === "lines" ? at : at + (middle - slots.length / 2) * each;
    const end = ends.get(slot) ?? { up: 0, down: 0 };
    ends.set(slot, end);
    const base = mark !== "stacked" ? 0 : datum.y < 0 ? end.down : end.up;
    if (datum.y < 0) end.down += datum.y;
    else end.up += datum.y;
    const isBar = mark === "bars" || mark === "stacked";
    return {
      datum,
      x1: x - each * 0.46,
      x,
      x2: x + each * 0.46,
      y1: isBar ? base : datum.y,
      y2: base + datum.y,
      ...interval(datum, base, logY),
    };
  });
}

function interval(
  { low, high }: Datum,
  base: number,
  log: boolean,
): Pick<Placed, "low" | "high"> {
  return isDrawable(low, log) && isDrawable(high, log)
    ? { low: base + low, high: base + high }
    : { low: null, high: null };
}

function isDrawable(value: number | null | undefined, log: boolean): value is number {
  return typeof value === "number" && Number.isFinite(value) && (!log || value > 0);
}

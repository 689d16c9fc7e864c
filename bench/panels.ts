/**
 * Panels of figures in the ways that experiments draw them.
 *
 * @module
 */

import type { Datum, Panel } from "../figures/figure.ts";

/** What a panel may say besides. */
type More = Partial<Pick<Panel, "rules">> & {
  readonly title?: string;
  /** Label of the axis of categories. */
  readonly x?: string;
};

/** Bars or points by category. */
export function categoryPanel(
  mark: "bars" | "stacked" | "points",
  y: string,
  data: readonly Datum[],
  { title = "", x = "", ...more }: More = {},
): Panel {
  return { title, mark, x: { label: x }, y: { label: y }, data, ...more };
}

/** The data of a panel, all of one origin. */
export function dataOf(
  origin: Datum["origin"],
  data: readonly Omit<Datum, "origin">[],
): Datum[] {
  return data.map((datum) => ({ ...datum, origin }));
}

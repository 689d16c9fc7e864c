/**
 * Series of a figure in the order of their first appearance, and how each is painted.
 *
 * @module
 */

import type { Datum, Figure, Origin } from "./figure.ts";
import { Markup, markup } from "./markup.ts";
import { colour, seriesColour } from "./theme.ts";

/** A series of one origin. */
export interface Series {
  readonly name: string;
  readonly origin: Origin;
  /** Of the name among the figure's: one colour number whatever the origin. */
  readonly index: number;
  /** Lines and outlines. */
  readonly stroke: string;
  /** Areas: full unless hatched where predicted, hollow where published. */
  readonly fill: string;
  /** Dashes of lines and outlines; none where measured. */
  readonly dashes: string | undefined;
  /** What stands at a point; hollow where published. */
  readonly symbol: PointSymbol;
}

/** What can stand at a point. */
export type PointSymbol =
  | "circle"
  | "triangle"
  | "cross"
  | "square"
  | "diamond";

const DASHES: Readonly<Record<Origin, string | undefined>> = {
  measured: undefined,
  recorded: "9 2",
  generated: "1 2",
  predicted: "6 3",
  published: "2 3",
};

/**
 * Of runs, whose colours are all of one family, series differ in these as well. Their number and that of the colours have no
 * divisor in common, so that both together repeat late.
 */
const OF_RUNS: readonly PointSymbol[] = ["circle", "triangle", "cross"];

const SYMBOLS: Readonly<Record<Origin, readonly PointSymbol[]>> = {
  measured: OF_RUNS,
  recorded: OF_RUNS,
  generated: ["circle"],
  predicted: ["square"],
  published: ["diamond"],
};

/** All series of a figure. `prefix` begins the names of its hatchings, which must be unique in a page. */
export function seriesOf(figure: Figure, prefix: string): Series[] {
  const names = new Set<string>(), series = new Map<string, Series>();
  for (const { series: name, origin } of figure.panels.flatMap((panel) => panel.data)) {
    names.add(name);
    const key = keyOf({ series: name, origin });
    if (series.has(key)) continue;
    const index = [...names].indexOf(name), stroke = seriesColour(origin, index);
    series.set(key, {
      name,
      origin,
      index,
      stroke,
      fill: origin === "predicted"
        ? `url(#${hatchName(prefix, index)})`
        : origin === "published"
        ? colour("paper")
        : stroke,
      dashes: DASHES[origin],
      symbol: SYMBOLS[origin][index % SYMBOLS[origin].length]!,
    });
  }
  return [...series.values()];
}

/** Attributes by which a page's script finds what belongs together: the series and, of one value, where it stands. */
export function seriesAttributes(series: string, x?: string | number): Markup {
  return markup` data-series="${series}"${x === undefined ? null : markup` data-x="${x}"`}`;
}

/** Series and origin as one string. */
export function keyOf({ series, origin }: Pick<Datum, "series" | "origin">): string {
  return JSON.stringify([series, origin]);
}

const hatchName = (prefix: string, index: number): string => `${prefix}-hatch-${index + 1}`;

/** Definitions of the hatchings that the series need. */
export function hatchings(series: readonly Series[], prefix: string): Markup {
  const hatched = series.filter(({ origin }) => origin === "predicted");
  if (hatched.length === 0) return new Markup("");
  return markup`<defs>${
    hatched.map(({ index, stroke }) =>
      markup`<pattern id="${
        hatchName(prefix, index)
      }" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(${
        index % 2 === 0 ? 45 : -45
      })"><rect width="6" height="6" fill="${stroke}" fill-opacity="0.45"/><rect width="3" height="6" fill="${stroke}"/></pattern>`
    )
  }</defs>`;
}

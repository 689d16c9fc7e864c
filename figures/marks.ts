/**
 * The marks of a panel by Observable Plot.
 *
 * @module
 */

import type { plot } from "../core/npm/plot.ts";
import type { Panel } from "./figure.ts";
import { formatNumber, type NumberScale } from "./axis.ts";
import { textWidth } from "./measure.ts";
import type { Placed, Placement } from "./place.ts";
import { keyOf, type Series, seriesAttributes } from "./series.ts";
import { colour, ORIGIN_NAMES } from "./theme.ts";

/** The plotting library. */
export type Plot = typeof plot;
/** Its options. */
export type PlotOptions = NonNullable<Parameters<Plot["plot"]>[0]>;
type Mark = NonNullable<PlotOptions["marks"]>[number];

/** What all marks of a panel need to know. */
interface MarkContext {
  readonly plot: Plot;
  readonly panel: Panel;
  readonly placement: Placement;
  readonly series: readonly Series[];
  /** The axis of values. */
  readonly values: NumberScale;
  /** Whether values grow to the right, and categories follow each other downwards. */
  readonly sideways: boolean;
  /** How wide a category is, or high where sideways, in pixels. */
  readonly unit: number;
}

/** A panel with more points than this, and a series with more than that, have no dots on their lines. */
const DOTTED_PANEL = 120;
const DOTTED_SERIES = 40;
const VALUE_SIZE = 12;

/** Marks from the back to the front. */
export function dataMarks(context: MarkContext): Mark[] {
  const { series } = context;
  return [
    ...series.flatMap((one) => seriesMarks(context, one)),
    ...series.flatMap((one) => intervalMarks(context, one)),
    valueLabels(context),
  ];
}

/** Options as written for values that grow upwards, turned where they grow to the right. */
function turn({ sideways }: MarkContext, options: Record<string, unknown>) {
  if (!sideways) return options;
  const turned: Record<string, string> = { x: "y", x1: "y1", x2: "y2", y: "x", y1: "x1", y2: "x2" };
  return Object.fromEntries(
    Object.entries(options).map(([key, value]) => [turned[key] ?? key, value]),
  );
}

const placedOf = ({ placement }: MarkContext, { name, origin }: Series) =>
  placement.placed.filter(({ datum }) => keyOf(datum) === keyOf({ series: name, origin }));

/** The bars, line or points of one series. */
function seriesMarks(context: MarkContext, series: Series): Mark[] {
  const { plot, panel, values } = context, { stroke, fill, symbol, dashes, origin } = series;
  const placed = placedOf(context, series), isStacked = panel.mark === "stacked";
  if (placed.length === 0) return [];
  if (isStacked || panel.mark === "bars") {
    return [
      plot.rect(
        placed,
        turn(context, {
          x1: "x1",
          x2: "x2",
          y1: values.type === "log" ? () => values.domain[0] : "y1",
          y2: "y2",
          fill,
          // Parts of a stack are parted by a thread of the surface; other bars have an outline.
          stroke: isStacked && origin !== "published" ? colour("paper") : stroke,
          strokeWidth: isStacked ? 0.75 : 1.2,
          ...(origin === "published" ? { strokeDasharray: HOLLOW_DASHES } : {}),
          title: titleOf,
          ariaLabel: tagOf,
          className: "data",
        }),
      ),
    ];
  }
  const dots = plot.dot(
    placed,
    turn(context, {
      x: "x",
      y: "y2",
      r: panel.mark === "lines" ? 3 : 4.5,
      symbol,
      fill: origin === "published" ? colour("paper") : stroke,
      stroke,
      strokeWidth: 1.5,
      title: titleOf,
      ariaLabel: tagOf,
      className: "data",
    }),
  );
  if (panel.mark !== "lines") return [dots];
  const sorted = placed.toSorted((a, b) => a.x - b.x);
  const band = sorted.filter(({ low }) => low !== null);
  return [
    ...(band.length > 1
      ? [
        plot.area(band, {
          ...{ x1: "x", y1: "low", y2: "high", fill: stroke, fillOpacity: 0.16 },
          ariaLabel: seriesTag,
        }),
      ]
      : []),
    plot.line(sorted, {
      x: "x",
      y: "y2",
      stroke,
      strokeWidth: 1.8,
      ...(dashes === undefined ? {} : { strokeDasharray: dashes }),
      ariaLabel: seriesTag,
      className: "data-line",
    }),
    placed.length === 1 || placed.length <= DOTTED_SERIES && panel.data.length <= DOTTED_PANEL
      ? dots
      // Nothing to be seen, and something to be pointed at.
      : plot.dot(sorted, {
        ...{ x: "x", y: "y2", r: 4, fill: stroke, fillOpacity: 0, stroke: "none" },
        ...{ title: titleOf, ariaLabel: tagOf, className: "unseen" },
      }),
  ];
}

/** Outlines of hollow bars. */
export const HOLLOW_DASHES = "4 2";

/** Intervals as whiskers; those of lines are bands, but for single points. */
function intervalMarks(context: MarkContext, series: Series): Mark[] {
  const { plot, panel, sideways } = context;
  const all = placedOf(context, series).filter(({ low }) => low !== null);
  if (all.length === 0 || panel.mark === "lines" && all.length > 1) return [];
  const isBar = panel.mark === "bars" || panel.mark === "stacked";
  const rule = (options: Record<string, unknown>) => {
    const turned = turn(context, { x: "x", y1: "low", y2: "high", ...options });
    return sideways ? plot.ruleY(all, turned) : plot.ruleX(all, turned);
  };
  return [
    ...(isBar ? [rule({ stroke: colour("paper"), strokeWidth: 4, strokeOpacity: 0.8 })] : []),
    rule({
      stroke: isBar ? colour("ink") : series.stroke,
      strokeWidth: 1.5,
      ariaLabel: tagOf,
      className: "interval",
    }),
  ];
}

/** Values at the ends of bars, where all of them have room. */
function valueLabels(context: MarkContext): Mark {
  const { plot, panel, placement: { placed }, sideways, unit } = context;
  if (panel.mark !== "bars") return null;
  const fits = placed.every(({ datum, x1, x2, y2 }) =>
    y2 >= 0 &&
    (x2 - x1) * unit >= (sideways ? VALUE_SIZE : textWidth(shortNumber(datum.y), VALUE_SIZE))
  );
  if (!fits) return null;
  return plot.text(placed, {
    ...turn(context, { x: "x", y: (d: Placed) => Math.max(d.y2, d.high ?? d.y2) }),
    text: (d: Placed) => shortNumber(d.datum.y),
    ...(sideways ? { dx: 5, textAnchor: "start" } : { dy: -7 }),
    fontSize: VALUE_SIZE,
    fill: colour("ink"),
    stroke: colour("paper"),
    strokeWidth: 3,
  });
}

/** How wide the labels of values are at most. */
export function valueLabelWidth({ placed }: Placement): number {
  return placed.reduce(
    (width, { datum }) => Math.max(width, textWidth(shortNumber(datum.y), VALUE_SIZE)),
    0,
  );
}

const shortNumber = (value: number): string => formatNumber(Number(value.toPrecision(3)));

/** Series and place of a value, which {@linkcode namedTags} makes attributes. */
function tagOf(placed: Placed): string {
  return `${seriesTag(placed)}${encodeURIComponent(String(placed.datum.x))}`;
}

/** The series alone: one tag of all values keeps a line in one piece. */
function seriesTag({ datum: { series } }: Placed): string {
  return `${TAG}${encodeURIComponent(series)}/`;
}

/** No label of Plot's own begins so. */
const TAG = "value:";

/** Markup of Plot whose tags are attributes, by which a page's script finds what belongs together. */
export function namedTags(svg: string): string {
  return svg.replace(
    new RegExp(` aria-label="${TAG}([^"/]*)/([^"]*)"`, "g"),
    (_, series: string, x: string) =>
      seriesAttributes(decodeURIComponent(series), x === "" ? undefined : decodeURIComponent(x))
        .text,
  );
}

function titleOf({ datum }: Placed): string {
  const { x, y, series, origin, low, high } = datum;
  const range = low === undefined || high === undefined
    ? ""
    : ` (${formatNumber(low)} to ${formatNumber(high)})`;
  const at = typeof x === "number" ? formatNumber(x) : x;
  return `${series}, ${at}: ${formatNumber(y)}${range}, ${ORIGIN_NAMES[origin]}`;
}

/**
 * One panel of a figure: its marks by Observable Plot on scales, with labels, that are laid out here.
 *
 * @module
 */

import type * as PlotModule from "@observablehq/plot";
import type { Panel } from "../figure.ts";
import { formatNumber, type NumberScale, numberScale } from "./axis.ts";
import { escapeText, Markup, markup } from "./markup.ts";
import { textWidth, widest, wrapText } from "./measure.ts";
import { type Placed, type Placement, placeValues } from "./place.ts";
import { ruleLabels } from "./rules.ts";
import { keyOf, type Series } from "./series.ts";
import { colour, ORIGIN_NAMES } from "./theme.ts";

type Plot = typeof PlotModule;
type PlotOptions = NonNullable<Parameters<Plot["plot"]>[0]>;
type Mark = NonNullable<PlotOptions["marks"]>[number];

/** The plotting library and the document it draws into. */
export interface Drawer {
  readonly plot: Plot;
  readonly document: NonNullable<PlotOptions["document"]>;
}

/** Markup and its size. */
export interface Drawing {
  readonly body: Markup;
  readonly width: number;
  readonly height: number;
}

/** Text of axes and legends, in pixels. */
export const FONT_SIZE = 12;
const TITLE_SIZE = 13;
const LINE = 16;
const PLOT_HEIGHT = 210;
/** Lines with more points than this have no dots. */
const DOTTED = 40;

/** Draws a panel `width` pixels wide. */
export function drawPanel(
  { plot, document }: Drawer,
  panel: Panel,
  series: readonly Series[],
  width: number,
): Drawing {
  const placement = placeValues(panel);
  const y = yScale(panel, placement), x = xScale(placement);
  const title = wrapText(panel.title, width - 8, TITLE_SIZE);
  const yLabel = wrapText(panel.y.label, width - 8, FONT_SIZE);
  const rules = ruleLabels(panel.rules ?? [], y, PLOT_HEIGHT, width * 0.3);
  const marginLeft = Math.ceil(widest(y.ticks.map(y.format), FONT_SIZE)) + 12;
  const marginRight = Math.max(12, Math.ceil(rules.width) + 12);
  const innerWidth = width - marginLeft - marginRight;
  const xTicks = layOutTicks(placement, x, innerWidth);
  const xLabel = wrapText(panel.x.label, innerWidth, FONT_SIZE);
  const titleHeight = title.length * (LINE + 1) + (title.length > 0 ? 3 : 0);
  const marginTop = titleHeight + yLabel.length * LINE + 12;
  const marginBottom = xTicks.height + 10 + xLabel.length * LINE + 6;
  const height = marginTop + PLOT_HEIGHT + marginBottom;

  const drawn = plot.plot({
    document,
    width,
    height,
    marginLeft,
    marginRight,
    marginTop,
    marginBottom,
    x: { type: x.type, domain: x.domain, axis: null },
    y: { type: y.type, domain: y.domain, axis: null },
    marks: [
      plot.gridY(y.ticks, { stroke: colour("grid"), strokeOpacity: 1 }),
      plot.axisY(y.ticks, {
        tickFormat: (value: number) => y.format(value),
        tickSize: 0,
        label: null,
        fontSize: FONT_SIZE,
        fill: colour("muted"),
      }),
      plot.axisX(x.ticks, {
        tickFormat: (value: number) => xTicks.text(value),
        tickSize: placement.categories === null ? 4 : 0,
        tickRotate: xTicks.rotate,
        label: null,
        fontSize: FONT_SIZE,
        fill: colour(placement.categories === null ? "muted" : "ink"),
        stroke: colour("line"),
      }),
      ...series.flatMap((one) =>
        seriesMarks(
          plot,
          panel,
          one,
          placement.placed.filter(({ datum }) => keyOf(datum) === keyOf(toKey(one))),
          y,
        )
      ),
      plot.ruleY([y.type === "linear" && y.domain[0] <= 0 && y.domain[1] >= 0 ? 0 : y.domain[0]], {
        stroke: colour("line"),
      }),
      ...(panel.rules ?? []).filter(({ y: at }) => isInside(at, y)).map(({ y: at }) =>
        plot.ruleY([at], {
          stroke: colour("ink"),
          strokeDasharray: "2 3",
          className: "rule",
        })
      ),
      intervals(plot, panel, placement.placed, series),
      valueLabels(plot, panel, placement, innerWidth),
    ],
  });
  const middle = marginLeft + innerWidth / 2;
  const body = markup`${new Markup(marksOf(drawn))}<g fill="${
    colour("ink")
  }" font-size="${TITLE_SIZE}" font-weight="600">${
    textLines(title, 2, TITLE_SIZE, LINE + 1)
  }</g><g fill="${colour("muted")}" font-size="${FONT_SIZE}">${
    textLines(yLabel, 2, titleHeight + FONT_SIZE, LINE)
  }<g text-anchor="middle">${
    textLines(xLabel, middle, height - 4 - (xLabel.length - 1) * LINE, LINE)
  }</g></g><g fill="${colour("ink")}" font-size="${FONT_SIZE}">${
    rules.labels.map(({ lines, top }) =>
      textLines(lines, width - marginRight + 8, marginTop + top, 14)
    )
  }</g>${
    placement.placed.length > 0
      ? null
      : markup`<text x="${middle}" y="${marginTop + PLOT_HEIGHT / 2}" text-anchor="middle" fill="${
        colour("muted")
      }" font-size="${FONT_SIZE}">no values</text>`
  }`;
  return { body, width, height };
}

const toKey = ({ name, origin }: Series) => ({ series: name, origin });

/** Lines of text from the first one's baseline down. */
export function textLines(
  lines: readonly string[],
  x: number,
  y: number,
  step: number,
): Markup[] {
  return lines.map((line, i) => markup`<text x="${x}" y="${y + i * step}">${line}</text>`);
}

function yScale(panel: Panel, { placed, logY }: Placement): NumberScale {
  const values = placed.flatMap(({ y1, y2, low, high }) => [
    ...(logY ? [y2] : [y1, y2]),
    ...(low === null || high === null ? [] : [low, high]),
  ]).concat((panel.rules ?? []).map(({ y }) => y).filter((y) => !logY || y > 0));
  const isBars = panel.mark === "bars" || panel.mark === "stacked";
  return numberScale(values, {
    type: logY ? "log" : "linear",
    zero: isBars || panel.y.zero === true,
    pad: true,
    count: 5,
  });
}

function xScale({ placed, categories, logX }: Placement): NumberScale {
  if (categories === null) {
    const values = placed.map(({ x }) => x);
    return numberScale(values, {
      type: logX ? "log" : "linear",
      zero: false,
      pad: false,
      count: 6,
    });
  }
  return {
    type: "linear",
    domain: [-0.5, Math.max(0.5, categories.length - 0.5)],
    ticks: categories.map((_, i) => i),
    format: (value) => categories[value] ?? "",
  };
}

interface TickLayout {
  readonly text: (value: number) => string;
  readonly rotate: number;
  readonly height: number;
}

/** Labels of x on one line, on several, or aslant where they do not fit otherwise. */
function layOutTicks({ categories }: Placement, x: NumberScale, width: number): TickLayout {
  if (categories === null) return { text: x.format, rotate: 0, height: LINE };
  const each = width / Math.max(1, categories.length) - 6;
  const wrapped = categories.map((category) => wrapText(category, each, FONT_SIZE));
  const lines = wrapped.reduce((most, { length }) => Math.max(most, length), 1);
  if (lines <= 3 && wrapped.every((some) => widest(some, FONT_SIZE) <= each)) {
    return { text: (i) => wrapped[i]?.join("\n") ?? "", rotate: 0, height: lines * FONT_SIZE + 4 };
  }
  const short = categories.map((text) => text.length > 32 ? `${text.slice(0, 31)}…` : text);
  return {
    text: (i) => short[i] ?? "",
    rotate: -40,
    height: Math.ceil(widest(short, FONT_SIZE) * Math.sin(40 * Math.PI / 180)) + 14,
  };
}

/** The bars, line or points of one series. */
function seriesMarks(
  plot: Plot,
  panel: Panel,
  series: Series,
  placed: readonly Placed[],
  y: NumberScale,
): Mark[] {
  if (placed.length === 0) return [];
  const { stroke, fill, symbol, dashes } = series;
  const dashed = dashes === undefined ? {} : { strokeDasharray: dashes };
  if (panel.mark === "bars" || panel.mark === "stacked") {
    return [
      plot.rect(placed, {
        x1: "x1",
        x2: "x2",
        y1: y.type === "log" ? () => y.domain[0] : "y1",
        y2: "y2",
        fill,
        // Parts of a stack are parted by a thread of the surface; hatched and hollow bars have an outline.
        stroke: panel.mark === "stacked" && series.origin !== "published"
          ? colour("paper")
          : stroke,
        strokeWidth: panel.mark === "stacked" ? 0.75 : 1,
        ...(series.origin === "published" ? dashed : {}),
        title: titleOf,
        className: "data",
      }),
    ];
  }
  const dots = plot.dot(placed, {
    x: "x",
    y: "y2",
    r: panel.mark === "points" ? 4.5 : 3,
    symbol,
    fill: series.origin === "published" ? colour("paper") : stroke,
    stroke,
    strokeWidth: 1.5,
    title: titleOf,
    className: "data",
  });
  if (panel.mark === "points") return [dots];
  const sorted = placed.toSorted((a, b) => a.x - b.x);
  const band = sorted.filter(({ low }) => low !== null);
  return [
    ...(band.length > 1
      ? [plot.area(band, { x1: "x", y1: "low", y2: "high", fill: stroke, fillOpacity: 0.16 })]
      : []),
    plot.line(sorted, {
      x: "x",
      y: "y2",
      stroke,
      strokeWidth: 1.8,
      ...dashed,
      className: "data-line",
    }),
    ...(placed.length <= DOTTED ? [dots] : []),
  ];
}

/** Intervals as whiskers; those of lines are bands, but for single points. */
function intervals(
  plot: Plot,
  panel: Panel,
  placed: readonly Placed[],
  series: readonly Series[],
): Mark {
  return series.map((one) => {
    const all = placed.filter(({ datum, low }) =>
      low !== null && keyOf(datum) === keyOf(toKey(one))
    );
    if (all.length === 0 || panel.mark === "lines" && all.length > 1) return null;
    const ends = { x: "x", y1: "low", y2: "high" } as const;
    const isPoint = panel.mark === "points" || panel.mark === "lines";
    return [
      isPoint
        ? null
        : plot.ruleX(all, { ...ends, stroke: colour("paper"), strokeWidth: 4, strokeOpacity: 0.8 }),
      plot.ruleX(all, {
        ...ends,
        stroke: isPoint ? one.stroke : colour("ink"),
        strokeWidth: 1.5,
        className: "interval",
      }),
    ];
  }) as Mark;
}

/** Values above bars and points, where all of them have room. */
function valueLabels(
  plot: Plot,
  panel: Panel,
  { placed, categories }: Placement,
  innerWidth: number,
): Mark {
  if (panel.mark !== "bars" || categories === null) return null;
  const unit = innerWidth / Math.max(1, categories.length);
  const fits = placed.every(({ datum, x1, x2, y2 }) =>
    y2 >= 0 && textWidth(shortNumber(datum.y), 11) <= (x2 - x1) / 0.92 * unit
  );
  if (!fits) return null;
  return plot.text(placed, {
    x: "x",
    y: (d: Placed) => Math.max(d.y2, d.high ?? d.y2),
    text: (d: Placed) => shortNumber(d.datum.y),
    dy: -7,
    fontSize: 11,
    fill: colour("ink"),
    stroke: colour("paper"),
    strokeWidth: 3,
  });
}

const shortNumber = (value: number): string => formatNumber(Number(value.toPrecision(3)));

function titleOf({ datum }: Placed): string {
  const { x, y, series, origin, low, high } = datum;
  const range = low === undefined || high === undefined
    ? ""
    : ` (${formatNumber(low)} to ${formatNumber(high)})`;
  return `${series}, ${x}: ${formatNumber(y)}${range}, ${ORIGIN_NAMES[origin]}`;
}

function isInside(value: number, { domain }: NumberScale): boolean {
  return value >= domain[0] && value <= domain[1];
}

/** What Plot has drawn, without its outer element and its style, which would be the whole page's; numbers cut short. */
function marksOf(drawn: { readonly outerHTML: string }): string {
  const inner = drawn.outerHTML
    .replace(/^<svg[^>]*>/, "").replace(/<\/svg>$/, "")
    .replace(/<style>[\s\S]*?<\/style>/, "")
    .replace(
      /( (?:d|x|y|x1|x2|y1|y2|width|height|transform)=")([^"]*)"/g,
      (_, name: string, value: string) =>
        `${name}${
          value.replace(/-?\d+\.\d{3,}/g, (n) => String(Math.round(Number(n) * 100) / 100))
        }"`,
    );
  return `<g fill="${
    escapeText(colour("ink"))
  }" text-anchor="middle" font-size="${FONT_SIZE}">${inner}</g>`;
}

/**
 * One panel of a figure: its marks by Observable Plot on scales, with labels, that are laid out here.
 *
 * Values grow upwards. Where the names of categories do not fit below the axis, or bars would be too thin, the panel is
 * turned: categories follow each other downwards, as many as there are, so that it fits a phone too.
 *
 * Plot's own axes and legends are not used: they know no widths of text without a browser, so that labels would be cut or lie on
 * each other; they do not turn a panel whose names do not fit; and a legend of colours cannot say by hatching, dashes and
 * hollow marks where a number is from.
 *
 * @module
 */

import type { Panel } from "./figure.ts";
import { type NumberScale, numberScale } from "./axis.ts";
import { dataMarks, namedTags, type Plot, type PlotOptions, valueLabelWidth } from "./marks.ts";
import { Markup, markup } from "./markup.ts";
import { FONT_SIZE, textWidth, widest, wrapText } from "./measure.ts";
import { type Placement, placeValues } from "./place.ts";
import { type RuleLabel, ruleLabelsAbove, ruleLabelsBeside } from "./rules.ts";
import type { Series } from "./series.ts";
import { colour } from "./theme.ts";

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

const TITLE_SIZE = 14;
const LINE = 17;
const UPRIGHT_HEIGHT = 180;
/** The thinnest upright bar. */
const BAR = 9;

/** Where the parts of a panel stand, in pixels. */
interface Layout {
  readonly sideways: boolean;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  /** Of the part within the axes. */
  readonly inner: { readonly width: number; readonly height: number };
  /** Names of categories in lines. */
  readonly names: readonly (readonly string[])[];
  readonly rules: readonly RuleLabel[];
}

/**
 * Draws a panel `width` pixels wide.
 *
 * @param figure All panels of its figure: those whose axes have the same label share its scale.
 */
export function drawPanel(
  { plot, document }: Drawer,
  panel: Panel,
  series: readonly Series[],
  width: number,
  figure: readonly Panel[] = [panel],
): Drawing {
  const placement = placeValues(panel);
  const values = valueScale(panel, sharing(panel, figure, "y"));
  const wide = alongScale(panel, placement, sharing(panel, figure, "x"));
  const along = placement.categories === null ? thinned(wide, width) : wide;
  const diagonal = diagonalOf(panel, placement, values, along);
  // Bold letters are wider.
  const title = wrapText(panel.title, 0.9 * width - 8, TITLE_SIZE);
  const titleHeight = title.length * (LINE + 1) + (title.length > 0 ? 3 : 0);
  const layout = layOut(panel, placement, values, along, diagonal, width, titleHeight);
  const { sideways, left, right, top, bottom, inner, names } = layout;
  const height = top + inner.height + bottom;
  const categories = placement.categories?.length ?? 0;
  const unit = (sideways ? inner.height : inner.width) / Math.max(1, categories);
  const name = (value: number) =>
    placement.categories === null ? along.format(value) : names[value]?.join("\n") ?? "";
  const across = (at: number, options: Record<string, string>) =>
    sideways ? plot.ruleX([at], options) : plot.ruleY([at], options);
  const valueTicks = {
    text: (value: number) => values.format(value),
    tickSize: 0,
    label: null,
    fontSize: FONT_SIZE,
    fill: colour("muted"),
  };
  const alongTicks = {
    text: name,
    tickSize: categories === 0 ? 4 : 0,
    label: null,
    fontSize: FONT_SIZE,
    fill: colour(categories === 0 ? "muted" : "ink"),
    stroke: colour("line"),
  };
  const grid = { stroke: colour("grid"), strokeOpacity: 1 };
  const valueOptions = { type: values.type, domain: values.domain, axis: null } as const;
  const alongOptions = {
    type: along.type,
    domain: sideways ? along.domain.toReversed() : along.domain,
    axis: null,
  } as const;
  const baseline = values.type === "linear" && values.domain[0] <= 0 && values.domain[1] >= 0
    ? 0
    : values.domain[0];
  const isBars = panel.mark === "bars" || panel.mark === "stacked";
  const data = dataMarks({ plot, panel, placement, series, values, sideways, unit });
  const rules = [
    across(baseline, { stroke: colour("line") }),
    ...(panel.rules ?? []).filter(({ y }) => y >= values.domain[0] && y <= values.domain[1])
      .map(({ y }) =>
        across(y, { stroke: colour("ink"), strokeDasharray: "2 3", className: "rule" })
      ),
    ...(diagonal === null ? [] : [
      plot.line(diagonal.map((at) => [at, at]), {
        stroke: colour("ink"),
        strokeDasharray: "2 3",
        className: "diagonal",
      }),
    ]),
  ];
  const drawn = plot.plot({
    document,
    width,
    height,
    marginLeft: left,
    marginRight: right,
    marginTop: top,
    marginBottom: bottom,
    x: sideways ? valueOptions : alongOptions,
    y: sideways ? alongOptions : valueOptions,
    marks: [
      sideways ? plot.gridX(values.ticks, grid) : plot.gridY(values.ticks, grid),
      sideways ? plot.axisX(values.ticks, valueTicks) : plot.axisY(values.ticks, valueTicks),
      sideways ? plot.axisY(along.ticks, alongTicks) : plot.axisX(along.ticks, alongTicks),
      // Bars would hide lines across, and lines across would strike points out.
      ...(isBars ? [...data, ...rules] : [...rules, ...data]),
    ],
  });

  const [above, below] = sideways ? [panel.x.label, panel.y.label] : [panel.y.label, panel.x.label];
  const belowLines = wrapText(below, width - left - 8, FONT_SIZE);
  const middle = left + inner.width / 2;
  const body = markup`${marksOf(drawn)}<g fill="${
    colour("ink")
  }" font-size="${TITLE_SIZE}" font-weight="600">${
    textLines(title, 2, TITLE_SIZE, LINE + 1)
  }</g><g fill="${colour("muted")}" font-size="${FONT_SIZE}">${
    textLines(wrapText(above, width - 8, FONT_SIZE), 2, titleHeight + FONT_SIZE, LINE)
  }<g text-anchor="middle">${
    textLines(belowLines, middle, height - 4 - (belowLines.length - 1) * LINE, LINE)
  }</g></g><g fill="${colour("ink")}" font-size="${FONT_SIZE}">${
    layout.rules.map(({ lines, x, y, anchor }) =>
      markup`<g text-anchor="${anchor}">${textLines(lines, x, y, LINE - 2)}</g>`
    )
  }</g>${
    placement.placed.length > 0
      ? null
      : markup`<text x="${middle}" y="${top + inner.height / 2}" text-anchor="middle" fill="${
        colour("muted")
      }" font-size="${FONT_SIZE}">no values</text>`
  }`;
  return { body, width, height };
}

/** Lines of text from the first one's baseline down. */
export function textLines(
  lines: readonly string[],
  x: number,
  y: number,
  step: number,
): Markup[] {
  const at = (value: number) => Math.round(value * 100) / 100;
  return lines.map((line, i) => markup`<text x="${at(x)}" y="${at(y + i * step)}">${line}</text>`);
}

/** Upright where everything fits. */
function layOut(
  panel: Panel,
  placement: Placement,
  values: NumberScale,
  along: NumberScale,
  diagonal: Diagonal | null,
  width: number,
  titleHeight: number,
): Layout {
  const { categories } = placement;
  const rules = [
    ...panel.rules ?? [],
    // At the right of its upper end.
    ...(diagonal === null ? [] : [{ y: diagonal[1], label: panel.diagonal! }]),
  ];
  const valueWidth = Math.ceil(widest(values.ticks.map(values.format), FONT_SIZE));
  const beside = ruleLabelsBeside(rules, values, UPRIGHT_HEIGHT, width * 0.3);
  // The last tick of a number is centred below the end of its axis.
  const last = categories === null
    ? textWidth(along.format(along.ticks.at(-1) ?? 0), FONT_SIZE)
    : 0;
  const left = valueWidth + 12;
  const right = Math.ceil(Math.max(12, beside.width + 12, last / 2 + 4));
  const inner = { width: width - left - right, height: UPRIGHT_HEIGHT };
  const unit = inner.width / Math.max(1, categories?.length ?? 1);
  const names = (categories ?? []).map((category) => wrapText(category, unit - 6, FONT_SIZE));
  const lines = Math.max(1, ...names.map(({ length }) => length));
  const thinnest = panel.mark === "bars" || panel.mark === "stacked"
    ? Math.min(...placement.placed.map(({ x1, x2 }) => (x2 - x1) * unit))
    : Infinity;
  const fits = lines <= 3 && thinnest >= BAR &&
    names.every((some) => widest(some, FONT_SIZE) <= unit - 6);
  if (categories !== null && !fits) {
    return layOutSideways(panel, placement, values, width, titleHeight);
  }
  const labelLines = wrapText(panel.y.label, width - 8, FONT_SIZE).length;
  const top = titleHeight + labelLines * LINE + 12;
  return {
    sideways: false,
    left,
    right,
    top,
    bottom: lines * FONT_SIZE + 14 +
      wrapText(panel.x.label, width - left - 8, FONT_SIZE).length * LINE + 6,
    inner,
    names,
    rules: beside.labels.map((label) => ({ ...label, x: width - right + 8, y: top + label.y })),
  };
}

function layOutSideways(
  panel: Panel,
  placement: Placement,
  values: NumberScale,
  width: number,
  titleHeight: number,
): Layout {
  const names = placement.categories!.map((name) => wrapText(name, width * 0.4, FONT_SIZE));
  const left = Math.ceil(widest(names.flat(), FONT_SIZE)) + 14;
  const right = 16 + (panel.mark === "bars" ? Math.ceil(valueLabelWidth(placement)) : 0);
  const lines = Math.max(1, ...names.map(({ length }) => length));
  // The thinnest bar has room for the label of its value.
  const thinnest = Math.min(0.5, ...placement.placed.map(({ x1, x2 }) => x2 - x1));
  const unit = Math.max(lines * FONT_SIZE + 6, panel.mark === "points" ? 22 : 13 / thinnest);
  const inner = { width: width - left - right, height: Math.ceil(unit * names.length) };
  const above = ruleLabelsAbove(panel.rules ?? [], values, inner.width);
  const labels = wrapText(panel.x.label, width - 8, FONT_SIZE).length * LINE;
  const top = titleHeight + labels + above.height + 10;
  return {
    sideways: true,
    left,
    right,
    top,
    bottom: FONT_SIZE + 14 + wrapText(panel.y.label, width - left - 8, FONT_SIZE).length * LINE + 6,
    inner,
    names,
    rules: above.labels.map((label) => ({
      ...label,
      x: left + label.x,
      y: titleHeight + labels + label.y,
    })),
  };
}

/** From where to where x and y are equal. */
type Diagonal = readonly [low: number, high: number];

/** Null where a panel has no diagonal, or one that would not be straight. */
function diagonalOf(
  panel: Panel,
  { categories }: Placement,
  values: NumberScale,
  along: NumberScale,
): Diagonal | null {
  if (panel.diagonal === undefined || categories !== null || values.type !== along.type) {
    return null;
  }
  const low = Math.max(values.domain[0], along.domain[0]);
  const high = Math.min(values.domain[1], along.domain[1]);
  return low < high ? [low, high] : null;
}

/** A scale with every second of its ticks, or every fourth, where the others would not fit a panel so wide. */
function thinned(scale: NumberScale, width: number): NumberScale {
  let ticks = scale.ticks;
  const room = 0.75 * width;
  const taken = () =>
    ticks.reduce((sum, tick) => sum + textWidth(scale.format(tick), FONT_SIZE) + 6, 0);
  while (ticks.length > 2 && scale.type === "linear" && taken() > room) {
    ticks = ticks.filter((_, i) => i % 2 === 0);
  }
  return { ...scale, ticks };
}

/** The panels of a figure that have the same axis as one of them, itself among them. */
function sharing(panel: Panel, figure: readonly Panel[], axis: "x" | "y"): readonly Panel[] {
  const { label, scale = "linear" } = panel[axis];
  const same = (other: Panel): boolean =>
    other[axis].label === label && (other[axis].scale ?? "linear") === scale &&
    other.mark === panel.mark;
  return label === "" ? [panel] : figure.filter((other) => other === panel || same(other));
}

function valueScale(panel: Panel, shared: readonly Panel[]): NumberScale {
  const { logY } = placeValues(panel);
  const values = shared.flatMap((one) => [
    ...placeValues(one).placed.flatMap(({ y1, y2, low, high }) => [
      ...(logY ? [y2] : [y1, y2]),
      ...(low === null || high === null ? [] : [low, high]),
    ]),
    ...(one.rules ?? []).map(({ y }) => y).filter((y) => !logY || y > 0),
  ]);
  const isBars = panel.mark === "bars" || panel.mark === "stacked";
  return numberScale(values, {
    type: logY ? "log" : "linear",
    zero: isBars || panel.y.zero === true,
    pad: true,
    count: 5,
  });
}

function alongScale(
  { mark }: Panel,
  { categories, logX }: Placement,
  shared: readonly Panel[],
): NumberScale {
  if (categories === null) {
    const values = shared.map(placeValues).filter((one) => one.categories === null)
      .flatMap(({ placed }) => placed.map(({ x }) => x));
    const isScatter = mark === "scatter";
    return numberScale(values, {
      type: logX ? "log" : "linear",
      zero: false,
      pad: isScatter,
      count: 6,
      at: isScatter ? [] : [...new Set(values)],
    });
  }
  return {
    type: "linear",
    domain: [-0.5, Math.max(0.5, categories.length - 0.5)],
    ticks: categories.map((_, i) => i),
    format: String,
  };
}

/** What Plot has drawn, without its outer element and its style, which would be the whole page's; numbers cut short. */
function marksOf(drawn: { readonly outerHTML: string }): Markup {
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
  return markup`<g fill="${
    colour("ink")
  }" text-anchor="middle" font-size="${FONT_SIZE}">${new Markup(namedTags(inner))}</g>`;
}

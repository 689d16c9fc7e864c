/**
 * The legend of a figure: a group an origin, its series in the order of their first appearance.
 *
 * @module
 */

import type { Figure, Origin } from "./figure.ts";
import { HOLLOW_DASHES } from "./marks.ts";
import { type Markup, markup } from "./markup.ts";
import { FONT_SIZE, textWidth, wrapText } from "./measure.ts";
import { type Drawing, textLines } from "./panel.ts";
import { keyOf, type PointSymbol, type Series, seriesAttributes } from "./series.ts";
import { colour, ORIGIN_NAMES } from "./theme.ts";

const LINE = 21;
const SWATCH = 24;
const GAP = 16;

/** Draws the legend in lines of `width` pixels. */
export function drawLegend(figure: Figure, series: readonly Series[], width: number): Drawing {
  const parts: Markup[] = [];
  let y = 0;
  for (const origin of new Set(series.map((one) => one.origin))) {
    const label = ORIGIN_NAMES[origin];
    let x = Math.ceil(textWidth(label, FONT_SIZE) * 1.1) + GAP;
    const indent = x;
    parts.push(originLabel(origin, y));
    for (const one of series.filter((each) => each.origin === origin)) {
      // A series that is named after its origin needs no other name.
      const isNamed = one.name !== one.origin && one.name !== label;
      const lines = wrapText(isNamed ? one.name : "", width - indent - SWATCH, FONT_SIZE);
      const wide = SWATCH +
        lines.reduce((most, line) => Math.max(most, textWidth(line, FONT_SIZE)), 0);
      if (x > indent && x + wide > width) {
        x = indent;
        y += LINE;
      }
      parts.push(
        markup`<g class="key"${seriesAttributes(one.name)} transform="translate(${
          Math.round(x)
        } ${y})">${swatch(one, markOf(figure, one))}<g fill="${colour("ink")}">${
          textLines(lines, SWATCH, 13, 14)
        }</g></g>`,
      );
      y += Math.max(0, lines.length - 1) * 14;
      x += wide + GAP;
    }
    y += LINE;
  }
  return {
    body: markup`<g font-size="${FONT_SIZE}" class="legend">${parts}</g>`,
    width,
    height: y,
  };
}

function originLabel(origin: Origin, y: number): Markup {
  return markup`<text x="2" y="${y + 13}" font-weight="600" fill="${colour(`${origin}-ink`)}">${
    ORIGIN_NAMES[origin]
  }</text>`;
}

function markOf(figure: Figure, { name, origin }: Series): Figure["panels"][number]["mark"] {
  const key = keyOf({ series: name, origin });
  return figure.panels.find(({ data }) => data.some((datum) => keyOf(datum) === key))!.mark;
}

function swatch(
  { stroke, fill, dashes, symbol, origin }: Series,
  mark: Figure["panels"][number]["mark"],
): Markup {
  if (mark === "bars" || mark === "stacked") {
    return markup`<rect x="1" y="3.5" width="16" height="11" fill="${fill}" stroke="${stroke}"${
      origin === "published" ? markup` stroke-dasharray="${HOLLOW_DASHES}"` : null
    }/>`;
  }
  const shape = ({
    circle: "M5.5 9a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0Z",
    square: "M5.9 5.9h6.2v6.2h-6.2Z",
    diamond: "M9 4.2L13 9L9 13.8L5 9Z",
    triangle: "M9 4.6L13 12.2H5Z",
    cross: "M7.6 5H10.4V7.6H13V10.4H10.4V13H7.6V10.4H5V7.6H7.6Z",
  } satisfies Record<PointSymbol, string>)[symbol];
  const line = mark === "lines"
    ? markup`<path d="M0 9H18" fill="none" stroke="${stroke}" stroke-width="1.8" stroke-dasharray="${
      dashes ?? "none"
    }"/>`
    : null;
  return markup`${line}<path d="${shape}" fill="${
    origin === "published" ? colour("paper") : stroke
  }" stroke="${stroke}" stroke-width="1.5"/>`;
}

/**
 * Figures as SVG: in pieces that a page lays out, or whole as a file.
 *
 * @module
 */

import type { Figure } from "./figure.ts";
import { drawLegend } from "./legend.ts";
import { Markup, markup } from "./markup.ts";
import { FONT_SIZE, wrapText } from "./measure.ts";
import { type Drawer, type Drawing, drawPanel, textLines } from "./panel.ts";
import { hatchings, type Series, seriesOf } from "./series.ts";
import { colour, ORIGIN_NAMES, themeCss } from "./theme.ts";

/** Of a panel, in pixels: three stand beside each other on a desktop, and one is as wide as a phone. */
const PANEL_WIDTH = 360;
const GAP = 20;

/**
 * Draws a figure for a page that has the theme's properties.
 *
 * @param prefix Begins all names in the markup; unique in the page.
 * @returns Complete elements, without a style of their own: the legend and then the panels.
 */
export async function drawPieces(figure: Figure, prefix: string): Promise<Markup[]> {
  const { panels, series } = await draw(figure, prefix);
  const svgs = panels.map((drawing, i) => {
    const { title } = figure.panels[i]!;
    return svgElement(drawing, {
      prefix: `${prefix}-${i + 1}`,
      title: title === "" ? figure.title : `${figure.title}: ${title}`,
      description: describe({ ...figure, panels: [figure.panels[i]!] }),
      before: i === 0 ? hatchings(series, prefix) : new Markup(""),
    });
  });
  const names = series.map(({ name, origin }) => `${name} (${ORIGIN_NAMES[origin]})`).join(", ");
  const key = svgElement(drawLegend(figure, series, PANEL_WIDTH), {
    prefix: `${prefix}-legend`,
    title: `Legend of ${figure.title}`,
    description: `Series: ${names}.`,
    before: new Markup(""),
  });
  return [key, ...svgs];
}

/** A single panel has the width of two. */
const SINGLE_WIDTH = 2 * PANEL_WIDTH + GAP;

/** Draws a figure as a document of its own, with its title and legend, light or dark as the reader's screen is. */
export async function drawFigureSvg(figure: Figure): Promise<string> {
  const prefix = figure.name;
  const columns = figure.panels.length > 1 ? 2 : 1;
  const panelWidth = columns > 1 ? PANEL_WIDTH : SINGLE_WIDTH;
  const { panels, series } = await draw(figure, prefix, panelWidth);
  const width = columns * (panelWidth + GAP) - GAP;
  const legend = drawLegend(figure, series, width);
  const heading = wrapText(figure.title, width - 8, 15);
  const parts: Markup[] = [
    markup`<g fill="${colour("ink")}" font-size="15" font-weight="600">${
      textLines(heading, 2, 15, 19)
    }</g>`,
  ];
  let y = heading.length * 19 + 8;
  parts.push(markup`<g transform="translate(0 ${y})">${legend.body}</g>`);
  y += legend.height + 10;
  for (let row = 0; row < panels.length; row += columns) {
    const beside = panels.slice(row, row + columns);
    for (const [column, { body }] of beside.entries()) {
      parts.push(
        markup`<g transform="translate(${column * (panelWidth + GAP)} ${y})">${body}</g>`,
      );
    }
    y += Math.max(...beside.map(({ height }) => height)) + GAP;
  }
  const margin = 16, outer = { width: width + 2 * margin, height: y - GAP + 2 * margin };
  const style = `${themeCss(`#${prefix}-figure`)}#${prefix}-figure text{white-space:pre}`;
  return svgElement({
    body: markup`<rect width="100%" height="100%" fill="${
      colour("paper")
    }"/><g transform="translate(${margin} ${margin})">${parts}</g>`,
    ...outer,
  }, {
    prefix,
    title: figure.title,
    description: describe(figure),
    before: markup`<style>${new Markup(style)}</style>${hatchings(series, prefix)}`,
    alone: true,
  }).text + "\n";
}

async function draw(
  figure: Figure,
  prefix: string,
  panelWidth = PANEL_WIDTH,
): Promise<{ panels: Drawing[]; series: readonly Series[] }> {
  const drawer = await loadDrawer();
  const series = seriesOf(figure, prefix);
  return {
    panels: figure.panels.map((panel) =>
      drawPanel(drawer, panel, series, panelWidth, figure.panels)
    ),
    series,
  };
}

/** Both libraries are heavy, and needed only where something is drawn. */
async function loadDrawer(): Promise<Drawer> {
  const { parseHTML, plot } = await import("../core/npm/plot.ts");
  // The types of both libraries are those of a browser, which Deno's are not.
  const { document } = parseHTML("<html><body></body></html>") as unknown as Pick<
    Drawer,
    "document"
  >;
  return { plot, document };
}

function describe({ caption, panels }: Figure): string {
  const values = panels.reduce((sum, { data }) => sum + data.length, 0);
  const axes = new Set(panels.map(({ x, y }) => `${y.label} by ${x.label}`));
  return `${caption} ${[...axes].join("; ")}; ${values} values.`;
}

function svgElement(
  { body, width, height }: Drawing,
  { prefix, title, description, before, alone = false }: {
    readonly prefix: string;
    readonly title: string;
    readonly description: string;
    readonly before: Markup;
    readonly alone?: boolean;
  },
): Markup {
  const id = `${prefix}-figure`;
  return markup`<svg${
    alone ? new Markup(' xmlns="http://www.w3.org/2000/svg"') : null
  } id="${id}" role="img" aria-labelledby="${id}-title ${id}-desc" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="${FONT_SIZE}"><title id="${id}-title">${title}</title><desc id="${id}-desc">${description}</desc>${before}${body}</svg>`;
}

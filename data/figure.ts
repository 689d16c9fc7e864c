/**
 * Panels side by side as one SVG figure.
 *
 * @module
 */

import type { plot } from "../core/npm/plot.ts";

/** The plotting library. */
export type Plot = typeof plot;
type PlotOptions = NonNullable<Parameters<Plot["plot"]>[0]>;

/** One panel: its title, and what to plot. Size and document are added. */
export interface Panel {
  readonly title: string;
  readonly options: PlotOptions;
}

const PANEL = { width: 420, height: 300 };
const TITLE = 28;

/** Draws panels. The plotting library is loaded here and nowhere else. */
export async function drawFigure(
  heading: string,
  panels: (plot: Plot) => readonly Panel[],
): Promise<string> {
  const { parseHTML, plot } = await import("../core/npm/plot.ts");
  // The types of both libraries are those of a browser, which Deno's are not.
  const { document } = parseHTML("<html><body></body></html>") as unknown as {
    document: NonNullable<PlotOptions["document"]>;
  };
  const common = { document, ...PANEL, marginLeft: 62, marginBottom: 40, grid: true };
  const drawn = panels(plot);
  const body = drawn.map(({ title, options }, i) => {
    const panel = plot.plot({ ...common, ...options });
    panel.setAttribute("x", String(i * PANEL.width));
    panel.setAttribute("y", String(2 * TITLE));
    return `<text x="${i * PANEL.width + 8}" y="${2 * TITLE - 8}">${
      escape(title)
    }</text>${panel.outerHTML}`;
  });
  const width = drawn.length * PANEL.width, height = PANEL.height + 2 * TITLE;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12">` +
    `<rect width="100%" height="100%" fill="white"/>` +
    `<text x="8" y="18" font-weight="bold">${escape(heading)}</text>${body.join("")}</svg>\n`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

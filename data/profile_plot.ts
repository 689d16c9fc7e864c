/**
 * A profile as an SVG figure: growth of the vocabulary, reuse of rows, hot shares by memory.
 *
 * @module
 */

import type { Profile } from "./profile.ts";

const PANEL = { width: 420, height: 300 };
const TITLE = 28;

/** Draws the figure. The plotting library is loaded here and nowhere else. */
export async function plotProfile(profile: Profile): Promise<string> {
  const [Plot, { parseHTML }] = await Promise.all([
    import("@observablehq/plot"),
    import("linkedom"),
  ]);
  type Options = NonNullable<Parameters<typeof Plot.plot>[0]>;
  // The types of both libraries are those of a browser, which Deno's are not.
  const { document } = parseHTML("<html><body></body></html>") as unknown as {
    document: NonNullable<Options["document"]>;
  };
  const percent = (value: number) => 100 * value;
  const common = { document, ...PANEL, marginLeft: 62, marginBottom: 40, grid: true };

  const growth = profile.growth.flatMap(({ inputs, distinct }) =>
    distinct.map((rows, t) => ({ inputs, rows, table: profile.tables[t]!.name }))
  );
  const totals = profile.growth.map(({ inputs, distinct }) => ({
    inputs,
    rows: distinct.reduce((a, b) => a + b, 0),
  }));
  const panels = [
    Plot.plot({
      ...common,
      x: { type: "log", label: "inputs" },
      y: { type: "log", label: "rows looked up" },
      marks: [
        Plot.line(growth, { x: "inputs", y: "rows", z: "table", stroke: "#999", strokeWidth: 0.8 }),
        Plot.line(totals, { x: "inputs", y: "rows", stroke: "#1f77b4", strokeWidth: 2 }),
      ],
    }),
    Plot.plot({
      ...common,
      marginBottom: 58,
      x: {
        type: "band",
        label: "uses of a row, at most",
        tickRotate: -45,
        domain: profile.reuse.map(({ upTo }) => String(upTo)),
      },
      y: { label: "share, %", tickFormat: (value: number) => String(Math.abs(value)) },
      marks: [
        Plot.barY(
          profile.reuse.flatMap(({ upTo, rows, lookups }) => [
            { upTo: String(upTo), share: percent(rows / total(profile, "rows")), of: "rows" },
            {
              upTo: String(upTo),
              share: -percent(lookups / total(profile, "lookups")),
              of: "lookups",
            },
          ]),
          {
            x: "upTo",
            y: "share",
            fill: (d: { of: string }) => d.of === "rows" ? "#1f77b4" : "#ff7f0e",
          },
        ),
        Plot.ruleY([0]),
      ],
    }),
    Plot.plot({
      ...common,
      marginRight: 54,
      x: {
        type: "log",
        label: "hot-memory budget, MiB",
        ticks: profile.hot.map((hot) => hot.budgetMib),
        tickFormat: String,
      },
      y: { label: "hot share, %", domain: [0, 100] },
      marks: (["lookups", "inputs"] as const).flatMap((of) => {
        const points = profile.hot.map((hot) => ({
          mib: hot.budgetMib,
          share: percent(hot[of].value),
          low: percent(hot[of].value - (hot[of].error ?? 0)),
          high: percent(hot[of].value + (hot[of].error ?? 0)),
        }));
        const stroke = of === "lookups" ? "#ff7f0e" : "#1f77b4";
        return [
          Plot.line(points, { x: "mib", y: "share", stroke, strokeWidth: 2 }),
          Plot.dot(points, { x: "mib", y: "share", fill: stroke }),
          Plot.ruleX(points, { x: "mib", y1: "low", y2: "high", stroke }),
          Plot.text(points.slice(-1), {
            x: "mib",
            y: "share",
            text: () => of,
            fill: stroke,
            dx: 6,
            textAnchor: "start",
          }),
        ];
      }),
    }),
  ];
  const titles = [
    "Growth: all tables (blue), each table",
    "Reuse: rows (up), lookups (down)",
    `Hot lookups and inputs, ${profile.dim} floats a row`,
  ];
  const body = panels.map((panel, i) => {
    panel.setAttribute("x", String(i * PANEL.width));
    panel.setAttribute("y", String(2 * TITLE));
    const title = `<text x="${i * PANEL.width + 8}" y="${2 * TITLE - 8}">${titles[i]}</text>`;
    return title + panel.outerHTML;
  });
  const width = panels.length * PANEL.width, height = PANEL.height + 2 * TITLE;
  const counted = profile.counted === profile.inputs ? "" : `, ${profile.counted} of them sampled`;
  // The name of a twin comes from a file.
  const format = profile.format.replace(/[<>&]/g, " ");
  const heading = `${format}: ${profile.inputs} inputs${counted}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12">` +
    `<rect width="100%" height="100%" fill="white"/>` +
    `<text x="8" y="18" font-weight="bold">${heading}</text>${body.join("")}</svg>\n`;
}

function total(profile: Profile, of: "rows" | "lookups"): number {
  return profile.reuse.reduce((sum, bin) => sum + bin[of], 0);
}

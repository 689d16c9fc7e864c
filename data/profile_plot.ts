/**
 * A profile as an SVG figure: growth of the vocabulary, reuse of rows, hot shares by memory.
 *
 * @module
 */

import { drawFigure } from "./figure.ts";
import type { Profile } from "./profile.ts";

/**
 * Draws the figure.
 *
 * @category Data: profiles
 */
export function plotProfile(profile: Profile): Promise<string> {
  const percent = (value: number) => 100 * value;

  const growth = profile.growth.flatMap(({ inputs, distinct }) =>
    distinct.map((rows, t) => ({ inputs, rows, table: profile.tables[t]!.name }))
  );
  const totals = profile.growth.map(({ inputs, distinct }) => ({
    inputs,
    rows: distinct.reduce((a, b) => a + b, 0),
  }));
  const counted = profile.counted === profile.inputs ? "" : `, ${profile.counted} of them sampled`;
  const heading = `${profile.format}: ${profile.inputs} inputs${counted}`;
  return drawFigure(heading, (Plot) => [
    {
      title: "Growth: all tables (blue), each table",
      options: {
        x: { type: "log", label: "inputs" },
        y: { type: "log", label: "rows looked up" },
        marks: [
          Plot.line(growth, {
            x: "inputs",
            y: "rows",
            z: "table",
            stroke: "#999",
            strokeWidth: 0.8,
          }),
          Plot.line(totals, { x: "inputs", y: "rows", stroke: "#1f77b4", strokeWidth: 2 }),
        ],
      },
    },
    {
      title: "Reuse: rows (up), lookups (down)",
      options: {
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
      },
    },
    {
      title: `Hot lookups and inputs, ${profile.dim} floats a row`,
      options: {
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
      },
    },
  ]);
}

function total(profile: Profile, of: "rows" | "lookups"): number {
  return profile.reuse.reduce((sum, bin) => sum + bin[of], 0);
}

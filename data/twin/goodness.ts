/**
 * Goodness of fit: what was measured beside what the twin gives, as text and as a figure.
 *
 * @module
 */

import { formatMarkdown } from "../../core/table.ts";
import { drawFigure } from "../figure.ts";
import type { Compared, DistinctCheck } from "./check.ts";

/** How well a twin reproduces a log. */
export interface Goodness {
  /** Name of the twin. */
  readonly name: string;
  /** The held-back part on which the twin is judged, such as "4000 inputs". */
  readonly heldBack: string;
  /** A sentence: which parts of the twin were fitted without the held-back part, and which with it. */
  readonly fittedTo: string;
  /** Shares on what was held back. */
  readonly shares: readonly Compared[];
  /** The two sets in which distinct ids are counted, such as "8000 inputs". */
  readonly scales: readonly [sample: string, full: string];
  /** Distinct ids of each column at both scales. */
  readonly distinct: readonly DistinctCheck[];
}

/**
 * The goodness of fit as Markdown tables.
 *
 * @category Data: twins
 */
export function goodnessMarkdown(goodness: Goodness): string {
  const shares = formatMarkdown({
    columns: [
      { name: `${goodness.heldBack} held back` },
      { name: "measured", align: "right" },
      { name: "twin", align: "right" },
      { name: "±", align: "right" },
    ],
    rows: goodness.shares.map(({ what, measured, twin, deviation }) => [
      what,
      measured.toFixed(4),
      twin.toFixed(4),
      deviation.toFixed(4),
    ]),
  });
  const [sample, full] = goodness.scales;
  const distinct = formatMarkdown({
    columns: [
      { name: "distinct ids" },
      { name: `in ${sample}`, align: "right" },
      { name: "law", align: "right" },
      { name: `in ${full}`, align: "right" },
      { name: "law, full", align: "right" },
    ],
    rows: goodness.distinct.map((row) => [
      row.name,
      String(row.sample),
      row.sampleTwin.toFixed(0),
      String(row.full),
      row.fullTwin.toFixed(0),
    ]),
  });
  return `${shares}\n${goodness.fittedTo}\n\n${distinct}`;
}

/**
 * The goodness of fit as an SVG figure: distinct ids, top shares and the other shares, twin against measured.
 *
 * @category Data: twins
 */
export function plotGoodness(goodness: Goodness): Promise<string> {
  const [sample, full] = goodness.scales;
  const distinct = goodness.distinct.flatMap((row) => [
    { measured: row.sample, twin: row.sampleTwin, of: sample },
    { measured: row.full, twin: row.fullTwin, of: full },
  ]);
  const points = goodness.shares.map(({ what, measured, twin, deviation }) => ({
    what,
    measured,
    twin,
    low: twin - deviation,
    high: twin + deviation,
    of: /, (top \d+ %)$/.exec(what)?.[1] ?? "",
  }));
  const tops = points.filter(({ of }) => of !== ""), others = points.filter(({ of }) => of === "");
  return drawFigure(`Goodness of fit of the twin ${goodness.name}`, (Plot) => [{
    title: "Distinct ids of each column",
    options: {
      x: { type: "log", label: "measured" },
      y: { type: "log", label: "twin" },
      marks: [
        Plot.line(distinct, { x: "measured", y: "measured", stroke: "#bbb", sort: "measured" }),
        Plot.dot(distinct, { x: "measured", y: "twin", stroke: "of" }),
        ...[sample, full].map((of, i) =>
          Plot.text([of], { frameAnchor: "top-left", text: [of], fill: [of], dy: 14 * i, dx: 4 })
        ),
      ],
    },
  }, {
    title: `Shares of the top ids of each column, ${goodness.heldBack} held back`,
    options: {
      x: { label: "measured", domain: [0, 1] },
      y: { label: "twin", domain: [0, 1] },
      marks: [
        Plot.line([[0, 0], [1, 1]], { stroke: "#bbb" }),
        Plot.ruleX(tops, { x: "measured", y1: "low", y2: "high", stroke: "of" }),
        Plot.dot(tops, { x: "measured", y: "twin", stroke: "of" }),
      ],
    },
  }, {
    title: "Other shares: measured (open), twin with deviation (filled)",
    options: {
      marginLeft: 190,
      x: { label: "share", zero: true, nice: true },
      y: { label: null, domain: others.map(({ what }) => what) },
      marks: [
        Plot.ruleY(others, { y: "what", x1: "low", x2: "high", stroke: "#1f77b4" }),
        Plot.dot(others, { y: "what", x: "twin", fill: "#1f77b4" }),
        Plot.dot(others, { y: "what", x: "measured", stroke: "#000", r: 5 }),
      ],
    },
  }]);
}

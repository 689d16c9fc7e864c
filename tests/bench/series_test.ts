/** How series of a figure are told apart. */

import assert from "node:assert/strict";
import type { Figure, Origin } from "../../figures/figure.ts";
import { seriesOf } from "../../figures/series.ts";

function figureOf(origins: readonly Origin[]): Figure {
  const data = origins.map((origin, x) => ({ series: `plan ${x}`, origin, x, y: x }));
  const axis = { label: "", type: "linear" } as const;
  return {
    ...{ name: "plans", title: "Plans", caption: "" },
    panels: [{ title: "", mark: "dots", x: axis, y: axis, data }],
  } as unknown as Figure;
}

Deno.test("series of runs have a point of their own each; predicted and published ones have their origin's", () => {
  const symbols = (origin: Origin): string[] =>
    seriesOf(figureOf(Array<Origin>(30).fill(origin)), "p").map(({ symbol }) => symbol);
  const shapes = ["circle", "triangle", "cross"];
  assert.deepEqual(symbols("recorded").slice(0, 4), [...shapes, "circle"]);
  assert.deepEqual(symbols("measured").slice(0, 3), shapes);
  const marks = seriesOf(figureOf(Array<Origin>(30).fill("recorded")), "p")
    .map(({ symbol, stroke }) => `${symbol} ${stroke}`);
  assert.equal(new Set(marks).size, 30);
  assert.deepEqual(new Set(symbols("predicted")), new Set(["square"]));
  assert.deepEqual(new Set(symbols("published")), new Set(["diamond"]));
});

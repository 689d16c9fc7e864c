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
    seriesOf(figureOf(Array<Origin>(5).fill(origin)), "p").map(({ symbol }) => symbol);
  const shapes = ["circle", "triangle", "cross", "star", "hexagon"];
  assert.deepEqual(symbols("recorded"), shapes);
  assert.deepEqual(symbols("measured"), shapes);
  assert.deepEqual(new Set(symbols("predicted")), new Set(["square"]));
  assert.deepEqual(new Set(symbols("published")), new Set(["diamond"]));
});

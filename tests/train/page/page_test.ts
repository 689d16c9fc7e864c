import assert from "node:assert/strict";
import { runFigures } from "../../../train/page/figures.ts";
import { runPage, viewOfEvents } from "../../../train/page/mod.ts";
import { DECISION, progress, start } from "./events.ts";

Deno.test("what a run did after the checkpoint that it went on from counts once", () => {
  const events = [
    start(),
    progress(10, 0.5),
    progress(30, 0.4),
    start(20, true),
    progress(40, 0.3),
  ];
  const view = viewOfEvents("a", events);
  assert.deepEqual(view.losses, [{ step: 10, loss: 0.5 }, { step: 40, loss: 0.3 }]);
  assert.deepEqual([view.steps, view.inputs, view.skipped, view.ended], [40, 400, 80, null]);
  assert.deepEqual(view.stagesMs, { forward: 80 });
});

Deno.test("a long curve of losses is of means, each weighted by its minibatches", () => {
  const events = [start(), ...Array.from({ length: 240 }, (_, i) => progress(2 * i + (i % 2), i))];
  const { losses } = viewOfEvents("a", events);
  assert.equal(losses.length, 120);
  // Lines after 0 and 3 minibatches: their losses 0 and 1 are over 0 and 3 of them.
  assert.deepEqual(losses[0], { step: 3, loss: 1 });
});

Deno.test("figures show a run's curve and tables; one without decisions has none of these", () => {
  const view = viewOfEvents("a", [start(), progress(10, 0.5), DECISION]);
  const figures = runFigures([view]);
  assert.deepEqual(figures.map(({ name }) => name), [
    "quality",
    "drop-curve",
    "staleness",
    "stages",
  ]);
  const [, curve, staleness, stages] = figures;
  assert.deepEqual(curve!.panels[0]!.data.map(({ x, y }) => [x, y]), [[0.005, 10], [0.01, 25]]);
  assert.deepEqual(curve!.panels[0]!.rules, [{ y: 30, label: "D = 30 %" }]);
  assert.deepEqual(
    staleness!.panels[0]!.data.map(({ x, y, series }) => [x, series, y]),
    [["C1", "looked up in the window", 50], ["C1", "stale", 25]],
  );
  assert.deepEqual(stages!.panels[0]!.data.map(({ x, y }) => [x, y]), [["forward", 1]]);
  const plain = viewOfEvents("b", [start(), progress(10, 0.5)]);
  assert.deepEqual(runFigures([plain]).map(({ name }) => name), ["quality", "stages"]);
  const [series] = runFigures([plain, view]).map(({ panels }) => panels[0]!.data[0]!.series);
  assert.equal(series, "a", "a run that has them comes first in every figure");
});

Deno.test("the page of runs is one file, and escapes what runs are called", async () => {
  const views = ["<b>one", "two"].map((name) =>
    viewOfEvents(name, [start(), progress(10, 0.5), DECISION])
  );
  const page = await runPage(views);
  assert.ok(page.includes("&lt;b&gt;one") && !page.includes("<b>one"));
  assert.ok(page.includes("WASM &lt;SIMD&gt;"));
  assert.doesNotMatch(page, /<script|(src|href)="(?!data:|#)/);
  assert.ok(page.includes("slipstream, D = 0.3, criterion paper"));
});

Deno.test("a run without a step yet has a page too", async () => {
  assert.match(await runPage([viewOfEvents("a", [start()])]), /<td>not yet<\/td>/);
});

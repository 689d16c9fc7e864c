import assert from "node:assert/strict";
import { placeDots } from "../../page/train/dots.ts";
import { placeOf, ticksOf, widened } from "../../page/train/scale.ts";

const SCALE = { domain: [0.001, 0.1], left: 50, right: 250 } as const;
const LAYOUT = {
  scale: SCALE,
  floor: 100,
  height: 50,
  radius: 2,
  gutter: { left: 0, columns: 2 },
} as const;

Deno.test("dots stand over how far their rows moved, and those of unused rows apart", () => {
  const places = placeDots(Float32Array.of(0.0102, 0.0102, 0.1, 1e-9, 5, NaN, NaN, NaN), LAYOUT);
  const [x, y] = [0, 1].map((from) => Array.from({ length: 8 }, (_, i) => places[2 * i + from]!));
  // The middle of 40 columns of 5 pixels.
  assert.deepEqual(x, [152.5, 152.5, 247.5, 52.5, 247.5, 2.5, 7.5, 2.5]);
  assert.deepEqual(y, [98, 93, 98, 98, 93, 98, 98, 93]);
});

Deno.test("stacks that would be too tall are pressed together", () => {
  const places = placeDots(new Float32Array(100).fill(0.01), LAYOUT);
  assert.equal(places[2 * 99 + 1], 100 - 2 - 0.5 * 99);
});

Deno.test("the axis of movement is logarithmic, ends where it ends, and only grows", () => {
  assert.equal(placeOf(SCALE, 0.01), 150);
  assert.deepEqual([0, 1e-9, 1].map((score) => placeOf(SCALE, score)), [50, 50, 250]);
  assert.deepEqual(ticksOf(SCALE).map(({ label }) => label), [
    "0.001",
    "0.003",
    "0.01",
    "0.03",
    "0.1",
  ]);
  assert.deepEqual(widened([0.001, 0.1], [0.002, NaN, 0, Infinity]), [0.001, 0.1]);
  const [low, high] = widened([0.001, 0.1], [0.0009, 0.2]);
  assert.ok(low < 0.0009 && low > 0.0003 && high > 0.2 && high < 0.33);
});

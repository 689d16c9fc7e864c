/**
 * Where the dots of the picture of rows lie: one a row, stacked over how far the row moved.
 *
 * @module
 */

import { type MovementScale, placeOf } from "./scale.ts";

/** Where things are, in CSS pixels. */
export interface DotLayout {
  readonly scale: MovementScale;
  /** The height on which the lowest dots stand. */
  readonly floor: number;
  /** The most that a stack may rise above it. */
  readonly height: number;
  readonly radius: number;
  /** Where rows are that were not looked up: the left end of their stacks, and stacks beside each other. */
  readonly gutter: { readonly left: number; readonly columns: number };
}

/** The places of all dots: x and y of the first, of the second, and so on. */
export function placeDots(scores: Float32Array, layout: DotLayout): Float32Array {
  const { scale, floor, height, radius, gutter } = layout;
  const width = 2 * radius + 1;
  const bins = Math.max(1, Math.floor((scale.right - scale.left) / width));
  const columns = bins + gutter.columns;
  const column = new Uint32Array(scores.length), heights = new Uint32Array(columns);
  let unknown = 0;
  for (let r = 0; r < scores.length; r++) {
    const score = scores[r]!;
    if (Number.isNaN(score)) column[r] = bins + unknown++ % gutter.columns;
    else {
      const share = (placeOf(scale, score) - scale.left) / (scale.right - scale.left);
      column[r] = Math.min(bins - 1, Math.floor(share * bins));
    }
    heights[column[r]!]!++;
  }
  const tallest = heights.reduce((most, count) => Math.max(most, count), 1);
  const rise = Math.min(width, height / tallest);
  const places = new Float32Array(2 * scores.length), filled = new Uint32Array(columns);
  for (let r = 0; r < scores.length; r++) {
    const c = column[r]!;
    const x = c < bins
      ? scale.left + (c + 0.5) * (scale.right - scale.left) / bins
      : gutter.left + (c - bins + 0.5) * width;
    places[2 * r] = x;
    places[2 * r + 1] = floor - radius - rise * filled[c]!++;
  }
  return places;
}

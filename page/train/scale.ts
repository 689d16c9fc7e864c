/**
 * The scale of movement that the two pictures of rows and of clicks share.
 *
 * @module
 */

import { formatNumber } from "../../figures/axis.ts";

/** Where a picture's axis of movement lies, in CSS pixels. */
export interface MovementScale {
  /** Movement at the ends of the axis, both above 0. */
  readonly domain: readonly [low: number, high: number];
  readonly left: number;
  readonly right: number;
}

/** What is shown before anything has been read. */
export const USUAL_DOMAIN: readonly [number, number] = [3e-3, 0.1];

/** The widest domain of two, so that an axis never shrinks while one looks at it. */
export function widened(
  [low, high]: readonly [number, number],
  scores: Iterable<number>,
): readonly [number, number] {
  for (const score of scores) {
    if (!(score > 0) || !Number.isFinite(score)) continue;
    // Less than a hundred-thousandth of the largest is shown at the end of the axis.
    while (score > high) high *= 10 ** 0.5;
    while (score < low && low > high * 1.1e-5) low /= 10 ** 0.5;
  }
  return [low, high];
}

/** The place of a score; those beyond the ends lie at the ends. */
export function placeOf(
  { domain: [low, high], left, right }: MovementScale,
  score: number,
): number {
  const share = Math.log(Math.max(score, Number.MIN_VALUE) / low) / Math.log(high / low);
  return left + Math.max(0, Math.min(1, share)) * (right - left);
}

/** Ticks of a scale with their labels: powers of ten, and 3 between where there are few. */
export function ticksOf({ domain: [low, high] }: MovementScale): { at: number; label: string }[] {
  const ticks: { at: number; label: string }[] = [];
  const few = high / low < 2e3;
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    for (const factor of few ? [1, 3] : [1]) {
      const at = Number(`${factor}e${power}`);
      if (at >= low * 0.999 && at <= high * 1.001) ticks.push({ at, label: formatNumber(at) });
    }
  }
  return ticks;
}

/**
 * Domains, ticks and the text of ticks.
 *
 * @module
 */

import { nice, ticks } from "../core/npm/d3_array.ts";

/** A scale of numbers. */
export interface NumberScale {
  readonly type: "linear" | "log";
  readonly domain: [number, number];
  readonly ticks: readonly number[];
  /** Writes a tick. */
  readonly format: (value: number) => string;
}

/**
 * A scale over values, all of them positive where it is logarithmic.
 *
 * @param options.zero Whether it begins at zero; a logarithmic one then begins at a power of ten below the values.
 * @param options.pad Whether it goes beyond the values to round ones.
 * @param options.at Values that are its ticks if they are few, short and stand apart.
 */
export function numberScale(
  values: readonly number[],
  { type, zero, pad, count, at = [] }: {
    readonly type: "linear" | "log";
    readonly zero: boolean;
    readonly pad: boolean;
    readonly count: number;
    readonly at?: readonly number[];
  },
): NumberScale {
  let low = values.reduce((a, b) => Math.min(a, b), Infinity);
  let high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  // Sums of shares that miss 100 by rounding are 100.
  [low, high] = [low, high].map((end) => Number(end.toPrecision(12))) as [number, number];
  if (low > high) [low, high] = type === "log" ? [1, 10] : [0, 1];
  const scale = type === "log"
    ? logScale(low, high, zero, pad)
    : linearScale(low, high, zero, pad, count);
  if (!standApart(at, scale) || !at.every(isShort)) return scale;
  const format = type === "log" ? scale.format : formatterOf(at);
  return { ...scale, ticks: at.toSorted((a, b) => a - b), format };
}

/** How far along its scale a value is. */
export function shareOf(value: number, { type, domain: [low, high] }: NumberScale): number {
  const along = (at: number) => type === "log" ? Math.log(at) : at;
  return (along(value) - along(low)) / (along(high) - along(low));
}

/** Whether a value is as good a tick as a round one: whole, or of few digits. */
function isShort(value: number): boolean {
  return Number.isInteger(value) || Number(value.toPrecision(4)) === value;
}

/** Whether a few values, all on a scale, leave room for their labels. */
function standApart(at: readonly number[], scale: NumberScale): boolean {
  const shares = at.map((value) => shareOf(value, scale)).sort((a, b) => a - b);
  return at.length > 1 && at.length <= 7 &&
    shares.every((share, i) => i === 0 || share - shares[i - 1]! >= 0.11);
}

function linearScale(
  low: number,
  high: number,
  zero: boolean,
  pad: boolean,
  count: number,
): NumberScale {
  if (zero) [low, high] = [Math.min(low, 0), Math.max(high, 0)];
  if (low === high) {
    const around = low === 0 ? 1 : Math.abs(low) / 10;
    [low, high] = [low - (zero && low === 0 ? 0 : around), high + around];
  }
  const domain: [number, number] = pad ? nice(low, high, count) : [low, high];
  const at = ticks(domain[0], domain[1], count);
  return { type: "linear", domain, ticks: at, format: formatterOf(at) };
}

function logScale(low: number, high: number, zero: boolean, pad: boolean): NumberScale {
  if (pad || low === high) [low, high] = [low / 1.25, high * 1.25];
  if (zero) low = 10 ** Math.floor(Math.log10(low) + 1e-9);
  const first = Math.floor(Math.log10(low)), last = Math.ceil(Math.log10(high));
  const steps = last - first <= 1 ? [1, 2, 3, 5] : last - first <= 3 ? [1, 2, 5] : [1];
  const every = Math.max(1, Math.ceil((last - first) / 7));
  const at: number[] = [];
  for (let power = first; power <= last; power += every) {
    for (const step of steps) {
      // Powers of ten below one are not exact as products.
      const value = Number(`${step}e${power}`);
      if (value >= low * 0.999 && value <= high * 1.001) at.push(value);
    }
  }
  // Within a part of a decade there is hardly a round number.
  const round = at.length > 2 ? at : ticks(low, high, 4).filter((value) => value > 0);
  return { type: "log", domain: [low, high], ticks: round, format: formatNumber };
}

/** One manner for all ticks: as many decimals as they need. */
function formatterOf(at: readonly number[]): (value: number) => string {
  const largest = at.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (largest >= 1e5 || largest < 1e-3) return formatNumber;
  let decimals = 0;
  const exact = (value: number) =>
    Math.abs(value * 10 ** decimals - Math.round(value * 10 ** decimals)) < 1e-6;
  while (decimals < 8 && !at.every(exact)) decimals++;
  return (value) =>
    value.toLocaleString("en-US", {
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
    });
}

/** A number for people, to four significant digits: `0.0125`, `1,250`, `12.5M`, `1.3e-5`. */
export function formatNumber(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e15)) {
    return String(Number(value.toPrecision(3)).toExponential());
  }
  return value.toLocaleString("en-US", {
    notation: size >= 1e5 ? "compact" : "standard",
    maximumSignificantDigits: 4,
  });
}

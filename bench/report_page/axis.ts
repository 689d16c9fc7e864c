/**
 * Domains, ticks and the text of ticks.
 *
 * @module
 */

import { nice, ticks } from "d3-array";

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
 */
export function numberScale(
  values: readonly number[],
  { type, zero, pad, count }: {
    readonly type: "linear" | "log";
    readonly zero: boolean;
    readonly pad: boolean;
    readonly count: number;
  },
): NumberScale {
  let low = values.reduce((a, b) => Math.min(a, b), Infinity);
  let high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  if (low > high) [low, high] = type === "log" ? [1, 10] : [0, 1];
  return type === "log" ? logScale(low, high, zero, pad) : linearScale(low, high, zero, pad, count);
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
  return { type: "log", domain: [low, high], ticks: at, format: formatNumber };
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

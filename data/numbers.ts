/**
 * Decimal numbers from bytes.
 *
 * @module
 */

const PLUS = 43, MINUS = 45, DOT = 46, ZERO = 48, LOWER_E = 101, UPPER_E = 69;
/** Powers of ten that are exact. */
const TENS = Float64Array.from({ length: 23 }, (_, k) => 10 ** k);
/** The largest float of 32 bits. */
export const MAX_FLOAT = 3.4028234663852886e38;
const decoder = new TextDecoder();
/** Any number of this many digits is exact as a float64. */
const EXACT_DIGITS = 15;

/**
 * The float64 nearest to the decimal number `buffer[from … to)`: a sign or none, digits with a point or without, an exponent
 * or none. NaN where it is none, or is too large.
 *
 * With up to 15 digits and a power of ten up to 22 both are exact, so that one division or multiplication rounds right
 * (Clinger 1990); the others are read by the language.
 *
 * @param point The byte before the fraction.
 */
export function parseNumber(
  buffer: Uint8Array,
  from: number,
  to: number,
  point: number = DOT,
): number {
  let p = from, negative = false;
  if (buffer[p] === MINUS || buffer[p] === PLUS) negative = buffer[p++] === MINUS;
  let digits = 0, mantissa = 0, fraction = 0, seen = 0, digit = 0;
  while (p < to && (digit = buffer[p]! - ZERO) >>> 0 <= 9) {
    mantissa = mantissa * 10 + digit;
    if (mantissa > 0) digits++;
    seen++;
    p++;
  }
  if (p < to && buffer[p] === point) {
    p++;
    while (p < to && (digit = buffer[p]! - ZERO) >>> 0 <= 9) {
      mantissa = mantissa * 10 + digit;
      if (mantissa > 0) digits++;
      seen++;
      fraction++;
      p++;
    }
  }
  if (seen === 0) return NaN;
  let exponent = 0;
  if (p < to && (buffer[p] === LOWER_E || buffer[p] === UPPER_E)) {
    p++;
    let below = false;
    if (buffer[p] === MINUS || buffer[p] === PLUS) below = buffer[p++] === MINUS;
    const first = p;
    while (p < to && (digit = buffer[p]! - ZERO) >>> 0 <= 9) {
      if (exponent < 10_000) exponent = exponent * 10 + digit;
      p++;
    }
    if (p === first) return NaN;
    if (below) exponent = -exponent;
  }
  if (p !== to) return NaN;
  const power = exponent - fraction;
  let value: number;
  if (digits <= EXACT_DIGITS && power >= -22 && power <= 22) {
    value = power < 0 ? mantissa / TENS[-power]! : mantissa * TENS[power]!;
    if (negative) value = -value;
  } else {
    const text = decoder.decode(buffer.subarray(from, to));
    value = Number(point === DOT ? text : text.replace(String.fromCharCode(point), "."));
  }
  return Number.isFinite(value) ? value : NaN;
}

/** Whether a text is a number as {@link parseNumber} takes it. */
export function isNumberText(text: string): boolean {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text);
}

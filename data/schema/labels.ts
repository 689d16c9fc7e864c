/**
 * Labels in text.
 *
 * @module
 */

const PLUS = 43, MINUS = 45, DOT = 46, ZERO = 48, ONE = 49;

const encoder = new TextEncoder();
/** Words in any case, by their letters. */
const WORDS: ReadonlyMap<number, number> = new Map([
  ...["true", "t", "yes", "y"].map((word) => [lettersOf(word), 1] as const),
  ...["false", "f", "no", "n"].map((word) => [lettersOf(word), 0] as const),
]);
const LONGEST_WORD = 5;

/**
 * 1 or 0, or -1 for what is no label. 1, 1.0, +1, true, t, yes and y are 1; 0, 0.0, -1, -1.0, false, f, no and n are 0.
 *
 * @param point The byte before the fraction.
 */
export function parseLabel(
  buffer: Uint8Array,
  at: number,
  to: number,
  point: number = DOT,
): number {
  const first = buffer[at];
  if (first === MINUS || first === PLUS || first === ZERO || first === ONE) {
    const signed = first === MINUS || first === PLUS ? 1 : 0;
    const digit = at + signed < to ? buffer[at + signed]! - ZERO : -1;
    if (digit >>> 0 > 1) return -1;
    let p = at + signed + 1;
    if (p < to && buffer[p++] !== point) return -1;
    for (; p < to; p++) if (buffer[p] !== ZERO) return -1;
    return first === MINUS ? 0 : digit;
  }
  return to - at > LONGEST_WORD ? -1 : WORDS.get(packed(buffer, at, to)) ?? -1;
}

function lettersOf(word: string): number {
  return packed(encoder.encode(word), 0, word.length);
}

/** Up to six letters as a number, the same for both cases. */
function packed(buffer: Uint8Array, at: number, to: number): number {
  let word = 0;
  for (let p = at; p < to; p++) word = 256 * word + (buffer[p]! | 0x20);
  return word;
}

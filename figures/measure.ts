/**
 * Widths of text without a browser, near enough to lay labels out, and lines that fit.
 *
 * @module
 */

/** Text of axes, legends and rules, in pixels: on a phone, where panels shrink to four fifths, still ten. */
export const FONT_SIZE = 13;

/** How wide a text is in a system font, in pixels: after DejaVu Sans, which is wider than most. */
export function textWidth(text: string, fontSize: number): number {
  let width = 0;
  for (const char of text) {
    if (/[ijl.,:;'|!()[\]ft -]/.test(char)) width += 0.37;
    else if (/[mwMW@%=+<>~×…—]/.test(char)) width += 0.92;
    else if (/[A-Z&]/.test(char)) width += 0.71;
    else width += 0.62;
  }
  return width * fontSize;
}

/** Breaks a text at its spaces, and what is too long for a line after its dashes, into lines; a longer word stays whole. */
export function wrapText(text: string, width: number, fontSize: number): string[] {
  const lines: string[] = [];
  let line = "";
  const fits = (words: string) => textWidth(words.trimEnd(), fontSize) <= width;
  for (const word of text.split(/(?<= )/)) {
    for (const part of fits(word) ? [word] : word.split(/(?<=-)/)) {
      if (line !== "" && !fits(line + part)) {
        lines.push(line.trimEnd());
        line = "";
      }
      line += part;
    }
  }
  if (line.trim() !== "") lines.push(line.trimEnd());
  return lines;
}

/** The widest of some lines. */
export function widest(lines: readonly string[], fontSize: number): number {
  return lines.reduce((width, line) => Math.max(width, textWidth(line, fontSize)), 0);
}

/**
 * Widths of text without a browser, near enough to lay labels out, and lines that fit.
 *
 * @module
 */

/** About how wide a text is in a system font, in pixels. */
export function textWidth(text: string, fontSize: number): number {
  let width = 0;
  for (const char of text) {
    width += /[ijl.,:;'|!()\[\]ft ]/.test(char)
      ? 0.33
      : /[mwMW@%—]/.test(char)
      ? 0.9
      : /[A-Z]/.test(char)
      ? 0.68
      : 0.57;
  }
  return width * fontSize;
}

/** Breaks a text at its spaces, and after its dashes, into lines that fit; a longer word stays whole. */
export function wrapText(text: string, width: number, fontSize: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/(?<=-)|(?<= )/)) {
    if (line !== "" && textWidth((line + word).trimEnd(), fontSize) > width) {
      lines.push(line.trimEnd());
      line = "";
    }
    line += word;
  }
  if (line.trim() !== "") lines.push(line.trimEnd());
  return lines;
}

/** The widest of some lines. */
export function widest(lines: readonly string[], fontSize: number): number {
  return lines.reduce((width, line) => Math.max(width, textWidth(line, fontSize)), 0);
}

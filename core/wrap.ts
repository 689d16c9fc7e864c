/**
 * Sentences for a terminal of 80 columns, beside tables made to fit there.
 *
 * @module
 */

/** Columns that a terminal has if nothing is known of it. */
export const TERMINAL_COLUMNS = 80;

/**
 * Breaks each line of a text at spaces so that it fits, further lines indented as the first and by `hang` more. A word that
 * is longer than a line stays whole.
 */
export function wrap(
  text: string,
  { width = TERMINAL_COLUMNS, hang = 0 }: {
    readonly width?: number;
    readonly hang?: number;
  } = {},
): string {
  return text.split("\n").map((line) => wrapLine(line, width, hang)).join("\n");
}

function wrapLine(line: string, width: number, hang: number): string {
  if (line.length <= width) return line;
  const indent = line.match(/^ */)![0];
  const further = indent + " ".repeat(hang);
  const lines: string[] = [];
  let current = "";
  for (const word of line.trim().split(" ")) {
    const start = lines.length === 0 ? indent : further;
    if (current === "") current = start + word;
    else if (current.length + 1 + word.length <= width) current += ` ${word}`;
    else {
      lines.push(current);
      current = further + word;
    }
  }
  return [...lines, current].join("\n");
}

/**
 * Texts of files that others wrote, as they may be printed: a terminal obeys control characters.
 *
 * @module
 */

/** Controls, marks that turn or join text and are not seen, separators of lines, halves of surrogate pairs. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** The text with every character that a terminal would obey, or that cannot be seen, in the form `\u001b`. */
export function printable(text: string): string {
  return text.replace(UNSAFE, (character) => {
    const digits = character.codePointAt(0)!.toString(16).padStart(4, "0");
    return digits.length === 4 ? `\\u${digits}` : `\\u{${digits}}`;
  });
}

/** The same for a text of several lines: line ends and tabs stay. */
export function printableLines(text: string): string {
  return text.split(/([\n\t])/).map((part, i) => i % 2 === 0 ? printable(part) : part).join("");
}

/** Characters of a value that are shown. */
const SHOWN = 60;

/** A value of a JSON document for a message: short whatever it is, a text in quotes. */
export function showValue(value: unknown): string {
  if (typeof value === "string") {
    const cut = value.length > SHOWN ? `${value.slice(0, SHOWN)}…` : value;
    return printable(JSON.stringify(cut));
  }
  if (Array.isArray(value)) return value.length === 0 ? "[]" : `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  return String(value);
}

/**
 * Cells of CSV files, made safe for spreadsheets, which run a cell that begins like a formula even if it came from
 * data.
 *
 * @module
 */

/** What a spreadsheet takes for the beginning of a formula; tabs and line ends before it are passed over. */
const FORMULA = /^[\t\r\n]*[=+\-@\uff1d\uff0b\uff0d\uff20]/;

/**
 * A cell's value. A text that begins like a formula and is not a number gets an apostrophe in front, which spreadsheets
 * do not show.
 */
export function csvCell(value: unknown): unknown {
  if (typeof value !== "string" || !FORMULA.test(value)) return value;
  return value.trim() !== "" && Number.isFinite(Number(value)) ? value : `'${value}`;
}

/**
 * Tables to be written as CSV or Arrow. Load it only where a table is written: it is heavy.
 *
 * @module
 */

// deno-lint-ignore no-import-prefix
export { fromArrow, fromCSV, table } from "npm:arquero@8.0.1";

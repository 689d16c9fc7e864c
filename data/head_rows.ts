/**
 * How the first lines of a text read in a format, and why they are not of it.
 *
 * @module
 */

import { UserError } from "../core/errors.ts";
import { RowBlock } from "./row_block.ts";
import type { BadRow, RowParser } from "./row_parser.ts";
import type { Head, SeparatedHead } from "./text_head.ts";

/** The share of a file's first lines that may be bad in a format that is still recognised. */
export const BELIEVED = 0.5;

/** Which of the first lines are bad in a format. */
export function badRows(
  head: Head,
  create: (onBad: (bad: BadRow) => void) => RowParser,
  denseColumns: number,
  tables: number,
): { share: number; first: string } {
  let first = "", bad = 0;
  const parser = create((row) => {
    bad++;
    first ||= `line ${row.line}, column ${row.column}${
      row.field === "" ? "" : ` (${row.field})`
    }: ${row.reason}`;
  });
  try {
    parser.feed(head.text);
    parser.finish();
    parser.parse(new RowBlock(denseColumns, tables));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { share: 1, first: error.message };
  }
  return { share: bad / Math.max(1, parser.lines), first };
}

/** Why a file with as many columns as a log is not that log: its header has other names. Null where another separator cuts more. */
export function otherNames(head: Head, separated: SeparatedHead): string | null {
  return separated === widest(head)
    ? `its columns are called ${listed(separated.names)}, which are not those of ${KNOWN_LOGS}`
    : null;
}

/** Why a file with as many columns as a log is not that log: its rows read otherwise. Null where another separator cuts more. */
export function otherRows(head: Head, separated: SeparatedHead, log: string, first: string) {
  return separated === widest(head)
    ? `it has as many columns as ${log}, but its rows do not read as such (${first})`
    : null;
}

const KNOWN_LOGS = "Criteo's, Avazu's or Taobao's log";

/** At the separator that cuts most columns. */
export function widest({ separated }: Head): SeparatedHead {
  return separated.toSorted((a, b) => b.most - a.most)[0]!;
}

/** Names for a message, the first of many. */
export function listed(names: readonly string[]): string {
  return names.length > 8 ? `${names.slice(0, 8).join(", ")}, …` : names.join(", ");
}

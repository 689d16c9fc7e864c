/**
 * Formats by their content.
 *
 * @module
 */

import { UserError } from "../core/errors.ts";
import { AVAZU_COLUMNS } from "./avazu.ts";
import { CRITEO_COLUMNS } from "./criteo.ts";
import type { PreparedFormat } from "./manifest.ts";
import { TAOBAO_FIELDS } from "./taobao.ts";
import { readHead, type TextFile } from "./text_source.ts";

const TAB = 9, LF = 10, COMMA = 44;

/**
 * By content: is there a row of 40 columns between TABs, or of 24 or 5 between commas, near the beginning? Criteo's two
 * formats are then told apart by the number and the names of the files.
 *
 * @throws UserError for a file that is empty or like none of them.
 */
export async function recognise(
  files: readonly TextFile[],
): Promise<{ format: PreparedFormat; chosen: string }> {
  const first = files[0]!;
  const head = await readHead(first);
  const tabs = countColumns(head, TAB), commas = countColumns(head, COMMA);
  if (tabs.length === 0) throw new UserError(`Cannot read ${first.path}: it is empty`);
  const chosen = "recognised by its columns";
  if (!tabs.includes(CRITEO_COLUMNS)) {
    if (commas.includes(AVAZU_COLUMNS)) return { format: "avazu", chosen };
    if (commas.includes(TAOBAO_FIELDS.length)) return { format: "taobao", chosen };
    const count = (columns: number, between: string) =>
      `${columns} column${columns === 1 ? "" : "s"} between ${between}`;
    throw new UserError(
      `Cannot recognise the format of ${first.path}: its first line has ${
        count(tabs[0]!, "TABs")
      } and ${
        count(commas[0]!, "commas")
      } where Criteo has ${CRITEO_COLUMNS} between TABs, Avazu ` +
        `${AVAZU_COLUMNS} and Taobao ${TAOBAO_FIELDS.length} between commas`,
    );
  }
  if (files.length > 1) return { format: "criteo-terabyte", chosen: `${chosen} and several files` };
  return /^day_\d+(\.|$)/.test(first.name)
    ? { format: "criteo-terabyte", chosen: `${chosen} and its name` }
    : { format: "criteo-kaggle", chosen };
}

/** Columns of each line. */
function countColumns(text: Uint8Array, separator: number): number[] {
  const counts: number[] = [];
  let columns = 1;
  for (const byte of text) {
    if (byte === separator) columns++;
    if (byte === LF) {
      counts.push(columns);
      columns = 1;
    }
  }
  if (text.length > 0 && text.at(-1) !== LF) counts.push(columns);
  return counts;
}

/**
 * A results folder's page and figures as files.
 *
 * @module
 */

import { writeFileWhole } from "../../core/files.ts";
import { readResults } from "../results.ts";
import { buildReport } from "./page.ts";

/**
 * Reads all results of a folder and writes `report.html` and every figure's `NAME-FIGURE.svg` beside them, each whole or
 * not at all. Throws a `UserError` where the folder cannot be read or written.
 *
 * @returns The page's path, how many figures were written, and why results were left out, a sentence each.
 */
export async function writeReport(
  folder: string,
): Promise<
  { readonly page: string; readonly figures: number; readonly refused: readonly string[] }
> {
  const { page, svgs, refused } = await buildReport(await readResults(folder));
  for (const [name, svg] of svgs) await writeFileWhole(`${folder}/${name}`, svg);
  const path = `${folder}/report.html`;
  await writeFileWhole(path, page);
  return { page: path, figures: svgs.size, refused };
}

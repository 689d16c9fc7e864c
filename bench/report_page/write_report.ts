/**
 * A results folder's page and figures as files.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import { writeFileWhole } from "../../core/files.ts";
import { REPORT_FILE } from "../folder_names.ts";
import { readResults, removeFiles } from "../results.ts";
import { buildReport } from "./page.ts";

/**
 * Reads all results of a folder and writes `report.html` and every figure's `NAME-FIGURE.svg` beside them, each whole or
 * not at all. SVG files of figures that these results no longer have are removed.
 *
 * @throws {UserError} The folder cannot be read or written, or holds no result that can be read.
 * @returns The page's path, how many figures were written, and why results were left out, a sentence each.
 */
export async function writeReport(
  folder: string,
): Promise<
  { readonly page: string; readonly figures: number; readonly refused: readonly string[] }
> {
  const results = await readResults(folder);
  if (results.documents.length === 0) {
    const [why] = results.refused;
    throw new UserError(
      `Cannot make a report of ${folder}: it holds no results of deno task bench that can be read${
        why === undefined ? "" : ` (${why})`
      }`,
    );
  }
  const { page, svgs, refused, experiments } = await buildReport(results);
  for (const [name, svg] of svgs) await writeFileWhole(`${folder}/${name}`, svg);
  await removeFiles(folder, (name) =>
    /^[a-z0-9-]+\.svg$/.test(name) && !svgs.has(name) &&
    experiments.some((experiment) => name.startsWith(`${experiment}-`)));
  const path = `${folder}/${REPORT_FILE}`;
  await writeFileWhole(path, page);
  return { page: path, figures: svgs.size, refused };
}

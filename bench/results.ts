/**
 * A folder of results: for each experiment NAME its document `NAME.json`, its tables `NAME-1.csv` and so on, its figures
 * `NAME-FIGURE.svg`; with `report.html` made of all of them.
 *
 * @module
 */

import { UserError } from "../core/errors.ts";
import { fileError, makeFolder, writeFileWhole } from "../core/files.ts";
import { formatSealed, readJsonFile } from "../core/json_file.ts";
import { checkSchema } from "../core/schema.ts";
import { RESULT_SCHEMA } from "./document_schema.ts";
import { NOT_RESULTS } from "./folder_names.ts";
import { type BenchDocument, tableToCsv } from "./report.ts";

/**
 * Writes a document and then its tables, each whole or not at all, and removes the tables that an earlier one had beyond
 * them. The document comes first: tables alone would be nobody's.
 *
 * @throws {UserError} The folder cannot be made or written.
 */
export async function writeResult(folder: string, document: BenchDocument): Promise<void> {
  await makeFolder(folder);
  const { experiment, tables } = document;
  await writeFileWhole(`${folder}/${experiment}.json`, formatSealed(document));
  for (const [i, table] of tables.entries()) {
    await writeFileWhole(`${folder}/${experiment}-${i + 1}.csv`, await tableToCsv(table));
  }
  const made = new Set(tables.map((_, i) => `${i + 1}`));
  await removeFiles(folder, (name) => {
    const ending = name.startsWith(`${experiment}-`) ? name.slice(experiment.length + 1) : "";
    const number = ending.match(/^(\d+)\.csv$/)?.[1];
    return number !== undefined && !made.has(number);
  });
}

/** Removes the files of a folder whose names are chosen. */
export async function removeFiles(
  folder: string,
  isChosen: (name: string) => boolean,
): Promise<void> {
  const names: string[] = [];
  for await (const { name, isFile } of Deno.readDir(folder)) {
    if (isFile && isChosen(name)) names.push(name);
  }
  for (const name of names) {
    await Deno.remove(`${folder}/${name}`).catch((error) => {
      // Another process may have removed it.
      if (!(error instanceof Deno.errors.NotFound)) {
        throw fileError("remove", `${folder}/${name}`, error);
      }
    });
  }
}

/** Documents of results take some megabytes. */
const MOST_BYTES = 64e6;

/**
 * Reads the document of an experiment.
 *
 * @throws {UserError} It cannot be read, is of another version or no such document, or was changed after it was written.
 */
export async function readResult(path: string): Promise<BenchDocument> {
  const cannot = `Cannot read ${path}`, otherwise = "; run the experiment again";
  return checkSchema(
    RESULT_SCHEMA,
    await readJsonFile(path, { cannot, mostBytes: MOST_BYTES, seal: "required", otherwise }),
    cannot,
  );
}

/** What a results folder holds. */
export interface Results {
  /** By experiment, in the order of their names. */
  readonly documents: readonly BenchDocument[];
  /** Why a file was left out, a sentence each. */
  readonly refused: readonly string[];
}

/** Reads all results of a folder; those that cannot be read are told and left out. Throws a `UserError` without a folder. */
export async function readResults(folder: string): Promise<Results> {
  const names: string[] = [];
  try {
    for await (const { name, isFile } of Deno.readDir(folder)) {
      if (isFile && name.endsWith(".json") && !NOT_RESULTS.has(name)) names.push(name);
    }
  } catch (error) {
    throw fileError("read", folder, error);
  }
  const documents: BenchDocument[] = [], refused: string[] = [];
  for (const name of names.sort()) {
    const path = `${folder}/${name}`;
    try {
      documents.push(await readResult(path));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      refused.push(error.message);
    }
  }
  return { documents, refused };
}

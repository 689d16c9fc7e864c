/**
 * Files of registrations that are history: each has a folder with its document, the files that it names, and the table that
 * `deno task simulate paper` printed of it at its last revision.
 *
 * @module
 */

import { fs } from "../../core/deno.ts";
import { UserError } from "../../core/errors.ts";
import { sha256Of } from "./registration.ts";

/** Where the files that a registration names are now, relative to its folder. */
const NAMED_FILES: Readonly<Record<string, string>> = {
  "machines/v100x4.json": "machine.json",
  "parameters.json": "parameters.json",
  "paper/rm1.json": "rm1.json",
  "paper/rm2.json": "rm2.json",
  "paper/rm3.json": "rm3.json",
  "paper/rm4.json": "rm4.json",
};

/** A folder of sim/paper/, and what its document is called. */
interface FormerFolder {
  readonly folder: string;
  readonly document: string;
  /** Of the document. */
  readonly sha256: string;
  /** For the error: `frozen`, `registered`. */
  readonly verb: string;
}

/** Loads the document of a registration, and checks its hash and those of the files it names. Throws a `UserError` where one differs. */
export async function loadFormer<T extends { readonly files: Readonly<Record<string, string>> }>(
  { folder, document, sha256, verb }: FormerFolder,
): Promise<T> {
  const check = async (file: string, expected: string): Promise<void> => {
    const found = await sha256Of(`sim/paper/${folder}/${file}`);
    if (found !== expected) {
      throw new UserError(
        `Cannot use sim/paper/${folder}/${file}: its SHA-256 is ${found} and the ${verb} one is ${expected}`,
      );
    }
  };
  await check(document, sha256);
  const registration = await readFormer<T>(folder, document);
  for (const [file, expected] of Object.entries(registration.files)) {
    await check(NAMED_FILES[file]!, expected);
  }
  return registration;
}

/** Reads a file of a registration's folder. */
export async function readFormer<T>(folder: string, file: string): Promise<T> {
  return JSON.parse(await fs.readTextFile(new URL(`./${folder}/${file}`, import.meta.url)));
}

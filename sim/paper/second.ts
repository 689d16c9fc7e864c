/**
 * The second registration, as history: what was registered, byte for byte, over the first version of the twins, and the table
 * that `deno task simulate paper` printed of it at its last revision. Today's is over the second version, which can be counted
 * again.
 *
 * @module
 */

import { fs } from "../../core/deno.ts";
import { UserError } from "../../core/errors.ts";
import { type Registration, sha256Of } from "./registration.ts";
import type { PaperTable } from "./table.ts";

/** SHA-256 of `second/registered.json`, as it was committed before its ratios were computed. */
export const SECOND_SHA256 = "1c67070f224018a58fffd816aa2d22d129071ae132ed7ede4b0b6c4e4fca68a6";

/** Where the files that were registered are now, relative to sim/paper/second/. */
const SECOND_FILES: Readonly<Record<string, string>> = {
  "machines/v100x4.json": "machine.json",
  "parameters.json": "parameters.json",
  "paper/rm1.json": "rm1.json",
  "paper/rm2.json": "rm2.json",
  "paper/rm3.json": "rm3.json",
  "paper/rm4.json": "rm4.json",
};

/** Loads it and checks its hash and those of the files it names. Throws a `UserError` where one differs. */
export async function loadSecond(): Promise<Registration> {
  const check = async (file: string, expected: string): Promise<void> => {
    const found = await sha256Of(`sim/paper/second/${file}`);
    if (found !== expected) {
      throw new UserError(
        `Cannot use sim/paper/second/${file}: its SHA-256 is ${found} and the registered one is ${expected}`,
      );
    }
  };
  await check("registered.json", SECOND_SHA256);
  const registration = await read<Registration>("registered.json");
  for (const [file, expected] of Object.entries(registration.files)) {
    await check(SECOND_FILES[file]!, expected);
  }
  return registration;
}

/** Loads its table. */
export async function loadSecondTable(): Promise<PaperTable> {
  return await read<PaperTable>("table.json");
}

async function read<T>(file: string): Promise<T> {
  return JSON.parse(await fs.readTextFile(new URL(`./second/${file}`, import.meta.url)));
}

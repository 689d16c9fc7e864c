/**
 * The second registration, as history: what was registered, byte for byte, over the first version of the twins, and the table
 * that `deno task simulate paper` printed of it at its last revision. Today's is over the second version, which can be counted
 * again.
 *
 * @module
 */

import { loadFormer, readFormer } from "./former.ts";
import type { Registration } from "./registration.ts";
import type { PaperTable } from "./table.ts";

/** SHA-256 of `second/registered.json`, as it was committed before its ratios were computed. */
export const SECOND_SHA256 = "1c67070f224018a58fffd816aa2d22d129071ae132ed7ede4b0b6c4e4fca68a6";

/** Loads it and checks its hash and those of the files it names. Throws a `UserError` where one differs. */
export async function loadSecond(): Promise<Registration> {
  return await loadFormer({
    folder: "second",
    document: "registered.json",
    sha256: SECOND_SHA256,
    verb: "registered",
  });
}

/** Loads its table. */
export async function loadSecondTable(): Promise<PaperTable> {
  return await readFormer("second", "table.json");
}

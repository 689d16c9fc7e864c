/**
 * `deno task bench pages [PAGE …]`: tables of recorded runs in pages, made of the records.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { UserError } from "../../core/errors.ts";
import { fileError, writeFileWhole } from "../../core/files.ts";
import { type FlagTable, formatHelp, parseFlags } from "../../core/flags.ts";
import { print } from "../../core/streams.ts";
import { BENCH_FLAGS } from "../flags.ts";
import { renewPage, sayTheSame } from "../recorded_pages.ts";

/** Flags of `bench pages`. */
const PAGES_FLAGS = {
  check: {
    type: "boolean",
    group: "Files",
    help: "Write nothing, and end with an error if a page has other tables than the records",
  },
  records: BENCH_FLAGS.records,
} as const satisfies FlagTable;

/** Renews the tables of some pages, those of the project's documents by default, or checks them. */
export async function pagesCommand(
  words: readonly string[],
  flags: readonly string[],
): Promise<number> {
  const { values: { check, records }, help } = parseFlags(PAGES_FLAGS, flags);
  if (help) {
    print(formatHelp(PAGES_FLAGS, {
      command: "deno task bench",
      about: "Make the tables of recorded runs in pages anew: README.md and docs/ unless told",
      usage: "pages [PAGE …] [flags]",
    }));
    return 0;
  }
  const stale: string[] = [];
  for (const page of words.length > 0 ? words : ownPages()) {
    const text = await readPage(page), pictures = new Map<string, string>();
    const renewed = await renewPage(page, text, records, pictures);
    if (!sayTheSame(text, renewed)) {
      stale.push(page);
      if (!check) await writeFileWhole(page, renewed);
    }
    for (const [name, svg] of pictures) {
      const path = join(dirname(page), name);
      if (await textOf(path) === svg) continue;
      stale.push(path);
      if (!check) await writeFileWhole(path, svg);
    }
  }
  if (check && stale.length > 0) {
    throw new UserError(
      `Cannot leave ${
        stale.join(", ")
      } as it is: its tables are not those of the records in ${records}; deno task bench pages makes them`,
    );
  }
  print(
    stale.length === 0 ? "All pages have the tables of the records" : `Renewed ${stale.join(", ")}`,
  );
  return 0;
}

/** The text of a file; null where it cannot be read. */
async function textOf(path: string): Promise<string | null> {
  return await Deno.readTextFile(path).catch(() => null);
}

/** Pages of the project, from its folder. */
function ownPages(): string[] {
  try {
    const pages = Array.from(Deno.readDirSync("docs"), ({ name }) => `docs/${name}`);
    return ["README.md", ...pages.filter((path) => path.endsWith(".md")).sort()];
  } catch (error) {
    throw fileError("read", "docs", error);
  }
}

async function readPage(page: string): Promise<string> {
  try {
    return await Deno.readTextFile(page);
  } catch (error) {
    throw fileError("read", page, error);
  }
}

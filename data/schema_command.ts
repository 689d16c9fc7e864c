/**
 * `deno task data schema FILE`: drafts a schema of a log, to be corrected and given as `--schema`.
 *
 * @module
 */

import { writeFileWhole } from "../core/files.ts";
import { type FlagTable, type FlagValues, formatHelp, QUIET_FLAG } from "../core/flags.ts";
import { checkOutputFile } from "../core/outputs.ts";
import type { CommandHooks } from "./command.ts";
import { findTextFiles } from "./prepare.ts";
import { draftSchema } from "./schema/draft_schema.ts";
import { isLabelled, tableColumns } from "./schema/log_schema.ts";

/** Flags of `deno task data schema`. */
export const SCHEMA_FLAGS = {
  data: {
    type: "paths",
    required: true,
    positional: true,
    group: "Data",
    valueName: "FILE…",
    help: "The log; its first file is looked at. The flag's name may be left out",
  },
  out: {
    type: "path",
    valueName: "FILE.json",
    group: "Files",
    help: "Write the schema to this file instead of printing it",
  },
  quiet: QUIET_FLAG,
} as const satisfies FlagTable;

/** Drafts, writes, and returns the schema as text, or where it is. */
export async function runSchema(
  values: FlagValues<typeof SCHEMA_FLAGS>,
  { onNote }: CommandHooks,
): Promise<string> {
  checkOutputFile("--out", values.out ?? null);
  const [file] = await findTextFiles(values.data);
  const schema = await draftSchema(file!);
  const text = formatSchema(schema);
  onNote(
    "A draft from the first rows: see to the kind of each column, how ids are spelled, and the split (docs/data.md)",
  );
  if (!isLabelled(schema)) {
    onNote(
      'No column holds 0 and 1 alone, so none is the label, and training needs one (of ratings, with "above")',
    );
  }
  if (tableColumns(schema).length === 0) {
    onNote("No column looks like ids, so none is categorical, and a schema needs one");
  }
  if (values.out === undefined) return text.trimEnd();
  await writeFileWhole(values.out, text);
  return `Schema in ${values.out}`;
}

/** A schema as JSON, one column a line. */
export function formatSchema(schema: object): string {
  const lines = Object.entries(schema).map(([key, value]) => {
    const text = key === "columns"
      ? `[\n${(value as unknown[]).map((column) => `    ${spaced(column)}`).join(",\n")}\n  ]`
      : spaced(value);
    return `  ${JSON.stringify(key)}: ${text}`;
  });
  return `{\n${lines.join(",\n")}\n}\n`;
}

/** JSON on one line, with spaces. */
function spaced(value: unknown): string {
  return JSON.stringify(value, null, 1).replace(/\n\s*/g, " ");
}

/** The help page. */
export function schemaHelp(): string {
  return formatHelp(SCHEMA_FLAGS, {
    command: "deno task data",
    about: "Draft the schema of a log of one's own from its first rows",
    usage: "schema FILE [flags]",
    examples: [
      ["A log with columns of one's own", "deno task data schema clicks.csv --out clicks.json"],
      ["Read by it", "deno task data profile clicks.csv --schema clicks.json"],
    ],
  });
}

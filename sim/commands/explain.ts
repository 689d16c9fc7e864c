/**
 * `deno task simulate explain`: where the time goes and which number of the machine to buy.
 *
 * @module
 */

import { writeFileWhole } from "../../core/files.ts";
import { type FlagTable, formatHelp, parseFlags } from "../../core/flags.ts";
import { checkOutputFile } from "../../core/outputs.ts";
import { explain, type Explanation } from "../explain.ts";
import { explanationsCsv, formatExplanation } from "../report.ts";
import { combinationsOf, type Command, openSubject, SUBJECT_FLAGS } from "./flags.ts";
import { describe, RESULTS_SCHEMA_VERSION } from "./run.ts";

const FLAGS = {
  ...SUBJECT_FLAGS,
  json: {
    type: "path",
    group: "Files",
    help: "Write all of it, every number that matters included",
  },
  csv: {
    type: "path",
    group: "Files",
    help: "Write all of it as CSV: a row a stage, resource, direction of bytes and number to buy",
  },
} as const satisfies FlagTable;

/** Explains every combination. */
export const explainCommand: Command = {
  name: "explain",
  summary: "Where the time goes: exposed and hidden by stage and resource, and what to buy",
  async run(args) {
    const { values, help } = parseFlags(FLAGS, args);
    if (help) {
      console.log(formatHelp(FLAGS, {
        command: "deno task simulate explain",
        about: "Show where training time goes and which number of the machine it hangs on",
        usage: "--trace FILE [flags]",
      }));
      return;
    }
    const { json = null, csv = null } = values;
    checkOutputFile("--json", json);
    checkOutputFile("--csv", csv);
    const all: (Explanation & { trace: string })[] = [];
    const subject = await openSubject(values);
    for (const named of subject.traces) {
      console.log(`${describe(named)}\n`);
      for (const options of combinationsOf(subject, named, values)) {
        const explanation = explain(options);
        console.log(formatExplanation(explanation));
        all.push({ trace: named.name, ...explanation });
      }
    }
    if (json !== null) {
      const document = {
        schema: "slipstream.explanation",
        schema_version: RESULTS_SCHEMA_VERSION,
        explanations: all,
      };
      await writeFileWhole(json, `${JSON.stringify(document, null, 2)}\n`);
    }
    if (csv !== null) await writeFileWhole(csv, await explanationsCsv(all));
  },
};

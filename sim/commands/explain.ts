/**
 * `deno task simulate explain`: where the time goes and which number of the machine to buy.
 *
 * @module
 */

import { withEvents } from "../../core/events.ts";
import { type FlagTable, formatHelp, parseFlags } from "../../core/flags.ts";
import { claimOutputs } from "../../core/outputs.ts";
import { print } from "../../core/streams.ts";
import { explainInPieces, type Explanation } from "../explain.ts";
import { explanationsCsv, formatExplanation } from "../report.ts";
import { writeFiles } from "./files.ts";
import { combinationsOf, type Command, openSubject, SUBJECT_FLAGS } from "./flags.ts";
import { describeSubject, RESULTS_SCHEMA_VERSION } from "./run.ts";

const FLAGS = {
  ...SUBJECT_FLAGS,
  json: {
    type: "path",
    group: "Files",
    help: "Write all of it, every number that matters included; - is standard output",
  },
  csv: {
    type: "path",
    group: "Files",
    help:
      "Write all of it as CSV: a row a stage, resource, direction of bytes and number to buy; - is standard output",
  },
} as const satisfies FlagTable;

/** Draws unless told; every number that may be bought is tried in each. */
const DRAWS = 40;

/** Explains every combination. */
export const explainCommand: Command = {
  name: "explain",
  summary: "Where the time goes: exposed and hidden by stage and resource, and what to buy",
  flags: FLAGS,
  async run(args, signal) {
    const { values, help } = parseFlags(FLAGS, args);
    if (help) {
      print(formatHelp(FLAGS, {
        command: "deno task simulate explain",
        about: "Show where training time goes and which number of the machine it hangs on",
        usage: "--trace FILE [flags]",
      }));
      return;
    }
    const { json = null, csv = null } = values;
    claimOutputs({ "--json": json, "--csv": csv });
    const all: (Explanation & { trace: string })[] = [], printed: string[] = [];
    const subject = await openSubject(values);
    const { draws = DRAWS } = values;
    for (const named of subject.traces) {
      printed.push(`${describeSubject(named, subject, draws, values.drop)}\n`);
      for (const { options, drawing } of combinationsOf(subject, named, values)) {
        for (const one of options) {
          const drawn = draws === 0 ? null : { drawing, draws };
          const explanation = await withEvents(explainInPieces(one, drawn), signal);
          printed.push(formatExplanation(explanation));
          all.push({ trace: named.name, ...explanation });
        }
      }
    }
    const document = {
      schema: "slipstream.explanation",
      schema_version: RESULTS_SCHEMA_VERSION,
      parameters: subject.set.name,
      draws,
      explanations: all,
    };
    await writeFiles(signal, [
      [json, () => `${JSON.stringify(document, null, 2)}\n`],
      [csv, () => explanationsCsv(all)],
    ]);
    for (const text of printed) print(text);
  },
};

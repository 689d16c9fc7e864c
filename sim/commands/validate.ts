/**
 * `deno task simulate validate`: runs of the trainer beside what a machine file says of them.
 *
 * @module
 */

import { type FlagTable, formatHelp, parseFlags, QUIET_FLAG } from "../../core/flags.ts";
import { formatDuration } from "../../core/format.ts";
import { claimOutputs } from "../../core/outputs.ts";
import { print, tell } from "../../core/streams.ts";
import { loadMachine } from "../machine.ts";
import { formatValidation, VALIDATION_SCHEMA_VERSION, validationCsv } from "../validate/report.ts";
import { validate } from "../validate/validate.ts";
import { writeFiles } from "./files.ts";
import type { Command } from "./flags.ts";

const FLAGS = {
  machine: {
    type: "path",
    default: "machine.json",
    group: "Validation",
    help:
      "A file that calibrate wrote; its device and threads are used. It is read and not changed",
  },
  rounds: {
    type: "number",
    integer: true,
    min: 1,
    group: "Validation",
    defaultText: "3, quick 1",
    help: "Times that all runs are made, in turn",
  },
  quick: {
    type: "boolean",
    group: "Validation",
    help: "A few tiny runs, to see that it works: the errors mean nothing",
  },
  json: { type: "path", group: "Files", help: "Write the comparison; - is standard output" },
  csv: { type: "path", group: "Files", help: "Write the comparison as CSV; - is standard output" },
  quiet: QUIET_FLAG,
} as const satisfies FlagTable;

/** Validates. */
export const validateCommand: Command = {
  name: "validate",
  summary: "Train under several placements, plans and shapes, and compare with a machine file",
  flags: FLAGS,
  async run(args, signal) {
    const { values, help } = parseFlags(FLAGS, args);
    if (help) {
      print(formatHelp(FLAGS, {
        command: "deno task simulate validate",
        about: "Compare runs of the trainer with what a machine file says of them",
        usage: "[--machine FILE] [flags]",
      }));
      return;
    }
    const { json = null, csv = null } = values;
    claimOutputs({ "--json": json, "--csv": csv }, values);
    const machine = await loadMachine(values.machine);
    const begun = performance.now();
    const say = values.quiet ? () => {} : (line: string) => tell(line);
    const validation = await validate({
      machine,
      quick: values.quick,
      rounds: values.rounds,
      onRun: (done, total, name) => say(`${done + 1}/${total} ${name}`),
      onDisturbed: (name) => say(`  again: something else was at work (${name})`),
      onWarning: (line) => tell(`warning: ${line}`),
      signal,
    });
    const document = {
      schema: "slipstream.validation",
      schema_version: VALIDATION_SCHEMA_VERSION,
      machine: { name: machine.name, title: machine.title },
      quick: values.quick,
      ...validation,
    };
    await writeFiles(signal, [
      [json, () => `${JSON.stringify(document, null, 2)}\n`],
      [csv, () => validationCsv(validation)],
    ]);
    print(`${machine.title}\n\n${formatValidation(validation)}`);
    if (values.quick) print("A quick validation: its errors mean nothing");
    say(`Took ${formatDuration((performance.now() - begun) / 1000)}`);
  },
};

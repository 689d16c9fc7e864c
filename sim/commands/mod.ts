/**
 * The subcommands of `deno task simulate`.
 *
 * @module
 */

import { formatHelp } from "../../core/flags.ts";
import { ALL_SYSTEMS } from "../systems/mod.ts";
import { breakEvenCommand } from "./break_even.ts";
import { calibrateCommand } from "./calibrate.ts";
import { countsCommand } from "./counts.ts";
import { explainCommand } from "./explain.ts";
import type { Command } from "./flags.ts";
import { paperCommand } from "./paper.ts";
import { publishedCommand } from "./published.ts";
import { RUN_FLAGS, runCommand } from "./run.ts";
import { sweepCommand } from "./sweep.ts";
import { validateCommand } from "./validate.ts";

/** All of them, the default first. */
export const COMMANDS: readonly Command[] = [
  runCommand,
  explainCommand,
  sweepCommand,
  breakEvenCommand,
  countsCommand,
  publishedCommand,
  paperCommand,
  calibrateCommand,
  validateCommand,
];

/** The help page of the command. */
export function helpPage(): string {
  const list = (entries: readonly { readonly name: string; readonly summary: string }[]) => {
    const width = Math.max(...entries.map(({ name }) => name.length));
    return entries.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`).join("\n");
  };
  const page = formatHelp(RUN_FLAGS, {
    command: "deno task simulate",
    about: "Replay a training run on a model of another machine",
    usage: "[COMMAND] --trace FILE [flags]",
    examples: [
      ["Four systems on the paper's testbed", "deno task simulate --trace rm2 --gpus 1,2,4"],
      ["Where the time goes", "deno task simulate explain --trace rm2 --system fae --gpus 4"],
    ],
  });
  return `${page}\nCommands (each has --help):\n${list(COMMANDS)}\n\nSystems:\n${
    list(ALL_SYSTEMS)
  }`;
}

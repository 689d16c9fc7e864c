/**
 * `deno task simulate`: training time of a trace on other machines under other systems.
 *
 * @module
 */

import { runEntryPoint } from "../core/entry_point.ts";
import { chooseCommand } from "../core/flags.ts";
import { INTERRUPTED } from "../core/interrupt.ts";
import { Interruption } from "./commands/interrupt.ts";
import { COMMANDS, helpPage } from "./commands/mod.ts";

/** Runs a command line; without a subcommand it simulates. */
export async function main(args: readonly string[]): Promise<number> {
  const named = args.length > 0 && !args[0]!.startsWith("-");
  if (!named && (args.length === 0 || args.includes("--help") || args.includes("-h"))) {
    console.log(helpPage());
    return args.length === 0 ? 2 : 0;
  }
  const names = COMMANDS.map(({ name }) => name);
  const { name, rest } = named ? chooseCommand(names, args) : { name: "run", rest: args };
  const command = COMMANDS.find((candidate) => candidate.name === name)!;
  await command.run(rest);
  return 0;
}

/** The exit status; that of an interruption too, which no message of an error stands for. */
async function interruptibly(): Promise<number> {
  try {
    return await main(Deno.args);
  } catch (error) {
    if (!(error instanceof Interruption)) throw error;
    console.error(error.message);
    return INTERRUPTED;
  }
}

if (import.meta.main) await runEntryPoint(interruptibly);

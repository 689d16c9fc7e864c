/**
 * `deno task simulate`: training time of a trace on other machines under other systems.
 *
 * @module
 */

import { runEntryPoint } from "../core/entry_point.ts";
import { chooseCommand } from "../core/flags.ts";
import { print } from "../core/streams.ts";
import { interruptible } from "./commands/interrupt.ts";
import { COMMANDS, helpPage } from "./commands/mod.ts";

/** Runs a command line; without a subcommand it simulates. */
export async function main(args: readonly string[]): Promise<number> {
  const named = args.length > 0 && !args[0]!.startsWith("-");
  if (!named && (args.length === 0 || args.includes("--help") || args.includes("-h"))) {
    print(helpPage());
    return args.length === 0 ? 2 : 0;
  }
  const names = COMMANDS.map(({ name }) => name);
  const { name, rest } = named ? chooseCommand(names, args) : { name: "run", rest: args };
  const command = COMMANDS.find((candidate) => candidate.name === name)!;
  await interruptible((signal) => command.run(rest, signal));
  return 0;
}

if (import.meta.main) await runEntryPoint(() => main(Deno.args));

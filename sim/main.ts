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

/** The task says it before every word, for the command that takes it. */
const WIDE = "--wide";

/** Runs a command line; without a subcommand it simulates. */
export async function main(words: readonly string[]): Promise<number> {
  const wide = words[0] === WIDE;
  const args = wide ? words.slice(1) : words;
  const named = args.length > 0 && !args[0]!.startsWith("-");
  if (!named && (args.length === 0 || args.includes("--help") || args.includes("-h"))) {
    print(helpPage());
    return args.length === 0 ? 2 : 0;
  }
  const names = COMMANDS.map(({ name }) => name);
  const { name, rest } = named ? chooseCommand(names, args) : { name: "run", rest: args };
  const command = COMMANDS.find((candidate) => candidate.name === name)!;
  const own = wide && name === "calibrate" ? [WIDE, ...rest] : rest;
  await interruptible((signal) => command.run(own, signal));
  return 0;
}

if (import.meta.main) await runEntryPoint(() => main(Deno.args));

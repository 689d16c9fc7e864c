/**
 * `deno task data COMMAND`: looks at data sets, drafts schemas of logs and fits twins to them.
 *
 * @module
 */

import { runEntryPoint } from "../core/entry_point.ts";
import {
  chooseCommand,
  type FlagTable,
  type FlagValues,
  formatHelp,
  parseFlags,
} from "../core/flags.ts";
import { formatCount } from "../core/format.ts";
import { interruptible } from "../core/interrupt.ts";
import { Progress } from "../core/progress.ts";
import { detectTerminal } from "../core/terminal.ts";
import { print, tell } from "../core/streams.ts";
import type { CommandHooks } from "./command.ts";
import { FIT_FLAGS, fitHelp, runFit } from "./fit_command.ts";
import { PROFILE_FLAGS, runProfile } from "./profile_command.ts";
import { runSchema, SCHEMA_FLAGS, schemaHelp } from "./schema_command.ts";

const COMMANDS = ["profile", "schema", "fit"] as const;

function main(args: readonly string[]): Promise<number> {
  const { name, rest } = chooseCommand(COMMANDS, args);
  if (name === null) {
    print(`${profileHelp()}\n${schemaHelp()}\n${fitHelp()}`);
    return Promise.resolve(0);
  }
  if (name === "schema") return execute(SCHEMA_FLAGS, rest, schemaHelp, runSchema);
  if (name === "fit") return execute(FIT_FLAGS, rest, fitHelp, runFit);
  return execute(PROFILE_FLAGS, rest, profileHelp, runProfile);
}

/** Parses a command's flags, runs it under Ctrl-C with its progress on standard error, and prints what it returns. */
async function execute<
  const T extends FlagTable & { readonly quiet: { readonly type: "boolean" } },
>(
  flags: T,
  rest: readonly string[],
  helpPage: () => string,
  run: (values: FlagValues<T>, hooks: CommandHooks) => Promise<string>,
): Promise<number> {
  const { values, help } = parseFlags(flags, rest);
  if (help) {
    print(helpPage());
    return 0;
  }
  const quiet = Boolean(values.quiet);
  const terminal = detectTerminal("stderr");
  let bar: Progress | null = null, shown = "";
  const finish = (): void => {
    bar?.finish();
    bar = null;
  };
  const onProgress: CommandHooks["onProgress"] = (label, unit, done, total, fields) => {
    if (label !== shown) finish();
    shown = label;
    bar ??= new Progress({ label, total, unit, terminal, quiet });
    bar.update(done, fields);
  };
  return await interruptible(async (signal) => {
    try {
      const text = await run(values, {
        signal,
        onNote: (line) => {
          finish();
          if (!quiet) tell(line);
        },
        onProgress,
        onPreparation: ({ bytes, totalBytes, rows }) =>
          onProgress("prepare", "B", bytes, totalBytes, { rows: formatCount(rows) }),
      });
      finish();
      print(text);
      return 0;
    } catch (error) {
      finish();
      throw signal.aborted ? signal.reason : error;
    }
  });
}

function profileHelp(): string {
  return formatHelp(PROFILE_FLAGS, {
    command: "deno task data",
    about: "Say what a data set looks like: cardinality, skew, reuse, and what memory makes hot",
    usage: "profile SOURCE… [flags]",
    examples: [
      ["A log of one's own", "deno task data profile train.txt --plot profile.svg"],
      [
        "A twin, a million of its inputs looked at",
        "deno task data profile twin:rm2:45840617 --sample 1000000",
      ],
    ],
  });
}

if (import.meta.main) await runEntryPoint(() => main(Deno.args));

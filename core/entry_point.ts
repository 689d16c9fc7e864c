/**
 * How all commands end: with an exit status, and one line for an error that the user can fix.
 *
 * @module
 */

import { Interruption } from "./interrupt.ts";
import { print, printedStatus, tell } from "./streams.ts";
import { type OptionNaming, UsageError, UserError } from "./errors.ts";
import { versionLine } from "./version.ts";

/** Exit statuses: something went wrong; the command line was wrong. */
const FAILED = 1, MISUSED = 2;

/**
 * Runs a command and sets the process's exit status to what it returns; `--version` anywhere among its words asks for
 * versions alone. For a `UserError` it prints the message and sets 2
 * where an option was wrong, else 1; for an `Interruption` the status that belongs to its signal; any other error is a
 * defect and is thrown with its stack.
 *
 * @param option The command's flags for fields that messages name.
 */
export async function runEntryPoint(
  command: () => Promise<number>,
  option: OptionNaming = (field) => field,
): Promise<void> {
  try {
    const status = Deno.args.includes("--version") ? sayVersion() : await command();
    Deno.exitCode = printedStatus(status);
  } catch (error) {
    if (error instanceof Interruption) {
      tell(error.message);
      Deno.exitCode = error.exitStatus;
      return;
    }
    if (!(error instanceof UserError)) throw error;
    tell(`error: ${error.tell(option)}`);
    Deno.exitCode = error instanceof UsageError ? MISUSED : FAILED;
  }
}

function sayVersion(): number {
  print(versionLine());
  return 0;
}

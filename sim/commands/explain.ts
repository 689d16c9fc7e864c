/**
 * `deno task simulate explain`: where the time goes and which number of the machine to buy.
 *
 * @module
 */

import { type FlagTable, formatHelp, parseFlags } from "../../core/flags.ts";
import { explain } from "../explain.ts";
import { formatExplanation } from "../report.ts";
import { checkSystems, type Command, openMachines, openTraces, SUBJECT_FLAGS } from "./flags.ts";
import { describe } from "./run.ts";

const FLAGS = SUBJECT_FLAGS satisfies FlagTable;

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
    const systems = checkSystems(values.system);
    const machines = await openMachines(values.machine);
    for (const named of await openTraces(values.trace)) {
      console.log(`${describe(named)}\n`);
      for (const machine of machines) {
        for (const gpus of values.gpus) {
          for (const system of systems) {
            const { batchPerGpu, dropShare } = values;
            const options = { trace: named.trace, machine, system, gpus, batchPerGpu, dropShare };
            console.log(formatExplanation(explain(options)));
          }
        }
      }
    }
  },
};

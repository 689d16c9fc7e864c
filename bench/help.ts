/**
 * The help page of `deno task bench`.
 *
 * @module
 */

import { formatHelp } from "../core/flags.ts";
import type { Experiment } from "./experiment.ts";
import { BENCH_FLAGS } from "./flags.ts";

/** Flags, examples, commands and experiments. */
export function helpPage(experiments: readonly Omit<Experiment, "run">[]): string {
  const width = Math.max(...experiments.map(({ name }) => name.length), "compare A B".length);
  const line = (name: string, text: string): string => `  ${name.padEnd(width)}  ${text}`;
  const list = (suite: Experiment["suite"], heading: string): string[] => [
    heading,
    ...experiments.filter((experiment) => experiment.suite === suite).map(({ name, summary }) =>
      line(name, summary)
    ),
    "",
  ];
  return [
    formatHelp(BENCH_FLAGS, {
      command: "deno task bench",
      about: "Run experiments, print their tables and write a report",
      usage: "[NAME …|report [DIR]|compare A B] [flags]",
      examples: [
        ["All experiments at reduced sizes, with a report", "deno task bench"],
        [
          "At published sizes, which takes hours; Ctrl-C and the same words go on",
          "deno task bench --full",
        ],
        ["One experiment with all its tables", "deno task bench skew"],
        [
          "Hot share of all inputs that train RM2",
          "deno task bench hot --workloads rm2 --inputs 39291958",
        ],
        ["Two folders of results side by side", "deno task bench compare runs/before runs/bench"],
      ],
    }),
    ...list("default", "Experiments without a name"),
    ...list("full", "With --full as well"),
    ...list("never", "By name alone"),
    "Commands",
    line("report [DIR]", "Make report.html and the SVG files of a folder of results anew"),
    line(
      "jobs NAME …",
      "List the training runs of experiments as commands (--help: for Slurm as well)",
    ),
    line("run", "Make such a run"),
    line(
      "collect NAME …",
      "Make the tables of the runs that are there, and name those that are missing",
    ),
    line("compare A B", "Set two folders or files of results side by side"),
    "",
    "Time",
    "  The first suite of a folder says how long it has taken, and how many training runs are kept: nobody knows",
    "  how fast this machine is. A suite that follows a finished one of the same settings says what is left too.",
    "  One that was interrupted, or in which an experiment failed, goes on with the same words.",
  ].join("\n");
}

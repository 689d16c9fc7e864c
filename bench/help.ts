/**
 * The help pages of `deno task bench`.
 *
 * @module
 */

import { type Flag, type FlagTable, formatHelp } from "../core/flags.ts";
import type { Experiment } from "./experiment.ts";
import { BENCH_FLAGS } from "./flags.ts";
import { namesOfTakers, takenFlags } from "./taken_flags.ts";

/** What is told of an experiment. */
type Told = Omit<Experiment, "run">;

/** Of flags that no more experiments than these take, the help page names them. */
const NAMED_TAKERS = 4;

/** Those flags of a table that some experiments take. */
export function takenTable(flags: FlagTable, chosen: readonly Told[]): FlagTable {
  const keys = new Set(takenFlags(Object.keys(flags), chosen));
  return Object.fromEntries(Object.entries(flags).filter(([key]) => keys.has(key)));
}

/** The flags that some experiments take. */
export function helpOf(chosen: readonly Told[], all: readonly Told[]): string {
  const names = chosen.map(({ name }) => name).join(" ");
  return formatHelp(takenTable(BENCH_FLAGS, chosen), {
    command: "deno task bench",
    about: chosen.map(({ name, summary }) => `${name}: ${summary}`).join("\n"),
    usage: `${names} [flags]`,
  }) + `\nFlags of all ${all.length} experiments: deno task bench --help`;
}

/** Flags, examples, commands and experiments. */
export function helpPage(experiments: readonly Told[]): string {
  const width = Math.max(...experiments.map(({ name }) => name.length), "collect NAME …".length);
  const line = (name: string, text: string): string => `  ${name.padEnd(width)}  ${text}`;
  const list = (suite: Experiment["suite"], heading: string): string[] => [
    heading,
    ...experiments.filter((experiment) => experiment.suite === suite).map(({ name, summary }) =>
      line(name, summary)
    ),
    "",
  ];
  return [
    formatHelp(flagsWithTakers(experiments), {
      command: "deno task bench",
      about: "Run experiments, print their tables and write a report",
      usage:
        "[NAME …|--data LOG|report [DIR|RUN.jsonl …]|compare A B|jobs NAME …|run|collect NAME …|record NAME …|pages] [flags]",
      examples: [
        ["All experiments at reduced sizes, with a report", "deno task bench"],
        [
          "At published sizes, which takes hours; Ctrl-C and the same words go on",
          "deno task bench --full",
        ],
        [
          "Is skipping worth it on a log of your own, here and on other machines?",
          "deno task bench --data my.tsv --machine h100x8,l4",
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
    "Each experiment refuses flags that mean nothing to it: deno task bench NAME --help lists those it takes",
    "",
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
    line("record NAME …", "Train their runs one after another, and keep a record of each"),
    line("pages [PAGE …]", "Make the tables of recorded runs in pages anew, or --check them"),
    line("compare A B", "Set two folders or files of results side by side"),
    "",
    "Time",
    "  The first suite of a folder says how long it has taken, and how many training runs are kept: nobody knows",
    "  how fast this machine is. A suite that follows a finished one of the same settings says what is left too.",
    "  One that was interrupted, or in which an experiment failed, goes on with the same words.",
  ].join("\n");
}

/** All flags; in the texts of those that few experiments take, their names. */
function flagsWithTakers(experiments: readonly Told[]): Record<string, Flag> {
  return Object.fromEntries(
    Object.entries(BENCH_FLAGS).map(([key, flag]): [string, Flag] => {
      const names = namesOfTakers(key, experiments);
      const few = names.length > 0 && names.length <= NAMED_TAKERS;
      return [key, few ? { ...flag, help: `${flag.help}; for ${names.join(", ")}` } : flag];
    }),
  );
}

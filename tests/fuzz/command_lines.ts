/** Command lines of words that are flags, nearly flags, and values that are odd. */

import { BENCH_FLAGS, partWords } from "../../bench/flags.ts";
import { chooseCommand, type FlagTable, parseFlags } from "../../core/flags.ts";
import { FIT_FLAGS } from "../../data/fit_command.ts";
import { PROFILE_FLAGS } from "../../data/profile_command.ts";
import { SCHEMA_FLAGS } from "../../data/schema_command.ts";
import { COMMANDS } from "../../sim/commands/mod.ts";
import { parseAxis, PLAN_AXES } from "../../sim/sweep.ts";
import { TRAIN_FLAGS } from "../../train/command/flags.ts";
import { parseTrainOptions } from "../../train/command/parse.ts";
import type { Draw } from "./draw.ts";
import { type Subject, verdictOf } from "./subject.ts";

const VALUES = [
  ...["", "-", "--", "=", "0", "-1", "1e400", "NaN", "5", "0.5", "1-2-3", "1,2", "none", "auto"],
  ...[
    "rm2",
    "twin:rm2",
    "twin:rm9:x",
    "synthetic:100",
    "\u001b[2J",
    "x".repeat(500),
    "a=b",
    "__proto__",
  ],
];

function flagsOf(table: object): string[] {
  return ["help", ...Object.keys(table)].map((key) =>
    `--${key.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`
  );
}

/** Words with a NUL behind each. */
function line(flags: readonly string[], draw: Draw): Uint8Array {
  const words: string[] = [];
  for (let n = draw.below(8); n > 0; n--) {
    const flag = draw.of(flags);
    words.push(draw.chance(0.2) ? flag.slice(0, -1 - draw.below(3)) : flag);
    if (draw.chance(0.3)) words[words.length - 1] += `=${draw.of(VALUES)}`;
    else if (draw.chance(0.7)) words.push(draw.of(VALUES));
  }
  return new TextEncoder().encode(words.map((word) => `${word}\0`).join(""));
}

function wordsOf(input: Uint8Array): string[] {
  return new TextDecoder().decode(input).split("\0").slice(0, -1);
}

const TRAIN = flagsOf(TRAIN_FLAGS);

/** Lines that flags alone decide on. */
function lineOf(name: string, flags: FlagTable, understand: (words: string[]) => unknown): Subject {
  const spelt = flagsOf(flags);
  return {
    name: `${name}-line`,
    make: (draw) => line(spelt, draw),
    check: (input) => verdictOf(() => understand(wordsOf(input))),
  };
}

/** Command lines of a task's subcommands: the first of the words is the subcommand, or nearly. */
function linesOf(task: string, tables: Readonly<Record<string, FlagTable>>): Subject {
  const names = Object.keys(tables);
  return {
    name: `${task}-line`,
    make: (draw) => {
      const name = draw.of(names);
      const words = new TextDecoder().decode(line(flagsOf(tables[name]!), draw));
      return new TextEncoder().encode(`${draw.chance(0.1) ? name.slice(1) : name}\0${words}`);
    },
    check: (input) =>
      verdictOf(() => {
        const { name, rest } = chooseCommand(names, wordsOf(input));
        if (name !== null) parseFlags(tables[name]!, rest);
      }),
  };
}

/** Command lines by the command. */
export const COMMAND_LINES: readonly Subject[] = [
  {
    name: "train-line",
    make: (draw) => line(TRAIN, draw),
    check: (input) => verdictOf(() => parseTrainOptions(wordsOf(input), () => [])),
  },
  lineOf("bench", BENCH_FLAGS, (words) => parseFlags(BENCH_FLAGS, partWords(words).flags)),
  linesOf("data", { profile: PROFILE_FLAGS, schema: SCHEMA_FLAGS, fit: FIT_FLAGS }),
  linesOf("simulate", Object.fromEntries(COMMANDS.map(({ name, flags }) => [name, flags]))),
  {
    name: "sweep-axis",
    make: (draw) => {
      const name = draw.of([...PLAN_AXES, "link.pageable_gb_s", "drop_share", "toString", ""]);
      const values = Array.from(
        { length: draw.below(4) },
        () => draw.chance(0.7) ? `${draw.below(100)}` : draw.of(VALUES),
      );
      return new TextEncoder().encode(`${name}${draw.of(["=", "", ":"])}${values.join(",")}`);
    },
    check: (input) =>
      verdictOf(() => {
        const { values } = parseAxis(new TextDecoder().decode(input));
        if (values.length === 0 || !values.every(Number.isFinite)) throw new Error("no numbers");
      }),
  },
];

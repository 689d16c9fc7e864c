/** Command lines of words that are flags, nearly flags, and values that are odd. */

import { BENCH_FLAGS, partWords } from "../../bench/flags.ts";
import { parseFlags } from "../../core/flags.ts";
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
  return Object.keys(table).map((key) =>
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

const TRAIN = flagsOf(TRAIN_FLAGS), BENCH = flagsOf(BENCH_FLAGS);

/** Command lines by the command. */
export const COMMAND_LINES: readonly Subject[] = [
  {
    name: "train-line",
    make: (draw) => line(TRAIN, draw),
    check: (input) => verdictOf(() => parseTrainOptions(wordsOf(input), () => [])),
  },
  {
    name: "bench-line",
    make: (draw) => line(BENCH, draw),
    check: (input) => verdictOf(() => parseFlags(BENCH_FLAGS, partWords(wordsOf(input)).flags)),
  },
];

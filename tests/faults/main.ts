/** `deno task faults`: kills, full disks, read-only folders and lost streams, and tables of what became of the work. */

import { runEntryPoint } from "../../core/entry_point.ts";
import { type FlagTable, formatHelp, parseFlags } from "../../core/flags.ts";
import { RandomStream } from "../../core/random.ts";
import { print, tell } from "../../core/streams.ts";
import { type Cell, formatTable } from "../../core/table.ts";
import { killRuns } from "./kills.ts";
import { meetRuns, OBSTACLES } from "./obstacles.ts";
import { unharmed } from "./tries.ts";
import { WORKS, WRITING_WORKS } from "./works.ts";

const FLAGS = {
  runs: {
    type: "number",
    integer: true,
    min: 1,
    default: 2,
    group: "Faults",
    help: "Runs of each kind, with each fault; those with kills are killed up to four times",
  },
  minutes: {
    type: "number",
    above: 0,
    default: 20,
    group: "Faults",
    help: "After so long no run is begun",
  },
  only: { type: "string", default: "", group: "Faults", help: "Kinds whose name has this in it" },
  seed: {
    type: "number",
    integer: true,
    min: 0,
    default: 1,
    group: "Faults",
    help: "Of the moments, the sizes of disks and the choice of streams",
  },
} as const satisfies FlagTable;

async function main(): Promise<number> {
  const { values, help } = parseFlags(FLAGS, Deno.args);
  if (help) {
    print(formatHelp(FLAGS, {
      command: "deno task faults",
      about:
        "Kill trainings, preparations, counts and suites, fill their disks, take their folders and streams, and compare what they come to",
      usage: "[flags]",
    }));
    return 0;
  }
  const stream = new RandomStream(values.seed, "synthetic", 0);
  let at = 0;
  const uniform = () => stream.uniform(at++);
  const until = performance.now() + 60_000 * values.minutes;
  const killed: Cell[][] = [], met: Cell[][] = [], untried = new Set<string>();
  for (const work of WORKS.filter(({ name }) => name.includes(values.only))) {
    if (performance.now() > until) break;
    const expected = await unharmed(work);
    const { runs, kills, same } = await killRuns(work, expected, values.runs, uniform, until);
    tell(`${work.name}: ${kills} kills, ${same} of ${runs} the same`);
    killed.push([work.name, runs, kills, same]);
    for (const obstacle of WRITING_WORKS.has(work.name) ? OBSTACLES : []) {
      const outcome = await meetRuns(work, obstacle, expected, values.runs, uniform, until);
      if (outcome === null) {
        untried.add(obstacle.name);
        continue;
      }
      const { runs, well, refused, same } = outcome;
      tell(`${work.name}, ${obstacle.name}: ${refused} refused, ${same} of ${runs} the same`);
      met.push([work.name, obstacle.name, runs, well, refused, same]);
    }
  }
  print(tableOf(["what", "runs", "kills", "same result"], killed));
  print(tableOf(["what", "fault", "runs", "went well", "refused", "same result after"], met));
  for (const name of untried) print(`Not tried, ${name}: only root can mount a disk for it`);
  return 0;
}

/** A table that ends with the sums of its columns of numbers. */
function tableOf(names: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const sums = names.map((_, c) => {
    const cells = rows.map((row) => row[c]!);
    const numbers = cells.filter((cell) => typeof cell === "number");
    return c === 0
      ? "all"
      : numbers.length < cells.length
      ? ""
      : numbers.reduce((a, b) => a + b, 0);
  });
  return formatTable({ columns: names.map((name) => ({ name })), rows: [...rows, sums] });
}

if (import.meta.main) await runEntryPoint(main);

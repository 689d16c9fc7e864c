/** `deno task faults`: kills at random moments of everything that takes long, and a table of what became of it. */

import { runEntryPoint } from "../../core/entry_point.ts";
import { type FlagTable, formatHelp, parseFlags } from "../../core/flags.ts";
import { RandomStream } from "../../core/random.ts";
import { print, tell } from "../../core/streams.ts";
import { formatTable } from "../../core/table.ts";
import { killRuns, type Outcome } from "./kills.ts";
import { WORKS } from "./works.ts";

const FLAGS = {
  runs: {
    type: "number",
    integer: true,
    min: 1,
    default: 2,
    group: "Faults",
    help: "Runs of each kind that are killed up to four times and then end",
  },
  minutes: {
    type: "number",
    above: 0,
    default: 10,
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
    help: "Of the moments",
  },
} as const satisfies FlagTable;

async function main(): Promise<number> {
  const { values, help } = parseFlags(FLAGS, Deno.args);
  if (help) {
    print(formatHelp(FLAGS, {
      command: "deno task faults",
      about:
        "Kill trainings, preparations, counts and suites at random moments, and compare what they come to",
      usage: "[flags]",
    }));
    return 0;
  }
  const stream = new RandomStream(values.seed, "synthetic", 0);
  let at = 0;
  const until = performance.now() + 60_000 * values.minutes;
  const outcomes: Outcome[] = [];
  for (const work of WORKS.filter(({ name }) => name.includes(values.only))) {
    if (performance.now() > until) break;
    const outcome = await killRuns(work, values.runs, () => stream.uniform(at++), until);
    tell(`${outcome.name}: ${outcome.kills} kills, ${outcome.same} of ${outcome.runs} the same`);
    outcomes.push(outcome);
  }
  const sum = (of: "runs" | "kills" | "same") => outcomes.reduce((n, one) => n + one[of], 0);
  print(formatTable({
    columns: ["what", "runs", "kills", "same result"].map((name) => ({ name })),
    rows: [
      ...outcomes.map(({ name, runs, kills, same }) => [name, runs, kills, same]),
      ["all", sum("runs"), sum("kills"), sum("same")],
    ],
  }));
  return sum("same") === sum("runs") ? 0 : 1;
}

if (import.meta.main) await runEntryPoint(main);

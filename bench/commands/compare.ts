/**
 * `deno task bench compare A B`: two folders or files of results side by side.
 *
 * @module
 */

import { UsageError, UserError } from "../../core/errors.ts";
import { fileError } from "../../core/files.ts";
import { type FlagTable, formatHelp, parseFlags } from "../../core/flags.ts";
import { writeOutput } from "../../core/outputs.ts";
import { formatTable } from "../../core/table.ts";
import { print, tell } from "../../core/streams.ts";
import {
  type ComparedExperiment,
  compareResults,
  type Comparison,
  type NamedResults,
} from "../compare/documents.ts";
import type { ResultTable } from "../experiment.ts";
import { outputColumns } from "../print.ts";
import { readResult, readResults } from "../results.ts";
import { claimTables, writeTables } from "./common.ts";

const FLAGS = {
  json: {
    type: "path",
    valueName: "FILE",
    group: "Files",
    help: "Write the comparison to this file; - is standard output",
  },
  csv: {
    type: "path",
    valueName: "DIR",
    group: "Files",
    help: "Write each table as CSV to this folder; - is standard output",
  },
} as const satisfies FlagTable;

const METHOD = `Method
  Times and rates: Welch's t interval of the logarithms, so the ratio is that of the geometric means.
  What seeds decide: Student's t interval of the logarithms' differences, seed by seed.
  A value that is not above zero: differences B - A in place of ratios.
  Noise: half of the way from the 10th to the 90th percentile of a run's repeats, of the run that varies more.
  A verdict needs 3 repeats a run and an interval that leaves no difference out; of times and rates also a
  ratio outside the noise band, and no software adapter on either side.`;

/** Of so many intervals that hold 95 %, one in twenty misses by chance. */
const CHANCE = 20;

/** Compares, prints, and writes what is asked for. Ends with status 0 whatever the verdicts are. */
export async function compareCommand(
  words: readonly string[],
  flags: readonly string[],
): Promise<number> {
  const { values, help } = parseFlags(FLAGS, flags);
  if (help) {
    print(formatHelp(FLAGS, {
      command: "deno task bench compare",
      about:
        "Set two runs side by side: medians, B over A with a 95 % interval, and a verdict where the interval allows one",
      usage: "A B [flags]",
      examples: [
        ["Two folders of results", "deno task bench compare runs/bench-20261126-0142 runs/bench"],
        ["Two results of one experiment", "deno task bench compare a/kernels.json b/kernels.json"],
      ],
    }));
    print(METHOD);
    return 0;
  }
  const [first, second, ...rest] = words;
  if (first === undefined || second === undefined || rest.length > 0) {
    throw new UsageError(
      `Cannot compare ${
        words.length === 1 ? "1 result" : `${words.length} results`
      }: name two folders or files`,
    );
  }
  const { json = null, csv = null } = values;
  claimTables({ json, csv });
  const comparison = compareResults(await load(first), await load(second));
  for (const line of comparison.left_out) tell(line);
  const tables = comparison.experiments.map(tableOf);
  print(textOf(comparison, tables, outputColumns()));
  if (json !== null) await writeOutput(json, `${JSON.stringify(comparison, null, 2)}\n`);
  if (csv !== null) await writeTables(csv, "compare", tables);
  return 0;
}

/** Reads a folder of results or one file. Throws a `UserError` where there is nothing to compare. */
async function load(path: string): Promise<NamedResults> {
  let isDirectory: boolean;
  try {
    ({ isDirectory } = await Deno.stat(path));
  } catch (error) {
    throw fileError("read", path, error);
  }
  if (!isDirectory) return { name: path, documents: [await readResult(path)] };
  const { documents, refused } = await readResults(path);
  for (const line of refused) tell(line);
  if (documents.length === 0) {
    throw new UserError(
      `Cannot compare ${path}: it holds no results of deno task bench that can be read`,
    );
  }
  return { name: path, documents };
}

function textOf(
  { a, b, warnings, experiments }: Comparison,
  tables: readonly ResultTable[],
  columns: number | null,
): string {
  const lines = [`A: ${a}`, `B: ${b}`, ""];
  if (warnings.length > 0) {
    lines.push(
      "WARNING: what numbers depend on, times and rates above all, is not the same or not known:",
      ...warnings.map((line) => `  ${line}`),
      "",
    );
  }
  for (const table of tables) lines.push(table.title, "", formatTable(table, columns ?? Infinity));
  const all = experiments.flatMap(({ samples }) => samples);
  if (all.length === 0) lines.push("Nothing in common to compare");
  const judged = all.filter(({ interval, reason }) => interval !== null && reason !== "identical");
  if (judged.length >= CHANCE) {
    lines.push(
      `Of ${judged.length} intervals about ${
        Math.round(judged.length / CHANCE)
      } leave no difference out by chance alone`,
    );
  }
  return lines.join("\n").trimEnd();
}

function tableOf({ experiment, samples }: ComparedExperiment): ResultTable {
  return {
    title: experiment,
    columns: [
      { name: "what" },
      { name: "unit" },
      { name: "A, median", format: number },
      { name: "B, median", format: number },
      { name: "repeats of A" },
      { name: "of B" },
      { name: "B / A", format: number },
      { name: "95 % from", format: number },
      { name: "to", format: number },
      { name: "noise, ± %", format: (x) => x.toFixed(1) },
      { name: "verdict on B" },
    ],
    rows: samples.map(({ name, unit, a, b, scale, effect, interval, noise, verdict, reason }) => [
      scale === "ratio" ? name : `${name} (B - A)`,
      unit,
      a.median,
      b.median,
      a.repeats,
      b.repeats,
      effect,
      ...(interval ?? [null, null]),
      noise === null ? null : 100 * noise,
      reason === "" ? verdict : `${verdict} (${reason})`,
    ]),
  };
}

function number(value: number): string {
  return Number(value.toPrecision(5)).toString();
}

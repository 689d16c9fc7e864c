/**
 * `deno task simulate --trace …`: the default subcommand.
 *
 * @module
 */

import { checkpoint, withEvents } from "../../core/events.ts";
import { type FlagTable, formatHelp, parseFlags } from "../../core/flags.ts";
import { claimOutputs } from "../../core/outputs.ts";
import { print } from "../../core/streams.ts";
import { wrap } from "../../core/wrap.ts";
import { rangesInPieces } from "../ranges.ts";
import { formatResults, type RangedResult, resultsCsv } from "../report.ts";
import { minibatchGraph, simulate } from "../simulate.ts";
import type { System } from "../system.ts";
import { timeline, type TimelineEntry } from "../timeline.ts";
import { writeFiles } from "./files.ts";
import {
  combinationsOf,
  type Command,
  describeSet,
  describeSkips,
  type NamedTrace,
  openSubject,
  type Subject,
  SUBJECT_FLAGS,
} from "./flags.ts";

/** The flags. */
export const RUN_FLAGS = {
  ...SUBJECT_FLAGS,
  json: {
    type: "path",
    group: "Files",
    help: "Write the results with their breakdowns; - is standard output",
  },
  csv: { type: "path", group: "Files", help: "Write the results as CSV; - is standard output" },
  timeline: {
    type: "path",
    group: "Files",
    help: "Write one minibatch of each kind and system for the Perfetto viewer",
  },
} as const satisfies FlagTable;

/** Grows when a member of the JSON document changes its meaning or goes. */
export const RESULTS_SCHEMA_VERSION = 1;

/** Draws unless told: those of the paper table, so that its ranges are these. */
const DRAWS = 200;

/** Simulates every combination. */
export const runCommand: Command = {
  name: "run",
  summary: "Simulate: every trace, machine, number of GPUs and system (the default)",
  flags: RUN_FLAGS,
  async run(args, signal) {
    const { values, help } = parseFlags(RUN_FLAGS, args);
    if (help) {
      print(formatHelp(RUN_FLAGS, {
        command: "deno task simulate run",
        about: "Simulate training",
        usage: "--trace FILE [flags]",
      }));
      return;
    }
    const { json = null, csv = null, timeline: timelinePath = null } = values;
    claimOutputs({ "--json": json, "--csv": csv, "--timeline": timelinePath });
    const subject = await openSubject(values);
    const { draws = DRAWS } = values;
    const all: (RangedResult & { trace: string })[] = [], shown: TimelineEntry[] = [];
    const printed: string[] = [];
    for (const named of subject.traces) {
      const results: RangedResult[] = [];
      for (const { options, drawing } of combinationsOf(subject, named, values)) {
        await checkpoint(signal);
        if (timelinePath !== null) {
          for (const one of options) shown.push(...minibatchesOf(one, named.name));
        }
        const plain = options.map(simulate);
        const ranges = draws === 0
          ? []
          : await withEvents(rangesInPieces(options, drawing, draws), signal);
        results.push(...plain.map((result, i) => ({ ...result, ranges: ranges[i] ?? null })));
      }
      printed.push(
        `${describeSubject(named, subject, draws, values.drop)}\n\n${formatResults(results)}`,
      );
      all.push(...results.map((result) => ({ trace: named.name, ...result })));
    }
    const document = {
      schema: "slipstream.simulation",
      schema_version: RESULTS_SCHEMA_VERSION,
      parameters: subject.set.name,
      draws,
      results: all,
    };
    await writeFiles(signal, [
      [json, () => `${JSON.stringify(document, null, 2)}\n`],
      [csv, () => resultsCsv(all)],
      [timelinePath, () => JSON.stringify(timeline(shown))],
    ]);
    for (const text of printed) print(text);
  },
};

/** The first minibatch of each kind that a system trains. */
function minibatchesOf(
  options: Parameters<typeof simulate>[0] & { readonly system: System },
  trace: string,
): TimelineEntry[] {
  const kinds = Object.keys(simulate(options).minibatch_ms);
  return kinds.map((kind) => ({
    name: `${trace}, ${options.system.name}, ${options.gpus} GPUs, ${kind}`,
    graph: minibatchGraph(options, kind).graph,
  }));
}

/** What a trace is of, in a sentence. */
export function describe({ name, trace }: NamedTrace): string {
  const { origin, dataset, batch, plan, model } = trace.header;
  const hot = plan.hot === null
    ? ""
    : `, ${
      (100 * plan.hot.hot_inputs / (plan.hot.hot_inputs + plan.hot.cold_inputs)).toFixed(1)
    } % hot`;
  return wrap(
    `${name}: ${origin} of ${dataset.train_inputs} inputs (${dataset.format}), minibatch ${batch}, rows of ${model.dim} floats${hot}`,
  );
}

/** What is simulated: the trace, what is skipped, the parameters and the draws. */
export function describeSubject(
  named: NamedTrace,
  { set }: Subject,
  draws: number,
  drop: number | undefined,
): string {
  return [describe(named), describeSkips(named, drop), describeSet(set, draws)]
    .filter((line) => line !== null).join("\n");
}

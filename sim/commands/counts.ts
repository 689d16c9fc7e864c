/**
 * `deno task simulate counts`: a counted trace of a twin, without training.
 *
 * @module
 */

import { type FlagTable, formatHelp, parseFlags, QUIET_FLAG } from "../../core/flags.ts";
import { formatDuration } from "../../core/format.ts";
import { checkpoint } from "../../core/events.ts";
import { checkOutputFile } from "../../core/outputs.ts";
import { print } from "../../core/streams.ts";
import { WORKLOAD_NAMES, type WorkloadName } from "../../data/twin/workloads.ts";
import { countTrace } from "../counts.ts";
import { writeCountedTrace } from "../counted_file.ts";
import { condense, countTraceRuns } from "../work.ts";
import { CountProgress } from "./count_progress.ts";
import type { Command } from "./flags.ts";
import { describe } from "./run.ts";

const FLAGS = {
  twin: {
    type: "choice",
    choices: WORKLOAD_NAMES,
    required: true,
    group: "Trace",
    help: "Twin whose inputs are counted",
  },
  inputs: {
    type: "number",
    integer: true,
    min: 1,
    group: "Trace",
    defaultText: "all",
    help: "Training inputs",
  },
  batch: {
    type: "number",
    integer: true,
    min: 1,
    default: 1024,
    group: "Trace",
    help: "Inputs of a minibatch",
  },
  hotMemory: {
    type: "number",
    above: 0,
    default: 256,
    valueName: "MIB",
    group: "Trace",
    help: "Memory for hot rows in MiB",
  },
  profileEvery: {
    type: "number",
    integer: true,
    min: 1,
    group: "Trace",
    defaultText: "20, 5 for rm1",
    help: "Rank rows by one input in so many; 1 counts all",
  },
  classified: {
    type: "number",
    integer: true,
    min: 1,
    group: "Trace",
    defaultText: "all",
    help: "Tell hot from cold for so many inputs, which those after them repeat",
  },
  drop: {
    type: "number",
    min: 0,
    max: 1,
    default: 0.3,
    aliases: ["drop-share"],
    group: "Trace",
    help: "Share of the hot inputs after the window that is skipped, drawn at random",
  },
  warmup: {
    type: "number",
    integer: true,
    min: 0,
    default: 1000,
    aliases: ["warm-up"],
    group: "Trace",
    help: "Hot minibatches before the first snapshot",
  },
  window: {
    type: "number",
    min: 0,
    max: 1,
    group: "Trace",
    defaultText: "0.03, 0.05 for rm1",
    help: "Length of the window as a share of the hot minibatches",
  },
  seed: {
    type: "number",
    integer: true,
    min: 0,
    max: 2 ** 32 - 1,
    default: 1,
    group: "Trace",
    help: "Seed of the twin and of what is skipped",
  },
  out: { type: "path", required: true, group: "Files", help: "Write the counted trace" },
  quiet: QUIET_FLAG,
} as const satisfies FlagTable;

/** Counts. */
export const countsCommand: Command = {
  name: "counts",
  summary: "Count a trace of the Slipstream plan over a twin, without training",
  flags: FLAGS,
  async run(args, signal) {
    const { values, help } = parseFlags(FLAGS, args);
    if (help) {
      print(formatHelp(FLAGS, {
        command: "deno task simulate counts",
        about: "Count a trace without training",
        usage: "--twin NAME --out FILE [flags]",
        examples: [[
          "RM2 at its published size",
          "deno task simulate counts --twin rm2 --inputs 39291958 --out rm2.json",
        ]],
      }));
      return;
    }
    checkOutputFile("--out", values.out);
    const begun = performance.now();
    using progress = new CountProgress(values.quiet);
    const counted = await countTrace({
      twin: values.twin as WorkloadName,
      inputs: values.inputs,
      batch: values.batch,
      hotMemoryBytes: values.hotMemory * 2 ** 20,
      profileEvery: values.profileEvery,
      classified: values.classified,
      drop: values.drop,
      warmup: values.warmup,
      window: values.window,
      seed: values.seed,
      onProgress: (done, total) => progress.update(done, total),
      signal,
    });
    progress[Symbol.dispose]();
    const trace = condense(countTraceRuns(counted));
    await checkpoint(signal);
    await writeCountedTrace(values.out, trace);
    print(describe({ name: values.out, trace }));
    print(
      `${counted.records.length} minibatches counted in ${
        formatDuration((performance.now() - begun) / 1000)
      }`,
    );
  },
};

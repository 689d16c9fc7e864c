/**
 * `deno task gpu`: all that is worth knowing of a GPU, within some minutes, as one document of a results folder.
 *
 * @module
 */

import { resolve } from "node:path";
import { runEntryPoint } from "../../core/entry_point.ts";
import { UserError } from "../../core/errors.ts";
import { type FlagTable, formatHelp, parseFlags, QUIET_FLAG } from "../../core/flags.ts";
import { interruptedStatus, interruptible } from "../../core/interrupt.ts";
import { print, tell } from "../../core/streams.ts";
import { findAdapter } from "../../kernels/webgpu/adapter.ts";
import { refreshReport } from "../commands/report.ts";
import { outputColumns, shortText } from "../print.ts";
import { readResult } from "../results.ts";
import { GPU_PART_NAMES, GPU_PARTS } from "./parts.ts";
import { runParts } from "./run_parts.ts";

const FLAGS = {
  minutes: {
    type: "number",
    min: 0.1,
    max: 600,
    default: 8,
    group: "What runs",
    help: "Time for all parts; those for which too little is left are left out",
  },
  parts: {
    type: "list",
    choices: GPU_PART_NAMES,
    default: GPU_PART_NAMES,
    valueName: "NAME,…",
    group: "What runs",
    help: "Parts; they run in the order below",
  },
  software: {
    type: "boolean",
    group: "What runs",
    help: "Go on with a software adapter, whose times say nothing: to try everything out",
  },
  smoke: {
    type: "boolean",
    group: "What runs",
    help: "Least work that still runs everything; the figures mean nothing",
  },
  out: {
    type: "path",
    valueName: "DIR",
    group: "Files",
    default: "runs/gpu",
    help: "Folder of results: gpu.json, its tables as CSV, report.html",
  },
  quiet: QUIET_FLAG,
} as const satisfies FlagTable;

async function main(args: readonly string[]): Promise<number> {
  const { values, help } = parseFlags(FLAGS, args);
  if (help) {
    print(formatHelp(FLAGS, {
      command: "deno task gpu",
      about:
        "Measure a GPU: speed, kernels, placements, PyTorch beside it, the simulator against it",
      usage: "[flags]",
      examples: [
        ["All of it within eight minutes", "deno task gpu"],
        ["Training speed alone", "deno task gpu --parts speed"],
        [
          "Try everything out without a GPU; the figures mean nothing",
          "deno task gpu --software --smoke",
        ],
      ],
    }));
    const width = Math.max(...GPU_PART_NAMES.map((name) => name.length));
    const lines = GPU_PARTS.map(({ name, help }) => `  ${name.padEnd(width)}  ${help}`);
    print(`Parts, in the order of their worth:\n${lines.join("\n")}`);
    return 0;
  }
  const { minutes, smoke, quiet, software } = values;
  const say = quiet ? () => {} : (line: string) => tell(line);
  if (await findAdapter(software ? "any" : "hardware") === null) {
    throw new UserError(
      software
        ? "Cannot measure a GPU: no WebGPU adapter was found, not even a software one"
        : "Cannot measure a GPU: no hardware WebGPU adapter was found; --software goes on with a software one",
    );
  }
  const out = resolve(values.out);
  const command = ["deno task gpu", ...args].join(" ");
  return await interruptible(async (signal) => {
    const parts = GPU_PARTS.filter(({ name }) => values.parts.includes(name));
    const outcomes = await runParts({
      ...{ parts, minutes, out, smoke, command, say, signal },
      device: "webgpu",
    });
    if (outcomes.length > 0) {
      await refreshReport(out, say);
      print(shortText([await readResult(`${out}/gpu.json`)], outputColumns()));
      print(`Report  ${values.out}/report.html\nData    ${values.out}/gpu.json`);
    }
    if (signal.aborted) {
      tell(`Interrupted after ${outcomes.length} of ${parts.length} parts`);
      return interruptedStatus(signal);
    }
    return outcomes.every(({ status }) => status !== "failed") ? 0 : 1;
  });
}

if (import.meta.main) await runEntryPoint(() => main(Deno.args));

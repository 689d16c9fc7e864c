/**
 * Flags that say where a run computes and what it writes.
 *
 * @module
 */

import { UsageError } from "../../core/errors.ts";
import type { FlagTable, FlagValues } from "../../core/flags.ts";
import { MAX_PREPARE_WORKERS } from "../feed/open_feeds.ts";
import type { RunOptions } from "../run/options.ts";
import type { Given } from "./data_flags.ts";
import type { DLRM_TRANSLATED } from "./dlrm_flags.ts";
import type { PLAN_FLAGS } from "./plan_flags.ts";

/** The device, and files. */
export const RUN_FLAGS = {
  device: {
    type: "choice",
    choices: ["auto", "cpu", "webgpu"],
    default: "auto",
    group: "Device",
    help: "Where to train; auto takes a hardware WebGPU adapter where there is one, else the CPU",
  },
  threads: {
    type: "number",
    integer: true,
    min: 1,
    max: 256,
    group: "Device",
    defaultText: "all cores",
    help: "Threads of the CPU device",
  },
  wide: {
    type: "boolean",
    group: "Device",
    help:
      "CPU kernels for V8's 256-bit mode on x86-64; deno task train says it, and --no-wide takes it back",
  },
  prepareWorkers: {
    type: "number",
    integer: true,
    min: 0,
    max: MAX_PREPARE_WORKERS,
    group: "Device",
    defaultText: "by device and cores",
    help: "Threads that prepare minibatches beside training; 0 prepares each when its turn comes",
  },
  init: {
    type: "path",
    valueName: "DIR",
    group: "Files",
    help: "Start from the weights and optimizer state in this folder",
  },
  save: {
    type: "path",
    valueName: "DIR",
    group: "Files",
    help: "Write the weights and optimizer state to this folder, as safetensors and JSON",
  },
  saveFallback: {
    type: "path",
    valueName: "DIR",
    group: "Files",
    help: "Write them to this folder if that of --save cannot be written",
  },
  json: {
    type: "path",
    valueName: "FILE",
    group: "Files",
    help: "Write configuration, metrics, losses and times to this file; - is standard output",
  },
  events: {
    type: "path",
    valueName: "FILE.jsonl",
    group: "Files",
    help:
      "Write how far the run is to this file while it trains, a JSON object a line; - is standard output",
  },
  page: {
    type: "path",
    valueName: "FILE.html",
    group: "Files",
    help: "Draw loss, AUC, drop curve, staleness and stages of the run on one page",
  },
} as const satisfies FlagTable;

type Values = FlagValues<typeof RUN_FLAGS & typeof PLAN_FLAGS & typeof DLRM_TRANSLATED>;

/** The device that flags ask for. */
export function deviceOf(
  { device, useGpu, threads, wide, prepareWorkers, placement }: Values,
  given: Given,
): RunOptions["device"] {
  if (useGpu && given.has("device") && device !== "webgpu") {
    throw new UsageError(
      `Cannot use --device ${device}: --use-gpu has been given and means --device webgpu`,
    );
  }
  const kind = useGpu ? "webgpu" : device;
  return { kind, threads, wide, prepareWorkers, placement };
}

/** The checkpoints and files that flags ask for. */
export function filesOf(
  { json, trace, events, page, save, saveFallback, checkpoint, checkpointEvery }: Values,
): Pick<RunOptions, "checkpoints" | "outputs"> {
  return {
    checkpoints: { folder: checkpoint, every: checkpointEvery },
    outputs: { result: json, trace, events, page, weights: save, weightsFallback: saveFallback },
  };
}

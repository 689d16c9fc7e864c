/**
 * `deno task train --resume`: a run goes on with the options that it was started with; a few may be changed.
 *
 * @module
 */

import { UsageError } from "../../core/errors.ts";
import type { FlagValues } from "../../core/flags.ts";
import type { RunSettings } from "../run/options.ts";
import type { Given } from "./data_flags.ts";
import type { TRAIN_FLAGS } from "./flags.ts";

/** The options that may change when a run goes on; null leaves one as it was. */
export interface ResumeChanges {
  /** Folder of the checkpoint. */
  readonly folder: string;
  /** Times through the training split in all: a run that has ended goes on if they are more. */
  readonly epochs: number | null;
  /** Minibatches in all. */
  readonly maxSteps: number | null;
  /** Threads of the CPU device. */
  readonly threads: number | null;
  /** The CPU device's kernels for V8's 256-bit mode. */
  readonly wide: boolean | null;
  /** Threads that prepare minibatches. */
  readonly prepareWorkers: number | null;
  /** Folder for weights and optimizer state. */
  readonly save: string | null;
  /** Folder for them where the other cannot be written. */
  readonly saveFallback: string | null;
  /** File for the result document. */
  readonly json: string | null;
  /** File for the trace. */
  readonly trace: string | null;
  /** File for events. */
  readonly events: string | null;
  /** File for the page. */
  readonly page: string | null;
  /** Folder for further checkpoints; null for that of the checkpoint itself. */
  readonly checkpoint: string | null;
  /** Minibatches between checkpoints. */
  readonly checkpointEvery: number | null;
}

/** Flags that may stand beside --resume. */
const RESUMABLE: ReadonlySet<string> = new Set([
  ...[
    "resume",
    "epochs",
    "maxSteps",
    "threads",
    "wide",
    "prepareWorkers",
    "save",
    "saveFallback",
    "json",
    "trace",
    "events",
    "page",
    "checkpoint",
    "checkpointEvery",
  ],
  "quiet",
]);

/**
 * The changes that flags ask for.
 *
 * @throws {UsageError} One of them cannot be changed.
 */
export function resumeChanges(
  values: FlagValues<typeof TRAIN_FLAGS>,
  given: Given,
): ResumeChanges {
  for (const [key, spelling] of given) {
    if (!RESUMABLE.has(key)) {
      throw new UsageError(
        `Cannot use ${spelling} with --resume: the run goes on with the options that it was started with`,
      );
    }
  }
  return {
    folder: values.resume!,
    epochs: given.has("epochs") ? values.epochs : null,
    maxSteps: given.has("maxSteps") ? values.maxSteps : null,
    threads: values.threads ?? null,
    wide: given.has("wide") ? values.wide : null,
    prepareWorkers: values.prepareWorkers ?? null,
    save: values.save ?? null,
    saveFallback: values.saveFallback ?? null,
    json: values.json ?? null,
    trace: values.trace ?? null,
    events: values.events ?? null,
    page: values.page ?? null,
    checkpoint: values.checkpoint ?? null,
    checkpointEvery: given.has("checkpointEvery") ? values.checkpointEvery : null,
  };
}

/**
 * The settings of a run that goes on.
 *
 * @param stored Those that it was started with.
 * @throws {UsageError} A trace is asked for and the run was started without one, or the run would end earlier than it was
 * to.
 */
export function resumedSettings(stored: RunSettings, changes: ResumeChanges): RunSettings {
  const { training, device, outputs, checkpoints } = stored;
  if (changes.epochs !== null && changes.epochs < training.epochs) {
    throw new UsageError(
      `Cannot use --epochs ${changes.epochs} with --resume: the run was started with ${training.epochs}, and can have more`,
    );
  }
  if (changes.trace !== null && outputs.trace === null) {
    throw new UsageError(
      `Cannot use --trace ${changes.trace} with --resume: the run was started without a trace, so its beginning is missing`,
    );
  }
  return {
    ...stored,
    training: {
      ...training,
      epochs: changes.epochs ?? training.epochs,
      maxSteps: changes.maxSteps ?? training.maxSteps,
    },
    device: {
      ...device,
      threads: changes.threads ?? device.threads,
      wide: changes.wide ?? device.wide,
      prepareWorkers: changes.prepareWorkers ?? device.prepareWorkers,
    },
    outputs: {
      result: changes.json ?? outputs.result,
      trace: changes.trace ?? outputs.trace,
      events: changes.events ?? outputs.events,
      page: changes.page ?? outputs.page,
      weights: changes.save ?? outputs.weights,
      weightsFallback: changes.saveFallback ?? outputs.weightsFallback,
    },
    checkpoints: {
      folder: changes.checkpoint ?? changes.folder,
      every: changes.checkpointEvery ?? checkpoints.every,
      resume: changes.folder,
    },
  };
}

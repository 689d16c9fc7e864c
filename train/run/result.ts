/**
 * The document that `--json` writes: what was run, on which machine, how accurate and how fast.
 *
 * @module
 */

import { writeOutput } from "../../core/outputs.ts";
import type { Dataset, DatasetSchema } from "../../data/types.ts";
import type { DeviceCounters, DeviceInfo } from "../../kernels/types.ts";
import type { Stage } from "../stages.ts";
import { currentEnvironment, type Environment } from "./environment.ts";
import type { Metrics } from "./metrics.ts";
import { type ModelShape, type ShapeDocument, shapeDocument } from "../model/models.ts";
import type { PlanDocument } from "../plan/document.ts";
import { countParameters } from "../model/presets.ts";
import type { TimedEvaluation, TrainResult } from "./trainer.ts";

/** Grows when a member changes its meaning or goes; new members alone leave it as it is. */
export const RESULT_SCHEMA_VERSION = 2;

/** A value that JSON can hold. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };

/** How a run ended. */
export interface RunEnd {
  /** Whether it got to its end, or a callback ended it earlier. */
  readonly how: "completed" | "stopped" | "interrupted" | "failed";
  /** Minibatches trained; of a failed run, up to the one whose loss is not finite and including it. */
  readonly step: number;
  /** Why, where it failed. */
  readonly reason: string | null;
}

/** The document. Times are in the unit of their name; a number that is not finite is null. */
export interface ResultDocument {
  /** Which kind of document this is. */
  readonly schema: "slipstream.train";
  /** Which version of it. */
  readonly schema_version: typeof RESULT_SCHEMA_VERSION;
  /** How the run ended. */
  readonly ended: RunEnd;
  /** ISO 8601, UTC. */
  readonly started_at: string;
  /** ISO 8601, UTC. */
  readonly finished_at: string;
  /** The options in force, defaults included. */
  readonly configuration: Json;
  /** What was trained on. */
  readonly dataset: {
    readonly hash: string;
    readonly format: string;
    readonly inputs: { readonly train: number; readonly test: number; readonly validation: number };
    readonly dense: readonly string[];
    readonly tables: DatasetSchema["tables"];
    readonly notes: readonly string[];
    readonly bayes: Dataset["bayes"];
  };
  /** The shape of the model. */
  readonly model: ShapeDocument & {
    readonly parameters: { readonly dense: number; readonly embedding: number };
  };
  /** Where the arithmetic ran. */
  readonly device: DeviceInfo;
  /** Where rows in host memory were gathered and updated, if that was another device. */
  readonly host: DeviceInfo | null;
  /** Which inputs were trained, and what the plan decided. */
  readonly plan: PlanDocument;
  /** Versions and machine. */
  readonly environment: Environment;
  /** On the test split, after the last step; null if it was not evaluated then. */
  readonly metrics: Metrics | null;
  /** Metrics on the test split over time. */
  readonly evaluations: readonly TimedEvaluation[];
  /** Loss of every step, float32, in order; null where it is not finite. */
  readonly losses: readonly (number | null)[];
  /** How fast. */
  readonly throughput: {
    /** Inputs trained, repeated ones included. */
    readonly samples: number;
    readonly steps: number;
    readonly train_ms: number;
    readonly evaluate_ms: number;
    /** Inputs trained per second of training, evaluations left out; null before the first. */
    readonly samples_per_second: number | null;
  };
  /** Milliseconds booked on each stage, as far as the device can tell. */
  readonly stages_ms: Readonly<Partial<Record<Stage, number>>>;
  /** What was counted. */
  readonly counters: {
    /** Rows gathered. */
    readonly lookups: number;
    /** Different rows a minibatch, summed over minibatches. */
    readonly unique_rows: number;
    readonly bytes_allocated: number;
    readonly peak_bytes_allocated: number;
    readonly bytes_uploaded: number;
    readonly bytes_downloaded: number;
    readonly dispatches: number;
    readonly submissions: number;
  };
}

/** What a run leaves behind. */
export interface ResultInput {
  /** The options in force, defaults included. */
  readonly configuration: Json;
  /** What was trained on. */
  readonly dataset: Dataset;
  /** The shape of the model. */
  readonly shape: ModelShape;
  /** Where the arithmetic ran. */
  readonly device: DeviceInfo;
  /** The device of host memory, if it is another one. */
  readonly host?: DeviceInfo | null;
  /** The device's counters at the end. */
  readonly counters: Readonly<DeviceCounters>;
  /** What the loop returned, or what is known of a run that failed. */
  readonly run: Omit<TrainResult, "ended">;
  /** How it ended; for a failure, why. */
  readonly ended: TrainResult["ended"] | { readonly failed: string };
  /** When the command began. */
  readonly startedAt: Date;
  /** When it ended. */
  readonly finishedAt: Date;
}

/** Puts the document together. */
export function buildResult(input: ResultInput): ResultDocument {
  const { dataset, shape, run, counters, ended } = input;
  const last = run.evaluations.at(-1);
  const failed = typeof ended === "string" ? null : ended.failed;
  return {
    schema: "slipstream.train",
    schema_version: RESULT_SCHEMA_VERSION,
    ended: {
      how: typeof ended === "string" ? ended : "failed",
      step: run.steps,
      reason: failed,
    },
    started_at: input.startedAt.toISOString(),
    finished_at: input.finishedAt.toISOString(),
    configuration: input.configuration,
    dataset: {
      hash: dataset.hash,
      format: dataset.schema.format,
      inputs: {
        train: dataset.count("train"),
        test: dataset.count("test"),
        validation: dataset.count("validation"),
      },
      dense: dataset.schema.dense,
      tables: dataset.schema.tables,
      notes: dataset.notes,
      bayes: dataset.bayes,
    },
    model: {
      ...shapeDocument(shape),
      parameters: countParameters(shape),
    },
    device: input.device,
    host: input.host ?? null,
    plan: run.plan,
    environment: currentEnvironment(),
    metrics: last !== undefined && last.step === run.steps ? last.metrics : null,
    evaluations: run.evaluations,
    losses: Array.from(run.losses, shortest),
    throughput: {
      samples: run.inputs,
      steps: run.steps,
      train_ms: run.trainMs,
      evaluate_ms: run.evaluateMs,
      samples_per_second: run.trainMs > 0 ? 1000 * run.inputs / run.trainMs : null,
    },
    stages_ms: run.stagesMs,
    counters: {
      lookups: run.counts.lookups,
      unique_rows: run.counts.uniqueRows,
      bytes_allocated: counters.bytesAllocated,
      peak_bytes_allocated: counters.peakBytesAllocated,
      bytes_uploaded: counters.bytesUploaded,
      bytes_downloaded: counters.bytesDownloaded,
      dispatches: counters.dispatches,
      submissions: counters.submissions,
    },
  };
}

/** The document as text: indented, but a list of numbers on one line. Ends with a newline. */
export function formatResult(result: ResultDocument): string {
  return `${write(result, "")}\n`;
}

/**
 * Writes the document, whole or not at all; the path `-` is standard output.
 *
 * @category Training
 */
export async function writeResult(path: string, result: ResultDocument): Promise<void> {
  await writeOutput(path, formatResult(result));
}

/** A float32 number with the fewest digits that give it back; null where it is not finite. */
function shortest(value: number): number | null {
  return Number.isFinite(value) ? Number(value.toPrecision(9)) : null;
}

function write(value: unknown, indent: string): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    if (value.every((item) => typeof item !== "object" || item === null)) {
      return `[${value.map((item) => JSON.stringify(item)).join(", ")}]`;
    }
    return `[\n${value.map((item) => inner + write(item, inner)).join(",\n")}\n${indent}]`;
  }
  const members = Object.entries(value).filter(([, member]) => member !== undefined).map(
    ([name, member]) => `${inner}${JSON.stringify(name)}: ${write(member, inner)}`,
  );
  return members.length === 0 ? "{}" : `{\n${members.join(",\n")}\n${indent}}`;
}

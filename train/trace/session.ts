/**
 * The trace of one run.
 *
 * @module
 */

import type { Placement } from "../model/placement.ts";
import type { Normalisation } from "../model/tower.ts";
import type { ResultDocument } from "../run/result.ts";
import { TRACE_SCHEMA_VERSION, type TraceHeader } from "./schema.ts";
import type { MinibatchSink } from "./log.ts";

/** Where a run's records go. */
export interface RunTrace {
  readonly recorder: MinibatchSink;
  /** Writes the file, whole or not at all. */
  write(header: TraceHeader): Promise<void>;
}

/** What of a run's settings stands in its trace. */
export interface TracedRun {
  readonly optimizer: TraceHeader["optimizer"];
  /** Inputs in a minibatch. */
  readonly batch: number;
  readonly placement: Placement;
  /** How features are normalised. */
  readonly normalisation: Normalisation;
}

/** Starts a trace for a file; null for none. What writes Arrow is loaded only if there is one. */
export async function startTrace(path: string | null): Promise<RunTrace | null> {
  if (path === null) return null;
  const { TraceRecorder } = await import("./recorder.ts");
  const { writeTrace } = await import("./files.ts");
  const recorder = new TraceRecorder();
  return { recorder, write: (header) => writeTrace(path, header, recorder) };
}

/** The header of a run's trace. */
export function traceHeader(result: ResultDocument, run: TracedRun): TraceHeader {
  const { dataset, model, device, host, environment, plan } = result;
  return {
    schema: "slipstream.trace",
    schema_version: TRACE_SCHEMA_VERSION,
    origin: "run",
    model,
    ...(run.normalisation === "none" ? {} : { normalisation: run.normalisation }),
    optimizer: run.optimizer,
    batch: run.batch,
    lookups_per_input: model.lookups?.reduce((sum, some) => sum + some, 0) ??
      dataset.tables.length * (model.steps ?? 1),
    dataset: {
      hash: dataset.hash,
      format: dataset.format,
      train_inputs: dataset.inputs.train,
    },
    plan,
    placement: run.placement,
    device,
    host,
    environment,
    stage_resolution: device.kind === "cpu" ? "minibatch" : "interval",
  };
}

/**
 * The trace of one run of `deno task train`.
 *
 * @module
 */

import type { TrainCommand } from "../command/options.ts";
import type { ResultDocument } from "../run/result.ts";
import { TRACE_SCHEMA_VERSION, type TraceHeader } from "./schema.ts";
import type { MinibatchSink } from "./log.ts";

/** Where a run's records go. */
export interface RunTrace {
  readonly recorder: MinibatchSink;
  /** Writes the file, whole or not at all. */
  write(header: TraceHeader): Promise<void>;
}

/** Starts a trace if the command asks for one. What writes Arrow is loaded only then. */
export async function startTrace({ trace }: TrainCommand): Promise<RunTrace | null> {
  if (trace === null) return null;
  const { TraceRecorder } = await import("./recorder.ts");
  const { writeTrace } = await import("./files.ts");
  const recorder = new TraceRecorder();
  return { recorder, write: (header) => writeTrace(trace, header, recorder) };
}

/** The header of a run's trace. */
export function traceHeader(result: ResultDocument, command: TrainCommand): TraceHeader {
  const { dataset, model, device, host, environment, plan } = result;
  return {
    schema: "slipstream.trace",
    schema_version: TRACE_SCHEMA_VERSION,
    origin: "run",
    model,
    ...(command.normalisation === "none" ? {} : { normalisation: command.normalisation }),
    optimizer: command.optimizer.kind,
    batch: command.batch,
    lookups_per_input: dataset.tables.length * (model.steps ?? 1),
    dataset: {
      hash: dataset.hash,
      format: dataset.format,
      train_inputs: dataset.inputs.train,
    },
    plan,
    placement: command.placement,
    device,
    host,
    environment,
    stage_resolution: device.kind === "cpu" ? "minibatch" : "interval",
  };
}

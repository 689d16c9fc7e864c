/**
 * The state of a run between two minibatches, as numbers and arrays that a checkpoint can hold. The model's weights are
 * not among them.
 *
 * @module
 */

import type { DriverState, StateArray } from "../plan/driver.ts";
import type { Stage } from "../stages.ts";
import type { Json } from "./result.ts";
import type { TimedEvaluation } from "./trainer.ts";

/** Arrays by name. */
export type StateTensors = ReadonlyMap<string, StateArray>;

/** A run's state: a document and arrays. */
export interface TrainState {
  /** Numbers and texts. */
  readonly document: Json;
  /** Arrays by name. */
  readonly tensors: StateTensors;
}

/** What a run is made of between two minibatches. */
interface RunState {
  readonly step: number;
  /** Inputs trained, under the name that checkpoints keep. */
  readonly samples: number;
  readonly losses: Float32Array;
  readonly evaluations: readonly TimedEvaluation[];
  readonly trainMs: number;
  readonly evaluateMs: number;
  readonly lookups: number;
  readonly uniqueRows: number;
  readonly stages: Readonly<Partial<Record<Stage, number>>>;
  readonly driver: DriverState;
  /** Columns of the trace so far; null without a trace. */
  readonly trace: StateTensors | null;
}

/** Copies a run's state into the form of a checkpoint; the copy does not change while the run goes on. */
export function packState(state: RunState): TrainState {
  const { losses, driver, trace, ...numbers } = state;
  const tensors = new Map<string, StateArray>();
  tensors.set("losses", losses);
  for (const [name, data] of driver.tensors) tensors.set(`plan.${name}`, data);
  if (trace !== null) { for (const [name, data] of trace) tensors.set(`trace.${name}`, data); }
  return {
    document: structuredClone({
      ...numbers,
      plan: driver.document,
      traced: trace !== null,
    }) as unknown as Json,
    tensors,
  };
}

/** Takes a state apart that {@linkcode packState} has made. */
export function unpackState({ document, tensors }: TrainState): RunState {
  const { plan, traced, ...numbers } = document as unknown as
    & Omit<RunState, "losses" | "driver" | "trace">
    & { readonly plan: Json; readonly traced: boolean };
  const of = (prefix: string): Map<string, never> =>
    new Map(
      [...tensors].filter(([name]) => name.startsWith(prefix))
        .map(([name, data]) => [name.slice(prefix.length), data as never]),
    );
  return {
    ...numbers,
    losses: tensors.get("losses") as Float32Array,
    driver: { document: plan, tensors: of("plan.") },
    trace: traced ? of("trace.") : null,
  };
}

/**
 * Variants of a counted trace for sweeps: another embedding width, another share of hot inputs.
 *
 * @module
 */

import { UsageError, UserError } from "../core/errors.ts";
import { interactionWidth } from "../kernels/interaction/record.ts";
import { countParameters } from "../train/model/presets.ts";
import { COUNTED_LAYOUT, type EpochInputs, layOutEpoch } from "../train/plan/layout.ts";
import type { CountedTrace } from "./work.ts";

/** The same trace of a model with rows of `dim` floats. The hot set keeps its rows, so that it takes more or less memory. */
export function withDim(trace: CountedTrace, dim: number): CountedTrace {
  const { model } = trace.header;
  const bottom = [...model.bottom.slice(0, -1), dim];
  const top = [interactionWidth(model.table_rows.length + 1, dim), ...model.top.slice(1)];
  const tower = { tableRows: model.table_rows, dim, bottom, top };
  const { steps, attention, final } = model;
  const parameters = countParameters(
    steps === undefined || attention === undefined || final === undefined
      ? tower
      : { ...tower, steps, attention, final },
  );
  return {
    ...trace,
    header: { ...trace.header, model: { ...model, dim, bottom, top, parameters } },
    ...(trace.copies === undefined
      ? {}
      : { copies: { ...trace.copies, bytes: trace.copies.bytes * dim / model.dim } }),
  };
}

/** Share of the inputs that are hot. Throws a `UserError` where the trace has no hot set. */
export function hotShare(trace: CountedTrace): number {
  const { hot } = trace.header.plan;
  if (hot === null) throw new UserError("Cannot tell the hot share: the trace has no hot set");
  return hot.hot_inputs / (hot.hot_inputs + hot.cold_inputs);
}

/** The same trace with another share of hot inputs: numbers of minibatches change, their counts do not. */
export function withHotShare(trace: CountedTrace, share: number): CountedTrace {
  if (!(share > 0 && share < 1)) {
    throw new UsageError(`Cannot set hot_share to ${share}: it must be above 0 and below 1`);
  }
  const now = hotShare(trace), hot = trace.header.plan.hot!;
  const total = hot.hot_inputs + hot.cold_inputs;
  const runs = trace.runs.map(({ record, times }) => {
    const factor = record.kind === "cold" ? (1 - share) / (1 - now) : share / now;
    return { record, times: Math.max(1, Math.round(times * factor)) };
  });
  const hotInputs = Math.round(share * total);
  return {
    ...trace,
    header: {
      ...trace.header,
      plan: {
        ...trace.header.plan,
        hot: { ...hot, hot_inputs: hotInputs, cold_inputs: total - hotInputs },
      },
    },
    runs,
  };
}

/** Before hot inputs are skipped: hot minibatches before the first snapshot, and the window's share of all hot ones. */
interface Early {
  readonly warmup: number;
  readonly window: number;
}

/** What a counted trace has before it skips. Throws a `UserError` for the trace of a run. */
export function earlyOf({ header }: CountedTrace): Early {
  const options = header.plan.options as Readonly<Record<string, unknown>>;
  const { warm_up: warmup, window_to: to } = options;
  if (header.origin !== "counts" || typeof warmup !== "number" || typeof to !== "number") {
    throw new UsageError(
      "Cannot move the window: the trace is of a run, which made its decision when it did; trace one run for each window",
    );
  }
  const { hot } = layOutEpoch(inputsOf({ header }), null, COUNTED_LAYOUT);
  return { warmup, window: (to - warmup) / hot };
}

/**
 * A counted trace with another warm-up and window. Its hot minibatches have the same counts before and after the decision, so
 * that their numbers alone change; the share that is skipped of the hot inputs after the window stays.
 *
 * @throws {UserError} The trace of a run, or one with too few hot minibatches.
 */
export function withEarly(trace: CountedTrace, { warmup, window }: Early): CountedTrace {
  earlyOf(trace);
  const { header, runs } = trace;
  const { batch } = header, hot = header.plan.hot!;
  if (!(Number.isInteger(warmup) && warmup >= 0 && window > 0)) {
    throw new UsageError(
      `Cannot set warmup to ${warmup} and window to ${window}: the first must be a whole number and the second above 0`,
    );
  }
  const layout = layOutEpoch(
    inputsOf(trace),
    { warmup, window: { share: window } },
    COUNTED_LAYOUT,
  );
  // The last snapshot's minibatch, counted from 0, is the window's last.
  const windowEnd = warmup + layout.window, to = windowEnd - 1;
  if (layout.left < 1) {
    throw new UsageError(
      `Cannot move the window to minibatch ${to}: the trace has ${layout.hot} hot ones`,
    );
  }
  const of = (kind: string) => runs.filter(({ record }) => record.kind === kind);
  const sum = (name: "inputs" | "skipped_inputs", some: CountedTrace["runs"]) =>
    some.reduce((n, { record, times }) => n + times * record[name], 0);
  const decided = of("hot");
  const share = sum("skipped_inputs", decided) /
    (sum("skipped_inputs", decided) + sum("inputs", decided));
  const after = hot.hot_inputs - windowEnd * batch;
  const full = runs.find(({ record }) => record.kind !== "cold" && record.inputs === batch);
  if (full === undefined) throw new RangeError("Cannot move the window: no hot minibatch is full");
  // A fraction of a minibatch at the end is no more than rounding.
  const kept = Math.max(1, Math.round(after * (1 - share) / batch));
  const early = { ...full.record, skipped_inputs: 0 };
  const late = { ...full.record, kind: "hot" as const, skipped_inputs: after * share / kept };
  return {
    header: {
      ...header,
      plan: {
        ...header.plan,
        options: {
          ...header.plan.options,
          warm_up: warmup,
          window_to: to,
          window_share: window,
        },
      },
    },
    runs: [
      ...of("cold"),
      { record: { ...early, kind: "warm-up" as const }, times: warmup },
      { record: { ...early, kind: "window" as const }, times: layout.window },
      { record: late, times: kept },
    ].filter(({ times }) => times > 0),
  };
}

function inputsOf({ header: { batch, plan } }: Pick<CountedTrace, "header">): EpochInputs {
  return { hot: plan.hot?.hot_inputs ?? 0, cold: plan.hot?.cold_inputs ?? 0, batch };
}

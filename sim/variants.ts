/**
 * Variants of a counted trace for sweeps: another embedding width, another share of hot inputs.
 *
 * @module
 */

import { UserError } from "../core/errors.ts";
import { interactionWidth } from "../kernels/interaction/record.ts";
import { countParameters } from "../train/presets.ts";
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
    header: { ...trace.header, model: { ...model, dim, bottom, top, parameters } },
    runs: trace.runs,
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
    throw new UserError(`Cannot set hot_share to ${share}: it must be above 0 and below 1`, 2);
  }
  const now = hotShare(trace), hot = trace.header.plan.hot!;
  const total = hot.hot_inputs + hot.cold_inputs;
  const runs = trace.runs.map(({ record, times }) => {
    const factor = record.kind === "cold" ? (1 - share) / (1 - now) : share / now;
    return { record, times: Math.max(1, Math.round(times * factor)) };
  });
  const hotInputs = Math.round(share * total);
  return {
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

/** Events as runs write them, worked by hand. */

import type { RunEvent } from "../../../train/events/schema.ts";

const AT = { time: "2026-11-29T12:00:00.000Z" };

/** The beginning of a run, or of its resumption. */
export function start(step = 0, resumed = false): RunEvent {
  return {
    event: "start",
    schema: "slipstream.events",
    schema_version: 1,
    ...{ ...AT, step, inputs: 10 * step, train_ms: step, resumed, device: "WASM <SIMD>" },
    configuration: { plan: { name: "slipstream", drop: 0.3, criterion: "paper" }, seed: 7 },
    dataset: { format: "criteo-kaggle", train_inputs: 100, test_inputs: 10, tables: ["C1", "C2"] },
  };
}

/** A line of progress. */
export function progress(step: number, loss: number | null): RunEvent {
  return {
    event: "progress",
    ...{ ...AT, step, inputs: 10 * step, train_ms: step, loss },
    ...{ skipped_inputs: 2 * step, learning_rate: 0.1, threshold: null, forward_ms: 2 * step },
  } as RunEvent;
}

/** A decision after ten hot minibatches. */
export const DECISION: RunEvent = {
  event: "decision",
  ...{ ...AT, step: 20, inputs: 200, train_ms: 20, threshold: 0.01 },
  decision: {
    ...{ epoch: 0, window: { from: 5, to: 10 }, snapshots: 2, sampled: 50, target: 0.3 },
    ...{ threshold: 0.01, share: 0.25, note: null, woken: 0, fallen_asleep: 0, classified: 0 },
    ...{ skipped: 0, snapshot_ms: 1, search_ms: 1, classify_ms: 1 },
    curve: [{ threshold: 0.005, share: 0.1 }, { threshold: 0.01, share: 0.25 }],
    tables: [{ hot: 8, touched: 4, stale: 2 }, { hot: 0, touched: 0, stale: 0 }],
  },
};

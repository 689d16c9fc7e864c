/**
 * Puts the inputs that a recorded training run skipped into a counted trace: only training decides which hot inputs are
 * skipped, and their share changes along an epoch.
 *
 * @module
 */

import { UsageError } from "../core/errors.ts";
import type { MinibatchKind } from "../train/trace/schema.ts";
import type { CountedTrace } from "./work.ts";

/** A stretch of an epoch's hot inputs, as shares of all of them. */
export interface SkipStretch {
  /** Where it begins. */
  readonly from: number;
  /** Where it ends. */
  readonly to: number;
  /** What its minibatches are to the plan. */
  readonly kind: MinibatchKind;
  /** Of its inputs, those passed over. */
  readonly skipped: number;
}

/** Parts that a stretch of one kind is cut into, so that a share that changes is followed. */
const PARTS = 20;

/**
 * What a run skipped along the hot inputs of an epoch, epochs taken together.
 *
 * @throws {UserError} The trace is not of a run, or does not tell hot inputs from cold ones.
 */
export function skipsOf({ header, runs }: CountedTrace): SkipStretch[] {
  const hot = runs.filter(({ record }) => record.kind !== "cold");
  if (header.origin !== "run" || hot.length === 0 || hot.some((r) => r.record.kind === "all")) {
    throw new UsageError(
      "Cannot take what was skipped from the trace: it must be of a run of a plan that tells hot inputs from cold ones",
    );
  }
  const epochs = 1 + hot.reduce((most, { record }) => Math.max(most, record.epoch), 0);
  const stretches: SkipStretch[] = [];
  const inputsOf = ({ record, times }: typeof hot[number]) =>
    times * (record.inputs + record.skipped_inputs);
  const total = hot.reduce((sum, run) => sum + inputsOf(run), 0);
  let at = 0;
  for (const kind of ["warm-up", "window", "hot"] as const) {
    const own = hot.filter(({ record }) => record.kind === kind);
    const inputs = own.reduce((sum, run) => sum + inputsOf(run), 0);
    if (inputs === 0) continue;
    const skipped = cut(own, epochs, inputs);
    for (const [part, share] of skipped.entries()) {
      const width = inputs / total / skipped.length;
      stretches.push({
        from: at + part * width,
        to: at + (part + 1) * width,
        kind,
        skipped: share,
      });
    }
    at += inputs / total;
  }
  return stretches;
}

/** Shares skipped of equally many inputs of each epoch, one after another. */
function cut(own: CountedTrace["runs"], epochs: number, inputs: number): number[] {
  const skipped = Array<number>(PARTS).fill(0), width = inputs / epochs / PARTS;
  let epoch = -1, at = 0;
  for (const { record, times } of own) {
    if (record.epoch !== epoch) at = 0;
    epoch = record.epoch;
    const some = times * (record.inputs + record.skipped_inputs);
    const share = record.skipped_inputs / (record.inputs + record.skipped_inputs);
    const end = at + some;
    while (at < end) {
      const part = Math.min(PARTS - 1, Math.floor(at / width * (1 + 1e-12)));
      const next = part === PARTS - 1 ? end : Math.min(end, (part + 1) * width);
      skipped[part]! += share * (next - at);
      at = next;
    }
  }
  return skipped.map((count) => count / (width * epochs));
}

/** Share of the hot inputs after the window that a trace skips; null where it has none. */
export function skippedShare({ runs }: CountedTrace): number | null {
  let inputs = 0, skipped = 0;
  for (const { record, times } of runs) {
    if (record.kind !== "hot") continue;
    inputs += times * (record.inputs + record.skipped_inputs);
    skipped += times * record.skipped_inputs;
  }
  return inputs === 0 ? null : skipped / inputs;
}

/**
 * A counted trace that skips hot inputs as a run did: the same share at the same part of an epoch. Counts of minibatches
 * stay those of the counted trace.
 *
 * @throws {UserError} The first trace is not a counted one, or the second is not of a run or does not distinguish hot
 * inputs.
 *
 * @category Traces
 */
export function withSkipsOf(counted: CountedTrace, run: CountedTrace): CountedTrace {
  const { header, runs } = counted;
  const { batch } = header, { hot } = header.plan;
  const full = runs.find(({ record }) => record.kind !== "cold" && record.inputs === batch);
  if (header.origin !== "counts" || hot === null || full === undefined) {
    throw new UsageError(
      "Cannot put in what a run skipped: the trace must be counted and have hot minibatches that are full",
    );
  }
  const { drop_share: _, ...options } = header.plan.options as Readonly<Record<string, unknown>>;
  const late = skipsOf(run).flatMap(({ from, to, kind, skipped }) => {
    const inputs = hot.hot_inputs * (to - from), kept = inputs * (1 - skipped);
    // A fraction of a minibatch at the end of a stretch is no more than rounding.
    const times = Math.max(1, Math.round(kept / batch));
    return [{ times, record: { ...full.record, kind, skipped_inputs: inputs * skipped / times } }];
  });
  const { hash, train_inputs } = run.header.dataset;
  const planned = { ...options, skips_of: hash, skips_of_inputs: train_inputs };
  return {
    header: {
      ...header,
      plan: { ...header.plan, options: planned as unknown as typeof header.plan.options },
    },
    runs: [...runs.filter(({ record }) => record.kind === "cold"), ...late],
  };
}

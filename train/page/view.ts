/**
 * What the page of a run shows of it, from its result or from its events.
 *
 * @module
 */

import type { Decision, WatchedRows } from "../plan/document.ts";
import type { Json, ResultDocument, RunEnd } from "../run/result.ts";
import type { Metrics } from "../run/metrics.ts";
import { type Stage, stageColumn, STAGES } from "../stages.ts";
import type { EvaluationEvent, ProgressEvent, RunEvent, StartEvent } from "../events/schema.ts";

/** A run, as far as it has got. */
export interface RunView {
  /** What legends call it. */
  readonly name: string;
  /** The options in force. */
  readonly configuration: Json;
  readonly format: string;
  /** Names of the tables. */
  readonly tables: readonly string[];
  readonly device: string;
  /** How it ended; null where it is not known to have ended. */
  readonly ended: RunEnd["how"] | null;
  readonly steps: number;
  /** Inputs trained, and inputs that the plan skipped. */
  readonly inputs: number;
  readonly skipped: number;
  readonly trainMs: number;
  /** Mean losses, each over the minibatches since the one before it; `step` is the last of them. */
  readonly losses: readonly { readonly step: number; readonly loss: number }[];
  readonly evaluations: readonly { readonly step: number; readonly metrics: Metrics }[];
  readonly decisions: readonly Decision[];
  readonly stagesMs: Readonly<Partial<Record<Stage, number>>>;
  /** How watched rows moved; null if none were watched, or it is not known. */
  readonly watched: WatchedRows | null;
}

/** Points of the curve of losses at most. */
const POINTS = 120;

/** The view of a run that has ended. */
export function viewOfResult(name: string, result: ResultDocument): RunView {
  const { configuration, dataset, device, ended, throughput, plan } = result;
  return {
    ...{ name, configuration, format: dataset.format, device: device.name },
    tables: dataset.tables.map((table) => table.name),
    ended: ended.how,
    steps: throughput.steps,
    inputs: throughput.samples,
    skipped: plan.skipped_inputs,
    trainMs: throughput.train_ms,
    losses: meansOf(
      result.losses.flatMap((loss, i) => loss === null ? [] : [{ step: i + 1, loss, steps: 1 }]),
    ),
    evaluations: result.evaluations,
    decisions: plan.decisions,
    stagesMs: result.stages_ms,
    watched: plan.watched,
  };
}

/** The view of a run from its events, of which the first is its beginning. */
export function viewOfEvents(name: string, events: readonly RunEvent[]): RunView {
  const start = events[0] as StartEvent;
  const kept = withoutLost(events);
  const progress = kept.filter((event): event is ProgressEvent => event.event === "progress");
  const last = kept.at(-1)!, lastProgress = progress.at(-1);
  return {
    ...{ name, configuration: start.configuration, format: start.dataset.format },
    ...{ tables: start.dataset.tables, device: start.device },
    ended: last.event === "end" ? last.how : null,
    ...{ steps: last.step, inputs: last.inputs, trainMs: last.train_ms },
    skipped: kept.reduce(
      (most, event) => "skipped_inputs" in event ? Math.max(most, event.skipped_inputs) : most,
      0,
    ),
    losses: meansOf(
      progress.flatMap(({ step, loss }, i) =>
        loss === null ? [] : [{ step, loss, steps: step - (progress[i - 1]?.step ?? 0) }]
      ),
    ),
    evaluations: kept.filter((event): event is EvaluationEvent => event.event === "evaluation")
      .map((event) => ({ step: event.step, metrics: event })),
    decisions: kept.flatMap((event) => event.event === "decision" ? [event.decision] : []),
    stagesMs: Object.fromEntries(
      STAGES.flatMap((stage) => {
        const ms = lastProgress?.[stageColumn(stage)];
        return ms === undefined ? [] : [[stage, ms]];
      }),
    ),
    watched: null,
  };
}

/** Where a run went on from a checkpoint, what had come after that checkpoint was done again. */
function withoutLost(events: readonly RunEvent[]): RunEvent[] {
  const kept: RunEvent[] = [];
  for (const event of events) {
    if (event.event === "start" && event.resumed) {
      while (kept.length > 0 && kept.at(-1)!.step > event.step) kept.pop();
    }
    kept.push(event);
  }
  return kept;
}

/** Means of so many neighbours that few enough points are left. */
function meansOf(
  losses: readonly { readonly step: number; readonly loss: number; readonly steps: number }[],
): { step: number; loss: number }[] {
  const each = Math.max(1, Math.ceil(losses.length / POINTS));
  return Array.from({ length: Math.ceil(losses.length / each) }, (_, i) => {
    const some = losses.slice(i * each, (i + 1) * each);
    const steps = some.reduce((sum, one) => sum + one.steps, 0);
    const loss = some.reduce((sum, one) => sum + one.loss * one.steps, 0) / steps;
    return { step: some.at(-1)!.step, loss };
  });
}

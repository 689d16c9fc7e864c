/**
 * Writes the events of a run while it trains.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import type { ResultDocument } from "../run/result.ts";
import type { TimedEvaluation, TrainHooks, TrainProgress } from "../run/trainer.ts";
import { type Stage, stageColumn } from "../stages.ts";
import { type LineFile, openLineFile } from "./line_file.ts";
import { EVENTS_SCHEMA_VERSION, type RunEvent, type StartEvent } from "./schema.ts";

/** Lines of progress are as far apart as this share of the time trained, within these milliseconds. */
const SHARE = 1e-3, LEAST_MS = 200, MOST_MS = 10_000;

/** What the first line says of a run. */
export type StartedRun = Pick<StartEvent, "configuration" | "dataset" | "device" | "resumed">;

/**
 * Opens the file of a run's events; null for none. A run that goes on appends to the file that is there.
 *
 * @param run What the first line says.
 * @param onWarning Hears once that a line could not be written; later ones are dropped then. Without it the run ends.
 * @throws {UserError} The file cannot be opened.
 */
export async function openEventLog(
  path: string | null,
  run: StartedRun,
  onWarning?: (warning: UserError) => void,
): Promise<EventLog | null> {
  if (path === null) return null;
  return new EventLog(await openLineFile(path, run.resumed), run, onWarning);
}

/** The events of one run. */
export class EventLog implements Disposable {
  readonly #file: LineFile;
  readonly #run: StartedRun;
  readonly #onWarning: ((warning: UserError) => void) | undefined;
  #failed = false;
  #last: TrainProgress | null = null;
  #writtenAt = -Infinity;
  #writtenStep = 0;
  /** Losses behind the last line of progress. */
  #losses = { steps: 0, sum: 0 };
  #decisions = 0;

  constructor(file: LineFile, run: StartedRun, onWarning?: (warning: UserError) => void) {
    this.#file = file;
    this.#run = run;
    this.#onWarning = onWarning;
  }

  /** The callbacks of the loop, which go on to those given. */
  hooks({ onProgress, onEvaluation }: TrainHooks): TrainHooks {
    return {
      onProgress: (progress) => {
        if (progress.phase === "train") this.#progress(progress);
        onProgress?.(progress);
      },
      onEvaluation: (evaluation, final) => {
        this.#evaluation(evaluation, final);
        return onEvaluation?.(evaluation, final);
      },
    };
  }

  /** Says how the run ended. */
  end({ ended, throughput, plan }: ResultDocument): void {
    this.#flush();
    this.#write({
      event: "end",
      time: now(),
      step: ended.step,
      inputs: throughput.samples,
      train_ms: rounded(throughput.train_ms),
      how: ended.how,
      reason: ended.reason,
      skipped_inputs: plan.skipped_inputs,
      evaluate_ms: rounded(throughput.evaluate_ms),
      samples_per_second: throughput.samples_per_second,
    });
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }

  /** The loop reports once before its first minibatch: what there is then is not new. */
  #start(progress: TrainProgress): void {
    this.#writtenStep = progress.step;
    this.#losses = progress.losses;
    if (!this.#file.empty) this.#decisions = progress.plan.decisions.length;
    this.#write({
      event: "start",
      schema: "slipstream.events",
      schema_version: EVENTS_SCHEMA_VERSION,
      ...this.#counts(progress),
      ...this.#run,
    });
  }

  #progress(progress: TrainProgress): void {
    if (this.#last === null) this.#start(progress);
    this.#last = progress;
    const { decisions } = progress.plan;
    for (const decision of decisions.slice(this.#decisions)) {
      const { threshold } = decision;
      this.#write({ event: "decision", ...this.#counts(progress), threshold, decision });
    }
    this.#decisions = Math.max(this.#decisions, decisions.length);
    const at = performance.now();
    if (at - this.#writtenAt < Math.max(LEAST_MS, Math.min(MOST_MS, SHARE * progress.trainMs))) {
      return;
    }
    this.#writtenAt = at;
    this.#flush();
  }

  /** Writes the progress that has not been written. */
  #flush(): void {
    const progress = this.#last;
    if (progress === null || progress.step === this.#writtenStep) return;
    this.#writtenStep = progress.step;
    const { losses, plan, learningRate, stagesMs } = progress;
    const steps = losses.steps - this.#losses.steps;
    const sum = losses.sum - this.#losses.sum;
    this.#losses = losses;
    this.#write({
      event: "progress",
      ...this.#counts(progress),
      skipped_inputs: plan.skipped_inputs,
      loss: steps === 0 ? null : Number((sum / steps).toPrecision(9)),
      learning_rate: learningRate,
      threshold: plan.decisions.at(-1)?.threshold ?? null,
      ...Object.fromEntries(
        Object.entries(stagesMs).map(([stage, ms]) => [stageColumn(stage as Stage), rounded(ms)]),
      ),
    });
  }

  #evaluation({ step, samples, metrics }: TimedEvaluation, final: boolean): void {
    this.#flush();
    const last = this.#last;
    this.#write({
      event: "evaluation",
      time: now(),
      step,
      inputs: samples,
      train_ms: rounded(last?.trainMs ?? 0),
      skipped_inputs: last?.plan.skipped_inputs ?? 0,
      final,
      ...metrics,
    });
  }

  #counts({ step, inputs, trainMs }: TrainProgress) {
    return { time: now(), step, inputs, train_ms: rounded(trainMs) };
  }

  #write(event: RunEvent): void {
    if (this.#failed) return;
    try {
      this.#file.write(`${JSON.stringify(event)}\n`);
    } catch (error) {
      this.#failed = true;
      if (!(error instanceof UserError) || this.#onWarning === undefined) throw error;
      this.#onWarning(
        new UserError(`${error.message}; the run goes on without writing its events`),
      );
    }
  }
}

const now = (): string => new Date().toISOString();

/** Milliseconds to a microsecond. */
const rounded = (ms: number): number => Number(ms.toFixed(3));

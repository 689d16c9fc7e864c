/**
 * The training loop: prepare, upload, run, and now and then read what happened.
 *
 * @module
 */

import { UserError } from "../core/errors.ts";
import { letEventsIn } from "../core/events.ts";
import type { Dataset } from "../data/types.ts";
import type { Stage } from "../kernels/types.ts";
import { BatchSource } from "./batches.ts";
import { evaluate } from "./evaluate.ts";
import { LogitError, type Metrics } from "./metrics.ts";
import type { Model } from "./model.ts";
import { learningRate, type LearningRateSchedule } from "./schedule.ts";

/** How to train. */
export interface TrainOptions {
  /** Inputs a minibatch; the last of an epoch may be smaller. */
  readonly batch: number;
  /** Passes over the training split. */
  readonly epochs: number;
  /** Seed of the data order (stream `order`), apart from the model's initialisation. */
  readonly seed: number;
  /** Whether each epoch shuffles all training inputs. */
  readonly shuffle: boolean;
  /** Learning rate of each step, counted from 0 over the whole run. */
  readonly schedule: LearningRateSchedule;
  /** Evaluate on the test split every this many steps, besides the end; 0 for the end alone. */
  readonly evalEvery: number;
  /** Inputs a forward pass of an evaluation. */
  readonly evalBatch: number;
  /** Stop after this many steps in all; 0 for no limit. */
  readonly maxSteps: number;
  /** Ends the run after the step at hand; the result says `interrupted`. */
  readonly signal?: AbortSignal;
  /** Called when losses have been read: a few times a second at most. */
  readonly onProgress?: (progress: TrainProgress) => void;
  /** Called after each evaluation. */
  readonly onEvaluation?: (evaluation: TimedEvaluation) => void;
}

/** Where a run is. */
export interface TrainProgress {
  /** Which pass reports: over the training split, or over the test split. */
  readonly phase: "train" | "evaluate";
  /** Minibatches trained so far. */
  readonly step: number;
  /** Minibatches of the whole run. */
  readonly totalSteps: number;
  /** Inputs done in this phase. */
  readonly done: number;
  /** Inputs of this phase in all. */
  readonly total: number;
  /** Mean loss of the steps read last; null before the first. */
  readonly loss: number | null;
}

/** Metrics on the test split after some steps. */
export interface TimedEvaluation {
  /** Minibatches trained before it. */
  readonly step: number;
  /** Inputs trained before it. */
  readonly samples: number;
  /** Over the whole test split. */
  readonly metrics: Metrics;
}

/** What a run did. */
export interface TrainResult {
  /** `interrupted` if `TrainOptions.signal` ended it; the other members then tell how far it got. */
  readonly ended: "completed" | "interrupted";
  /** Minibatches trained. */
  readonly steps: number;
  /** Inputs trained. */
  readonly samples: number;
  /** Loss of every step, in order. */
  readonly losses: Float32Array;
  /** In order of `step`; the last is at the end unless the run was cut short. */
  readonly evaluations: readonly TimedEvaluation[];
  /** Wall time of training without evaluations, in milliseconds. */
  readonly trainMs: number;
  /** Wall time of evaluations, in milliseconds. */
  readonly evaluateMs: number;
  /** Time a stage, in milliseconds, as far as the device can tell; `prepare` and `upload` are the host's. */
  readonly stagesMs: Readonly<Partial<Record<Stage, number>>>;
  /** Rows looked up and updated, summed over minibatches. */
  readonly counts: TrainCounts;
}

/** What the lookups of a run came to. */
export interface TrainCounts {
  /** Rows gathered, repeated ones included. */
  readonly lookups: number;
  /** Different rows a minibatch, summed over minibatches: rows updated. */
  readonly uniqueRows: number;
}

/** A run that had to stop: a loss, or a logit of an evaluation, was not finite. Carries what is known of the run. */
export class TrainingFailure extends UserError {
  /** The run up to the failed step and including it; its last loss is the one that is not finite, if it was a loss. */
  readonly run: Omit<TrainResult, "ended">;

  /**
   * Made by {@linkcode train} when a loss or a logit is not finite.
   *
   * @param message One sentence: the step, what is not finite, and what to try.
   * @param run What is known of the run, the failed step included.
   */
  constructor(message: string, run: Omit<TrainResult, "ended">) {
    super(message);
    this.name = "TrainingFailure";
    this.run = run;
  }
}

/** Losses are read at least this often, so that progress moves and Ctrl-C is heard. */
const DRAIN_MS = 250;

/**
 * Trains a model on a data set's training split and evaluates it on the test split.
 *
 * @throws {TrainingFailure} A loss, or a logit of an evaluation, is not finite: names the step.
 */
export async function train(
  model: Model,
  dataset: Dataset,
  options: TrainOptions,
): Promise<TrainResult> {
  const run = new Run(model, dataset, options);
  return await run.train();
}

class Run {
  readonly #model: Model;
  readonly #dataset: Dataset;
  readonly #options: TrainOptions;
  readonly #perEpoch: number;
  readonly #totalSteps: number;
  readonly #totalSamples: number;
  readonly #losses: Float32Array;
  readonly #evaluations: TimedEvaluation[] = [];
  readonly #stages: Partial<Record<Stage, number>> = {};
  #step = 0;
  #samples = 0;
  #drained = 0;
  #lastLoss: number | null = null;
  #trainMs = 0;
  #evaluateMs = 0;
  #lookups = 0;
  #uniqueRows = 0;
  #drainedAt = 0;

  constructor(model: Model, dataset: Dataset, options: TrainOptions) {
    this.#model = model;
    this.#dataset = dataset;
    this.#options = options;
    const count = dataset.count("train");
    this.#perEpoch = Math.ceil(count / options.batch);
    const all = this.#perEpoch * options.epochs;
    this.#totalSteps = options.maxSteps > 0 ? Math.min(all, options.maxSteps) : all;
    const epochs = Math.floor(this.#totalSteps / this.#perEpoch);
    this.#totalSamples = epochs * count +
      (this.#totalSteps - epochs * this.#perEpoch) * options.batch;
    this.#losses = new Float32Array(this.#totalSteps);
  }

  async train(): Promise<TrainResult> {
    const { epochs } = this.#options;
    let interrupted = false;
    // What ran on the device before (initialisation) is not this run's time.
    await this.#model.device.sync();
    await this.#model.device.takeStageTimes();
    for (let epoch = 0; epoch < epochs && !interrupted; epoch++) {
      interrupted = await this.#epoch(epoch);
      if (this.#step >= this.#totalSteps) break;
    }
    const evaluated = this.#evaluations.at(-1)?.step === this.#step;
    if (!interrupted && !evaluated) interrupted = !(await this.#evaluate());
    return { ended: interrupted ? "interrupted" : "completed", ...this.#known() };
  }

  #known(): Omit<TrainResult, "ended"> {
    return {
      steps: this.#step,
      samples: this.#samples,
      losses: this.#losses.subarray(0, this.#drained),
      evaluations: this.#evaluations,
      trainMs: this.#trainMs,
      evaluateMs: this.#evaluateMs,
      stagesMs: this.#stages,
      counts: { lookups: this.#lookups, uniqueRows: this.#uniqueRows },
    };
  }

  /** Trains one epoch; true if it was interrupted. */
  async #epoch(epoch: number): Promise<boolean> {
    const { batch, seed, shuffle, schedule, signal, evalEvery } = this.#options;
    const model = this.#model;
    const source = this.#source(
      "train",
      shuffle ? { kind: "shuffled", seed, epoch } : { kind: "sequential" },
      batch,
    );
    let since = this.#drainedAt = performance.now();
    for (let at = 0; at < source.count && this.#step < this.#totalSteps; at += batch) {
      const begun = performance.now();
      const prepared = source.prepare(at, Math.min(batch, source.count - at));
      const host = prepared instanceof Promise ? await prepared : prepared;
      const ready = performance.now();
      model.upload(host);
      model.setStep(learningRate(schedule, this.#step), this.#step % model.losses.slots);
      const uploaded = performance.now();
      model.device.run(model.trainProgram(host.size));
      this.#book("prepare", ready - begun);
      this.#book("upload", uploaded - ready);
      this.#lookups += host.lookups.lookups;
      this.#uniqueRows += host.lookups.unique;
      this.#samples += host.size;
      this.#step++;
      const full = this.#step - this.#drained === model.losses.slots;
      if (full || performance.now() - this.#drainedAt >= DRAIN_MS) await this.#drain();
      if (signal?.aborted) break;
      if (evalEvery > 0 && this.#step % evalEvery === 0) {
        await this.#drain();
        this.#trainMs += performance.now() - since;
        if (!(await this.#evaluate())) return true;
        since = performance.now();
      }
    }
    await this.#drain();
    this.#trainMs += performance.now() - since;
    return signal?.aborted === true;
  }

  /** Reads the losses not read yet, checks them, and lets events (signals, timers) in. */
  async #drain(): Promise<void> {
    const { buffer, slots } = this.#model.losses;
    const device = this.#model.device;
    if (this.#drained < this.#step) {
      const ring = new Float32Array(await device.read(buffer, 0, 4 * slots));
      let sum = 0;
      const first = this.#drained;
      for (; this.#drained < this.#step; this.#drained++) {
        const loss = ring[this.#drained % slots]!;
        this.#losses[this.#drained] = loss;
        sum += loss;
        if (!Number.isFinite(loss)) throw this.#diverged(this.#drained, loss);
      }
      this.#lastLoss = sum / (this.#step - first);
    }
    const times = await device.takeStageTimes();
    for (const [stage, ms] of Object.entries(times)) this.#book(stage as Stage, ms);
    this.#report("train", this.#samples, this.#totalSamples);
    await letEventsIn();
    this.#drainedAt = performance.now();
  }

  #diverged(step: number, loss: number): TrainingFailure {
    // The steps after it ran on ruined weights and are not reported.
    this.#drained = this.#step = step + 1;
    return this.#failure(`its loss is ${loss}`);
  }

  #failure(what: string): TrainingFailure {
    const rate = learningRate(this.#options.schedule, this.#step - 1);
    return new TrainingFailure(
      `Cannot go on after step ${this.#step}: ${what} at learning rate ${rate}; ` +
        `try a smaller --lr, or --lr-num-warmup-steps`,
      this.#known(),
    );
  }

  /** Evaluates on the test split; false if it was interrupted. */
  async #evaluate(): Promise<boolean> {
    const { evalBatch, signal } = this.#options;
    const begun = performance.now();
    const source = this.#source("test", { kind: "sequential" }, evalBatch);
    try {
      let shown = 0;
      const metrics = await evaluate(this.#model, source, evalBatch, (done) => {
        const now = performance.now();
        if (now - shown < DRAIN_MS) return;
        shown = now;
        this.#report("evaluate", done, source.count);
      }, signal);
      const evaluation = { step: this.#step, samples: this.#samples, metrics };
      this.#evaluations.push(evaluation);
      this.#options.onEvaluation?.(evaluation);
      return true;
    } catch (error) {
      if (signal?.aborted) return false;
      // The loss of a step is that before its update, so the last update can ruin the weights unseen.
      if (error instanceof LogitError) throw this.#failure("it leaves logits that are not finite");
      throw error;
    } finally {
      const ms = performance.now() - begun;
      this.#evaluateMs += ms;
      this.#book("evaluate", ms);
      // The forward pass booked its ops on training stages; they belong to the evaluation.
      await this.#model.device.sync();
      await this.#model.device.takeStageTimes();
    }
  }

  #source(
    split: "train" | "test",
    order: Parameters<Dataset["reader"]>[1],
    capacity: number,
  ): BatchSource {
    const reader = this.#dataset.reader(split, order);
    return new BatchSource(reader, this.#dataset.schema, this.#model.tables.rows, capacity);
  }

  #book(stage: Stage, ms: number): void {
    this.#stages[stage] = (this.#stages[stage] ?? 0) + ms;
  }

  #report(phase: "train" | "evaluate", done: number, total: number): void {
    this.#options.onProgress?.({
      phase,
      step: this.#step,
      totalSteps: this.#totalSteps,
      done,
      total,
      loss: this.#lastLoss,
    });
  }
}

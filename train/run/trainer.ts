/**
 * The training loop: prepare, upload, run; losses are read behind it.
 *
 * @module
 */

import { UserError, type UserMessage } from "../../core/errors.ts";
import { letEventsIn } from "../../core/events.ts";
import type { Dataset, Order, Split } from "../../data/types.ts";
import type { DeviceLostError } from "../../kernels/device_lost.ts";
import type { Stage } from "../stages.ts";
import type { Feeds } from "../feed/feeds.ts";
import { openRunFeeds } from "../feed/open_feeds.ts";
import { evaluate, type EvaluationSource } from "./evaluate.ts";
import { LogitError, type Metrics } from "./metrics.ts";
import type { Model } from "../model/model.ts";
import type { Placement } from "../model/placement.ts";
import type { PlanDocument } from "../plan/document.ts";
import type { DriverParts, PlanDriver, PlannedMinibatch } from "../plan/driver.ts";
import type { HotSet, Segregation } from "../plan/hot_set.ts";
import type { PassProgress } from "../plan/pass.ts";
import { type SampledNegatives, sampleNegatives, weighNegatives } from "../plan/negatives.ts";
import { openDriver } from "../plan/open_driver.ts";
import { PLAN_DEFAULTS, type PlanOptions } from "../plan/options.ts";
import { learningRate, type LearningRateSchedule } from "./learning_rate.ts";
import { packState, type TrainState, unpackState } from "./state.ts";
import { type Reading, Readings, type StageTimes } from "./readings.ts";
import { MinibatchLog, type MinibatchSink } from "../trace/log.ts";

/** What a callback may return to end the run in an orderly way; the result says `stopped`. */
export type StopRequest = void | "stop";

/** The callbacks of the loop, and how to stop it. */
export interface TrainHooks {
  /** Ends the run after the current step; the result says `interrupted`. */
  readonly signal?: AbortSignal | undefined;
  /** While a plan looks at the data set. */
  readonly onPass?: ((progress: PassProgress) => void) | undefined;
  /**
   * Called for a failure that need not end the run, such as a checkpoint that cannot be saved. Without this callback the
   * run ends with the error.
   */
  readonly onWarning?: ((warning: UserError) => void) | undefined;
  /** Called before the first minibatch, and then when losses have been read: a few times a second at most. */
  readonly onProgress?: ((progress: TrainProgress) => void) | undefined;
  /** Called after each minibatch; its loss is not known yet. */
  readonly onStep?: ((step: TrainedStep) => StopRequest | Promise<StopRequest>) | undefined;
  /** Called after each evaluation. `final` is true for the one at the end, where there is nothing left to stop. */
  readonly onEvaluation?:
    | ((evaluation: TimedEvaluation, final: boolean) => StopRequest | Promise<StopRequest>)
    | undefined;
}

/** A minibatch that was trained. */
export interface TrainedStep {
  /** Minibatches trained so far, this one included. */
  readonly step: number;
  /** Inputs trained so far, those of this one included. */
  readonly inputs: number;
  /** Pass over the training split, from 0. */
  readonly epoch: number;
}

/** How to train. */
export interface TrainOptions extends TrainHooks {
  /** Inputs a minibatch; the last of an epoch may be smaller. */
  readonly batch: number;
  /** Passes over the training split; 1 by default. */
  readonly epochs?: number;
  /** Seed of the data order (stream `order`), apart from the model's initialisation. */
  readonly seed: number;
  /** Whether each epoch shuffles all training inputs; true by default. */
  readonly shuffle?: boolean;
  /**
   * A last minibatch of a list of inputs that is not full: train it, or leave it out where there are full ones. Its few
   * inputs change the weights as much as those of a full minibatch, which can make the model worse. `keep` by default.
   */
  readonly lastBatch?: LastBatch;
  /** Learning rate of each step, counted from 0 over the whole run. */
  readonly schedule: LearningRateSchedule;
  /** Evaluate on the test split every this many steps, besides the end; 0, the default, for the end alone. */
  readonly evalEvery?: number;
  /** Inputs a forward pass of an evaluation; `batch` by default. */
  readonly evalBatch?: number;
  /** Stop after this many steps in all; 0, the default, for no limit. */
  readonly maxSteps?: number;
  /** Which inputs are trained, in which order; `baseline` by default. */
  readonly plan?: PlanOptions;
  /** Opens a driver of your own, which replaces `plan`. */
  readonly driver?: (parts: DriverParts) => PlanDriver;
  /** The hot set of a plan that has one, from `findHotSet`. */
  readonly hotSet?: HotSet | null;
  /**
   * The training split's inputs told apart beforehand in the order of the first epoch, from `segregate`; as with the hot set,
   * its time is part of the plan's preparation and not of training. By default the run does it. They must be of the same data
   * set, order and `hotSet`, and so cannot be given to a plan that samples negatives; plans without a hot set do not look at
   * them.
   */
  readonly segregation?: Segregation | null;
  /** Where the model's rows are, for the trace; `device` by default. */
  readonly placement?: Placement;
  /**
   * Threads that prepare minibatches beside the one that trains: the same bits for any number. Null, the default, chooses by
   * device and processors (`docs/performance.md`); 0 prepares each minibatch when its turn comes.
   */
  readonly prepareWorkers?: number | null;
  /** Takes a record of every minibatch. */
  readonly trace?: MinibatchSink | null;
  /** Saves the state of the run at intervals and at its end, so that it can go on later, also for more epochs. */
  readonly checkpoint?: CheckpointPolicy | null;
  /** Goes on from a state that the same options and data set have given; the model must be as it was then. */
  readonly resume?: TrainState | null;
}

/** What happens to a last minibatch that is not full. */
export type LastBatch = "keep" | "drop";

/** When and how the state of a run is saved. */
export interface CheckpointPolicy {
  /** Minibatches between two; 0 for one every ten minutes. */
  readonly every: number;
  /** A minibatch after which it is saved as well, counted from 1; none by default. */
  readonly after?: number;
  /** Whether a run that came to its end is saved too, so that more epochs can follow; true by default. */
  readonly atEnd?: boolean;
  /** Keeps a state together with the model's weights. The model's tables are up to date. */
  save(state: TrainState): Promise<void>;
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
  /** Fields of the plan, and the last AUC measured: texts by name. */
  readonly fields: Readonly<Record<string, string>>;
  /** Inputs trained so far. */
  readonly inputs: number;
  /** Of the last minibatch; null before the first. */
  readonly learningRate: number | null;
  /** Minibatches whose losses this process has read, and the sum of these: two reports give the mean between them. */
  readonly losses: { readonly steps: number; readonly sum: number };
  /** Time spent training so far, evaluations left out, in milliseconds. */
  readonly trainMs: number;
  /** Time booked on each stage so far, in milliseconds. */
  readonly stagesMs: Readonly<Partial<Record<Stage, number>>>;
  /** The plan, with what it has decided so far. */
  readonly plan: PlanDocument;
}

/** Metrics on the test split after some steps. */
export interface TimedEvaluation {
  /** Minibatches trained before it. */
  readonly step: number;
  /** Inputs trained before it, under the name that result documents and checkpoints keep. */
  readonly samples: number;
  /** Over the whole test split. */
  readonly metrics: Metrics;
}

/** What a run did. */
export interface TrainResult {
  /**
   * `stopped` if a callback ended it: the run is complete, only shorter. `interrupted` if `TrainOptions.signal` did: the
   * other members say how far it got.
   */
  readonly ended: "completed" | "stopped" | "interrupted";
  /** Minibatches trained. */
  readonly steps: number;
  /** Inputs trained, repeated ones included. */
  readonly inputs: number;
  /** Loss of every step, in order. */
  readonly losses: Float32Array;
  /** In order of `step`; the last is at the end unless the run was cut short. */
  readonly evaluations: readonly TimedEvaluation[];
  /** Wall time of training without evaluations, in milliseconds. */
  readonly trainMs: number;
  /** Of that time, how long the main thread had nothing to do but wait; of this process alone where a run was resumed. */
  readonly waitedMs: number;
  /** Threads that prepared minibatches beside the one that trained. */
  readonly prepareWorkers: number;
  /** Wall time of evaluations, in milliseconds. */
  readonly evaluateMs: number;
  /** Time a stage, in milliseconds, as far as the device can tell; `prepare` and `upload` are the host's. */
  readonly stagesMs: Readonly<Partial<Record<Stage, number>>>;
  /** Rows looked up and updated, summed over minibatches. */
  readonly counts: TrainCounts;
  /** The plan, with what it decided. */
  readonly plan: PlanDocument;
}

/** What the lookups of a run came to. */
export interface TrainCounts {
  /** Rows gathered, repeated ones included. */
  readonly lookups: number;
  /** Different rows a minibatch, summed over minibatches: rows updated. */
  readonly uniqueRows: number;
}

/**
 * A run that could not go on: a loss, or a logit of an evaluation, was not finite, or the device was lost. Holds what is
 * known of the run.
 *
 * @category Errors
 */
export class TrainingFailure extends UserError {
  /** The run up to the failed step and including it; its last loss is the one that is not finite, if it was a loss. */
  readonly run: Omit<TrainResult, "ended">;

  /**
   * Made by {@linkcode train} when a loss or a logit is not finite.
   *
   * @param message One sentence: the step, what is not finite, and what to try.
   * @param run What is known of the run, the failed step included.
   */
  constructor(message: UserMessage, run: Omit<TrainResult, "ended">) {
    super(message);
    this.name = "TrainingFailure";
    this.run = run;
  }
}

/** How the loop came to its end. */
type LoopEnd = TrainResult["ended"];

/** Options of which every one that the loop reads has a value. */
type LoopOptions =
  & TrainOptions
  & Required<Pick<TrainOptions, "evalEvery" | "evalBatch" | "maxSteps">>;

/** How often progress is shown and Ctrl-C is handled. */
const TURN_MS = 250;
/** How long after a checkpoint that could not be saved the next one is tried. */
const CHECKPOINT_AGAIN_MS = 60_000;
/** Time between checkpoints by the clock. */
const CHECKPOINT_MS = 600_000;
/** Booked by the host, which waits for the device meanwhile: the device's own time in them would count twice. */
const HOST_STAGES: ReadonlySet<Stage> = new Set(["snapshot", "search", "classify"]);

/**
 * Trains a model on a data set's training split and evaluates it on the test split.
 *
 * @throws {TrainingFailure} A loss, or a logit of an evaluation, is not finite: names the step.
 * @throws {UserError} The plan does not fit the data set.
 * @category Training
 */
export async function train(
  model: Model,
  dataset: Dataset,
  options: TrainOptions,
): Promise<TrainResult> {
  const plan = options.driver === undefined ? options.plan ?? PLAN_DEFAULTS : PLAN_DEFAULTS;
  const sampled = await sampleNegatives(dataset, plan, options.seed, options);
  using feeds = await openRunFeeds(
    {
      dataset: sampled.dataset,
      tableRows: model.tables.rows,
      hot: options.hotSet?.rows ?? null,
    },
    model.device.info,
    options.prepareWorkers ?? null,
    mostInputs(sampled.dataset, options),
  );
  const run = new Run(model, sampled, feeds, options);
  try {
    return await run.train();
  } finally {
    run.dispose();
  }
}

/** Inputs that a run trains at most. */
function mostInputs(
  dataset: Dataset,
  { batch, epochs = 1, maxSteps = 0 }: Pick<TrainOptions, "batch" | "epochs" | "maxSteps">,
): number {
  const all = epochs * dataset.count("train");
  return maxSteps === 0 ? all : Math.min(all, maxSteps * batch);
}

class Run {
  readonly #model: Model;
  readonly #dataset: Dataset;
  readonly #feeds: Feeds;
  readonly #sampled: SampledNegatives;
  readonly #options: LoopOptions;
  readonly #driver: PlanDriver;
  readonly #log: MinibatchLog | null;
  readonly #evaluations: TimedEvaluation[] = [];
  readonly #readings: Readings;
  /** Booked by the host, and by the device as far as its times have been read. */
  readonly #hostStages: StageTimes = {};
  readonly #deviceStages: StageTimes = {};
  #losses = new Float32Array(1024);
  #step = 0;
  #inputs = 0;
  /** Steps whose losses have been read. */
  #drained = 0;
  #lastLoss: number | null = null;
  /** Of the losses that this process has read. */
  #lossesRead = { steps: 0, sum: 0 };
  #trainMs = 0;
  #evaluateMs = 0;
  #lookups = 0;
  #uniqueRows = 0;
  #turnedAt = 0;
  #turnsMs = 0;
  /** Waited for minibatches that are evaluated. */
  #apartWaitedMs = 0;
  #since = 0;
  #savedAt = 0;
  #savedStep = -1;

  constructor(
    model: Model,
    sampled: SampledNegatives,
    feeds: Feeds,
    options: TrainOptions,
  ) {
    const { dataset } = sampled;
    this.#model = model;
    this.#dataset = dataset;
    this.#sampled = sampled;
    this.#feeds = feeds;
    const { batch, epochs = 1, seed, shuffle = true, hotSet = null } = options;
    const { plan = PLAN_DEFAULTS } = options;
    const { evalEvery = 0, evalBatch = batch, maxSteps = 0 } = options;
    this.#options = { ...options, evalEvery, evalBatch, maxSteps };
    const { trace = null, placement = "device" } = options;
    const parts: DriverParts = {
      model,
      dataset,
      feeds,
      batch,
      lastBatch: options.lastBatch ?? "keep",
      epochs,
      seed,
      order: (epoch: number): Order =>
        shuffle ? { kind: "shuffled", seed, epoch } : { kind: "sequential" },
      counts: trace !== null,
      hooks: {
        book: (stage: Stage, ms: number): void => this.#book(stage, ms),
        measureLoss: (inputs: number): Promise<number> => this.#measureLoss(inputs),
      },
    };
    this.#driver = options.driver?.(parts) ??
      openDriver(parts, plan, hotSet, options, options.segregation);
    this.#log = trace === null ? null : new MinibatchLog(trace, model, placement);
    this.#readings = new Readings(model);
  }

  async train(): Promise<TrainResult> {
    const { resume, signal } = this.#options;
    // What ran on the device before (initialisation) is not this run's time.
    await this.#model.device.sync();
    await this.#model.takeStageTimes();
    this.#model.takeTraffic();
    if (resume) await this.#restore(resume);
    this.#readings.startAt(this.#step);
    this.#since = this.#turnedAt = this.#savedAt = performance.now();
    this.#reportTraining();
    let ended: LoopEnd;
    try {
      ended = await this.#steps();
    } catch (error) {
      const lost = signal?.aborted ? null : await this.#model.device.loss?.() ?? null;
      if (lost !== null) throw this.#deviceLost(lost);
      // A pass over the data set that was interrupted is no failure of the run.
      if (!(signal?.aborted && error === signal.reason)) throw error;
      ended = "interrupted";
    }
    await this.#drain();
    this.#trainMs += performance.now() - this.#since;
    if (ended === "interrupted") {
      // The tables must hold the current hot rows when the weights are saved.
      await this.#driver.settle();
      await this.#save();
    } else {
      if (this.#evaluations.at(-1)?.step !== this.#step) {
        if (await this.#evaluate(true) === "interrupted") ended = "interrupted";
      }
      if (ended === "interrupted" || this.#options.checkpoint?.atEnd !== false) await this.#save();
    }
    // Checkpoints hold the weights as they are trained; the model that the caller saves or scores with predicts the log's rate.
    const { logitShift } = this.#sampled;
    if (logitShift !== 0) await this.#model.shiftLogits(logitShift);
    return { ended, ...this.#known() };
  }

  dispose(): void {
    this.#driver.dispose();
  }

  #known(): Omit<TrainResult, "ended"> {
    const plan = this.#driver.document();
    const leftOut = (plan.left_out_inputs ?? 0) + this.#sampled.leftOut;
    return {
      steps: this.#step,
      inputs: this.#inputs,
      losses: this.#losses.subarray(0, this.#drained),
      evaluations: this.#evaluations,
      trainMs: this.#trainMs,
      evaluateMs: this.#evaluateMs,
      prepareWorkers: this.#feeds.threads,
      waitedMs: this.#readings.waitedMs + this.#feeds.waitedMs - this.#apartWaitedMs +
        this.#turnsMs,
      stagesMs: this.#stages(),
      counts: { lookups: this.#lookups, uniqueRows: this.#uniqueRows },
      plan: leftOut === 0 ? plan : { ...plan, left_out_inputs: leftOut },
    };
  }

  /** Trains what the plan gives. */
  async #steps(): Promise<LoopEnd> {
    const { schedule, signal, maxSteps, checkpoint, onStep } = this.#options;
    const model = this.#model;
    this.#log?.start(this.#stages());
    // A run that was interrupted before an evaluation that was due does it now.
    const due = this.#step > 0 ? await this.#evaluateIfDue() : null;
    if (due !== null) return due;
    while (maxSteps === 0 || this.#step < maxSteps) {
      const planned = await this.#driver.next();
      if (planned === null) return "completed";
      await model.trainStep(weighNegatives(planned.batch, this.#sampled.weight), {
        number: this.#step,
        learningRate: learningRate(schedule, this.#step),
        lossSlot: this.#step % model.losses.slots,
      }, planned.route);
      this.#lookups += planned.lookups.lookups;
      this.#uniqueRows += planned.lookups.unique;
      this.#inputs += planned.batch.size;
      this.#step++;
      await this.#driver.trained(planned);
      await this.#logged(planned);
      if (performance.now() - this.#turnedAt >= TURN_MS) await this.#turn();
      else if (this.#readings.due(this.#step)) await this.#read();
      if (onStep !== undefined) {
        const { epoch } = planned;
        const request = await onStep({ step: this.#step, inputs: this.#inputs, epoch });
        if (request === "stop") return "stopped";
      }
      if (signal?.aborted) return "interrupted";
      const ended = await this.#evaluateIfDue();
      if (ended !== null) return ended;
      if (checkpoint && this.#checkpointDue(checkpoint)) {
        await this.#drain();
        await this.#apart(() => this.#save());
      }
    }
    return "completed";
  }

  /** Evaluates if it is time to and has not been done; tells how the run ends by it, if it does. */
  async #evaluateIfDue(): Promise<Exclude<LoopEnd, "completed"> | null> {
    const { evalEvery } = this.#options;
    if (evalEvery === 0 || this.#step % evalEvery !== 0) return null;
    if (this.#evaluations.at(-1)?.step === this.#step) return null;
    await this.#drain();
    return await this.#apart(() => this.#evaluate(false));
  }

  /** Runs something whose time does not count as training. */
  async #apart<T>(body: () => Promise<T>): Promise<T> {
    this.#trainMs += performance.now() - this.#since;
    try {
      return await body();
    } finally {
      this.#since = performance.now();
      this.#log?.start(this.#stages());
    }
  }

  /** Makes a record of a minibatch, if one is wanted. */
  async #logged(planned: PlannedMinibatch): Promise<void> {
    const log = this.#log;
    if (log === null) return;
    // The CPU device knows its times at once; another one is asked when its losses are read.
    if (log.resolution === "minibatch") await this.#takeTimes();
    log.add(this.#step - 1, planned, this.#stages());
  }

  async #takeTimes(): Promise<void> {
    this.#bookTimes(await this.#model.takeStageTimes());
  }

  #bookTimes(times: Readonly<StageTimes>): void {
    for (const [name, ms] of Object.entries(times)) {
      const stage = name as Stage;
      if (HOST_STAGES.has(stage)) continue;
      this.#deviceStages[stage] = (this.#deviceStages[stage] ?? 0) + ms;
    }
  }

  /** Time booked on each stage, by the host so far or until then. */
  #stages(host: Readonly<StageTimes> = this.#hostStages): StageTimes {
    const stages = { ...host };
    for (const [name, ms] of Object.entries(this.#deviceStages)) {
      const stage = name as Stage;
      stages[stage] = (stages[stage] ?? 0) + ms;
    }
    return stages;
  }

  /** Begins to read the losses not read yet, and takes those that have come. */
  async #read(): Promise<void> {
    const come = await this.#readings.begin(this.#step, this.#hostStages);
    for (const reading of come) this.#take(reading);
  }

  /** Takes the losses that have come, shows progress, and lets events (signals, timers) in. */
  async #turn(): Promise<void> {
    // Steps may be so slow that no reading was due; one that is on its way need not be followed by another.
    if (this.#readings.idle) await this.#read();
    for (const reading of this.#readings.arrived()) this.#take(reading);
    this.#reportTraining();
    const begun = performance.now();
    await letEventsIn();
    this.#turnedAt = performance.now();
    this.#turnsMs += this.#turnedAt - begun;
  }

  /** Waits for all losses. */
  async #drain(): Promise<void> {
    const come = await this.#readings.all(this.#step, this.#hostStages);
    for (const reading of come) this.#take(reading);
    await this.#turn();
  }

  /** Keeps the losses of a reading, and checks them. */
  #take({ losses, times, hostTimes }: Reading): void {
    const end = this.#drained + losses.length;
    if (end > this.#losses.length) {
      const grown = new Float32Array(2 * Math.max(end, this.#losses.length));
      grown.set(this.#losses);
      this.#losses = grown;
    }
    let sum = 0;
    for (const loss of losses) {
      this.#losses[this.#drained++] = loss;
      sum += loss;
      if (!Number.isFinite(loss)) throw this.#diverged(this.#drained - 1, loss);
    }
    this.#lastLoss = sum / losses.length;
    this.#lossesRead = {
      steps: this.#lossesRead.steps + losses.length,
      sum: this.#lossesRead.sum + sum,
    };
    this.#bookTimes(times);
    this.#log?.settle(this.#stages(hostTimes), end);
  }

  #diverged(step: number, loss: number): TrainingFailure {
    // The steps after it ran on ruined weights and are not reported.
    this.#drained = this.#step = step + 1;
    return this.#failure(`its loss is ${loss}`);
  }

  /** Losses read before the loss of the device are kept; later steps and the weights are gone. */
  #deviceLost(error: DeviceLostError): TrainingFailure {
    this.#trainMs += performance.now() - this.#since;
    this.#step = this.#drained;
    return new TrainingFailure(`${error.message}, after step ${this.#step}`, this.#known());
  }

  #failure(what: string): TrainingFailure {
    const rate = learningRate(this.#options.schedule, this.#step - 1);
    const step = this.#step;
    return new TrainingFailure(
      (option) =>
        `Cannot go on after step ${step}: ${what} at learning rate ${rate}; try a smaller ${
          option("training.learningRate.base")
        }, or ${option("training.learningRate.warmupSteps")}`,
      this.#known(),
    );
  }

  /** Evaluates on the test split; tells how the run ends by it, if it does. */
  async #evaluate(final: boolean): Promise<Exclude<LoopEnd, "completed"> | null> {
    const { signal, onEvaluation } = this.#options;
    let metrics: Metrics;
    try {
      metrics = await this.#measure("test", Infinity, true);
    } catch (error) {
      if (signal?.aborted) return "interrupted";
      // The loss of a step is that before its update, so the last update can ruin the weights unseen.
      if (error instanceof LogitError) throw this.#failure("it leaves logits that are not finite");
      throw error;
    }
    const evaluation = { step: this.#step, samples: this.#inputs, metrics };
    this.#evaluations.push(evaluation);
    return await onEvaluation?.(evaluation, final) === "stop" ? "stopped" : null;
  }

  /** Loss on inputs that are not trained on: those of the validation split, or of the test split if there is none. */
  async #measureLoss(inputs: number): Promise<number> {
    const split = this.#dataset.count("validation") > 0 ? "validation" : "test";
    await this.#drain();
    const { logloss } = await this.#apart(() => this.#measure(split, inputs, false));
    return logloss ?? NaN;
  }

  /** Metrics on the first inputs of a split. */
  async #measure(split: Split, most: number, report: boolean): Promise<Metrics> {
    const { evalBatch, signal } = this.#options;
    await this.#driver.settle();
    const begun = performance.now();
    const waitedMs = this.#feeds.waitedMs;
    const count = Math.min(most, this.#dataset.count(split));
    const minibatches = this.#feeds.minibatches(split, { kind: "sequential" }, evalBatch, count);
    const source: EvaluationSource = {
      count,
      prepare: (start, size) => minibatches.prepare(start, size),
    };
    try {
      let shown = 0;
      return await evaluate(
        this.#model,
        source,
        evalBatch,
        (done) => {
          const now = performance.now();
          if (!report || now - shown < TURN_MS) return;
          shown = now;
          this.#report("evaluate", done, count);
        },
        signal,
        undefined,
        this.#sampled.logitShift,
      );
    } finally {
      minibatches.dispose();
      this.#apartWaitedMs += this.#feeds.waitedMs - waitedMs;
      const ms = performance.now() - begun;
      this.#evaluateMs += ms;
      this.#book("evaluate", ms);
      // The forward pass booked its ops on training stages; they belong to the evaluation.
      await this.#model.device.sync();
      await this.#model.takeStageTimes();
    }
  }

  #checkpointDue({ every, after }: CheckpointPolicy): boolean {
    if (this.#step === after) return true;
    return every > 0
      ? this.#step % every === 0
      : performance.now() - this.#savedAt >= CHECKPOINT_MS;
  }

  /** Keeps the state of the run, if that is wanted and has not been done. */
  async #save(): Promise<void> {
    const { checkpoint, trace } = this.#options;
    if (!checkpoint || this.#savedStep === this.#step) return;
    await this.#driver.settle();
    const driver = await this.#driver.state();
    const state = packState({
      step: this.#step,
      samples: this.#inputs,
      losses: this.#losses.subarray(0, this.#drained),
      evaluations: this.#evaluations,
      trainMs: this.#trainMs,
      evaluateMs: this.#evaluateMs,
      lookups: this.#lookups,
      uniqueRows: this.#uniqueRows,
      stages: this.#stages(),
      driver,
      trace: trace?.snapshot() ?? null,
    });
    try {
      await checkpoint.save(state);
    } catch (error) {
      const { onWarning } = this.#options;
      if (!(error instanceof UserError) || onWarning === undefined) throw error;
      // A failed checkpoint does not end the run; the next one is tried soon.
      onWarning(error);
      this.#savedAt = performance.now() - CHECKPOINT_MS + CHECKPOINT_AGAIN_MS;
      return;
    }
    this.#savedAt = performance.now();
    this.#savedStep = this.#step;
  }

  async #restore(packed: TrainState): Promise<void> {
    const state = unpackState(packed);
    this.#step = this.#drained = this.#savedStep = state.step;
    this.#inputs = state.samples;
    this.#losses = new Float32Array(Math.max(1024, 2 * state.step));
    this.#losses.set(state.losses);
    this.#evaluations.push(...state.evaluations);
    this.#trainMs = state.trainMs;
    this.#evaluateMs = state.evaluateMs;
    this.#lookups = state.lookups;
    this.#uniqueRows = state.uniqueRows;
    Object.assign(this.#hostStages, state.stages);
    if (state.trace !== null) this.#options.trace?.restore(state.trace);
    await this.#driver.restore(state.driver);
  }

  #book(stage: Stage, ms: number): void {
    this.#hostStages[stage] = (this.#hostStages[stage] ?? 0) + ms;
  }

  #reportTraining(): void {
    const { maxSteps, batch } = this.#options;
    const { done, total } = this.#driver;
    if (maxSteps > 0 && maxSteps * batch < total) {
      this.#report("train", this.#inputs, maxSteps * batch);
    } else this.#report("train", done, total);
  }

  #report(phase: "train" | "evaluate", done: number, total: number): void {
    const auc = this.#evaluations.at(-1)?.metrics.auc ?? null;
    const { maxSteps, schedule } = this.#options;
    const { minibatches } = this.#driver;
    // An evaluation runs apart, when the time until it has been added.
    const running = phase === "train" ? performance.now() - this.#since : 0;
    this.#options.onProgress?.({
      phase,
      step: this.#step,
      totalSteps: maxSteps > 0 ? Math.min(maxSteps, minibatches) : minibatches,
      done,
      total,
      loss: this.#lastLoss,
      fields: {
        ...this.#driver.fields(),
        ...(auc === null ? {} : { AUC: auc.toFixed(4) }),
      },
      inputs: this.#inputs,
      learningRate: this.#step === 0 ? null : learningRate(schedule, this.#step - 1),
      losses: this.#lossesRead,
      trainMs: this.#trainMs + running,
      stagesMs: this.#stages(),
      plan: this.#driver.document(),
    });
  }
}

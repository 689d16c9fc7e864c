/**
 * The driver of every plan that distinguishes hot inputs from cold ones.
 *
 * @module
 */

import type { Json } from "../run/result.ts";
import { type BlocksState, StalenessBlocks } from "./blocks.ts";
import { ColdCounter } from "./cold_counter.ts";
import type { ColdStreamState, StreamBatch } from "./cold_stream.ts";
import type { PlanDocument } from "./document.ts";
import type {
  DriverParts,
  DriverState,
  PlanDriver,
  PlannedMinibatch,
  StateArray,
} from "./driver.ts";
import { doneOf, type Epoch, inputsOf, openEpoch } from "./epoch.ts";
import { StaleRowFreezer } from "./freeze.ts";
import type { HotSet, Segregation } from "./hot_set.ts";
import type { PassHooks } from "./pass.ts";
import type { HotStreamState } from "./hot_stream.ts";
import { HotRowOwner, type HotRowOwnerState } from "./hot_tables.ts";
import {
  checkState,
  inputShapeOf,
  type PlanOptions,
  planOptionsDocument,
  type ResolvedStaleness,
  withinBudget,
} from "./options.ts";
import { findPlan, type Plan } from "./plans.ts";
import { SEMANTICS } from "./semantics.ts";
import type { Turns, TurnsState } from "./turns.ts";
import { RowWatch, type WatchState } from "./watch.ts";

/** What of a driver goes into a checkpoint, besides arrays. */
interface SegregatedState {
  readonly epoch: number;
  readonly cold: ColdStreamState | null;
  readonly hot: HotStreamState | null;
  readonly schedule: TurnsState | null;
  /** Null where there is one copy of the hot rows. */
  readonly owner: HotRowOwnerState | null;
  readonly blocks: BlocksState | null;
  readonly watch: WatchState | null;
  readonly finished: number;
  readonly trained: number;
  readonly passed: number;
  readonly steps: number;
  readonly counted: readonly [hot: number, cold: number];
  readonly rounds: PlanDocument["rounds"];
}

/** Drives a plan with a hot set. */
export class SegregatedPlan implements PlanDriver {
  readonly total: number;
  readonly minibatches: number;
  readonly #parts: DriverParts;
  readonly #plan: Plan;
  readonly #options: PlanOptions;
  readonly #hotSet: HotSet;
  readonly #passes: PassHooks;
  readonly #first: Segregation | null;
  readonly #owner: HotRowOwner | null;
  /** Flat row of each hot row in the model's tables. */
  readonly #flatRows: Uint32Array;
  /** Only where a trace counts cold rows. */
  readonly #coldCounter: ColdCounter | null;
  #epoch: Epoch | null = null;
  #blocks: StalenessBlocks | null = null;
  #watch: RowWatch | null = null;
  /** Of plans that freeze, once there are blocks. */
  #freezer: StaleRowFreezer | null = null;
  /** Inputs of the epochs before. */
  #finished = 0;
  #trained = 0;
  /** Inputs passed over at the end of a kind or an epoch, not yet told with a minibatch. */
  #passed = 0;
  #steps = 0;
  #counted: readonly [hot: number, cold: number] = [0, 0];
  #rounds: { rate: number; loss: number }[] = [];
  #passMs = 0;
  #bookedMs = 0;
  /** Of the minibatch at hand: rounds' evaluations, which are booked on their own and are not training. */
  #measuredMs = 0;

  /** @param options Such as `checkPlan` does not refuse. */
  constructor(
    parts: DriverParts,
    options: PlanOptions,
    hotSet: HotSet,
    passes: PassHooks = {},
    first: Segregation | null = null,
  ) {
    const { model, dataset, batch, epochs } = parts;
    this.#plan = findPlan(options.name);
    this.#options = options;
    this.#hotSet = hotSet;
    this.#passes = passes;
    this.#first = first;
    checkState(options, model.tables.optimizer);
    const count = withinBudget(options, dataset.count("train"));
    this.total = count * epochs;
    this.minibatches = (Math.ceil(count / batch) + 1) * epochs;
    const book = parts.hooks.book;
    this.#parts = {
      ...parts,
      hooks: {
        ...parts.hooks,
        book: (stage, ms) => {
          this.#bookedMs += ms;
          book(stage, ms);
        },
      },
    };
    this.#owner = model.hot === null ? null : new HotRowOwner({
      model,
      hot: hotSet.rows,
      withState: SEMANTICS[options.mode].movesState,
      notesCold: options.schedule === "interleaved",
      book: (ms) => this.#book("sync-hot", ms),
    });
    this.#flatRows = hotSet.rows.flatRows();
    this.#coldCounter = parts.counts
      ? new ColdCounter(model.tables.totalRows, this.#flatRows)
      : null;
    if (options.watch > 0) {
      const { dim } = model.tables;
      this.#watch = RowWatch.draw(hotSet.rows, options.watch, dim, this.minibatches, parts.seed);
    }
  }

  get done(): number {
    const epoch = this.#epoch;
    // An epoch that is over is among the finished ones and still there.
    const over = epoch === null || this.#finished > epoch.number * inputsOf(epoch);
    return this.#finished + (over ? 0 : doneOf(epoch));
  }

  async next(): Promise<PlannedMinibatch | null> {
    const begun = performance.now();
    this.#bookedMs = 0;
    this.#measuredMs = 0;
    const passMs = this.#passMs;
    let planned: PlannedMinibatch | null = null;
    for (;;) {
      const epoch = this.#epoch ?? await this.#begin(0);
      const found = await this.#fromEpoch(epoch);
      if (found !== null) {
        planned = found;
        break;
      }
      this.#finish(epoch);
      if (epoch.number + 1 >= this.#parts.epochs) break;
      await this.#begin(epoch.number + 1);
    }
    // Time that was not booked on another stage went into reading and grouping.
    const rest = performance.now() - begun - this.#bookedMs - this.#measuredMs -
      (this.#passMs - passMs);
    this.#parts.hooks.book("prepare", Math.max(0, rest));
    return planned;
  }

  async trained(minibatch: PlannedMinibatch): Promise<void> {
    const epoch = this.#epoch!;
    this.#steps++;
    this.#trained += minibatch.batch.size;
    if (minibatch.kind !== "cold") {
      await epoch.hot!.trained({
        kind: minibatch.kind,
        batch: { ...minibatch.batch, lookups: minibatch.lookups },
        skipped: minibatch.skipped,
      });
    }
    const watch = this.#watch;
    if (watch !== null && watch.due(this.#steps)) {
      watch.add(this.#steps, await this.#readHotRows(watch.hotRows));
    }
  }

  async settle(): Promise<void> {
    await this.#owner?.settle();
  }

  document(): PlanDocument {
    const { rows, profiled, memoryBytes, ms } = this.#hotSet;
    const [hotInputs, coldInputs] = this.#counted;
    const leftOut = this.#epoch?.leftOut ?? 0;
    return {
      name: this.#plan.name,
      options: planOptionsDocument(this.#options, this.#epoch?.resolved ?? null),
      hot: {
        memory_bytes: memoryBytes,
        rows: rows.total,
        rows_per_table: rows.rowsPerTable,
        least_accesses: rows.leastAccesses,
        profiled,
        hot_inputs: hotInputs,
        cold_inputs: coldInputs,
      },
      decisions: this.#blocks?.documents ?? [],
      trained_inputs: this.#trained,
      skipped_inputs: this.#finishedInputs() - this.#trained,
      ...(leftOut > 0 ? { left_out_inputs: leftOut } : {}),
      rounds: this.#rounds,
      preparation_ms: ms + (this.#first?.ms ?? 0) + this.#passMs,
      watched: this.#watch?.document ?? null,
    };
  }

  fields(): Readonly<Record<string, string>> {
    const [hot, cold] = this.#counted;
    if (hot + cold === 0) return {};
    const percent = (part: number, whole: number): string =>
      whole === 0 ? "-" : `${(100 * part / whole).toFixed(1)} %`;
    const decision = this.#blocks?.documents.at(-1);
    return {
      hot: percent(hot, hot + cold),
      ...(decision === undefined ? {} : {
        T: decision.threshold.toPrecision(3),
        ...(decision.classified === 0
          ? {}
          : { dropped: percent(decision.skipped, decision.classified) }),
      }),
    };
  }

  async state(): Promise<DriverState> {
    const epoch = this.#epoch;
    const blocks = await this.#blocks?.state() ?? null;
    const document: SegregatedState = {
      epoch: epoch?.number ?? -1,
      cold: epoch?.cold?.state() ?? null,
      hot: epoch?.hot?.state() ?? null,
      schedule: epoch?.turns.state() ?? null,
      owner: this.#owner?.state() ?? null,
      blocks: blocks?.document ?? null,
      watch: this.#watch?.state ?? null,
      finished: this.#finished,
      trained: this.#trained,
      passed: this.#passed,
      steps: this.#steps,
      counted: this.#counted,
      rounds: this.#rounds,
    };
    const tensors = new Map<string, StateArray>(blocks?.tensors ?? []);
    if (this.#owner !== null) tensors.set("changed", this.#owner.changed.slice());
    const watched = this.#watch?.last ?? null;
    if (watched !== null) tensors.set("watched", watched);
    return { document: document as unknown as Json, tensors };
  }

  async restore({ document, tensors }: DriverState): Promise<void> {
    const state = document as unknown as SegregatedState;
    const changed = tensors.get("changed");
    if (state.owner !== null && changed instanceof Uint8Array) {
      await this.#owner?.restore(state.owner, changed);
    }
    if (state.epoch >= 0) {
      const epoch = await this.#begin(state.epoch);
      if (state.cold !== null) epoch.cold?.restore(state.cold);
      // A stream that has not begun is as it was made, which lets one plan go on from another's cold inputs.
      if (state.hot !== null && state.hot.minibatches > 0) epoch.hot?.restore(state.hot);
      if (state.schedule !== null) epoch.turns.restore(state.schedule);
    }
    if (state.blocks !== null) this.#blocks?.restore(state.blocks, tensors);
    const watched = tensors.get("watched");
    if (state.watch !== null) {
      this.#watch?.restore(state.watch, watched instanceof Float32Array ? watched : null);
    }
    this.#finished = state.finished;
    this.#trained = state.trained;
    this.#passed = state.passed;
    this.#steps = state.steps;
    this.#counted = state.counted;
    this.#rounds = [...state.rounds];
  }

  dispose(): void {
    this.#close();
    this.#blocks?.dispose();
    this.#blocks = null;
  }

  /** Lets go of what the epoch at hand reads. */
  #close(): void {
    this.#epoch?.cold?.dispose();
    this.#epoch?.hot?.dispose();
  }

  /** Opens an epoch. */
  async #begin(number: number): Promise<Epoch> {
    this.#close();
    const epoch = await openEpoch({
      parts: this.#parts,
      plan: this.#plan,
      options: this.#options,
      hotRows: this.#hotSet.rows,
      passes: this.#passes,
      given: number === 0 ? this.#first : null,
      before: this.#epoch?.turns ?? null,
      blocks: (staleness) => this.#blocks ??= this.#makeBlocks(staleness),
    }, number);
    const { ms, hot, cold } = epoch.segregation;
    if (number > 0 || this.#first === null) this.#passMs += ms;
    this.#counted = [hot.length, cold.length];
    return this.#epoch = epoch;
  }

  /** The next minibatch of an epoch; null at its end. */
  async #fromEpoch(epoch: Epoch): Promise<PlannedMinibatch | null> {
    const { cold, hot, turns } = epoch;
    for (;;) {
      const coldOver = cold === null || cold.ended, hotOver = hot === null || hot.ended;
      if (coldOver && hotOver) return null;
      const mine = turns.turn === "cold" ? cold : hot;
      const ended = turns.turn === "cold" ? coldOver : hotOver;
      // A window's minibatches follow each other, whatever the turn.
      const held = turns.turn === "hot" && hot?.inWindow === true;
      if (!held && (ended || mine === null || turns.over(mine.done))) {
        await this.#switch(turns, (turns.turn === "cold" ? hot : cold)?.done ?? 0);
        continue;
      }
      if (turns.turn === "cold") {
        const some = await cold!.next();
        if (some !== null) return await this.#prepare(epoch, "cold", "full", some);
        this.#passed += cold!.takePassed();
      } else {
        // The stream may take a snapshot, for which the copy must be the current one.
        if (this.#owner !== null && !hot!.ended) await this.#owner.take("hot");
        const some = await hot!.next();
        if (some !== null) {
          return await this.#prepare(epoch, some.kind, this.#owner === null ? "full" : "hot", some);
        }
        // What is left is too little for a whole minibatch.
        if (!hot!.ended) hot!.end();
        this.#passed += hot!.takePassed();
      }
    }
  }

  async #switch(turns: Turns, done: number): Promise<void> {
    // Before the switch, because the next round uses the new rate; a run that is interrupted meanwhile measures again.
    if (turns.turn === "hot" && turns.adapts) {
      const begun = performance.now(), booked = this.#bookedMs;
      const loss = await this.#parts.hooks.measureLoss(turns.measuredInputs);
      this.#measuredMs += performance.now() - begun;
      // It brings hot rows back, which is part of that time.
      this.#bookedMs = booked;
      turns.measured(loss);
      this.#rounds.push({ rate: turns.rate, loss });
    }
    turns.switch(done);
  }

  async #prepare(
    epoch: Epoch,
    kind: PlannedMinibatch["kind"],
    route: PlannedMinibatch["route"],
    { batch, skipped }: StreamBatch,
  ): Promise<PlannedMinibatch> {
    await this.#owner?.take(route);
    const lookups = batch.lookups;
    const [coldLookups, uniqueColdRows] = route === "full"
      ? this.#coldCounter?.count(lookups) ?? [0, 0]
      : [0, 0];
    const passed = this.#passed + skipped;
    this.#passed = 0;
    // In a window every row is updated: a frozen row would not move, and would be found stale again and again.
    const { lookups: updated, frozen } = this.#freezer === null || kind === "window"
      ? { lookups, frozen: 0 }
      : this.#freezer.freeze(lookups, route);
    const inputs = updated === lookups ? batch : { ...batch, lookups: updated };
    const syncBytes = this.#owner?.train(inputs.lookups) ?? 0;
    return {
      epoch: epoch.number,
      kind,
      route,
      batch: inputs,
      skipped: passed,
      frozen,
      lookups,
      coldLookups,
      uniqueColdRows,
      syncBytes,
    };
  }

  #finish(epoch: Epoch): void {
    this.#finished = (epoch.number + 1) * inputsOf(epoch);
  }

  /** Inputs dealt with, twice walked ones twice: those of a kind that is left out count when their epoch is over. */
  #finishedInputs(): number {
    const epoch = this.#epoch;
    if (epoch === null) return 0;
    const before = epoch.number * inputsOf(epoch);
    // Only the artifact repeats inputs, and it has one epoch.
    const repeated = epoch.hot?.repeated ?? 0;
    if (this.#finished > before) return this.#finished + repeated;
    return before + (epoch.cold?.done ?? 0) + (epoch.hot?.done ?? 0) + repeated;
  }

  #makeBlocks(resolved: ResolvedStaleness): StalenessBlocks {
    const { model, dataset, seed } = this.#parts;
    const { tables } = model.hot ?? model;
    const { lookups, sequences } = inputShapeOf(dataset.schema);
    const blocks = new StalenessBlocks({
      device: model.hot === null ? model.home : model.device,
      tables,
      flatRows: model.hot === null ? this.#flatRows : null,
      hot: this.#hotSet.rows,
      shape: sequences ? { groups: tables.rows.length, lookups } : { groups: 1, lookups },
      sequences,
      options: this.#options,
      resolved,
      freezes: this.#plan.freezes,
      seed,
      book: (stage, ms) => this.#book(stage, ms),
    });
    if (this.#plan.freezes) {
      this.#freezer = new StaleRowFreezer(blocks, this.#flatRows, model.tables.totalRows);
    }
    return blocks;
  }

  async #readHotRows(hotRows: Uint32Array): Promise<Float32Array> {
    const { model } = this.#parts;
    if (this.#owner?.owner === "hot") return await model.hot!.tables.readRowsAt(hotRows);
    return await model.tables.readRowsAt(hotRows.map((h) => this.#flatRows[h]!));
  }

  #book(stage: "sync-hot" | "snapshot" | "search" | "classify", ms: number): void {
    this.#parts.hooks.book(stage, ms);
  }
}

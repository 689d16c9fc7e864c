/**
 * The plans that tell hot inputs from cold ones: `fae`, `slipstream` and its variants, and the controls.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import { formatBytes } from "../../core/format.ts";
import type { GroupedLookups } from "../../kernels/types.ts";
import type { Json } from "../run/result.ts";
import { type BlocksState, StalenessBlocks } from "./blocks.ts";
import { ColdStream, type ColdStreamState, type StreamBatch } from "./cold_stream.ts";
import type { PlanDocument } from "./document.ts";
import type {
  DriverParts,
  DriverState,
  PlanDriver,
  PlannedMinibatch,
  StateArray,
} from "./driver.ts";
import { Feed } from "./feed.ts";
import { RowFreezer } from "./freeze.ts";
import { type HotSet, type PassHooks, segregate, type Segregation } from "./hot_set.ts";
import { HotStream, type HotStreamState } from "./hot_stream.ts";
import { HotRowOwner, type HotRowOwnerState } from "./hot_tables.ts";
import {
  checkBags,
  checkPlan,
  decides,
  dropsHot,
  lookupsOf,
  type PlanOptions,
  planOptionsDocument,
  type ResolvedPlan,
  resolvePlan,
} from "./options.ts";
import { watchedRows } from "./sampling.ts";
import { Schedule, type ScheduleState } from "./schedule.ts";
import { RowWatch, type WatchState } from "./watch.ts";

/** What belongs to one epoch. */
interface Epoch {
  readonly number: number;
  readonly segregation: Segregation;
  readonly cold: ColdStream | null;
  readonly hot: HotStream | null;
  readonly schedule: Schedule;
  readonly resolved: ResolvedPlan | null;
}

/** What of a driver goes into a checkpoint, besides arrays. */
interface SegregatedState {
  readonly epoch: number;
  readonly cold: ColdStreamState | null;
  readonly hot: HotStreamState | null;
  readonly schedule: ScheduleState | null;
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
  readonly #options: PlanOptions;
  readonly #hotSet: HotSet;
  readonly #passes: PassHooks;
  readonly #sequences: boolean;
  readonly #owner: HotRowOwner | null;
  readonly #freezer = new RowFreezer();
  /** Flat row of each hot row in the model's tables. */
  readonly #flatRows: Uint32Array;
  /** A bit for each flat row of the model's tables, set where it is hot; only where a trace counts cold ones. */
  readonly #hotFlags: Uint8Array | null;
  #epoch: Epoch | null = null;
  #blocks: StalenessBlocks | null = null;
  #watch: RowWatch | null = null;
  #frozen: { decisions: number; full: Uint8Array; hot: Uint8Array | null } | null = null;
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

  /** @throws {UserError} Options that `checkPlan` refuses. */
  constructor(parts: DriverParts, options: PlanOptions, hotSet: HotSet, passes: PassHooks = {}) {
    const { model, dataset, batch, epochs } = parts;
    this.#options = options;
    this.#hotSet = hotSet;
    this.#passes = passes;
    this.#sequences = dataset.schema.steps !== undefined;
    checkPlan(options, epochs, lookupsOf(dataset.schema), this.#sequences);
    checkBags(options, dataset.schema);
    const count = dataset.count("train");
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
      withState: options.mode === "corrected",
      notesCold: options.schedule === "interleaved",
      book: (ms) => this.#book("sync-hot", ms),
    });
    this.#flatRows = hotSet.rows.flatRows();
    this.#hotFlags = parts.counts ? new Uint8Array(Math.ceil(model.tables.totalRows / 8)) : null;
    if (this.#hotFlags !== null) {
      for (const row of this.#flatRows) this.#hotFlags[row >>> 3]! |= 1 << (row & 7);
    }
    if (options.watch > 0) this.#watch = this.#makeWatch();
  }

  get done(): number {
    const epoch = this.#epoch;
    if (epoch === null) return this.#finished;
    const { cold, hot, segregation } = epoch;
    // A kind that is left out altogether counts as done with the other.
    const done = (cold?.done ?? 0) + (hot?.done ?? 0);
    const left = (cold === null ? segregation.cold.length : 0) +
      (hot === null ? segregation.hot.length : 0);
    const all = segregation.cold.length + segregation.hot.length;
    return this.#finished + Math.floor(all === left ? all : done * all / (all - left));
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
    // What nothing else was booked for is reading and grouping.
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
    return {
      name: this.#options.name,
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
      rounds: this.#rounds,
      preparation_ms: ms + this.#passMs,
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
      schedule: epoch?.schedule.state() ?? null,
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
      if (state.schedule !== null) epoch.schedule.restore(state.schedule);
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
    this.#blocks?.dispose();
    this.#blocks = null;
  }

  /** Opens an epoch: tells its inputs apart and sets up their streams. */
  async #begin(number: number): Promise<Epoch> {
    const { dataset, model, batch, order, seed } = this.#parts;
    const options = this.#options;
    const hotRows = this.#hotSet.rows;
    const orderOf = order(number);
    const segregation = await segregate(dataset, orderOf, hotRows, this.#passes);
    this.#passMs += segregation.ms;
    const { hot: hots, cold: colds } = segregation;
    if (colds.length === 0) {
      throw new UserError(
        `Cannot tell hot inputs from cold ones: all ${hots.length} inputs have hot rows alone, which take ${
          formatBytes(4 * model.tables.dim * hotRows.total)
        }; use a --hot-memory below that or a smaller --profile, or --plan baseline`,
      );
    }
    this.#counted = [hots.length, colds.length];
    const artifact = options.mode === "artifact";
    const drops = this.#parts.lastBatch === "drop";
    const wholeOnly = artifact ? !this.#sequences : drops && hots.length >= batch;
    const hotMinibatches = wholeOnly
      ? Math.floor(hots.length / batch)
      : Math.ceil(hots.length / batch);
    const coldMinibatches = Math.ceil(colds.length / batch);
    const most = !artifact
      ? (drops && colds.length >= batch ? Math.floor(colds.length / batch) : coldMinibatches)
      : this.#sequences
      ? Math.max(0, coldMinibatches - 2)
      : Math.floor(colds.length / batch);
    const hasWindow = (decides(options.name) || options.name === "random-drop") &&
      (number === 0 || options.decide === "epoch");
    const lookups = lookupsOf(dataset.schema);
    const resolved = decides(options.name) || options.name === "random-drop"
      ? resolvePlan(options, hotMinibatches, lookups, this.#sequences)
      : null;
    if (decides(options.name)) {
      this.#blocks ??= this.#makeBlocks(resolved!, lookups);
      this.#blocks.epoch = number;
      if (!hasWindow) this.#blocks.decidedAt = 0;
    }
    const feed = () => new Feed(dataset, orderOf, hotRows, model.tables.rows, batch);
    const cold = options.name === "skip-cold" ? null : new ColdStream({
      positions: colds,
      feed: feed(),
      batch,
      most,
      blocks: options.name === "slipstream-cold" ? this.#blocks : null,
    });
    const hot = options.name === "skip-hot" ? null : new HotStream({
      positions: hots,
      feed: feed(),
      options,
      resolved,
      route: model.hot === null ? "full" : "hot",
      batch,
      epoch: number,
      seed,
      blocks: this.#blocks,
      drops: dropsHot(options.name),
      hasWindow,
      dropsLast: wholeOnly,
      dropsLastKept: artifact || wholeOnly,
    });
    const totals = {
      cold: cold === null ? 0 : colds.length,
      hot: hot === null ? 0 : hots.length,
    };
    const before = this.#epoch?.schedule ?? null;
    const schedule = new Schedule(options.schedule, totals, batch, options.rate, before);
    return this.#epoch = { number, segregation, cold, hot, schedule, resolved };
  }

  /** The next minibatch of an epoch; null at its end. */
  async #fromEpoch(epoch: Epoch): Promise<PlannedMinibatch | null> {
    const { cold, hot, schedule } = epoch;
    for (;;) {
      const coldOver = cold === null || cold.ended, hotOver = hot === null || hot.ended;
      if (coldOver && hotOver) return null;
      const mine = schedule.turn === "cold" ? cold : hot;
      const ended = schedule.turn === "cold" ? coldOver : hotOver;
      // A window's minibatches follow each other, whatever the turn.
      const held = schedule.turn === "hot" && hot?.inWindow === true;
      if (!held && (ended || mine === null || schedule.over(mine.done))) {
        await this.#switch(schedule, (schedule.turn === "cold" ? hot : cold)?.done ?? 0);
        continue;
      }
      if (schedule.turn === "cold") {
        const some = await cold!.next();
        if (some !== null) return await this.#plan(epoch, "cold", "full", some);
        this.#passed += cold!.takePassed();
      } else {
        // The stream may take a snapshot, for which the copy must be the current one.
        if (this.#owner !== null && !hot!.ended) await this.#owner.take("hot");
        const some = await hot!.next();
        if (some !== null) {
          return await this.#plan(epoch, some.kind, this.#owner === null ? "full" : "hot", some);
        }
        // What is left is too little for a whole minibatch.
        if (!hot!.ended) hot!.end();
        this.#passed += hot!.takePassed();
      }
    }
  }

  async #switch(schedule: Schedule, done: number): Promise<void> {
    // Before the switch: the next round is of the new rate, and a run that is interrupted meanwhile measures anew.
    if (schedule.turn === "hot" && schedule.adapts) {
      const begun = performance.now(), booked = this.#bookedMs;
      const loss = await this.#parts.hooks.measureLoss(schedule.measuredInputs);
      this.#measuredMs += performance.now() - begun;
      // It brings hot rows back, which is part of that time.
      this.#bookedMs = booked;
      schedule.measured(loss);
      this.#rounds.push({ rate: schedule.rate, loss });
    }
    schedule.switch(done);
  }

  async #plan(
    epoch: Epoch,
    kind: PlannedMinibatch["kind"],
    route: PlannedMinibatch["route"],
    { batch, skipped }: StreamBatch,
  ): Promise<PlannedMinibatch> {
    await this.#owner?.take(route);
    const lookups = batch.lookups;
    const [coldLookups, uniqueColdRows] = route === "full" ? this.#countCold(lookups) : [0, 0];
    const passed = this.#passed + skipped;
    this.#passed = 0;
    let inputs = batch, frozen = 0;
    // In a window every row is updated: one that stayed as it is would be found stale for ever.
    const freezes = this.#options.name === "freeze" && kind !== "window";
    const stale = freezes ? this.#frozenRows(route) : null;
    if (stale !== null) {
      const rest = this.#freezer.withoutRows(lookups, stale);
      inputs = { ...batch, lookups: rest.lookups };
      frozen = rest.frozen;
    }
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

  #countCold({ unique, uniqueRows, segments }: GroupedLookups): [number, number] {
    const flags = this.#hotFlags;
    if (flags === null) return [0, 0];
    let lookups = 0, rows = 0;
    for (let u = 0; u < unique; u++) {
      const row = uniqueRows[u]!;
      if ((flags[row >>> 3]! >>> (row & 7) & 1) === 1) continue;
      lookups += segments[u + 1]! - segments[u]!;
      rows++;
    }
    return [lookups, rows];
  }

  /** Stale rows of a route's tables by the last decision; null before the first. */
  #frozenRows(route: "full" | "hot"): Uint8Array | null {
    const blocks = this.#blocks!;
    if (blocks.stale === null) return null;
    if (this.#frozen?.decisions !== blocks.decisions) {
      const full = new Uint8Array(this.#parts.model.tables.totalRows);
      blocks.stale.forEach((stale, h) => full[this.#flatRows[h]!] = stale);
      this.#frozen = { decisions: blocks.decisions, full, hot: blocks.stale };
    }
    return route === "full" ? this.#frozen.full : this.#frozen.hot;
  }

  #finish({ number, segregation }: Epoch): void {
    this.#finished = (number + 1) * (segregation.hot.length + segregation.cold.length);
  }

  /** Inputs dealt with, twice walked ones twice: those of a kind that is left out count when their epoch is over. */
  #finishedInputs(): number {
    const epoch = this.#epoch;
    if (epoch === null) return 0;
    const all = epoch.segregation.hot.length + epoch.segregation.cold.length;
    const before = epoch.number * all;
    // Only the artifact repeats inputs, and it has one epoch.
    const repeated = epoch.hot?.repeated ?? 0;
    if (this.#finished > before) return this.#finished + repeated;
    return before + (epoch.cold?.done ?? 0) + (epoch.hot?.done ?? 0) + repeated;
  }

  #makeBlocks(resolved: ResolvedPlan, lookups: number): StalenessBlocks {
    const { model, seed } = this.#parts;
    const { tables } = model.hot ?? model;
    return new StalenessBlocks({
      device: model.hot === null ? model.home : model.device,
      tables,
      flatRows: model.hot === null ? this.#flatRows : null,
      hot: this.#hotSet.rows,
      shape: this.#sequences ? { groups: tables.rows.length, lookups } : { groups: 1, lookups },
      sequences: this.#sequences,
      options: this.#options,
      resolved,
      seed,
      book: (stage, ms) => this.#book(stage, ms),
    });
  }

  #makeWatch(): RowWatch {
    const { seed, model } = this.#parts;
    const { rows } = this.#hotSet;
    const chosen = watchedRows(rows.total, Math.min(this.#options.watch, rows.total), seed);
    const where = Array.from(chosen, (hot) => {
      let table = 0;
      while (hot >= rows.rowsPerTable[table]!) hot -= rows.rowsPerTable[table++]!;
      return { table, row: rows.rows[table]![hot]! };
    });
    return new RowWatch(chosen, where, model.tables.dim, this.minibatches);
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

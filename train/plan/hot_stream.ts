/**
 * The hot inputs of an epoch: warm-up, window, decision, and from then on only what the plan keeps.
 *
 * @module
 */

import type { Route } from "../model/model.ts";
import type { MinibatchKind } from "../trace/schema.ts";
import type { StalenessBlocks } from "./blocks.ts";
import type { StreamBatch } from "./cold_stream.ts";
import { present, whenCome } from "../../kernels/pending.ts";
import type { Pending } from "../../kernels/types.ts";
import type { InputFeed, Look } from "../feed/feeds.ts";
import { InputFilter } from "./filter.ts";
import type { PlanOptions, ResolvedPlan } from "./options.ts";
import type { Plan } from "./plans.ts";
import { SEMANTICS } from "./semantics.ts";
import { HotSkipping, type Places, type Verdict } from "./skipping.ts";

/** A minibatch of hot inputs. */
export interface HotMinibatch extends StreamBatch {
  readonly kind: MinibatchKind;
}

/** Where a stream is; enough to go on from there. */
export interface HotStreamState {
  /** Place in the list of hot inputs of the next one that is neither trained nor skipped. */
  readonly cursor: number;
  /** Hot minibatches trained. */
  readonly minibatches: number;
  /** Hot minibatches before the window at hand or to come, and before its end; null where there is none to come. */
  readonly window: { readonly from: number; readonly to: number } | null;
  /** Whether inputs are looked at before they are trained. */
  readonly filters: boolean;
  /** Inputs walked a second time. */
  readonly repeated: number;
}

/** How an epoch's hot inputs are walked. */
export interface HotStreamParts {
  readonly positions: Uint32Array;
  readonly feed: InputFeed;
  readonly plan: Plan;
  readonly options: PlanOptions;
  readonly resolved: ResolvedPlan;
  readonly route: Route;
  readonly batch: number;
  readonly epoch: number;
  readonly seed: number;
  /** Of plans that decide. */
  readonly blocks: StalenessBlocks | null;
}

/** Whether an epoch begins with a window: not where the decision of the first is kept. */
export function opensWindow({ window }: Plan, { decide }: PlanOptions, epoch: number): boolean {
  return window && (epoch === 0 || decide === "epoch");
}

/** Walks the hot inputs of one epoch. */
export class HotStream {
  readonly #parts: HotStreamParts;
  readonly #skipping: HotSkipping;
  readonly #filter: InputFilter;
  #cursor = 0;
  #minibatches = 0;
  #window: { from: number; to: number } | null;
  #filters: boolean;
  #lastSize = 0;
  #repeated = 0;
  #passed = 0;

  constructor(parts: HotStreamParts) {
    const { plan, options, resolved: { layout }, positions, batch, epoch, seed } = parts;
    this.#parts = parts;
    const opens = opensWindow(plan, options, epoch);
    this.#skipping = new HotSkipping({
      ...{ plan, options, layout, opens, count: positions.length, batch, seed, epoch },
    });
    this.#filter = new InputFilter(positions, parts.feed, {
      numbering: () => plan.hot === "skip-stale" ? parts.blocks!.numbering : null,
      verdict: (look, places) => this.#judge(look, places),
    });
    const { warmup, window } = layout;
    this.#window = opens ? { from: warmup, to: warmup + window } : null;
    this.#filters = !opens && this.#drops;
  }

  /** Inputs trained or passed over. */
  get done(): number {
    return this.#cursor;
  }

  /** Inputs of the window that artifact mode goes through a second time. */
  get repeated(): number {
    return this.#repeated;
  }

  /** Inputs passed over since the last minibatch, where `next` found none; once. */
  takePassed(): number {
    const passed = this.#passed;
    this.#passed = 0;
    return passed;
  }

  /** Whether nothing is left. */
  get ended(): boolean {
    const left = this.#parts.positions.length - this.#cursor;
    const { resolved: { layout: { wholeHot } }, batch } = this.#parts;
    return left === 0 || (wholeHot && !this.#filters && left < batch);
  }

  /** Whether a window is open, whose minibatches must follow each other. */
  get inWindow(): boolean {
    return this.#window !== null && this.#minibatches > this.#window.from &&
      this.#minibatches < this.#window.to;
  }

  /** The next minibatch; null where the inputs left are all skipped, or too few. */
  async next(): Promise<HotMinibatch | null> {
    const { positions, feed, route, batch, blocks, resolved: { layout, wakeEvery } } = this.#parts;
    if (
      this.#window === null && blocks !== null && wakeEvery > 0 &&
      this.#minibatches >= blocks.decidedAt + wakeEvery
    ) {
      const { window } = layout;
      // A window that the inputs left cannot fill would end without a decision.
      if (this.#skipping.until - this.#cursor > (window + 1) * batch) {
        const from = this.#minibatches;
        this.#filter.forget();
        if (window > 0) this.#window = { from, to: from + window };
        else await this.#decide({ from, to: from });
      } else {
        blocks.decidedAt = Infinity;
      }
    }
    const window = this.#window;
    if (window !== null || !this.#filters) {
      const kind = window === null ? "hot" : this.#minibatches < window.from ? "warm-up" : "window";
      if (window !== null && this.#minibatches === window.from) await blocks?.begin();
      const size = Math.min(batch, positions.length - this.#cursor);
      if (size === 0 || (layout.wholeHot && size < batch)) return null;
      const inputs = await feed.batch(positions, this.#cursor, size, route);
      return { kind, batch: inputs, skipped: 0 };
    }
    return await this.#nextKept();
  }

  /** Says that what `next` gave has been trained. */
  async trained(minibatch: HotMinibatch): Promise<void> {
    const { blocks, resolved, options } = this.#parts;
    const { size } = minibatch.batch;
    // Of filtered inputs the cursor has moved as they were dealt with.
    if (this.#window !== null || !this.#filters) this.#cursor += size;
    this.#minibatches++;
    this.#lastSize = size;
    const window = this.#window;
    if (window === null) return;
    if (minibatch.kind === "window") {
      blocks?.count(minibatch.batch.lookups);
      const length = window.to - window.from;
      const at = this.#minibatches - window.from;
      // Snapshots stand at even distances; the first and the last are taken below and in `next`.
      const between = resolved.staleness!.snapshots - 1;
      for (let i = 1; i < between; i++) {
        if (at === Math.floor(i * length / between) && at < length) {
          await blocks?.proceed();
          break;
        }
      }
    }
    if (this.#minibatches < window.to) return;
    this.#window = null;
    this.#filters = this.#drops;
    if (SEMANTICS[options.mode].repeatsWindowEnd && this.#drops) {
      this.#cursor -= this.#lastSize;
      this.#repeated += this.#lastSize;
    }
    await this.#decide(window);
  }

  /** Decides at the end of a window, or without one. */
  async #decide(window: { readonly from: number; readonly to: number }): Promise<void> {
    const { blocks, feed, positions } = this.#parts;
    const left = positions.subarray(this.#cursor);
    await blocks?.decide(feed, left, positions.length, this.#minibatches, window);
  }

  /** Whether inputs are dropped once the window has closed, or from the first on where there is none. */
  get #drops(): boolean {
    const { hot } = this.#parts.plan;
    return hot === "skip-stale" || hot === "drop-at-random";
  }

  /** Passes over what is left. */
  end(): void {
    const { positions } = this.#parts;
    this.#passed += positions.length - this.#cursor;
    this.#cursor = positions.length;
  }

  /** Where the stream is, between minibatches. */
  state(): HotStreamState {
    return {
      cursor: this.#cursor,
      minibatches: this.#minibatches,
      window: this.#window === null ? null : { ...this.#window },
      filters: this.#filters,
      repeated: this.#repeated,
    };
  }

  /** Goes on from a state. */
  restore({ cursor, minibatches, window, filters, repeated }: HotStreamState): void {
    this.#cursor = cursor;
    this.#minibatches = minibatches;
    this.#window = window === null ? null : { ...window };
    this.#filters = filters;
    this.#repeated = repeated;
    this.#filter.forget();
  }

  /** Puts a minibatch together from inputs that are kept. */
  async #nextKept(): Promise<HotMinibatch | null> {
    const { plan, route, batch, resolved: { layout }, blocks } = this.#parts;
    const before = this.#cursor;
    const kept = await this.#filter.next(before, batch, route, layout.wholeKept);
    this.#cursor = kept.cursor;
    if (plan.hot === "skip-stale") blocks!.account(kept.cursor - before, kept.skipped);
    if (kept.batch === null) {
      // Kept ones that are too few for a minibatch are passed over as well.
      this.#passed += kept.cursor - before;
      return null;
    }
    return { kind: "hot", batch: kept.batch, skipped: kept.skipped };
  }

  /** Lets go of what its inputs were read with. */
  dispose(): void {
    this.#parts.feed.dispose();
  }

  #judge(look: Look, places: Places): Pending<Verdict> {
    const { plan, blocks } = this.#parts;
    const skipping = this.#skipping, { positions, first } = places;
    if (first >= skipping.until) {
      return present({ skip: new Uint8Array(positions.length), weights: null });
    }
    const inClass = plan.hot !== "skip-stale"
      ? present(skipping.dropAtRandom(places))
      : skipping.annealed
      ? blocks!.classifyBy(look, (b) => skipping.shareAt(first + b))
      : blocks!.classify(look);
    return whenCome(inClass, (skip) => skipping.judge(skip, places));
  }
}

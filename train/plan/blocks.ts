/**
 * Slipstream's three blocks together: snapshots of the window, the threshold found on a sample, the classifier.
 *
 * @module
 */

import type { ScoreCombination } from "../../kernels/staleness/op.ts";
import type { Device, EmbeddingTables, GroupedLookups, Pending } from "../../kernels/types.ts";
import { Classifier, CLASSIFIER_INPUTS, type ClassifierShape } from "./classifier.ts";
import { ALWAYS_STALE, findCriterion, NEVER, rowScores } from "./criterion.ts";
import type { Decision } from "./document.ts";
import type { StateArray } from "./driver.ts";
import { whenCome } from "../../kernels/pending.ts";
import type { InputFeed, Look } from "../feed/feeds.ts";
import type { Numbering } from "../feed/preparer.ts";
import type { HotRows } from "./hot_rows.ts";
import type { PlanOptions, ResolvedStaleness } from "./options.ts";
import { readRowNumbers } from "./row_numbers.ts";
import { sampledInputs } from "./sampling.ts";
import { SEMANTICS } from "./semantics.ts";
import { type RowChanges, SnapshotBlock } from "./snapshots.ts";
import { bisectThreshold, dropCurve, quantileThreshold, SortedSample } from "./threshold.ts";

/** Scores that are not of a hot row. */
const OTHERS = 2;
/** How the hot rows of a cold input count together. */
const MAX = { kind: "max" } as const;

/** What the blocks work on. */
export interface BlockParts {
  /** Holds `tables`. */
  readonly device: Device;
  /** Where hot rows are trained. */
  readonly tables: EmbeddingTables;
  /** Flat row of each hot row in `tables`; null where these are the hot rows in order. */
  readonly flatRows: Uint32Array | null;
  readonly hot: HotRows;
  /** Most lookups of an input; for sequences, their steps. */
  readonly shape: ClassifierShape;
  readonly sequences: boolean;
  readonly options: PlanOptions;
  readonly resolved: ResolvedStaleness;
  /** Whether D is a share of lookups, whose rows are frozen, and not of inputs. */
  readonly freezes: boolean;
  readonly seed: number;
  /** Books time on a stage, in milliseconds, where the device does not. */
  readonly book: (stage: "snapshot" | "search" | "classify", ms: number) => void;
}

/** A decision while it is in force: some of its counts still grow. */
type OpenDecision = { -readonly [K in keyof Decision]: Decision[K] };

/** Decides which rows are stale and which inputs are skipped. */
export class StalenessBlocks {
  /** Hot minibatches trained when the last decision fell. */
  decidedAt = 0;
  /** The epoch at hand. */
  epoch = 0;
  readonly #parts: BlockParts;
  /** Null where the criterion looks at no changes. */
  readonly #snapshots: SnapshotBlock | null;
  readonly #classifier: Classifier;
  readonly #accesses: Uint32Array;
  /** Number of each row of `tables` among the hot rows + 1; null where they are the same. */
  readonly #numbers: Uint32Array | null;
  readonly #decisions: OpenDecision[] = [];
  /** One a hot row; behind them that of other rows, and that of inputs without any hot row. */
  readonly #scores: Float32Array;
  #stale: Uint8Array | null = null;
  /** The last decision's sample, where D changes between decisions, and thresholds of shares found on it. */
  #sampled: { readonly scores: Float32Array; readonly sorted: SortedSample } | null = null;
  readonly #thresholds = new Map<number, number>();
  #threshold = 0;
  #coldThreshold: number | null = null;
  #snapshotMs = 0;

  constructor(parts: BlockParts) {
    const { device, tables, flatRows, hot, shape, resolved } = parts;
    this.#parts = parts;
    this.#snapshots = resolved.snapshots === 0 ? null : new SnapshotBlock(device, tables, flatRows);
    this.#classifier = new Classifier(device, hot.total + OTHERS, shape);
    this.#accesses = new Uint32Array(hot.total);
    this.#scores = new Float32Array(hot.total + OTHERS);
    this.#numbers = flatRows === null ? null : new Uint32Array(tables.totalRows);
    flatRows?.forEach((row, h) => this.#numbers![row] = h + 1);
  }

  /** Decisions taken so far. */
  get decisions(): number {
    return this.#decisions.length;
  }

  /** All decisions, for documents. */
  get documents(): readonly Decision[] {
    return this.#decisions;
  }

  /** Which hot rows are stale by the last decision: 1 where stale; null before the first. */
  get stale(): Uint8Array | null {
    return this.#stale;
  }

  /** T of the last decision. */
  get threshold(): number {
    return this.#threshold;
  }

  /** Opens a window. */
  async begin(): Promise<void> {
    await this.#timed("snapshot", () => {
      this.#accesses.fill(0);
      this.#snapshots?.begin();
      return Promise.resolve();
    });
  }

  /** Counts the accesses of a minibatch of the window; its lookups name rows of `tables`. */
  count({ unique, uniqueRows, segments }: GroupedLookups): void {
    const accesses = this.#accesses, numbers = this.#numbers;
    for (let u = 0; u < unique; u++) {
      const row = uniqueRows[u]!;
      const hot = numbers === null ? row : numbers[row]! - 1;
      if (hot >= 0) accesses[hot]! += segments[u + 1]! - segments[u]!;
    }
  }

  /** Takes a snapshot between the first and the last. */
  async proceed(): Promise<void> {
    await this.#timed("snapshot", async () => await this.#snapshots?.proceed());
  }

  /**
   * Closes the window: last snapshot, scores, sample, threshold.
   *
   * @param feed Of the epoch's order; what it has looked at is overwritten.
   * @param left Positions of the hot inputs after the window.
   * @param all Hot inputs of the epoch.
   * @param minibatches Hot minibatches trained.
   * @param window The window's minibatches.
   */
  async decide(
    feed: InputFeed,
    left: Uint32Array,
    all: number,
    minibatches: number,
    window: { readonly from: number; readonly to: number },
  ): Promise<void> {
    const { hot, options, resolved, tables, flatRows, freezes } = this.#parts;
    await this.#timed("snapshot", async () => {
      const changes = await this.#snapshots?.finish() ?? noChanges(hot.total);
      const { reads = [] } = findCriterion(options.criterion);
      const numbers = await readRowNumbers(tables, flatRows, reads);
      this.#scores.set(rowScores(changes, this.#accesses, options, numbers));
      this.#scores[hot.total] = ALWAYS_STALE;
      this.#scores[hot.total + 1] = NEVER;
      this.#classifier.setScores(this.#scores);
    });
    const begun = performance.now();
    const { scores: sample, sampled } = await this.#sample(feed, left, all);
    const sorted = SortedSample.of(sample);
    const found = this.#search(sample, sorted);
    if (options.anneal !== "none") this.#keepSample(sample, sorted);
    this.#threshold = found.threshold;
    this.#coldThreshold = null;
    const before = this.#stale;
    const stale = this.#stale = this.#below(found.threshold);
    let woken = 0, asleep = 0;
    if (before !== null) {
      for (let h = 0; h < stale.length; h++) {
        if (before[h]! > stale[h]!) woken++;
        else if (before[h]! < stale[h]!) asleep++;
      }
    }
    this.#parts.book("search", performance.now() - begun);
    this.decidedAt = minibatches;
    this.#decisions.push({
      epoch: this.epoch,
      window,
      snapshots: resolved.snapshots,
      sampled,
      target: options.drop,
      threshold: found.threshold,
      share: found.share,
      note: found.note,
      curve: dropCurve(sorted),
      tables: this.#tables(stale),
      woken,
      fallen_asleep: asleep,
      classified: 0,
      skipped: 0,
      ...(freezes ? { lookups: 0, frozen_lookups: 0 } : {}),
      snapshot_ms: this.#snapshotMs,
      search_ms: performance.now() - begun,
      classify_ms: 0,
    });
    this.#snapshotMs = 0;
  }

  /** How rows of hot inputs are numbered to be classified. */
  get numbering(): Numbering {
    const { resolved: { combine }, hot } = this.#parts;
    return { other: hot.total, none: hot.total, unused: this.#unused(combine) };
  }

  /**
   * Which hot inputs to skip where each has a D of its own.
   *
   * @param shareOf D of input number b of the look.
   */
  classifyBy(look: Look, shareOf: (b: number) => number): Pending<Uint8Array> {
    return this.#classify(look, () => {
      const scores = this.#classifier.scores("classify", this.#parts.resolved.combine);
      return whenCome(
        scores,
        (all) => Uint8Array.from(all, (score, b) => score < this.#thresholdOf(shareOf(b)) ? 1 : 0),
      );
    });
  }

  /** T at which a share of the last decision's sample is skipped, as a float32. */
  #thresholdOf(share: number): number {
    let threshold = this.#thresholds.get(share);
    if (threshold === undefined) {
      threshold = Math.fround(quantileThreshold(this.#sampled!.sorted, share).threshold);
      this.#thresholds.set(share, threshold);
    }
    return threshold;
  }

  /** Which hot inputs to skip. */
  classify(look: Look): Pending<Uint8Array> {
    const { combine } = this.#parts.resolved;
    return this.#classify(look, () => this.#classifier.skips(combine, this.#threshold));
  }

  /** How rows of cold inputs are numbered to be classified. */
  get coldNumbering(): Numbering {
    const { hot } = this.#parts;
    return { other: hot.total, none: hot.total + 1, unused: hot.total };
  }

  /** Finds the threshold of cold inputs on a sample of those left, unless it is known under the last decision. */
  async prepareCold(feed: InputFeed, left: Uint32Array): Promise<void> {
    if (this.#coldThreshold !== null) return;
    const begun = performance.now();
    const { scores } = await this.#sample(feed, left, left.length, MAX);
    this.#coldThreshold = quantileThreshold(scores, this.#parts.options.drop).threshold;
    this.#parts.book("search", performance.now() - begun);
  }

  /**
   * Which cold inputs to skip: those whose hot rows are all stale at a threshold of their own, which `prepareCold` has found;
   * their cold rows are ignored, because no snapshot says how these move. An input without any hot row is never skipped.
   */
  classifyCold(look: Look): Pending<Uint8Array> {
    return this.#classify(look, () => this.#classifier.skips(MAX, this.#coldThreshold!));
  }

  /** Notes how many inputs were dealt with under the last decision, and how many of them were skipped. */
  account(classified: number, skipped: number): void {
    const decision = this.#decisions.at(-1)!;
    decision.classified += classified;
    decision.skipped += skipped;
  }

  /** Notes a minibatch's lookups under the last decision, and how many of them were of rows that were not updated. */
  accountFrozen(lookups: number, frozen: number): void {
    const decision = this.#decisions.at(-1)!;
    decision.lookups = (decision.lookups ?? 0) + lookups;
    decision.frozen_lookups = (decision.frozen_lookups ?? 0) + frozen;
  }

  /** Numbers and arrays that a checkpoint must hold. */
  async state(): Promise<
    { document: BlocksState; tensors: Map<string, Float32Array | Uint32Array> }
  > {
    const tensors = new Map<string, Float32Array | Uint32Array>();
    const snapshots = this.#snapshots;
    if (snapshots !== null) {
      for await (const { name, data } of snapshots.state()) tensors.set(name, data);
    }
    // Without snapshots nothing tells whether a window is open; what a window counted before does no harm.
    if (snapshots === null || snapshots.taken > 0) tensors.set("accesses", this.#accesses.slice());
    if (this.#stale !== null) tensors.set("scores", this.#scores.slice());
    if (this.#sampled !== null) tensors.set("sample", this.#sampled.scores);
    return {
      document: {
        decidedAt: Number.isFinite(this.decidedAt) ? this.decidedAt : null,
        threshold: this.#threshold,
        coldThreshold: this.#coldThreshold,
        taken: snapshots?.taken ?? 0,
        snapshotMs: this.#snapshotMs,
        decisions: this.#decisions,
      },
      tensors,
    };
  }

  /** Goes on from a state. */
  restore(document: BlocksState, tensors: ReadonlyMap<string, StateArray>): void {
    this.decidedAt = document.decidedAt ?? Infinity;
    this.#threshold = document.threshold;
    this.#coldThreshold = document.coldThreshold;
    this.#snapshotMs = document.snapshotMs;
    this.#decisions.splice(0, Infinity, ...document.decisions.map((decision) => ({ ...decision })));
    const floats = (name: string): { [name: string]: Float32Array } => {
      const data = tensors.get(name);
      return data instanceof Float32Array ? { [name]: data } : {};
    };
    this.#snapshots?.restore(document.taken, {
      ...floats("first"),
      ...floats("previous"),
      ...floats("path"),
    });
    const sample = tensors.get("sample");
    if (sample instanceof Float32Array) this.#keepSample(sample);
    const accesses = tensors.get("accesses");
    if (accesses instanceof Uint32Array) this.#accesses.set(accesses);
    const scores = tensors.get("scores");
    if (scores instanceof Float32Array) {
      this.#scores.set(scores);
      this.#classifier.setScores(scores);
      this.#stale = this.#below(this.#threshold);
    }
  }

  /** Gives the device's memory back. */
  dispose(): void {
    this.#snapshots?.dispose();
    this.#classifier.dispose();
  }

  /** 1 for each hot row whose score is below a threshold. */
  #below(threshold: number): Uint8Array {
    const limit = Math.fround(threshold), stale = new Uint8Array(this.#parts.hot.total);
    for (let h = 0; h < stale.length; h++) stale[h] = this.#scores[h]! < limit ? 1 : 0;
    return stale;
  }

  #keepSample(scores: Float32Array, sorted = SortedSample.of(scores)): void {
    this.#sampled = { scores, sorted };
    this.#thresholds.clear();
  }

  #search(
    sample: Float32Array,
    sorted: SortedSample,
  ): { threshold: number; share: number; note: string | null } {
    const { options, sequences } = this.#parts;
    const { search } = SEMANTICS[options.mode];
    if (search === "quantile") return quantileThreshold(sorted, options.drop, this.#what);
    const tolerance = sequences ? search.toleranceSequences : search.tolerance;
    const share = (threshold: number): number => {
      const limit = Math.fround(threshold);
      let below = 0;
      for (const score of sample) if (score < limit) below++;
      return below / sample.length;
    };
    const found = bisectThreshold(share, options.drop, tolerance);
    const note = found.converged
      ? null
      : `No threshold was found in ${found.probes.length} probes from 0 to 0.1 that drops ${options.drop} ± ${tolerance}: the original then skips nothing`;
    return { threshold: found.threshold, share: found.share, note };
  }

  /** What a sample's scores are of. */
  get #what(): "inputs" | "lookups" {
    return this.#parts.freezes ? "lookups" : "inputs";
  }

  /** Combined scores of sampled inputs; of a plan that freezes rows, scores of their lookups one by one. */
  async #sample(
    feed: InputFeed,
    left: Uint32Array,
    all: number,
    combine = this.#parts.resolved.combine,
  ): Promise<{ scores: Float32Array; sampled: number }> {
    const { options, seed, hot, freezes, shape } = this.#parts;
    const { sample, replacement } = SEMANTICS[options.mode];
    const share = options.sample ?? sample.share;
    const wanted = Math.floor(share * (sample.of === "all" ? all : left.length));
    const least = options.sample === null ? sample.least : 1;
    const count = Math.min(replacement ? Infinity : left.length, Math.max(least, wanted));
    const chosen = sampledInputs(left.length, count, seed, this.#decisions.length, replacement);
    const positions = chosen.map((i) => left[i]!);
    const each = freezes ? shape.groups * shape.lookups : 1;
    const scores = new Float32Array(count * each);
    const numbering = { other: hot.total, none: hot.total + 1, unused: this.#unused(combine) };
    const looks: Look[] = [];
    let lookups = 0, asked = 0;
    for (let from = 0; from < count; from += CLASSIFIER_INPUTS) {
      for (; looks.length < feed.looks && asked < count; asked += CLASSIFIER_INPUTS) {
        const most = Math.min(CLASSIFIER_INPUTS, count - asked);
        looks.push(feed.look(positions, asked, most, numbering));
      }
      const look = looks.shift()!, { size } = look;
      await look.ready();
      look.number(this.#classifier.rows);
      if (freezes) {
        lookups = this.#addLookups(scores, lookups, size);
        continue;
      }
      const part = await this.#classifier.scores("search", combine).wait();
      scores.set(part.subarray(0, size), from);
    }
    return { scores: freezes ? scores.subarray(0, lookups) : scores, sampled: count };
  }

  /** Appends the scores of lookups of hot rows of inputs looked at to a list that has `filled`; returns how many it then has. */
  #addLookups(list: Float32Array, filled: number, inputs: number): number {
    const { shape: { groups, lookups }, hot } = this.#parts, { rows } = this.#classifier;
    for (let l = 0; l < groups * lookups; l++) {
      for (let b = 0; b < inputs; b++) {
        const row = rows[l * CLASSIFIER_INPUTS + b]!;
        if (row < hot.total) list[filled++] = this.#scores[row]!;
      }
    }
    return filled;
  }

  /**
   * The score for the unused places of a bag that has fewer lookups. If all lookups have to be stale it always counts as
   * stale, so that the real lookups decide; if alpha of them are enough it never does, because alpha counts real lookups.
   */
  #unused(combine: ScoreCombination): number {
    const { hot, shape } = this.#parts;
    const someSuffice = combine.kind === "nth-smallest" && combine.n < shape.lookups;
    return someSuffice ? hot.total + 1 : hot.total;
  }

  /**
   * Asks for the verdict on inputs that have been looked at. Books the time that it takes: to number rows and ask, and to wait
   * for it where it has not come.
   */
  #classify(look: Look, ask: () => Pending<Uint8Array>): Pending<Uint8Array> {
    const begun = performance.now();
    look.number(this.#classifier.rows);
    const skip = ask();
    this.#classified(performance.now() - begun);
    return {
      take: () => skip.take(),
      wait: async () => {
        const waiting = performance.now();
        try {
          return await skip.wait();
        } finally {
          this.#classified(performance.now() - waiting);
        }
      },
    };
  }

  #classified(ms: number): void {
    this.#decisions.at(-1)!.classify_ms += ms;
    this.#parts.book("classify", ms);
  }

  #tables(stale: Uint8Array): Decision["tables"] {
    let at = 0;
    return this.#parts.hot.rowsPerTable.map((hot) => {
      let touched = 0, still = 0;
      for (const end = at + hot; at < end; at++) {
        if (this.#accesses[at]! > 0) touched++;
        still += stale[at]!;
      }
      return { hot, touched, stale: still };
    });
  }

  async #timed(stage: "snapshot", body: () => Promise<void>): Promise<void> {
    const begun = performance.now();
    await body();
    const ms = performance.now() - begun;
    this.#snapshotMs += ms;
    this.#parts.book(stage, ms);
  }
}

/** The changes of rows of which no snapshot was taken. */
function noChanges(rows: number): RowChanges {
  const none = new Float32Array(rows);
  return { net: none, path: none, snapshots: 0 };
}

/** What of the blocks goes into a checkpoint besides arrays. */
export interface BlocksState {
  /** Null once no further window fits. */
  readonly decidedAt: number | null;
  readonly threshold: number;
  readonly coldThreshold: number | null;
  readonly taken: number;
  readonly snapshotMs: number;
  readonly decisions: readonly Decision[];
}

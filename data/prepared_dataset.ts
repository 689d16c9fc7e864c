/**
 * A data set that lies in a cache.
 *
 * @module
 */

import { formatCount } from "../core/format.ts";
import type { BlockStore } from "./block_store.ts";
import type { Manifest } from "./manifest.ts";
import type { ColumnScales } from "./standardise.ts";
import { readKeys, type TableKeys } from "./table_keys.ts";
import { planWindows, PreparedReader, WindowCache } from "./prepared_reader.ts";
import type { SharedDataset } from "./shared_dataset.ts";
import type { Dataset, DatasetSchema, Order, Reader, Split } from "./types.ts";

/** Blocks that are mixed with each other where a split is larger than the memory budget: 4.2 million inputs. */
const WINDOW_BLOCKS = 64;

/** Inputs in a cache on the disk; see `openDataset`. */
export class PreparedDataset implements Dataset {
  readonly schema: DatasetSchema;
  readonly hash: string;
  readonly notes: readonly string[];
  readonly bayes = null;
  readonly keys: () => Promise<readonly TableKeys[]>;
  readonly scales?: ColumnScales;
  readonly #folder: string;
  readonly #manifest: Manifest;
  readonly #store: BlockStore;
  readonly #budget: number;
  /** A split that fits in memory is held once for all readers. */
  readonly #held = new Map<Split, WindowCache>();

  /**
   * @param folder The cache.
   * @param budget Bytes of memory that a split may take.
   * @param chosen How the format was chosen, for the notes.
   * @param held Splits that another thread has loaded, as rows.
   */
  constructor(
    folder: string,
    manifest: Manifest,
    store: BlockStore,
    budget: number,
    chosen: string,
    held: ReadonlyMap<Split, Uint32Array> = new Map(),
  ) {
    this.#folder = folder;
    for (const [split, words] of held) this.#held.set(split, WindowCache.of(store, words));
    const { format, schema } = manifest.options;
    this.schema = {
      format: format === "schema" ? schema!.name : format,
      dense: manifest.dense,
      tables: manifest.tables,
      ...(manifest.steps === undefined ? {} : { steps: manifest.steps }),
      ...(manifest.labelled ? {} : { labelled: false as const }),
    };
    this.keys = () => readKeys(folder, manifest.keys);
    if (manifest.scales !== undefined) this.scales = manifest.scales;
    this.hash = manifest.hash;
    this.#manifest = manifest;
    this.#store = store;
    this.#budget = budget;
    this.notes = this.#notes(chosen);
  }

  /** Inputs in a split. */
  count(split: Split): number {
    return this.#manifest.splits[split].count;
  }

  /** Loads splits that fit in memory, to share them; of others each thread reads windows of its own. */
  async share(splits: readonly Split[]): Promise<SharedDataset> {
    const held = new Map<Split, Uint32Array>();
    for (const split of splits) {
      if (this.#fits(split) && this.count(split) > 0) held.set(split, await this.#hold(split));
    }
    const [folder, manifest, budget] = [this.#folder, this.#manifest, this.#budget];
    return { kind: "prepared", folder, manifest, budget, held };
  }

  /** A reader of a split; the first read of a split that fits the memory budget loads it. */
  reader(split: Split, order: Order): Reader {
    const { blockRows, splits } = this.#manifest;
    if (this.#fits(split)) {
      const plan = planWindows(splits[split], blockRows, Infinity, order);
      return new PreparedReader(this.#store, plan, this.#cacheOf(split), order);
    }
    const blocks = order.kind === "sequential" ? 1 : this.#windowBlocks();
    const plan = planWindows(splits[split], blockRows, blocks, order);
    return new PreparedReader(this.#store, plan, new WindowCache(this.#store), order);
  }

  /** Closes the rows file and lets go of what is held in memory. */
  close(): void {
    this.#held.clear();
    this.#store.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #cacheOf(split: Split): WindowCache {
    const held = this.#held.get(split);
    if (held !== undefined) return held;
    const cache = new WindowCache(this.#store, true);
    this.#held.set(split, cache);
    return cache;
  }

  /** The rows of a split that fits in memory, in shared memory. */
  async #hold(split: Split): Promise<Uint32Array> {
    const { blockRows, splits } = this.#manifest;
    const plan = planWindows(splits[split], blockRows, Infinity, { kind: "sequential" });
    const cache = this.#cacheOf(split);
    return (cache.peek(0) ?? await cache.load(plan, 0)).words;
  }

  #fits(split: Split): boolean {
    return this.count(split) * this.#store.rowWords * 4 <= this.#budget;
  }

  #windowBlocks(): number {
    const blockBytes = this.#manifest.blockRows * this.#store.rowWords * 4;
    return Math.max(1, Math.min(WINDOW_BLOCKS, Math.floor(this.#budget / blockBytes)));
  }

  #notes(chosen: string): string[] {
    const { options, sources, rows, skipped } = this.#manifest;
    const used = sources.filter((source) => source.rows > 0);
    const notes = [
      `${this.schema.format} (${chosen}): ${formatCount(rows)} inputs from ${
        used.map((source) => source.name).join(", ")
      }`,
      ...this.#manifest.notes,
    ];
    if (options.maxIndexRange > 0) {
      notes.push(`Ids are taken modulo ${formatCount(options.maxIndexRange)}`);
    }
    if (skipped.count > 0) {
      notes.push(
        `Skipped ${formatCount(skipped.count)} bad row${
          skipped.count === 1 ? "" : "s"
        }, the first:`,
      );
      notes.push(...skipped.first);
    }
    if (!this.#fits("train")) {
      notes.push(
        `The train split is larger than the memory budget of ${
          (this.#budget / 2 ** 30).toFixed(1)
        } GiB: a shuffled order permutes blocks, then inputs within ${this.#windowBlocks()} blocks`,
      );
    }
    return notes;
  }
}

/**
 * A data set drawn once into memory, for experiments that train many times on inputs that take long to generate.
 *
 * @module
 */

import { UserError } from "../core/errors.ts";
import { eventTurns } from "../core/events.ts";
import { formatBytes, formatCount } from "../core/format.ts";
import { sharedBytes } from "../core/shared_memory.ts";
import { drawRows, FirstAppearance, rowLayout } from "./drawn/rows.ts";
import { idLayout, idsFromRow, idsToRow } from "./id_layout.ts";
import { createInputs } from "./inputs.ts";
import { RowReader } from "./row_reader.ts";
import type { SharedDataset } from "./shared_dataset.ts";
import { SPLITS } from "./split.ts";
import type { Dataset, DatasetSchema, Inputs, Order, Reader, Split } from "./types.ts";

/** How to draw a data set. */
export interface MaterialiseOptions {
  /** Called after every few thousand inputs, over all splits. */
  readonly onProgress?: ((progress: MaterialisationProgress) => void) | undefined;
  /** Stops it; {@link materialise} then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Which ids the tables have rows for: `possible`, those of the original; `seen`, those that occur, numbered in order of
   * first appearance over all splits, as DLRM numbers a log's. Default `possible`.
   */
  readonly vocabulary?: "possible" | "seen" | undefined;
  /**
   * Threads that draw, of a data set that other threads can open. Default 1: the thread that asks. The inputs are the same for
   * any number.
   */
  readonly threads?: number | undefined;
  /** Most bytes that the arrays of all splits may take. Default 6 GiB. */
  readonly memoryLimit?: number | undefined;
}

/** How far a data set is drawn. */
export interface MaterialisationProgress {
  /** Inputs drawn. */
  readonly done: number;
  /** Inputs of all splits. */
  readonly total: number;
}

const DEFAULT_LIMIT = 6 * 2 ** 30;
/** Inputs drawn at a time. */
const AT_ONCE = 4096;

/** A split's inputs one after the other, so that a shuffled minibatch touches few cache lines an input. */
export interface SplitRows {
  readonly count: number;
  /** count × steps × dense columns. */
  readonly dense: Float32Array;
  /** count × places of an input's ids: table by table, step by step, lookup by lookup. */
  readonly ids: Uint32Array;
  /** 0 or 1. */
  readonly labels: Uint8Array;
}

/**
 * Draws a data set once into arrays: 4 bytes for each dense value and id (of every step), 1 for each label. Schema, hash,
 * notes, Bayes rates and splits are those of the original, which may be closed afterwards.
 *
 * Read in sequence, the copy gives the inputs of the original bit for bit. Its shuffled order is the seed's `Permutation`
 * of the split. That is the same as in every generated data set, and in a prepared one whose split fits its memory budget.
 * A prepared split that is read in windows is shuffled by blocks instead, so the copy then shuffles the same inputs into
 * another order.
 *
 * With the vocabulary `seen` the copy has a schema and a hash of its own.
 *
 * @throws UserError if the arrays would take more than the limit, RangeError if a label is neither 0 nor 1.
 * @category Data
 */
export async function materialise(
  dataset: Dataset,
  options: MaterialiseOptions = {},
): Promise<Dataset> {
  const { onProgress, signal, threads = 1, memoryLimit = DEFAULT_LIMIT } = options;
  const { schema } = dataset;
  const total = SPLITS.reduce((sum, split) => sum + dataset.count(split), 0);
  const bytes = total * bytesPerInput(schema);
  if (bytes > memoryLimit) {
    throw new UserError(
      `Cannot keep ${formatCount(total)} inputs of ${schema.format} in memory: they take ` +
        `${formatBytes(bytes)}, and the limit is ${formatBytes(memoryLimit)}`,
    );
  }
  signal?.throwIfAborted();
  const turn = eventTurns(signal);
  let before = 0;
  const shared = threads > 1 ? await dataset.share?.(SPLITS) ?? null : null;
  const drawn: Partial<Record<Split, SplitRows>> = shared === null
    ? {}
    : await drawByThreads(dataset, shared, threads, options, total);
  for (const split of SPLITS) {
    drawn[split] ??= await draw(dataset, split, async (done) => {
      onProgress?.({ done: before + done, total });
      await turn();
      signal?.throwIfAborted();
    });
    before += dataset.count(split);
  }
  const rows = drawn as Record<Split, SplitRows>;
  const { hash, notes, bayes } = dataset;
  if (options.vocabulary !== "seen") {
    return new MaterialisedDataset({ schema, rows, hash, notes, bayes });
  }
  const seen = new FirstAppearance(schema), { width } = idLayout(schema);
  for (const split of SPLITS) seen.renumber(rows[split].ids, width);
  return new MaterialisedDataset({ ...seen.renumbered(dataset), rows, notes, bayes });
}

function bytesPerInput(schema: DatasetSchema): number {
  const { ids, dense } = rowLayout(schema);
  return 4 * (dense + ids) + 1;
}

/** Room for so many inputs, shared so that other threads can read them. */
function emptyRows(schema: DatasetSchema, count: number): SplitRows {
  const { ids, dense } = rowLayout(schema);
  return {
    count,
    dense: new Float32Array(sharedBytes(4 * count * dense)),
    ids: new Uint32Array(sharedBytes(4 * count * ids)),
    labels: new Uint8Array(sharedBytes(count)),
  };
}

async function drawByThreads(
  dataset: Dataset,
  shared: SharedDataset,
  threads: number,
  { onProgress, signal }: MaterialiseOptions,
  total: number,
): Promise<Record<Split, SplitRows>> {
  const { schema } = dataset, layout = rowLayout(schema);
  const drawn = Object.fromEntries(
    SPLITS.map((split) => [split, emptyRows(schema, dataset.count(split))]),
  ) as Record<Split, SplitRows>;
  let done = 0;
  for await (const { split, first, count, rows } of drawRows(dataset, shared, threads, signal)) {
    signal?.throwIfAborted();
    const { ids, dense, labels } = drawn[split], floats = new Float32Array(rows.buffer);
    for (let b = 0; b < count; b++) {
      const at = b * layout.words, row = first + b, toDense = at + layout.ids;
      ids.set(rows.subarray(at, toDense), row * layout.ids);
      dense.set(floats.subarray(toDense, toDense + layout.dense), row * layout.dense);
      labels[row] = rows[toDense + layout.dense]!;
    }
    onProgress?.({ done: done += count, total });
  }
  return drawn;
}

async function draw(
  dataset: Dataset,
  split: Split,
  onDrawn: (done: number) => Promise<void>,
): Promise<SplitRows> {
  const { schema } = dataset, count = dataset.count(split);
  const denseWidth = rowLayout(schema).dense;
  const layout = idLayout(schema);
  const rows = emptyRows(schema, count);
  const reader = dataset.reader(split, { kind: "sequential" });
  const into = createInputs(schema, Math.min(AT_ONCE, count));
  for (let start = 0; start < count; start += AT_ONCE) {
    const size = Math.min(AT_ONCE, count - start);
    await reader.read(start, size, into);
    rows.dense.set(into.dense.subarray(0, size * denseWidth), start * denseWidth);
    for (let b = 0; b < size; b++) {
      idsToRow(layout, into.ids, size, b, rows.ids, (start + b) * layout.width);
      const label = rows.labels[start + b] = into.labels[b]!;
      if (label !== 0 && label !== 1) {
        throw new RangeError(
          `Cannot keep input ${
            start + b
          } of the ${split} split in memory: its label is ${label}, ` +
            `neither 0 nor 1`,
        );
      }
    }
    await onDrawn(start + size);
  }
  return rows;
}

/** What a data set in arrays is made of. */
interface MaterialisedParts extends Pick<Dataset, "schema" | "hash" | "notes" | "bayes"> {
  readonly rows: Readonly<Record<Split, SplitRows>>;
}

/** Inputs in arrays. */
export class MaterialisedDataset implements Dataset {
  readonly schema: DatasetSchema;
  readonly hash: string;
  readonly notes: readonly string[];
  readonly bayes: Dataset["bayes"];
  readonly #rows: Readonly<Record<Split, SplitRows>>;

  constructor({ schema, hash, notes, bayes, rows }: MaterialisedParts) {
    this.schema = schema;
    this.hash = hash;
    this.notes = notes;
    this.bayes = bayes;
    this.#rows = rows;
  }

  share(): Promise<SharedDataset> {
    return Promise.resolve({ kind: "arrays", schema: this.schema, rows: this.#rows });
  }

  count(split: Split): number {
    return this.#rows[split].count;
  }

  reader(split: Split, order: Order): Reader {
    const { count, dense, ids, labels } = this.#rows[split];
    const denseWidth = rowLayout(this.schema).dense;
    const layout = idLayout(this.schema);
    return new RowReader(this.schema, order, {
      count,
      write(row: number, into: Inputs, b: number, size: number): void {
        let from = row * denseWidth;
        for (let to = b * denseWidth; to < (b + 1) * denseWidth; to++) {
          into.dense[to] = dense[from++]!;
        }
        idsFromRow(layout, ids, row * layout.width, into.ids, size, b);
        into.labels[b] = labels[row]!;
      },
    });
  }

  close(): void {
    // Nothing is open; the arrays go with the last reference to them.
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

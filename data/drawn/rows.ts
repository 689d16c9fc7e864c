/**
 * The rows of a generated data set, drawn by several threads and handed over in order.
 *
 * @module
 */

import { WorkerPool } from "../../core/worker_pool.ts";
import { idLayout, NO_LOOKUP } from "../id_layout.ts";
import type { SharedDataset } from "../shared_dataset.ts";
import { SPLITS } from "../split.ts";
import type { Dataset, DatasetSchema, Split } from "../types.ts";
import type { DrawTask } from "./worker.ts";

/** Inputs of a block. */
const BLOCK = 32_768;
/** Blocks that each thread draws while those before are taken in. */
const BLOCKS_A_THREAD = 2;

/** Where the numbers of an input lie in its row, in words of 32 bits: ids table by table, dense values, label. */
export interface RowLayout {
  /** Ids of an input. */
  readonly ids: number;
  /** Dense values of an input, as bits of float32. */
  readonly dense: number;
  /** All words: ids, dense values and the label, 0 or 1. */
  readonly words: number;
}

/** How the rows of a data set are laid out. */
export function rowLayout(schema: DatasetSchema): RowLayout {
  const ids = idLayout(schema).width, dense = (schema.steps ?? 1) * schema.dense.length;
  return { ids, dense, words: ids + dense + 1 };
}

/** Some rows of a split. */
export interface DrawnBlock {
  readonly split: Split;
  /** Number of the first in its split. */
  readonly first: number;
  /** How many. */
  readonly count: number;
  /** Their words; only until the next block is asked for. */
  readonly rows: Uint32Array<SharedArrayBuffer>;
}

/**
 * Draws all rows of a data set, split by split, in order. Memory: four blocks of 32,768 rows a thread.
 *
 * @param shared The data set as the workers open it.
 * @param threads Workers, each with a generator of its own.
 * @throws What the workers throw; the signal's reason.
 */
export async function* drawRows(
  dataset: Dataset,
  shared: SharedDataset,
  threads: number,
  signal?: AbortSignal,
): AsyncGenerator<DrawnBlock> {
  const { words } = rowLayout(dataset.schema);
  using pool = new WorkerPool<DrawTask, null>(
    new URL("./worker.ts", import.meta.url),
    { threads, signal },
  );
  await pool.all({ kind: "open", dataset: shared });
  const size = BLOCKS_A_THREAD * threads;
  const [these, those] = [0, 1].map(() =>
    Array.from({ length: size }, () => new SharedArrayBuffer(4 * words * BLOCK))
  );
  const blocks = SPLITS.flatMap((split) => blocksOf(split, dataset.count(split)));
  const draw = (from: number, into: readonly SharedArrayBuffer[]): Promise<null[]> => {
    const some = blocks.slice(from, from + size);
    const drawn = pool.each(
      some.map((block, k) => ({ kind: "draw" as const, ...block, rows: into[k]! })),
    );
    // A failure is thrown where it is waited for, if it is.
    drawn.catch(() => {});
    return drawn;
  };
  let into = these!, other = those!, drawn = draw(0, into);
  for (let from = 0; from < blocks.length; from += size) {
    await drawn;
    // Drawn while those before are taken in.
    drawn = draw(from + size, other);
    for (const [k, block] of blocks.slice(from, from + size).entries()) {
      yield { ...block, rows: new Uint32Array(into[k]!, 0, block.count * words) };
    }
    [into, other] = [other, into];
  }
}

function blocksOf(split: Split, count: number): Omit<DrawnBlock, "rows">[] {
  return Array.from({ length: Math.ceil(count / BLOCK) }, (_, k) => ({
    split,
    first: k * BLOCK,
    count: Math.min(BLOCK, count - k * BLOCK),
  }));
}

/** Numbers ids in order of first appearance, table by table. Memory: 4 bytes a possible id. */
export class FirstAppearance {
  /** Different ids of each table so far. */
  readonly #distinct: number[];
  readonly #numbers: readonly Uint32Array[];
  /** Table of each place of a row. */
  readonly #tables: Uint32Array;

  /** Nothing has appeared yet. */
  constructor(schema: DatasetSchema) {
    this.#distinct = schema.tables.map(() => 0);
    this.#numbers = schema.tables.map(({ rows }) => new Uint32Array(rows));
    this.#tables = Uint32Array.from(
      idLayout(schema).each.flatMap((places, t) => Array.from({ length: places }, () => t)),
    );
  }

  /** Schema and hash of a data set whose inputs have all appeared: each table has as many rows as different ids. */
  renumbered({ schema, hash }: Dataset): Pick<Dataset, "schema" | "hash"> {
    const tables = schema.tables.map((table, t) => ({ ...table, rows: this.#distinct[t]! }));
    return { schema: { ...schema, tables }, hash: `${hash}-seen` };
  }

  /** Replaces the ids of rows, each of so many words of which the ids come first. */
  renumber(rows: Uint32Array, words: number): void {
    const tables = this.#tables, distinct = this.#distinct;
    for (let from = 0; from < rows.length; from += words) {
      for (let k = 0; k < tables.length; k++) {
        const id = rows[from + k]!;
        if (id === NO_LOOKUP) continue;
        const t = tables[k]!, numbers = this.#numbers[t]!;
        if (numbers[id] === 0) numbers[id] = ++distinct[t]!;
        rows[from + k] = numbers[id]! - 1;
      }
    }
  }
}

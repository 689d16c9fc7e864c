/**
 * Which rows are hot: accesses counted on a sample of the training inputs, the most used rows up to a memory budget.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import { idLayout, NO_LOOKUP } from "../../data/id_layout.ts";
import type { Dataset, Order } from "../../data/types.ts";
import { chooseHotRows, type HotRows } from "./hot_rows.ts";
import { type PlanOptions, profiledCount, withinBudget } from "./options.ts";
import { eachChunk, type PassHooks } from "./pass.ts";
import { profiledInputs } from "./sampling.ts";
import { SEMANTICS } from "./semantics.ts";

/** The hot set of a data set, for plans that have one. Does not depend on the order of training. */
export interface HotSet {
  /** Which rows. */
  readonly rows: HotRows;
  /** Inputs whose accesses were counted. */
  readonly profiled: number;
  /** Bytes that rows may take. */
  readonly memoryBytes: number;
  /** Time of counting and choosing, in milliseconds. The original does this beforehand and does not count its time. */
  readonly ms: number;
}

/**
 * Counts accesses on a sample and chooses the hot rows.
 *
 * @param tableRows Rows of the model's tables.
 * @param dim Floats in a row.
 * @throws {UserError} The budget holds no row, or every row of the tables.
 * @category Training
 */
export async function findHotSet(
  dataset: Dataset,
  options: PlanOptions,
  tableRows: readonly number[],
  dim: number,
  seed: number,
  hooks: PassHooks = {},
): Promise<HotSet> {
  const begun = performance.now();
  const { replacement, fillsHotMemory } = SEMANTICS[options.mode];
  const total = dataset.count("train");
  const count = profiledCount(options, total);
  const positions = profiledInputs(total, count, seed, replacement);
  const { each, firsts } = idLayout(dataset.schema);
  const counts = tableRows.map((rows) => new Uint32Array(rows));
  await eachChunk(dataset, { positions }, "profile", hooks, ({ ids, size }) => {
    for (let t = 0; t < counts.length; t++) {
      const table = counts[t]!, from = firsts[t]! * size, to = from + each[t]! * size;
      for (let i = from; i < to; i++) if (ids[i] !== NO_LOOKUP) table[ids[i]!]!++;
    }
  });
  const memoryBytes = options.hotMemoryMib * 2 ** 20;
  const rows = chooseHotRows(counts, {
    budgetBytes: memoryBytes,
    dim,
    keepUntouched: fillsHotMemory,
  });
  const all = tableRows.reduce((sum, n) => sum + n, 0);
  if (rows.total === all) {
    throw new UserError((option) =>
      `Cannot tell hot rows from cold ones: all ${all} rows fit into ${
        option("plan.hotMemoryMib")
      } ${options.hotMemoryMib}; use a smaller one, or ${option("plan.name")} baseline`
    );
  }
  return { rows, profiled: positions.length, memoryBytes, ms: performance.now() - begun };
}

/** The inputs of an order, as positions in it, ascending. */
export interface Segregation {
  /** The data set's. */
  readonly hash: string;
  /** Of the training split. */
  readonly order: Order;
  /** What was told apart by. */
  readonly hotRows: HotRows;
  /** Inputs of which every row is hot. */
  readonly hot: Uint32Array;
  /** Inputs with a row that is not. */
  readonly cold: Uint32Array;
  /** What telling them apart took, in milliseconds. */
  readonly ms: number;
}

/**
 * Tells hot inputs from cold ones, for `TrainOptions.segregation` where several runs train the same inputs in the same order.
 *
 * @param order Of the training split; shuffled by a run's seed, epoch 0, unless the run does not shuffle.
 * @throws {UserError} There are no hot inputs.
 * @category Training
 */
export async function segregate(
  dataset: Dataset,
  order: Order,
  hot: HotRows,
  hooks: PassHooks = {},
): Promise<Segregation> {
  const begun = performance.now();
  const total = dataset.count("train");
  const reader = dataset.reader("train", order);
  // Rows that follow each other in memory or in a file are read several times as fast as shuffled ones.
  const warm = reader.rowAt === undefined
    ? await warmInputs(dataset, order, hot, hooks)
    : await warmInputs(dataset, { kind: "sequential" }, hot, hooks);
  const hots = new Uint32Array(total), colds = new Uint32Array(total);
  let hotCount = 0, coldCount = 0;
  for (let position = 0; position < total; position++) {
    if (warm[reader.rowAt?.(position) ?? position] === 1) hots[hotCount++] = position;
    else colds[coldCount++] = position;
  }
  if (hotCount === 0) {
    throw new UserError((option) =>
      `Cannot train hot inputs: none of ${total} inputs has hot rows alone; use a larger ${
        option("plan.hotMemoryMib")
      } or ${option("plan.profile")}, or ${option("plan.name")} baseline`
    );
  }
  return {
    ...{ hash: dataset.hash, order, hotRows: hot },
    hot: hots.slice(0, hotCount),
    cold: colds.slice(0, coldCount),
    ms: performance.now() - begun,
  };
}

/** Of each input of an order, whether every row of it is hot: 1, else 0. */
async function warmInputs(
  dataset: Dataset,
  order: Order,
  hot: HotRows,
  hooks: PassHooks,
): Promise<Uint8Array> {
  const { each, firsts } = idLayout(dataset.schema);
  const all = new Uint8Array(dataset.count("train")).fill(1);
  await eachChunk(dataset, { order }, "segregate", hooks, ({ ids, size }, from) => {
    const warm = all.subarray(from, from + size);
    for (let t = 0; t < hot.ids.length; t++) {
      const hotIds = hot.ids[t]!;
      const places = each[t]!, base = firsts[t]! * size;
      if (places === 1) {
        for (let b = 0; b < size; b++) if (hotIds[ids[base + b]!] === 0) warm[b] = 0;
      } else {
        for (let b = 0, at = base; b < size; b++) {
          // Where a bag has fewer lookups there is no row to be cold.
          for (const end = at + places; at < end; at++) if (hotIds[ids[at]!] === 0) warm[b] = 0;
        }
      }
    }
  });
  return all;
}

/** The first or last inputs of each kind, as many as a budget holds. */
export function cutToBudget(
  whole: Segregation,
  options: Pick<PlanOptions, "budget" | "budgetOf">,
): Segregation {
  const within = (positions: Uint32Array): Uint32Array => {
    const count = withinBudget(options, positions.length);
    return options.budgetOf === "last"
      ? positions.subarray(positions.length - count)
      : positions.subarray(0, count);
  };
  return { ...whole, hot: within(whole.hot), cold: within(whole.cold) };
}

/**
 * Inputs told apart beforehand, if they are those of a run.
 *
 * @throws {RangeError} They are of another order, other hot rows or other inputs: as where a plan samples negatives.
 */
export function checkSegregation(
  given: Segregation,
  dataset: Dataset,
  order: Order,
  hot: HotRows,
): Segregation {
  const cannot = "Cannot use the inputs that were told apart beforehand";
  if (given.hash !== dataset.hash) throw new RangeError(`${cannot}: they are of another data set`);
  if (given.hotRows !== hot) throw new RangeError(`${cannot}: they are of another hot set`);
  const said = (of: Order): string =>
    of.kind === "shuffled" ? `shuffled by seed ${of.seed}, epoch ${of.epoch}` : "not shuffled";
  if (said(given.order) !== said(order)) {
    throw new RangeError(
      `${cannot}: they are ${said(given.order)}, those of the run ${said(order)}`,
    );
  }
  const count = given.hot.length + given.cold.length, wanted = dataset.count("train");
  if (count !== wanted) {
    throw new RangeError(`${cannot}: they are ${count}, and the run trains on ${wanted}`);
  }
  return given;
}

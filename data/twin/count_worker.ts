/**
 * A worker of `TwinCounter`: claims blocks of inputs from a shared cursor, and counts accesses or cold lookups.
 *
 * @module
 */

import { serveTasks } from "../../core/serve_tasks.ts";
import { openTwinLookups, type TwinLookups } from "./lookups.ts";

/** Inputs of a block. */
export const BLOCK = 4096;
/** Inputs that are drawn together: their rows stay in the processor's cache until they are counted. */
const TOGETHER = 256;

/** What a worker is to do. */
export type CountTask =
  | {
    readonly kind: "open";
    readonly twin: string;
    readonly seed: number;
    readonly inputs: number;
  }
  /** Adds 1 to the row of each lookup of inputs 0, `every`, 2 `every`, … */
  | {
    readonly kind: "profile";
    readonly inputs: number;
    readonly every: number;
    readonly cursor: SharedArrayBuffer;
    readonly counts: SharedArrayBuffer;
  }
  /** Writes for each set of hot rows how many lookups of each input go to rows outside it; those of tier t are in sets t, t + 1, … */
  | {
    readonly kind: "classify";
    readonly inputs: number;
    readonly cursor: SharedArrayBuffer;
    readonly tiers: SharedArrayBuffer;
    readonly cold: readonly Uint8Array[];
  }
  /** Counts the different rows of some minibatches, and those of them that are outside a set of hot rows. */
  | {
    readonly kind: "unique";
    readonly minibatches: readonly Uint32Array[];
    readonly tiers: SharedArrayBuffer;
    readonly set: number;
  };

let source: TwinLookups;

/** Sums over the minibatches of `unique`; null for the other tasks. */
export type CountAnswer = readonly [unique: number, uniqueCold: number] | null;

async function perform(task: CountTask): Promise<CountAnswer> {
  if (task.kind === "open") {
    source = await openTwinLookups(task.twin, task.seed, task.inputs);
    return null;
  }
  const { each: width } = source, rows = new Uint32Array(TOGETHER * width);
  if (task.kind === "unique") {
    const tiers = new Uint8Array(task.tiers);
    let unique = 0, uniqueCold = 0;
    for (const members of task.minibatches) {
      const met = new Set<number>();
      for (let from = 0; from < members.length; from += TOGETHER) {
        const some = members.subarray(from, from + TOGETHER);
        source.writeAll(some, some.length, rows);
        for (let k = 0; k < some.length * width; k++) met.add(rows[k]!);
      }
      unique += met.size;
      for (const row of met) if (tiers[row]! > task.set) uniqueCold++;
    }
    return [unique, uniqueCold];
  }
  const cursor = new Int32Array(task.cursor);
  const every = task.kind === "profile" ? task.every : 1;
  const wanted = Math.ceil(task.inputs / every), blocks = Math.ceil(wanted / BLOCK);
  const numbers = new Float64Array(TOGETHER);
  // `at` is where the rows of input i begin.
  const each = (visit: (i: number, at: number) => void): void => {
    for (let block; (block = Atomics.add(cursor, 0, 1)) < blocks;) {
      const end = Math.min(wanted, (block + 1) * BLOCK);
      for (let first = block * BLOCK; first < end; first += TOGETHER) {
        const count = Math.min(TOGETHER, end - first);
        for (let b = 0; b < count; b++) numbers[b] = (first + b) * every;
        source.writeAll(numbers, count, rows);
        for (let b = 0; b < count; b++) visit(first + b, b * width);
      }
    }
  };
  if (task.kind === "profile") {
    const counts = new Uint32Array(task.counts);
    each((_, at) => {
      for (let k = at; k < at + width; k++) Atomics.add(counts, rows[k]!, 1);
    });
    return null;
  }
  const tiers = new Uint8Array(task.tiers), { cold } = task;
  // Lookups by tier.
  const found = new Uint8Array(256);
  each((i, at) => {
    found.fill(0, 0, cold.length + 1);
    for (let k = at; k < at + width; k++) found[tiers[rows[k]!]!]!++;
    let outside = 0;
    for (let set = cold.length - 1; set >= 0; set--) {
      outside += found[set + 1]!;
      cold[set]![i] = outside;
    }
  });
  return null;
}

if (import.meta.main) serveTasks(perform);

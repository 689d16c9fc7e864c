/**
 * Columns that decide each other. In click logs many columns are coarser forms of others: inputs with the same id in the
 * finer column have the same id in the coarser one. Then an input's coarse id is at least as frequent as its fine one, at
 * every scale, and it would be wrong to draw them apart.
 *
 * @module
 */

import { countIds } from "./sample.ts";

/** Largest number of occurrences of ids whose inputs are compared. */
const RARE = 5;
/** Share of agreeing pairs beyond chance from which one column is taken to decide the other. */
const DECIDES = 0.85;
/** Smallest share that is worth following. */
const LEAST_FOLLOWED = 0.25;
const LEAST_PAIRS = 20;
/** Columns with a smaller share of inputs whose id occurs once have almost no rare ids, and are left to the classes. */
const LEAST_ONCE = 0.05;

/** A finer column, and how often a column's id follows from it. */
interface Parent {
  readonly column: number;
  /** In (0, 1]; 1 if it decides. */
  readonly share: number;
}

/** Of columns that are followed about as often, the coarsest is the nearest; this much counts as about. */
const ABOUT = 0.05;

/**
 * For each column a finer one that its id follows from, or null. Of several that decide it, or that it follows about as
 * often as any, the coarsest is taken.
 *
 * @param sizes Ids of each column in the full data set: only a column with more can be the finer one.
 */
export function findParents(
  columns: readonly Uint32Array[],
  sizes: readonly number[],
): (Parent | null)[] {
  const counts = columns.map(countIds);
  return columns.map((child, b) => {
    const once = counts[b]!.reduce((sum, c) => sum + (c === 1 ? 1 : 0), 0) / child.length;
    if (once < LEAST_ONCE) return null;
    const found: Parent[] = [];
    for (const [a, ids] of columns.entries()) {
      if (sizes[a]! <= sizes[b]!) continue;
      const agreed = agreement(ids, counts[a]!, child, counts[b]!);
      if (agreed < LEAST_FOLLOWED) continue;
      found.push({ column: a, share: agreed >= DECIDES ? 1 : agreed });
    }
    const most = Math.max(...found.map(({ share }) => share));
    return found.filter(({ share }) => share >= most - (most === 1 ? 0 : ABOUT))
      .sort((x, y) => sizes[x.column]! - sizes[y.column]!)[0] ?? null;
  });
}

/** Share of pairs of inputs with the same rare id in a that agree in b, beyond what chance gives. */
function agreement(
  a: Uint32Array,
  countA: Uint32Array,
  b: Uint32Array,
  countB: Uint32Array,
): number {
  const n = a.length;
  const chance = countB.reduce((sum, c) => sum + (c / n) ** 2, 0);
  const last = new Map<number, number>();
  let pairs = 0, same = 0;
  for (let i = 0; i < n; i++) {
    const id = a[i]!;
    if (countA[id]! > RARE || countA[id]! < 2) continue;
    const before = last.get(id);
    if (before !== undefined) {
      pairs++;
      if (b[before] === b[i]) same++;
    }
    last.set(id, i);
  }
  if (pairs < LEAST_PAIRS) return 0;
  return (same / pairs - chance) / (1 - chance);
}

/** What is known of two columns for {@link fitGiven}. */
export interface Link {
  /** Kinds of observation of parent and child, input by input. */
  readonly parentKinds: Uint16Array;
  readonly childKinds: Uint16Array;
  /** Of each cell the probability of each kind. */
  readonly parentGiven: readonly Float64Array[];
  readonly childGiven: readonly Float64Array[];
  readonly parentShares: readonly number[];
  readonly childShares: readonly number[];
  /** Mean probability of an id in each cell. */
  readonly parentPopularity: readonly number[];
  readonly childPopularity: readonly number[];
}

/** A child's cell may be this much rarer than the parent's: cells are not cut at the same places. */
const RARER = 0.7;

/**
 * Probabilities of the child's cells given the parent's, by expectation maximisation over the pairs of kinds, then
 * proportional fitting so that both columns keep their shares.
 */
export function fitGiven(link: Link, inputs: readonly number[]): number[][] {
  const { parentGiven, childGiven, parentShares, childShares } = link;
  const pairs = new Map<string, [number, number, number]>();
  for (const i of inputs) {
    const k = link.parentKinds[i]!, l = link.childKinds[i]!;
    const found = pairs.get(`${k} ${l}`);
    if (found) found[2]++;
    else pairs.set(`${k} ${l}`, [k, l, 1]);
  }
  const rows = parentShares.length, size = childShares.length;
  // An id is at least as popular as each of the ids that it comprises.
  const start = parentShares.map((p, a) =>
    Float64Array.from(
      childShares,
      (q, b) => p * q * (link.childPopularity[b]! < RARER * link.parentPopularity[a]! ? 1e-4 : 1),
    )
  );
  let joint = start;
  for (let step = 0; step < 150; step++) {
    const next = start.map((row) => row.slice());
    for (const [k, l, times] of pairs.values()) {
      let sum = 1e-300;
      for (let a = 0; a < rows; a++) {
        const g = parentGiven[a]![k]!;
        if (g > 0) { for (let b = 0; b < size; b++) sum += joint[a]![b]! * g * childGiven[b]![l]!; }
      }
      for (let a = 0; a < rows; a++) {
        const g = parentGiven[a]![k]! * times / sum;
        if (g > 0) {
          for (let b = 0; b < size; b++) next[a]![b]! += joint[a]![b]! * g * childGiven[b]![l]!;
        }
      }
    }
    joint = next.map((row) => row.map((x) => x / (inputs.length + 1)));
  }
  for (let step = 0; step < 300; step++) {
    for (let b = 0; b < size; b++) {
      let sum = 1e-300;
      for (let a = 0; a < rows; a++) sum += joint[a]![b]!;
      for (let a = 0; a < rows; a++) joint[a]![b]! *= childShares[b]! / sum;
    }
    for (let a = 0; a < rows; a++) {
      const sum = joint[a]!.reduce((x, y) => x + y, 1e-300);
      for (let b = 0; b < size; b++) joint[a]![b]! *= parentShares[a]! / sum;
    }
  }
  return joint.map((row, a) => Array.from(row, (x) => x / parentShares[a]!));
}

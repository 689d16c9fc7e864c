/**
 * What `calibrate` measures: a list of cases, each a place in a table of the runtime's costs, or a time that costs are worked
 * out from.
 *
 * @module
 */

import { RUNTIME_TABLES } from "../runtime/rates.ts";
import type { Bench } from "./bench.ts";

/** Something that can be timed again and again. */
export interface Timed {
  /** One sample, in microseconds, or in what the case says. */
  sample(): number | Promise<number>;
  /** Gives back what it took. */
  dispose?(): void;
}

/** One thing to measure. */
export interface Case {
  /** A table of `RUNTIME_TABLES`, or what a later step works tables out from. */
  readonly table: string;
  /** One coordinate an axis. */
  readonly place: readonly number[];
  /** Sets it up on a machine. */
  build(bench: Bench): Timed | Promise<Timed>;
}

/** The grids of a calibration. */
export interface Grids {
  /** Rows, inner widths and outer widths of products. */
  readonly M: readonly number[];
  readonly K: readonly number[];
  readonly N: readonly number[];
  /** Inputs, vectors and floats of interactions. */
  readonly B: readonly number[];
  readonly F: readonly number[];
  readonly dims: readonly number[];
  /** Rows of operations whose cost follows their bytes. */
  readonly plain: readonly number[];
  /** Floats of rows, MiB of tables, inputs of a minibatch of rows. */
  readonly rowDims: readonly number[];
  readonly tableMb: readonly number[];
  readonly rowInputs: number;
  /** Bytes of uploads, downloads and copies. */
  readonly bytes: readonly number[];
  /** Inputs of minibatches on the host. */
  readonly inputs: readonly number[];
  /** Hot rows, and their floats. */
  readonly hotRows: readonly number[];
  /** Rows of the tables for each hot one. */
  readonly spread: readonly number[];
  /** Inputs drawn of the twins. */
  readonly drawn: { readonly single: number; readonly steps: number };
  /** Share of the rows met that are hot in the host's data sets. */
  readonly hotRowShare: number;
}

/** The grids by default: around the widths of RM1 to RM4, minibatches of 64 to 4096 inputs, sequences of 21 steps. */
export const GRIDS: Grids = {
  M: [48, 192, 768, 3072, 12288],
  K: [1, 8, 16, 64, 256, 512, 1024],
  N: [8, 16, 64, 256, 512, 1024],
  B: [64, 512, 4096],
  F: [4, 16, 27, 40],
  dims: [16, 32, 64],
  plain: [256, 4096, 65536],
  rowDims: [16, 64],
  tableMb: [0.5, 8, 64, 512],
  rowInputs: 1024,
  bytes: [4096, 262144, 4194304],
  inputs: [192, 768, 3072],
  hotRows: [10_000, 100_000],
  spread: [2, 8],
  drawn: { single: 150_000, steps: 30_000 },
  hotRowShare: 0.5,
};

/** The grids of `--quick`: everything is measured somehow. */
export const QUICK_GRIDS: Grids = {
  M: [16, 64],
  K: [8, 32],
  N: [8, 32],
  B: [8, 64],
  F: [4, 8],
  dims: [8, 16],
  plain: [64, 256],
  rowDims: [8, 16],
  tableMb: [0.25, 1],
  rowInputs: 32,
  bytes: [4096, 16384],
  inputs: [16, 64],
  hotRows: [500, 1000],
  spread: [2, 8],
  drawn: { single: 2000, steps: 2000 },
  hotRowShare: 0.7,
};

/** The axes of a table, as a list: points by axis, from places that were measured. */
export function axesOf(
  table: string,
  places: readonly (readonly number[])[],
): { name: string; scale: "linear" | "log"; at: number[] }[] {
  const spec = RUNTIME_TABLES[table]!;
  return Object.entries(spec.axes).map(([name, scale], axis) => ({
    name,
    scale,
    at: [...new Set(places.map((place) => place[axis]!))].sort((a, b) => a - b),
  }));
}

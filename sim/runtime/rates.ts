/**
 * The costs of this project's own runtime in a machine file, measured by `deno task simulate calibrate`.
 *
 * @module
 */

import { EXAMPLES, type OpExample } from "../../kernels/examples.ts";
import type { OpName } from "../../kernels/ops.ts";
import type { CostTable } from "./cost_table.ts";

/** The machine and the software that were measured; the costs hold for no other. */
export interface Fingerprint {
  /** The processor, as the system names it; null where that may not be asked. */
  readonly cpu_model: string | null;
  /** Logical processors. */
  readonly cpus: number;
  /** Version of Deno. */
  readonly deno: string;
  /** Which device. */
  readonly device: "cpu" | "webgpu";
  /** Its name: of an adapter, or of the CPU device's kernels. */
  readonly device_name: string;
  /** Threads of the CPU device. */
  readonly threads: number;
  /** Whether the CPU device's kernels were those for V8's 256-bit mode. */
  readonly wide: boolean;
}

/** Times of fixed work that tell later whether the machine is as quiet as it was. */
export interface Reference {
  /** A product, microseconds. */
  readonly product_us: number;
  /** A copy of more than the caches hold, microseconds. */
  readonly copy_us: number;
}

/** The runtime's section of a machine file. */
export interface RuntimeRates {
  /** What was measured. */
  readonly fingerprint: Fingerprint;
  /** Whether it was measured with `--quick`, so that its figures are not meaningful. */
  readonly quick: boolean;
  /** Times of fixed work on the quiet machine; absent if it was not watched. */
  readonly reference?: Reference;
  /** Share of the cases that were measured while other programs were running, 0 to 1; absent if that was not watched. */
  readonly disturbed?: number;
  /** By the names of {@linkcode RUNTIME_TABLES}. */
  readonly costs: Readonly<Record<string, CostTable>>;
}

/** Axes of a table, and which operations or steps of the trainer it is of. */
export interface TableSpec {
  /** Names of its axes with their scale, in order. */
  readonly axes: Readonly<Record<string, "linear" | "log">>;
  readonly unit: CostTable["unit"];
  /** What it holds, for messages. */
  readonly about: string;
}

const PRODUCT = { M: "linear", K: "linear", N: "linear" } as const;
const COLUMN = { M: "linear", K: "linear" } as const;
const PAIRS = { B: "linear", pairs: "linear", dim: "linear" } as const;
const BYTES = { bytes: "linear" } as const;
const ROWS = { dim: "linear", table_mb: "log" } as const;
const LOOKUPS = { lookups: "linear" } as const;
const HOT = { rows: "linear", dim: "linear" } as const;
const SYNC = { spread: "log", rows: "linear", dim: "linear" } as const;

/** Products by name. */
export const PRODUCT_OPS = [
  "linear-forward",
  "linear-backward-input",
  "linear-backward-weights",
] as const;

/** Operations on rows by name. */
export const ROW_OPS = [
  "embedding-forward",
  "embedding-backward-sgd",
  "embedding-backward-adagrad",
  "embedding-backward-rowwise-adagrad",
] as const;

/** Interactions by name. */
export const PAIR_OPS = ["interaction-forward", "interaction-backward"] as const;

/** Ops whose costs have axes of their own, and those that no training step has. */
const OTHER_OPS: ReadonlySet<OpName> = new Set([
  ...PRODUCT_OPS,
  ...PAIR_OPS,
  ...["embedding-forward", "embedding-backward"] as const,
  ...["row-change", "input-scores", "stale-lookups"] as const,
]);

/** Operations whose cost follows their bytes: all the others. */
export const PLAIN_OPS: readonly OpExample[] = EXAMPLES.filter(({ op }) => !OTHER_OPS.has(op));

/** Where inputs come from: arrays in memory (prepared logs and drawn twins), or twins that are drawn while training. */
export const SOURCES = ["single", "steps", "twin-rm1", "twin-rm2", "twin-rm4"] as const;

/** One of {@linkcode SOURCES}. */
export type SourceName = typeof SOURCES[number];

function specs(): Record<string, TableSpec> {
  const table: Record<string, TableSpec> = {};
  const add = (name: string, axes: TableSpec["axes"], about: string, unit: "us" | "ns" = "us") => {
    table[name] = { axes, unit, about };
  };
  for (const op of PRODUCT_OPS) {
    add(op, PRODUCT, "product, output columns rounded up to 8");
    add(`${op}/column`, COLUMN, "product with one output unit");
  }
  for (const op of PAIR_OPS) {
    add(op, PAIRS, "inputs, pairs of vectors, floats a vector");
  }
  for (const { name } of PLAIN_OPS) add(name, BYTES, "by the bytes of its record");
  for (const op of ROW_OPS) {
    add(`${op}/lookup`, ROWS, "a lookup of a row that the minibatch has met", "ns");
    add(`${op}/row`, ROWS, "what a different row adds", "ns");
  }
  add("run", {}, "starting a program after the host has worked alone");
  add("step", {}, "the loop around a step");
  add("write", BYTES, "upload of an array");
  add("read", BYTES, "download of an array, with its wait");
  add("copy", BYTES, "copy within the device's memory");
  add("write-lookups", LOOKUPS, "upload of grouped lookups, by lookups + different rows");
  add("pack", { floats: "linear" }, "rearranging a matrix whose rows the device pads");
  for (const source of SOURCES) add(`read/${source}`, LOOKUPS, "reading inputs");
  for (const kind of ["single", "steps"]) {
    add(`group/${kind}/full`, LOOKUPS, "grouping lookups by row");
    add(
      `group/${kind}/hot`,
      LOOKUPS,
      "putting hot rows' numbers in place of ids, grouping, noting what changes",
    );
    add(`keep/${kind}`, LOOKUPS, "copying kept inputs together");
    add(`classify/${kind}`, LOOKUPS, "classifying inputs, without reading them");
    add(`search/${kind}`, LOOKUPS, "scoring sampled inputs, with reading them");
  }
  add("snapshot", HOT, "two snapshots of hot rows, their comparison, scores");
  add("sync-load", SYNC, "hot rows to the device, by rows of the tables a hot one");
  add("sync-store", SYNC, "hot rows back to the host");
  return table;
}

/** Every table by name: what is measured, and what the predictions need. */
export const RUNTIME_TABLES: Readonly<Record<string, TableSpec>> = specs();

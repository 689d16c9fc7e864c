/**
 * What a machine file says of this project's own runtime: costs measured by `deno task simulate calibrate`.
 *
 * @module
 */

import { nearest } from "../../core/nearest.ts";
import { EXAMPLES, type OpExample } from "../../kernels/examples.ts";
import type { OpName } from "../../kernels/ops.ts";
import type { CostTable } from "./cost_table.ts";

/** Which machine and which software were measured: costs are of no other. */
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
  /** Whether it was measured with `--quick`, so that its figures mean nothing. */
  readonly quick: boolean;
  /** Of the machine when nothing else was at work; absent where nothing watched. */
  readonly reference?: Reference;
  /** Share of the cases that were measured while something else was at work, 0 to 1; absent where nothing watched. */
  readonly disturbed?: number;
  /** By the names of {@linkcode RUNTIME_TABLES}. */
  readonly costs: Readonly<Record<string, CostTable>>;
}

/** Axes of a table, and which operations or steps of the trainer it is of. */
export interface TableSpec {
  /** Names of its axes with their scale, in order. */
  readonly axes: Readonly<Record<string, "linear" | "log">>;
  readonly unit: CostTable["unit"];
  /** For people. */
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

type Refuse = (field: string, reason: string) => never;

const FINGERPRINT: Readonly<Record<keyof Fingerprint, (value: unknown) => boolean>> = {
  cpu_model: (value) => value === null || typeof value === "string",
  cpus: (value) => Number.isInteger(value) && value as number > 0,
  deno: (value) => typeof value === "string",
  device: (value) => value === "cpu" || value === "webgpu",
  device_name: (value) => typeof value === "string",
  threads: (value) => Number.isInteger(value) && value as number > 0,
  wide: (value) => typeof value === "boolean",
};

/** Checks the section. Calls `refuse` with the first field that is missing, unknown or cannot be. */
export function checkRuntime(value: unknown, refuse: Refuse): RuntimeRates {
  const root = objectOf(value, "runtime", refuse);
  names(root, ["fingerprint", "quick", "costs"], "runtime", refuse, ["reference", "disturbed"]);
  const fingerprint = objectOf(root["fingerprint"], "runtime.fingerprint", refuse);
  names(fingerprint, Object.keys(FINGERPRINT), "runtime.fingerprint", refuse);
  for (const [name, fits] of Object.entries(FINGERPRINT)) {
    if (!fits(fingerprint[name])) {
      refuse(`runtime.fingerprint.${name}`, `cannot be ${JSON.stringify(fingerprint[name])}`);
    }
  }
  if (typeof root["quick"] !== "boolean") refuse("runtime.quick", "must be true or false");
  if ("reference" in root) {
    const reference = objectOf(root["reference"], "runtime.reference", refuse);
    const wanted = ["product_us", "copy_us"];
    names(reference, wanted, "runtime.reference", refuse);
    for (const name of wanted) {
      if (!((reference[name] as number) > 0)) {
        refuse(`runtime.reference.${name}`, "must be a number above 0");
      }
    }
  }
  if ("disturbed" in root && !(Number(root["disturbed"]) >= 0 && Number(root["disturbed"]) <= 1)) {
    refuse("runtime.disturbed", "must be a share from 0 to 1");
  }
  const costs = objectOf(root["costs"], "runtime.costs", refuse);
  names(costs, Object.keys(RUNTIME_TABLES), "runtime.costs", refuse);
  for (const [name, spec] of Object.entries(RUNTIME_TABLES)) {
    checkTable(costs[name], spec, `runtime.costs.${name}`, refuse);
  }
  return value as RuntimeRates;
}

function checkTable(value: unknown, spec: TableSpec, path: string, refuse: Refuse): void {
  const table = objectOf(value, path, refuse);
  names(table, ["unit", "axes", "value", "low", "high", "kind", "source"], path, refuse);
  if (table["unit"] !== spec.unit) refuse(`${path}.unit`, `must be "${spec.unit}"`);
  if (table["kind"] !== "measured") refuse(`${path}.kind`, `must be "measured"`);
  if (typeof table["source"] !== "string" || table["source"].trim() === "") {
    refuse(`${path}.source`, "is empty and must say where the numbers come from");
  }
  const axes = table["axes"];
  const wanted = Object.entries(spec.axes);
  if (!Array.isArray(axes) || axes.length !== wanted.length) {
    refuse(`${path}.axes`, `must be ${wanted.map(([name]) => name).join(", ") || "empty"}`);
  }
  let size = 1;
  for (const [i, [name, scale]] of wanted.entries()) {
    const axis = objectOf((axes as unknown[])[i], `${path}.axes.${i}`, refuse);
    names(axis, ["name", "scale", "at"], `${path}.axes.${i}`, refuse);
    if (axis["name"] !== name || axis["scale"] !== scale) {
      refuse(`${path}.axes.${i}`, `must be ${name}, ${scale}`);
    }
    const at = axis["at"];
    if (!numbers(at) || at.length === 0 || at.some((x, k) => !(x > (at[k - 1] ?? 0)))) {
      refuse(`${path}.axes.${i}.at`, "must be numbers above 0 that ascend");
    }
    size *= (at as number[]).length;
  }
  for (const name of ["value", "low", "high"]) {
    const list = table[name];
    if (!numbers(list) || list.length !== size) {
      refuse(`${path}.${name}`, `must be ${size} numbers`);
    }
    const negative = (list as number[]).findIndex((x) => x < 0);
    if (negative >= 0) {
      refuse(`${path}.${name}.${negative}`, `is ${(list as number[])[negative]}, below 0`);
    }
  }
  const { value: middle, low, high } = table as unknown as CostTable;
  const outside = middle.findIndex((x, i) => x < low[i]! || x > high[i]!);
  if (outside >= 0) {
    refuse(
      `${path}.value.${outside}`,
      `is ${middle[outside]}, outside its range ${low[outside]} to ${high[outside]}`,
    );
  }
}

function numbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((x) => typeof x === "number" && Number.isFinite(x));
}

function objectOf(value: unknown, path: string, refuse: Refuse): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    refuse(path, value === undefined ? "is missing" : "must be an object");
  }
  return value as Record<string, unknown>;
}

function names(
  object: Readonly<Record<string, unknown>>,
  wanted: readonly string[],
  path: string,
  refuse: Refuse,
  optional: readonly string[] = [],
): void {
  for (const name of Object.keys(object)) {
    if (wanted.includes(name) || optional.includes(name)) continue;
    const near = nearest(name, wanted);
    refuse(
      `${path}.${name}`,
      `is no field of it${near === null ? "" : `, did you mean ${near}?`}`,
    );
  }
  for (const name of wanted) if (!(name in object)) refuse(`${path}.${name}`, "is missing");
}

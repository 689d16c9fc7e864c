/**
 * What the op folders say of their WASM kernels, and how a call of one becomes words in memory.
 *
 * @module
 */

import type { EmbeddingTables, LookupBuffers, Matrix, RowList, Scalar } from "../types.ts";

/** One op as the WASM interpreter reads it. */
export interface WasmOp {
  /** Which kernel: see `encoders.ts`. */
  readonly code: number;
  /** Arguments: 32-bit words, at most 30. */
  readonly words: readonly number[];
  /** Bytes of memory that the threads share while the op runs. */
  readonly workspaceBytes?: number;
  /** Bytes of memory that each thread needs for itself while the op runs. */
  readonly scratchBytes?: number;
}

/** Tables in their own memory. */
export interface PlacedTables {
  /** Addresses of the rows and of the optimizer's state. */
  readonly address: number;
  readonly stateAddress: number;
  readonly totalRows: number;
}

/** Lookups in the main memory, and what was written to them last. */
export interface PlacedLookups {
  /** Address of the header. */
  readonly address: number;
  /** Bags a table; -1 before the first minibatch. */
  readonly bags: number;
  /** Highest flat row; -1 without lookups. */
  readonly highestRow: number;
}

/** Gives addresses in the shared memories. Throws if the object is disposed or belongs to another device. */
export interface Place {
  /** Address of a matrix's first element. */
  matrix(m: Matrix): number;
  scalar(s: Scalar): number;
  tables(t: EmbeddingTables): PlacedTables;
  /** As `tables`, of tables whose rows and state the op changes. */
  updatedTables(t: EmbeddingTables): PlacedTables;
  lookups(l: LookupBuffers): PlacedLookups;
  /** The word at an address, now. */
  word(address: number): number;
  /** Has a check made before each run of the program, once for each key. */
  beforeRun(key: string, check: () => void): void;
}

/**
 * Kinds of an argument: a whole number; a `float` as float32; a `wide` number, two words of an address in the tables'
 * memory or a count below 2^53; a `matrix`, its address and the bytes from one row to the next (zeros for null); the
 * `address` of a matrix alone (0 for null), of a `scalar`, of a `row-list` or of the header of `lookups`.
 */
export interface WordValues {
  readonly number: number;
  readonly float: number;
  readonly wide: number;
  readonly matrix: Matrix | null;
  readonly address: Matrix | null;
  readonly scalar: Scalar;
  readonly "row-list": RowList;
  readonly lookups: LookupBuffers;
}

/** Arguments of a kernel in the order of their words: the layout on both sides. */
export type WordLayout = Readonly<Record<string, keyof WordValues>>;

/** A call of a kernel, by the names of its layout. */
export interface WasmCall<Words extends WordLayout> {
  readonly words: { readonly [Name in keyof Words]: WordValues[Words[Name]] };
  /** As in {@linkcode WasmOp}. */
  readonly workspaceBytes?: number;
  readonly scratchBytes?: number;
}

/** A WASM kernel: where its source is, which words it reads, and how a call is made of an op's arguments. */
export interface WasmKernel<Args, Words extends WordLayout = WordLayout> {
  /** The AssemblyScript file that exports `name`, from this project's root. */
  readonly source: string;
  /** Name of the function. Its source reads word NAME of an op as `arg(op, name.NAME)`. */
  readonly name: string;
  readonly words: Words;
  call(at: Place, args: Args): WasmCall<Words>;
}

/** A kernel whose calls are checked against its layout when they are compiled. */
export function wasmKernel<Args, Words extends WordLayout>(
  kernel: WasmKernel<Args, Words>,
): WasmKernel<Args> {
  return kernel as unknown as WasmKernel<Args>;
}

/** Names of a layout's words, in order: `x` and `ldx` for a matrix x, `x` and `x_high` for a wide number. */
export function wordNames(layout: WordLayout): string[] {
  return Object.entries(layout).flatMap(([name, kind]) => {
    if (kind === "matrix") return [name, `ld${name}`];
    return kind === "wide" ? [name, `${name}_high`] : [name];
  });
}

/** The op as the interpreter reads it. */
export function encodeOp<Args>(
  code: number,
  kernel: WasmKernel<Args>,
  at: Place,
  args: Args,
): WasmOp {
  const { words, ...memory } = kernel.call(at, args);
  return {
    ...{ code, ...memory },
    words: Object.entries(kernel.words).flatMap(([name, kind]) => encode(kind, words[name]!, at)),
  };
}

function encode(
  kind: keyof WordValues,
  value: WordValues[keyof WordValues],
  at: Place,
): number[] {
  switch (kind) {
    case "number":
      return [value as number];
    case "float":
      return [floatBits(value as number)];
    case "wide":
      return [(value as number) >>> 0, Math.floor(value as number / 2 ** 32)];
    case "matrix": {
      const m = value as Matrix | null;
      return m === null ? [0, 0] : [at.matrix(m), 4 * m.stride];
    }
    case "address": {
      const m = value as Matrix | null;
      return [m === null ? 0 : at.matrix(m)];
    }
    case "scalar":
      return [at.scalar(value as Scalar)];
    case "row-list": {
      const { buffer, offset } = value as RowList;
      return [at.scalar({ buffer, index: offset })];
    }
    case "lookups":
      return [at.lookups(value as LookupBuffers).address];
  }
}

/** The bits of a number as float32. */
function floatBits(n: number): number {
  return new Uint32Array(new Float32Array([n]).buffer)[0]!;
}

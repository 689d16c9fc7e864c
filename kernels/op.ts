/**
 * What an op is: a value that names its arguments, what it reads and writes, which sizes fit, what it costs, and arguments
 * to try it with. Devices add the arithmetic (`cpu/encoders.ts`, `webgpu/launchers.ts`).
 *
 * @module
 */

import type { Sizes } from "./check_op.ts";
import type { ExampleMaker, ExampleSize } from "./example.ts";
import type { OpRecord } from "./record.ts";
import type {
  DeviceBuffer,
  EmbeddingTables,
  LookupBuffers,
  Matrix,
  OpCost,
  Optimizer,
  RowList,
  Scalar,
} from "./types.ts";

/**
 * What an op does with an argument: `read` and `written` are matrices (one that is updated in place counts as written);
 * `scalar` (f32), `slot` (u32), `row-list` and `lookups` are read when the program runs; `tables` are read and
 * `updated-tables` changed;
 * a `setting` is a number, a flag or a choice that is fixed when the op is recorded.
 */
export type Use =
  | "read"
  | "written"
  | "scalar"
  | "slot"
  | "row-list"
  | "lookups"
  | "tables"
  | "updated-tables"
  | "setting";

/** The uses that an argument of a type can have. */
export type UseOf<Arg> = [Arg] extends [Matrix | null] ? "read" | "written"
  : [Arg] extends [Scalar] ? "scalar" | "slot"
  : [Arg] extends [RowList] ? "row-list"
  : [Arg] extends [LookupBuffers] ? "lookups"
  : [Arg] extends [EmbeddingTables] ? "tables" | "updated-tables"
  : "setting";

/** The name under which time is booked for ops recorded before any stage was set. */
export const UNSTAGED = "other";

/** What an op does with each of its arguments. */
export type Operands<Args> = { readonly [Name in keyof Args]: UseOf<Args[Name]> };

/** What an op costs, without the stage it is booked on. */
export type Cost = Omit<OpCost, "stage">;

/** What a minibatch looks up, over all tables. */
export interface LookupCounts {
  /** Rows looked up. */
  readonly lookups: number;
  /** Different rows among them. */
  readonly unique: number;
  /** Bags that they are summed into. */
  readonly bags: number;
}

/** Makes arguments of an op. */
export type Example<Args> = (make: ExampleMaker, size: ExampleSize) => Args;

/** An op. */
export interface Op<Name extends string, Args> {
  /** Its name in the table of ops and in error messages. */
  readonly name: Name;
  /** What it does with each argument. */
  readonly operands: Operands<Args>;
  /** Throws a `RangeError` unless sizes and settings fit each other. That matrices lie in their buffers is checked before. */
  check(args: Args, sizes: Sizes<Args>): void;
  /**
   * FLOPs and bytes, by the op's record.
   *
   * @param minibatch For an op on lookups: what they hold. Without it the cost is that of full buffers with no row
   * repeated, an upper bound.
   */
  cost(args: Args, minibatch?: LookupCounts): Cost;
  /** Arguments to time and to test it with, one for each variant whose cost has a name or a formula of its own. */
  readonly examples: readonly [Example<Args>, ...Example<Args>[]];
}

/** An argument with its name and use. */
export type Argument =
  & { readonly name: string }
  & (
    | { readonly use: "read" | "written"; readonly value: Matrix | null }
    | { readonly use: "scalar" | "slot"; readonly value: Scalar }
    | { readonly use: "row-list"; readonly value: RowList }
    | { readonly use: "lookups"; readonly value: LookupBuffers }
    | { readonly use: "tables" | "updated-tables"; readonly value: EmbeddingTables }
    | { readonly use: "setting"; readonly value: unknown }
  );

/** The arguments of an op, one after the other. */
export function argumentsOf<Args>(
  { operands }: Pick<Op<string, Args>, "operands">,
  args: Args,
): Argument[] {
  return Object.entries(operands).map(([name, use]) =>
    // `Operands` holds a use to the type of its argument.
    ({ name, use, value: args[name as keyof Args] }) as Argument
  );
}

/** The buffer that a matrix, a scalar or a list of rows lies in; null for other arguments. */
export function bufferOf(argument: Argument): DeviceBuffer | null {
  switch (argument.use) {
    case "read":
    case "written":
      return argument.value?.buffer ?? null;
    case "scalar":
    case "slot":
    case "row-list":
      return argument.value.buffer;
    default:
      return null;
  }
}

/** The cost of a shape by an op's record. */
export function costOf<Shape extends { readonly [name in keyof Shape]: number }>(
  record: OpRecord<Shape>,
  shape: Shape,
): Cost {
  return {
    op: record.name,
    shape: { ...shape },
    flops: record.flops(shape),
    bytes: record.bytes(shape),
  };
}

/** An optimizer of a kind with an `eps` that never divides by 0. */
export function exampleOptimizer(kind: Optimizer["kind"]): Optimizer {
  return kind === "sgd" ? { kind } : { kind, eps: 1e-10 };
}

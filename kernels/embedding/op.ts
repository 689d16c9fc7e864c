/**
 * The sum-pooled gather and its gradient as ops.
 *
 * @module
 */

import type { Sizes } from "../check_op.ts";
import {
  type Cost,
  costOf,
  type Example,
  exampleOptimizer,
  type LookupCounts,
  type Op,
} from "../op.ts";
import type { OpRecord } from "../record.ts";
import { isCount } from "../shapes.ts";
import type { EmbeddingTables, LookupBuffers, Matrix, Optimizer, Scalar } from "../types.ts";
import { embeddingBackwardRecord, embeddingForwardRecord, type EmbeddingShape } from "./record.ts";

/**
 * Sum-pooled gather. Row b of `out` holds F vectors of `dim` floats; the bag of table t goes to vector
 * `firstSlot + t`. An empty bag gives zeros.
 */
export interface EmbeddingForwardArgs {
  /** T tables of width `dim`, read. */
  readonly tables: EmbeddingTables;
  /** Of T tables; those written last decide which rows are summed. */
  readonly lookups: LookupBuffers;
  /** Bags × (F · dim), F at least `firstSlot` + T; only the T vectors from `firstSlot` on are written. */
  readonly out: Matrix;
  /** Vector of `out` for table 0, counted in vectors of `dim` floats. */
  readonly firstSlot: number;
}

/**
 * Gradient of the sum-pooled gather fused with the optimizer. For each different row the gradients of its
 * bags (vectors `firstSlot + t` of `grad`) are summed in a fixed order and the row is updated once.
 */
export interface EmbeddingBackwardArgs {
  /** T tables of width `dim`; rows looked up and their state are updated in place. */
  readonly tables: EmbeddingTables;
  /** Of T tables; those written last decide which rows are updated. */
  readonly lookups: LookupBuffers;
  /** Bags × (F · dim), F at least `firstSlot` + T; read from vector `firstSlot` on. */
  readonly grad: Matrix;
  /** Vector of `grad` for table 0, counted in vectors of `dim` floats. */
  readonly firstSlot: number;
  /** Its kind must be the one that the tables were made for. */
  readonly optimizer: Optimizer;
  /** f32: factor of the update, read when the program runs. */
  readonly learningRate: Scalar;
}

/** What both ops have. */
type Common = Pick<EmbeddingForwardArgs, "tables" | "lookups" | "firstSlot">;

/** Sum-pooled gather; the rows of `out` must be the bags of the lookups when the program runs. */
export const embeddingForwardOp: Op<"embedding-forward", EmbeddingForwardArgs> = {
  name: "embedding-forward",
  operands: { tables: "tables", lookups: "lookups", out: "written", firstSlot: "setting" },
  check: (args, sizes) => checkVectors("out", args.out, args, sizes),
  cost: (args, minibatch) => lookupCost(embeddingForwardRecord, args, args.out, minibatch),
  examples: [(make, { inputs, features, dim, tableRows }) => {
    const rows = Array.from({ length: features - 1 }, () => tableRows);
    const tables = make.tables({ rows, dim, optimizer: "sgd" });
    return {
      tables,
      lookups: make.lookups(tables, inputs),
      out: make.written(inputs, features * dim),
      firstSlot: 1,
    };
  }],
};

/** Gradient of the gather fused with the optimizer, which must be the one that the tables were made for. */
export const embeddingBackwardOp: Op<"embedding-backward", EmbeddingBackwardArgs> = {
  name: "embedding-backward",
  operands: {
    tables: "updated-tables",
    lookups: "lookups",
    grad: "read",
    firstSlot: "setting",
    optimizer: "setting",
    learningRate: "scalar",
  },
  check(args, sizes) {
    checkVectors("grad", args.grad, args, sizes);
    const { tables, optimizer } = args;
    if (optimizer.kind !== tables.optimizer) {
      sizes.fail(
        `tables ${tables.label} were made for ${tables.optimizer}, and the optimizer is ${optimizer.kind}`,
      );
    }
  },
  cost: (args, minibatch) =>
    lookupCost(embeddingBackwardRecord(args.optimizer.kind), args, args.grad, minibatch),
  examples: [update("sgd"), update("adagrad"), update("rowwise-adagrad")],
};

function update(kind: Optimizer["kind"]): Example<EmbeddingBackwardArgs> {
  return (make, { inputs, features, dim, tableRows }) => {
    const rows = Array.from({ length: features - 1 }, () => tableRows);
    const tables = make.tables({ rows, dim, optimizer: kind });
    return {
      tables,
      lookups: make.lookups(tables, inputs),
      grad: make.read(inputs, features * dim),
      firstSlot: 1,
      optimizer: exampleOptimizer(kind),
      learningRate: make.scalar(),
    };
  };
}

function checkVectors(
  name: string,
  { rows, cols }: Matrix,
  { tables, lookups, firstSlot }: Common,
  sizes: Pick<Sizes<never>, "fail">,
): void {
  const T = tables.rows.length;
  if (lookups.tables !== T) {
    sizes.fail(`lookups are for ${lookups.tables} tables, but there are ${T}`);
  }
  if (rows > lookups.maxBags) {
    sizes.fail(
      `${name} has ${rows} rows, but lookups hold at most ${lookups.maxBags} bags a table`,
    );
  }
  if (!isCount(firstSlot) || (firstSlot + T) * tables.dim > cols) {
    sizes.fail(
      `${name} has ${cols} columns, too few for ${T} vectors of ${tables.dim} from slot ${firstSlot}`,
    );
  }
}

function lookupCost(
  record: OpRecord<EmbeddingShape>,
  { tables, lookups: { maxLookups } }: Common,
  { rows }: Matrix,
  minibatch: LookupCounts = {
    lookups: maxLookups,
    bags: tables.rows.length * rows,
    unique: maxLookups,
  },
): Cost {
  const { lookups, bags, unique } = minibatch;
  return costOf(record, { lookups, bags, unique, dim: tables.dim });
}

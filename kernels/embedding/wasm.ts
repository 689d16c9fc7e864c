/**
 * The WASM kernels of the embedding ops, and of the tables' start values.
 *
 * @module
 */

import { STREAMS } from "../../core/random.ts";
import { ADAGRAD, ROWWISE_ADAGRAD, SGD } from "../cpu/layout.ts";
import { type Place, type PlacedTables, wasmKernel } from "../cpu/op.ts";
import { checkHighestRow } from "../shapes.ts";
import type { EmbeddingTables, LookupBuffers, Matrix, Optimizer } from "../types.ts";
import type { EmbeddingBackwardArgs, EmbeddingForwardArgs } from "./op.ts";

const CODES: Readonly<Record<Optimizer["kind"], number>> = {
  "sgd": SGD,
  "adagrad": ADAGRAD,
  "rowwise-adagrad": ROWWISE_ADAGRAD,
};

/** Sum-pooled gather. */
export const embeddingForwardKernel = wasmKernel({
  source: "kernels/embedding/embedding.as.ts",
  name: "embeddingForward",
  words: { base: "wide", dim: "number", lookups: "lookups", out: "matrix", T: "number" },
  call(at, { tables, lookups, out, firstSlot }: EmbeddingForwardArgs) {
    checkWritten("embedding-forward", at, tables, lookups, out);
    return {
      words: {
        base: at.tables(tables).address,
        dim: tables.dim,
        lookups,
        out: vectorsFrom(firstSlot, out, tables),
        T: tables.rows.length,
      },
    };
  },
});

/** Gradient of the gather fused with the optimizer; each thread's scratch holds one row's gradient. */
export const embeddingBackwardKernel = wasmKernel({
  source: "kernels/embedding/embedding.as.ts",
  name: "embeddingBackward",
  words: {
    base: "wide",
    stateBase: "wide",
    dim: "number",
    lookups: "lookups",
    grad: "matrix",
    kind: "number",
    eps: "float",
    learningRate: "scalar",
  },
  call(at, args: EmbeddingBackwardArgs) {
    const { tables, lookups, grad, firstSlot, optimizer, learningRate } = args;
    checkWritten("embedding-backward", at, tables, lookups, grad);
    const { address, stateAddress }: PlacedTables = at.updatedTables(tables);
    return {
      words: {
        base: address,
        stateBase: stateAddress,
        dim: tables.dim,
        lookups,
        grad: vectorsFrom(firstSlot, grad, tables),
        kind: CODES[optimizer.kind],
        eps: optimizer.kind === "sgd" ? 0 : optimizer.eps,
        learningRate,
      },
      scratchBytes: 4 * tables.dim + 16,
    };
  },
});

/** Where start values go. */
export interface InitUniformArgs {
  /** Address in the tables' memory, and how many floats there are. */
  readonly rows: number;
  readonly floats: number;
  /** Address of one entry of 16 bytes a table: the float after its last (u64), and its scale (f32). */
  readonly bounds: number;
  readonly seed: number;
}

/** Start values of tables; each thread's scratch holds 16 of them. */
export const initUniformKernel = wasmKernel({
  source: "kernels/embedding/init.as.ts",
  name: "initUniform",
  words: {
    base: "wide",
    total: "wide",
    bounds: "number",
    seed: "number",
    stream: "number",
  },
  call: (_at, { rows, floats, bounds, seed }: InitUniformArgs) => ({
    words: { base: rows, total: floats, bounds, seed, stream: STREAMS.tables },
    scratchBytes: 64,
  }),
});

/** A matrix of vectors without those before a slot. */
function vectorsFrom(slot: number, m: Matrix, { dim }: EmbeddingTables): Matrix {
  return { ...m, buffer: m.buffer, offset: m.offset + slot * dim };
}

/** Has the minibatch written last checked before each run. */
function checkWritten(
  op: string,
  at: Place,
  tables: EmbeddingTables,
  buffers: LookupBuffers,
  { rows }: Matrix,
): void {
  const written = at.lookups(buffers);
  at.beforeRun(`${op} ${written.address} ${rows} ${tables.totalRows}`, () => {
    if (written.bags !== rows) {
      const is = written.bags < 0 ? "nothing written" : `${written.bags} bags a table`;
      throw new RangeError(`Cannot run ${op}: lookups have ${is}, but the matrix ${rows} rows`);
    }
    checkHighestRow(op, written.highestRow, tables);
  });
}

/**
 * Arguments of the embedding kernels (`embedding.as.ts`, `init.as.ts`), in their order.
 *
 * @module
 */

import {
  ADAGRAD,
  EMBEDDING_BACKWARD,
  EMBEDDING_FORWARD,
  INIT_UNIFORM,
  ROWWISE_ADAGRAD,
  SGD,
} from "../cpu/layout.ts";
import { floatBits, highHalf, lowHalf } from "../cpu/op.ts";
import type { Place, WasmOp } from "../cpu/op.ts";
import { STREAMS } from "../../core/random.ts";
import type { EmbeddingBackwardArgs, EmbeddingForwardArgs, Optimizer } from "../types.ts";

const CODES: Readonly<Record<Optimizer["kind"], number>> = {
  "sgd": SGD,
  "adagrad": ADAGRAD,
  "rowwise-adagrad": ROWWISE_ADAGRAD,
};

/** Sum-pooled gather. */
export function encodeEmbeddingForward(at: Place, args: EmbeddingForwardArgs): WasmOp {
  const { tables, lookups, out, firstSlot } = args;
  const { rows } = at.tables(tables);
  return {
    code: EMBEDDING_FORWARD,
    words: [
      ...[lowHalf(rows), highHalf(rows), tables.dim, at.lookups(lookups)],
      ...[at.matrix(out) + 4 * firstSlot * tables.dim, 4 * out.stride, tables.rows.length],
    ],
  };
}

/** Gradient of the gather fused with the optimizer; each thread's scratch holds one row's gradient. */
export function encodeEmbeddingBackward(at: Place, args: EmbeddingBackwardArgs): WasmOp {
  const { tables, lookups, grad, firstSlot, optimizer, learningRate } = args;
  const { rows, state } = at.tables(tables);
  return {
    code: EMBEDDING_BACKWARD,
    words: [
      ...[lowHalf(rows), highHalf(rows), lowHalf(state), highHalf(state)],
      ...[tables.dim, at.lookups(lookups)],
      ...[at.matrix(grad) + 4 * firstSlot * tables.dim, 4 * grad.stride, CODES[optimizer.kind]],
      ...[optimizer.kind === "sgd" ? 0 : floatBits(optimizer.eps), at.scalar(learningRate)],
    ],
    scratchBytes: 4 * tables.dim + 16,
  };
}

/**
 * Initial values of `floats` floats at `rows`; each thread's scratch holds 16 of them.
 *
 * @param bounds Address of one entry of 16 bytes a table: the float after its last (u64), and its scale (f32).
 */
export function encodeInitUniform(
  rows: number,
  floats: number,
  bounds: number,
  seed: number,
): WasmOp {
  return {
    code: INIT_UNIFORM,
    words: [
      ...[lowHalf(rows), highHalf(rows), lowHalf(floats), highHalf(floats)],
      ...[bounds, seed, STREAMS.tables],
    ],
    scratchBytes: 64,
  };
}

/**
 * Arguments of the dense update's WASM kernel (`update.as.ts`), in their order.
 *
 * @module
 */

import { ADAGRAD, DENSE_UPDATE, SGD } from "../cpu/layout.ts";
import { floatBits } from "../cpu/op.ts";
import type { Place, WasmOp } from "../cpu/op.ts";
import type { DenseUpdateArgs } from "../types.ts";

/** One optimizer step over dense parameters. */
export function encodeDenseUpdate(at: Place, args: DenseUpdateArgs): WasmOp {
  const { params, grads, state, optimizer, learningRate } = args;
  return {
    code: DENSE_UPDATE,
    words: [
      ...[params.cols, at.matrix(params), at.matrix(grads), state === null ? 0 : at.matrix(state)],
      ...(optimizer.kind === "sgd" ? [SGD, 0] : [ADAGRAD, floatBits(optimizer.eps)]),
      at.scalar(learningRate),
    ],
  };
}

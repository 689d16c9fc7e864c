/**
 * The WASM kernels of the sequence ops.
 *
 * @module
 */

import { wasmKernel } from "../cpu/op.ts";
import type { SequenceBackwardArgs, SequenceDotArgs, SequencePoolArgs } from "./op.ts";

/** a = H x; `input` is the bytes from one input's history to the next. */
export const sequenceDotKernel = wasmKernel({
  source: "kernels/sequence/sequence.as.ts",
  name: "sequenceDot",
  words: {
    B: "number",
    S: "number",
    D: "number",
    h: "matrix",
    input: "number",
    x: "matrix",
    a: "matrix",
  },
  call: (_at, { h, steps, x, a }: SequenceDotArgs) => ({
    words: { B: a.rows, S: a.cols, D: h.cols, h, input: 4 * h.stride * steps, x, a },
  }),
});

/** c = [Hᵀ y; tail], the tail of T floats. */
export const sequencePoolKernel = wasmKernel({
  source: "kernels/sequence/sequence.as.ts",
  name: "sequencePool",
  words: {
    B: "number",
    S: "number",
    D: "number",
    h: "matrix",
    input: "number",
    y: "matrix",
    tail: "matrix",
    T: "number",
    c: "matrix",
  },
  call: (_at, { h, steps, y, tail, c }: SequencePoolArgs) => ({
    words: {
      B: y.rows,
      S: y.cols,
      D: h.cols,
      h,
      input: 4 * h.stride * steps,
      y,
      tail,
      T: tail?.cols ?? 0,
      c,
    },
  }),
});

/** dH = y ⊗ dc + da ⊗ x. */
export const sequenceBackwardKernel = wasmKernel({
  source: "kernels/sequence/sequence.as.ts",
  name: "sequenceBackward",
  words: {
    B: "number",
    S: "number",
    D: "number",
    y: "matrix",
    da: "matrix",
    x: "matrix",
    dc: "matrix",
    query: "matrix",
    dh: "matrix",
    input: "number",
  },
  call: (_at, { y, da, x, dc, query, steps, dh }: SequenceBackwardArgs) => ({
    words: {
      B: y.rows,
      S: y.cols,
      D: dh.cols,
      y,
      da,
      x,
      dc,
      query,
      dh,
      input: 4 * dh.stride * steps,
    },
  }),
});

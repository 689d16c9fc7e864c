// Sum-pooled gather, and its gradient fused with the optimizer. Arguments: see wasm.ts. Every bag, and every
// different row, belongs to one task, and is summed in the order of its lookups.

import {
  ADAGRAD,
  LOOKUP_BAGS,
  LOOKUP_HAS_OFFSETS,
  LOOKUP_OFFSETS,
  LOOKUP_POSITIONS,
  LOOKUP_ROWS,
  LOOKUP_SEGMENTS,
  LOOKUP_UNIQUE,
  LOOKUP_UNIQUE_ROWS,
  ROWWISE_ADAGRAD,
  SGD,
} from "../cpu/layout";
import { laneMask, storeLanes, sumLanes } from "../cpu/simd.as";
import { arg, argF32, argI64, claim, scratch, tileScratch } from "../cpu/team.as";
import { EmbeddingBackward as Backward, EmbeddingForward as Forward } from "../cpu/words.as";
import * as tables from "./tables.as";

const BAGS_A_TASK: i32 = 128;
const ROWS_A_TASK: i32 = 32;

/** out[b][firstSlot + t] = sum of the rows of bag (t, b). */
export function embeddingForward(op: usize): void {
  const base = argI64(op, Forward.base);
  const dim = arg(op, Forward.dim), lookups = <usize>arg(op, Forward.lookups);
  const out = arg(op, Forward.out), ldo = arg(op, Forward.ldout);
  const T = arg(op, Forward.T);
  const bags = load<i32>(lookups, LOOKUP_BAGS);
  const rows = load<usize>(lookups, LOOKUP_ROWS);
  const hasOffsets = load<i32>(lookups, LOOKUP_HAS_OFFSETS) != 0;
  const offsets = load<usize>(lookups, LOOKUP_OFFSETS);
  const total = bags * T;
  const tasks = (total + BAGS_A_TASK - 1) / BAGS_A_TASK;
  for (let task = claim(op, 0); task < tasks; task = claim(op, 0)) {
    const first = task * BAGS_A_TASK;
    const end = min(total, first + BAGS_A_TASK);
    touch(
      base,
      rows,
      hasOffsets ? load<i32>(offsets + (first << 2)) : first,
      hasOffsets ? load<i32>(offsets + (end << 2)) : end,
      <i64>dim << 2,
    );
    for (let bag = first; bag < end; bag++) {
      const t = bag / bags;
      const to = out + (bag - t * bags) * ldo + ((t * dim) << 2);
      let begin = bag, stop = bag + 1;
      if (hasOffsets) {
        begin = load<i32>(offsets + (bag << 2));
        stop = load<i32>(offsets + (bag << 2), 4);
      }
      gather(base, rows, begin, stop, dim, to);
    }
  }
}

/**
 * Reads a float of every cache line of rows [begin, end) of a list: with nothing else in between, the processor waits
 * for many of them at once, and finds them in its cache later.
 */
function touch(base: i64, rows: usize, begin: i32, end: i32, rowBytes: i64): void {
  let sum: f32 = 0;
  for (let i = begin; i < end; i++) {
    const row = base + <i64>load<u32>(rows + (i << 2)) * rowBytes;
    for (let at: i64 = 0; at < rowBytes; at += 64) sum += tables.loadF32(row + at);
  }
  store<f32>(tileScratch(), sum);
}

@inline
function gather(base: i64, rows: usize, begin: i32, end: i32, dim: i32, to: usize): void {
  const rowBytes = <i64>dim << 2;
  if (end - begin == 1) {
    const row = base + <i64>load<u32>(rows + (begin << 2)) * rowBytes;
    for (let c = 0; c < dim; c += 4) {
      storeLanes(to + (c << 2), tables.load(row + (<i64>c << 2)), dim - c);
    }
    return;
  }
  for (let c = 0; c < dim; c += 4) {
    let sum = f32x4.splat(0);
    for (let i = begin; i < end; i++) {
      const row = base + <i64>load<u32>(rows + (i << 2)) * rowBytes;
      sum = f32x4.add(sum, tables.load(row + (<i64>c << 2)));
    }
    storeLanes(to + (c << 2), sum, dim - c);
  }
}

/** Sums the gradients of each different row's bags and updates the row once. */
export function embeddingBackward(op: usize): void {
  const base = argI64(op, Backward.base), stateBase = argI64(op, Backward.stateBase);
  const dim = arg(op, Backward.dim), lookups = <usize>arg(op, Backward.lookups);
  const grad = arg(op, Backward.grad), ldg = arg(op, Backward.ldgrad);
  const kind = arg(op, Backward.kind);
  const eps = argF32(op, Backward.eps), learningRate = load<f32>(arg(op, Backward.learningRate));
  const bags = load<i32>(lookups, LOOKUP_BAGS);
  const unique = load<i32>(lookups, LOOKUP_UNIQUE);
  const uniqueRows = load<usize>(lookups, LOOKUP_UNIQUE_ROWS);
  const segments = load<usize>(lookups, LOOKUP_SEGMENTS);
  const positions = load<usize>(lookups, LOOKUP_POSITIONS);
  const rowBytes = <i64>dim << 2;
  const sums = scratch();
  const tasks = (unique + ROWS_A_TASK - 1) / ROWS_A_TASK;
  for (let task = claim(op, 0); task < tasks; task = claim(op, 0)) {
    const first = task * ROWS_A_TASK;
    const end = min(unique, first + ROWS_A_TASK);
    touch(base, uniqueRows, first, end, rowBytes);
    if (kind == ADAGRAD) touch(stateBase, uniqueRows, first, end, rowBytes);
    if (kind == ROWWISE_ADAGRAD) touch(stateBase, uniqueRows, first, end, 4);
    for (let u = first; u < end; u++) {
      const row = <i64>load<u32>(uniqueRows + (u << 2));
      const begin = positions + (load<usize>(segments + (u << 2)) << 2);
      const stop = positions + (load<usize>(segments + (u << 2), 4) << 2);
      // All lookups of a row are of one table; bag (t, b) has number t bags + b.
      const t = load<i32>(begin) / bags;
      sumSegment(grad + ((t * dim) << 2) - t * bags * ldg, ldg, begin, stop, dim, sums);
      const weights = base + row * rowBytes;
      if (kind == SGD) {
        updateSgd(weights, dim, sums, learningRate);
      } else if (kind == ADAGRAD) {
        updateAdagrad(weights, stateBase + row * rowBytes, dim, sums, learningRate, eps);
      } else if (kind == ROWWISE_ADAGRAD) {
        updateRowwise(weights, stateBase + (row << 2), dim, sums, learningRate, eps);
      }
    }
  }
}

/** Sums vectors of `dim` floats at from + position × ldg; the last vector's spare lanes become 0. */
function sumSegment(
  from: usize,
  ldg: usize,
  begin: usize,
  end: usize,
  dim: i32,
  sums: usize,
): void {
  let c = 0;
  for (; c + 16 <= dim; c += 16) {
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
    for (let p = begin; p < end; p += 4) {
      const g = from + load<usize>(p) * ldg;
      s0 = f32x4.add(s0, v128.load(g));
      s1 = f32x4.add(s1, v128.load(g, 16));
      s2 = f32x4.add(s2, v128.load(g, 32));
      s3 = f32x4.add(s3, v128.load(g, 48));
    }
    v128.store(sums, s0);
    v128.store(sums, s1, 16);
    v128.store(sums, s2, 32);
    v128.store(sums, s3, 48);
    from += 64;
    sums += 64;
  }
  for (; c < dim; c += 4) {
    let s = f32x4.splat(0);
    for (let p = begin; p < end; p += 4) {
      s = f32x4.add(s, v128.load(from + load<usize>(p) * ldg));
    }
    v128.store(sums, v128.and(s, laneMask(dim - c)));
    from += 16;
    sums += 16;
  }
}

@inline
function storeTable(address: i64, v: v128, count: i32): void {
  if (count >= 4) {
    tables.store(address, v);
    return;
  }
  tables.storeF32(address, f32x4.extract_lane(v, 0));
  if (count > 1) tables.storeF32(address + 4, f32x4.extract_lane(v, 1));
  if (count > 2) tables.storeF32(address + 8, f32x4.extract_lane(v, 2));
}

function updateSgd(weights: i64, dim: i32, sums: usize, learningRate: f32): void {
  const rate = f32x4.splat(learningRate);
  for (let c = 0; c < dim; c += 4) {
    const g = v128.load(sums + (c << 2));
    const w = tables.load(weights);
    storeTable(weights, f32x4.sub(w, f32x4.mul(rate, g)), dim - c);
    weights += 16;
  }
}

function updateAdagrad(
  weights: i64,
  state: i64,
  dim: i32,
  sums: usize,
  learningRate: f32,
  eps: f32,
): void {
  const rate = f32x4.splat(learningRate), e = f32x4.splat(eps);
  for (let c = 0; c < dim; c += 4) {
    const g = v128.load(sums + (c << 2));
    const w = tables.load(weights);
    const s = f32x4.add(tables.load(state), f32x4.mul(g, g));
    const step = f32x4.div(f32x4.mul(rate, g), f32x4.add(f32x4.sqrt(s), e));
    storeTable(state, s, dim - c);
    storeTable(weights, f32x4.sub(w, step), dim - c);
    weights += 16;
    state += 16;
  }
}

function updateRowwise(
  weights: i64,
  state: i64,
  dim: i32,
  sums: usize,
  learningRate: f32,
  eps: f32,
): void {
  let squares = f32x4.splat(0);
  for (let c = 0; c < dim; c += 4) {
    const g = v128.load(sums + (c << 2));
    squares = f32x4.add(squares, f32x4.mul(g, g));
  }
  const s = tables.loadF32(state) + sumLanes(squares) / <f32>dim;
  tables.storeF32(state, s);
  const rate = f32x4.splat(learningRate), root = f32x4.splat(sqrt(s) + eps);
  for (let c = 0; c < dim; c += 4) {
    const g = v128.load(sums + (c << 2));
    const w = tables.load(weights);
    storeTable(weights, f32x4.sub(w, f32x4.div(f32x4.mul(rate, g), root)), dim - c);
    weights += 16;
  }
}

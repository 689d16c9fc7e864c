// Initial values of the embedding tables: Philox4x32-10 as in core/random.ts. Float e of the flat sequence is word
// e mod 4 of block floor(e / 4), and depends on nothing else.

import { arg, argI64, claim } from "../cpu/team.as";
import * as tables from "./tables.as";

const BLOCKS_A_TASK: i64 = 16384;
const M0: u64 = 0xd2511f53;
const M1: u64 = 0xcd9e8d57;
const W0: u32 = 0x9e3779b9;
const W1: u32 = 0xbb67ae85;

/** Fills all tables; `bounds` has, for each table, the float after its last (u64) and its scale (f32, padded to 8 bytes). */
export function initUniform(op: usize): void {
  const base = argI64(op, 0), total = argI64(op, 2);
  const bounds = <usize>arg(op, 4);
  const seed = <u32>arg(op, 5), stream = <u32>arg(op, 6);
  const blocks = (total + 3) >> 2;
  const tasks = <i32>((blocks + BLOCKS_A_TASK - 1) / BLOCKS_A_TASK);
  for (let task = claim(op, 0); task < tasks; task = claim(op, 0)) {
    const first = <i64>task * BLOCKS_A_TASK;
    fill(base, first, min(blocks, first + BLOCKS_A_TASK), total, bounds, seed, stream);
  }
}

function fill(
  base: i64,
  first: i64,
  end: i64,
  total: i64,
  bounds: usize,
  seed: u32,
  stream: u32,
): void {
  let tableEnd = load<i64>(bounds);
  let scale = load<f32>(bounds, 8);
  for (let block = first; block < end; block++) {
    const v = values(block, seed, stream);
    const e = block << 2;
    const address = base + (e << 2);
    while (tableEnd <= e) {
      bounds += 16;
      tableEnd = load<i64>(bounds);
      scale = load<f32>(bounds, 8);
    }
    if (e + 4 <= tableEnd) {
      tables.store(address, f32x4.mul(v, f32x4.splat(scale)));
      continue;
    }
    const lanes = min(4, total - e);
    for (let i: i64 = 0; i < lanes; i++) {
      while (tableEnd <= e + i) {
        bounds += 16;
        tableEnd = load<i64>(bounds);
        scale = load<f32>(bounds, 8);
      }
      tables.storeF32(address + (i << 2), lane(v, <i32>i) * scale);
    }
  }
}

@inline
function lane(v: v128, i: i32): f32 {
  if (i == 0) return f32x4.extract_lane(v, 0);
  if (i == 1) return f32x4.extract_lane(v, 1);
  if (i == 2) return f32x4.extract_lane(v, 2);
  return f32x4.extract_lane(v, 3);
}

/** Four numbers of U[-1, 1), each exact: 24 random bits. */
@inline
function values(block: i64, seed: u32, stream: u32): v128 {
  let c0 = <u32>block, c1 = <u32>(block >> 32), c2 = stream, c3: u32 = 0;
  let k0 = seed, k1: u32 = 0;
  for (let round = 0; round < 10; round++) {
    const p0 = M0 * <u64>c0, p1 = M1 * <u64>c2;
    c0 = <u32>(p1 >> 32) ^ c1 ^ k0;
    c1 = <u32>p1;
    c2 = <u32>(p0 >> 32) ^ c3 ^ k1;
    c3 = <u32>p0;
    k0 += W0;
    k1 += W1;
  }
  const words = i32x4.replace_lane(
    i32x4.replace_lane(i32x4.replace_lane(i32x4.splat(c0), 1, c1), 2, c2),
    3,
    c3,
  );
  const bits = i32x4.sub(i32x4.shr_u(words, 8), i32x4.splat(0x800000));
  return f32x4.mul(f32x4.convert_i32x4_s(bits), f32x4.splat(1.0 / 8388608.0));
}

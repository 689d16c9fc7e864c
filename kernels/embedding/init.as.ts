// Initial values of the embedding tables: Philox4x32-10 as in core/random.ts. Float e of the flat sequence is word
// e mod 4 of block floor(e / 4), and depends on nothing else.

import { storeTransposed } from "../cpu/simd.as";
import { arg, argI64, claim, scratch } from "../cpu/team.as";
import { InitUniform } from "../cpu/words.as";
import * as tables from "./tables.as";

const BLOCKS_A_TASK: i64 = 16384;
const M0: u32 = 0xd2511f53;
const M1: u32 = 0xcd9e8d57;
const W0: u32 = 0x9e3779b9;
const W1: u32 = 0xbb67ae85;

/** Fills all tables; `bounds` has, for each table, the float after its last (u64) and its scale (f32, padded to 8 bytes). */
export function initUniform(op: usize): void {
  const base = argI64(op, InitUniform.base), total = argI64(op, InitUniform.total);
  const bounds = <usize>arg(op, InitUniform.bounds);
  const seed = <u32>arg(op, InitUniform.seed), stream = <u32>arg(op, InitUniform.stream);
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
  const numbers = scratch();
  for (let block = first; block < end; block += 4) {
    fourBlocks(block, seed, stream, numbers);
    const e = block << 2;
    const address = base + (e << 2);
    while (tableEnd <= e) {
      bounds += 16;
      tableEnd = load<i64>(bounds);
      scale = load<f32>(bounds, 8);
    }
    if (e + 16 <= tableEnd) {
      const s = f32x4.splat(scale);
      tables.store(address, f32x4.mul(v128.load(numbers), s));
      tables.store(address + 16, f32x4.mul(v128.load(numbers, 16), s));
      tables.store(address + 32, f32x4.mul(v128.load(numbers, 32), s));
      tables.store(address + 48, f32x4.mul(v128.load(numbers, 48), s));
      continue;
    }
    const count = min<i64>(16, total - e);
    for (let i: i64 = 0; i < count; i++) {
      while (tableEnd <= e + i) {
        bounds += 16;
        tableEnd = load<i64>(bounds);
        scale = load<f32>(bounds, 8);
      }
      tables.storeF32(address + (i << 2), load<f32>(numbers + (<usize>i << 2)) * scale);
    }
  }
}

/** Sixteen numbers of U[-1, 1), each exact (24 random bits): blocks `block`, a multiple of 4, to `block + 3`. */
function fourBlocks(block: i64, seed: u32, stream: u32, to: usize): void {
  // One block a lane.
  let c0 = v128.or(i32x4.splat(<i32>block), i32x4(0, 1, 2, 3)), c1 = i32x4.splat(<i32>(block >> 32));
  let c2 = i32x4.splat(stream), c3 = i32x4.splat(0);
  const m0 = i32x4.splat(M0), m1 = i32x4.splat(M1);
  let k0 = seed, k1: u32 = 0;
  for (let round = 0; round < 10; round++) {
    const p0 = i64x2.extmul_low_i32x4_u(c0, m0), q0 = i64x2.extmul_high_i32x4_u(c0, m0);
    const p1 = i64x2.extmul_low_i32x4_u(c2, m1), q1 = i64x2.extmul_high_i32x4_u(c2, m1);
    const high0 = v128.shuffle<i32>(p0, q0, 1, 3, 5, 7);
    const high1 = v128.shuffle<i32>(p1, q1, 1, 3, 5, 7);
    c0 = v128.xor(v128.xor(high1, c1), i32x4.splat(k0));
    c1 = v128.shuffle<i32>(p1, q1, 0, 2, 4, 6);
    c2 = v128.xor(v128.xor(high0, c3), i32x4.splat(k1));
    c3 = v128.shuffle<i32>(p0, q0, 0, 2, 4, 6);
    k0 += W0;
    k1 += W1;
  }
  storeTransposed(to, 16, number(c0), number(c1), number(c2), number(c3));
}

@inline
function number(words: v128): v128 {
  const bits = i32x4.sub(i32x4.shr_u(words, 8), i32x4.splat(0x800000));
  return f32x4.mul(f32x4.convert_i32x4_s(bits), f32x4.splat(1.0 / 8388608.0));
}

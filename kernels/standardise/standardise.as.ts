// Running statistics of columns, and columns brought to mean 0 and variance 1. Arguments: see wasm.ts.

import { storeLanes } from "../cpu/simd.as";
import { arg, argF32, claim } from "../cpu/team.as";
import { ColumnStatistics, Standardise } from "../cpu/words.as";

const COLUMNS_A_TASK: i32 = 16;
const ROWS_A_TASK: i32 = 64;

/** Lanes 2 and 3 as float64. */
@inline
function promoteHigh(v: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<f32>(v, v, 2, 3, 2, 3));
}

/** Two pairs of float64 as four floats. */
@inline
function demote(low: v128, high: v128): v128 {
  const a = f32x4.demote_f64x2_zero(low), b = f32x4.demote_f64x2_zero(high);
  return v128.shuffle<f32>(a, b, 0, 1, 4, 5);
}

/** old + w (new − old). */
@inline
function blend(old: v128, next: v128, weight: v128): v128 {
  return f64x2.add(old, f64x2.mul(weight, f64x2.sub(next, old)));
}

/** mean += w (m − mean) and variance += w (v − variance), in float64; a task is one run of columns over all rows. */
export function columnStatistics(op: usize): void {
  const M = arg(op, ColumnStatistics.M), N = arg(op, ColumnStatistics.N);
  const x = arg(op, ColumnStatistics.x), ldx = arg(op, ColumnStatistics.ldx);
  const mean = arg(op, ColumnStatistics.mean), variance = arg(op, ColumnStatistics.variance);
  const weight = f64x2.splat(<f64>load<f32>(arg(op, ColumnStatistics.weight)));
  if (M == 0) return;
  const rows = f64x2.splat(<f64>M);
  for (let j = claim(op, 0) * COLUMNS_A_TASK; j < N; j = claim(op, 0) * COLUMNS_A_TASK) {
    const end = min(N, j + COLUMNS_A_TASK);
    for (let c = j; c < end; c += 4) {
      const column = x + (c << 2);
      let low = f64x2.splat(0), high = low;
      for (let i = 0; i < M; i++) {
        const v = v128.load(column + i * ldx);
        low = f64x2.add(low, f64x2.promote_low_f32x4(v));
        high = f64x2.add(high, promoteHigh(v));
      }
      const lowMean = f64x2.div(low, rows), highMean = f64x2.div(high, rows);
      low = f64x2.splat(0);
      high = low;
      for (let i = 0; i < M; i++) {
        const v = v128.load(column + i * ldx);
        const a = f64x2.sub(f64x2.promote_low_f32x4(v), lowMean);
        const b = f64x2.sub(promoteHigh(v), highMean);
        low = f64x2.add(low, f64x2.mul(a, a));
        high = f64x2.add(high, f64x2.mul(b, b));
      }
      update(mean + (c << 2), lowMean, highMean, weight, N - c);
      update(variance + (c << 2), f64x2.div(low, rows), f64x2.div(high, rows), weight, N - c);
    }
  }
}

@inline
function update(p: usize, low: v128, high: v128, weight: v128, left: i32): void {
  const old = v128.load(p);
  const a = blend(f64x2.promote_low_f32x4(old), low, weight);
  storeLanes(p, demote(a, blend(promoteHigh(old), high, weight)), left);
}

/** y = (x − mean) / sqrt(variance + eps); a task is one run of rows. */
export function standardise(op: usize): void {
  const M = arg(op, Standardise.M), N = arg(op, Standardise.N), x = arg(op, Standardise.x);
  const ldx = arg(op, Standardise.ldx);
  const mean = arg(op, Standardise.mean), variance = arg(op, Standardise.variance);
  const y = arg(op, Standardise.y), ldy = arg(op, Standardise.ldy);
  const eps = f32x4.splat(argF32(op, Standardise.eps));
  for (let m = claim(op, 0) * ROWS_A_TASK; m < M; m = claim(op, 0) * ROWS_A_TASK) {
    const end = min(M, m + ROWS_A_TASK);
    for (let j = 0; j < N; j += 4) {
      const deviation = f32x4.sqrt(f32x4.add(v128.load(variance + (j << 2)), eps));
      const centre = mean == 0 ? f32x4.splat(0) : v128.load(mean + (j << 2));
      for (let i = m; i < end; i++) {
        const d = f32x4.sub(v128.load(x + i * ldx + (j << 2)), centre);
        storeLanes(y + i * ldy + (j << 2), f32x4.div(d, deviation), N - j);
      }
    }
  }
}

// Changes of rows, and scores and counts of inputs made of them. Arguments: see wasm.ts. A task of the ops on
// inputs is a run of SCORED_INPUTS of them, lookup by lookup: whichever way the list of rows lies, a run of its entries
// is read while it is in the nearest cache, and many scores are fetched at a time.

import { MEAN, NTH_LARGEST, SCORED_INPUTS } from "../cpu/layout";
import { loadLanes } from "../cpu/simd.as";
import { arg, claim, scratch } from "../cpu/team.as";
import { InputScores, RowChange, StaleLookups } from "../cpu/words.as";

const ROWS_A_TASK: i32 = 16;

/** change = max |a − b| for each vector, or what was there and that. */
export function rowChange(op: usize): void {
  const M = arg(op, RowChange.M), F = arg(op, RowChange.F), dim = arg(op, RowChange.dim);
  const a = arg(op, RowChange.a), lda = arg(op, RowChange.lda), b = arg(op, RowChange.b);
  const ldb = arg(op, RowChange.ldb);
  const change = arg(op, RowChange.change), accumulate = arg(op, RowChange.accumulate);
  for (let m = claim(op, 0) * ROWS_A_TASK; m < M; m = claim(op, 0) * ROWS_A_TASK) {
    const end = min(M, m + ROWS_A_TASK);
    for (let i = m; i < end; i++) {
      for (let f = 0; f < F; f++) {
        const at = f * (dim << 2);
        const to = change + ((i * F + f) << 2);
        const largest = largestChange(a + i * lda + at, b + i * ldb + at, dim);
        store<f32>(to, accumulate != 0 ? load<f32>(to) + largest : largest);
      }
    }
  }
}

@inline
function largestChange(a: usize, b: usize, dim: i32): f32 {
  let largest = f32x4.splat(0);
  for (let c = 0; c < dim; c += 4) {
    const left = dim - c;
    const d = f32x4.sub(loadLanes(a + (c << 2), left), loadLanes(b + (c << 2), left));
    largest = f32x4.max(largest, f32x4.abs(d));
  }
  return max<f32>(
    max<f32>(f32x4.extract_lane(largest, 0), f32x4.extract_lane(largest, 1)),
    max<f32>(f32x4.extract_lane(largest, 2), f32x4.extract_lane(largest, 3)),
  );
}

/** Scores of four inputs (of which `left` exist: the first stands in for the others), `step` bytes between entries. */
@inline
function fourScores(scores: usize, entry: usize, step: i32, left: i32): v128 {
  const second = left > 1 ? step : 0;
  const third = left > 2 ? 2 * step : 0;
  const fourth = left > 3 ? 3 * step : 0;
  let v = v128.load32_zero(scores + (load<usize>(entry) << 2));
  v = v128.load_lane<f32>(scores + (load<usize>(entry + second) << 2), v, 1);
  v = v128.load_lane<f32>(scores + (load<usize>(entry + third) << 2), v, 2);
  return v128.load_lane<f32>(scores + (load<usize>(entry + fourth) << 2), v, 3);
}

/** out = min over groups of the number of lookups whose score is below the threshold. */
export function staleLookups(op: usize): void {
  const B = arg(op, StaleLookups.B), G = arg(op, StaleLookups.G), L = arg(op, StaleLookups.L);
  const rows = arg(op, StaleLookups.rows);
  const groupStep = arg(op, StaleLookups.groupStep), lookupStep = arg(op, StaleLookups.lookupStep);
  const inputStep = arg(op, StaleLookups.inputStep);
  const scores = arg(op, StaleLookups.scores), out = arg(op, StaleLookups.out);
  const ldo = arg(op, StaleLookups.ldout);
  const threshold = f32x4.splat(load<f32>(arg(op, StaleLookups.threshold)));
  const counts = scratch(), least = counts + (SCORED_INPUTS << 2);
  for (let b = claim(op, 0) * SCORED_INPUTS; b < B; b = claim(op, 0) * SCORED_INPUTS) {
    const inputs = min(SCORED_INPUTS, B - b);
    const first = rows + b * inputStep;
    for (let g = 0; g < G; g++) {
      memory.fill(counts, 0, SCORED_INPUTS << 2);
      for (let l = 0; l < L; l++) {
        let entry = first + g * groupStep + l * lookupStep;
        for (let i = 0; i < inputs; i += 4) {
          const stale = f32x4.lt(fourScores(scores, entry, inputStep, inputs - i), threshold);
          const to = counts + (i << 2);
          // True is −1.
          v128.store(to, i32x4.sub(v128.load(to), stale));
          entry += inputStep << 2;
        }
      }
      for (let i = 0; i < inputs; i += 4) {
        const to = least + (i << 2), count = v128.load(counts + (i << 2));
        v128.store(to, g == 0 ? count : i32x4.min_s(v128.load(to), count));
      }
    }
    for (let i = 0; i < inputs; i++) {
      store<f32>(out + (b + i) * ldo, <f32>load<i32>(least + (i << 2)));
    }
  }
}

/** out = the scores of each input's lookups made one. */
export function inputScores(op: usize): void {
  const B = arg(op, InputScores.B), G = arg(op, InputScores.G), L = arg(op, InputScores.L);
  const rows = arg(op, InputScores.rows);
  const groupStep = arg(op, InputScores.groupStep), lookupStep = arg(op, InputScores.lookupStep);
  const inputStep = arg(op, InputScores.inputStep);
  const scores = arg(op, InputScores.scores), out = arg(op, InputScores.out);
  const ldo = arg(op, InputScores.ldout);
  const kind = arg(op, InputScores.kind), depth = arg(op, InputScores.depth);
  const gathered = scratch(), results = gathered + L * (SCORED_INPUTS << 2);
  const kept = results + (SCORED_INPUTS << 3);
  // The n-th largest is found as the n-th smallest of the negated scores.
  const sign = i32x4.splat(kind == NTH_LARGEST ? 0x80000000 : 0);
  for (let b = claim(op, 0) * SCORED_INPUTS; b < B; b = claim(op, 0) * SCORED_INPUTS) {
    const inputs = min(SCORED_INPUTS, B - b);
    const first = rows + b * inputStep;
    for (let g = 0; g < G; g++) {
      for (let l = 0; l < L; l++) {
        let entry = first + g * groupStep + l * lookupStep;
        const to = gathered + l * (SCORED_INPUTS << 2);
        for (let i = 0; i < inputs; i += 4) {
          v128.store(to + (i << 2), fourScores(scores, entry, inputStep, inputs - i));
          entry += inputStep << 2;
        }
      }
      for (let i = 0; i < inputs; i += 4) {
        const column = gathered + (i << 2);
        if (kind == MEAN) {
          addUp(column, L, results + (i << 3), g == 0);
        } else {
          const to = results + (i << 2);
          const nth = v128.xor(nthSmallest(column, L, kept, depth, sign), sign);
          v128.store(to, g == 0 ? nth : f32x4.pmax(v128.load(to), nth));
        }
      }
    }
    if (kind == MEAN) {
      const lookups = <f64>G * <f64>L;
      for (let i = 0; i < inputs; i++) {
        store<f32>(out + (b + i) * ldo, <f32>(load<f64>(results + (i << 3)) / lookups));
      }
    } else {
      for (let i = 0; i < inputs; i++) {
        store<f32>(out + (b + i) * ldo, load<f32>(results + (i << 2)));
      }
    }
  }
}

/**
 * The n-th smallest, n = `depth`, of L scores whose sign is turned by `sign`, for four inputs at a time: those kept are
 * in order, and each further score is passed down their line, every place keeping the smaller of two.
 */
@inline
function nthSmallest(column: usize, L: i32, kept: usize, depth: i32, sign: v128): v128 {
  for (let l = 0; l < L; l++) {
    let rest = v128.xor(v128.load(column + l * (SCORED_INPUTS << 2)), sign);
    const full = min(l, depth);
    for (let k = 0; k < full; k++) {
      const at = kept + (k << 4), here = v128.load(at);
      v128.store(at, f32x4.pmin(here, rest));
      rest = f32x4.pmax(here, rest);
    }
    if (l < depth) v128.store(kept + (l << 4), rest);
  }
  return v128.load(kept + ((depth - 1) << 4));
}

/** Sums of L scores of four inputs, in float64, on top of what is there unless it is the first. */
@inline
function addUp(column: usize, L: i32, to: usize, first: bool): void {
  let low = f64x2.splat(0), high = low;
  if (!first) {
    low = v128.load(to);
    high = v128.load(to, 16);
  }
  for (let l = 0; l < L; l++) {
    const v = v128.load(column + l * (SCORED_INPUTS << 2));
    low = f64x2.add(low, f64x2.promote_low_f32x4(v));
    high = f64x2.add(high, f64x2.promote_low_f32x4(v128.shuffle<f32>(v, v, 2, 3, 2, 3)));
  }
  v128.store(to, low);
  v128.store(to, high, 16);
}

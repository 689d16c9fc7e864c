// Adds up each different row's gradients in the order of its segment and updates the row once, in one shard. Short
// segments: WIDTH threads a row. Long segments: a workgroup a row, strands of positions and a tree of fixed shape.
// Parameters and buffers: see webgpu.ts.

// 0: sgd. 1: adagrad. 2: row-wise adagrad.
override OPTIMIZER: u32 = 0u;
// Threads beside one another on a row: a power of two, at least its lanes.
override WIDTH: u32 = 4u;
// Positions from which a segment is long.
override LONG_SEGMENT: u32 = 32u;

const THREADS = 256u;

var<workgroup> strand_sums: array<Lane, THREADS>;
var<workgroup> squares: array<f32, THREADS>;

// Sum over positions begin, begin + step, … of the gradients of one row's bags.
fn segment_sum(begin: u32, end: u32, step: u32, lane: u32) -> Lane {
  var sum = Lane(0.0);
  if (begin < end) {
    let bags = lookups[BAGS];
    let positions = lookups[POSITIONS];
    let table = lookups[positions + begin] / bags;
    let base = p.grad_offset + (p.first_slot + table) * p.lanes + lane;
    for (var i = begin; i < end; i += step) {
      sum += grad[base + (lookups[positions + i] - table * bags) * p.grad_stride];
    }
  }
  return sum;
}

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let strands = THREADS / WIDTH;
  let lane = thread % WIDTH;
  let strand = thread / WIDTH;
  let number = linear_group(group, grid);
  let segments = lookups[SEGMENTS];
  let unique_rows = lookups[UNIQUE_ROWS];
  let first_long = lookups[lookups[TABLE_LONG] + p.first_table];
  let longs = lookups[lookups[TABLE_LONG] + p.end_table] - first_long;

  var owner = false;
  var row = 0u;
  var g = Lane(0.0);
  if (number < longs) {
    let u = lookups[lookups[LONG] + first_long + number];
    row = lookups[unique_rows + u];
    let here = row >= p.shard_begin && row < p.shard_end;
    if (here && lane < p.lanes) {
      g = segment_sum(
        lookups[segments + u] + strand, lookups[segments + u + 1u], strands, lane);
    }
    strand_sums[thread] = g;
    for (var half = strands / 2u; half > 0u; half /= 2u) {
      workgroupBarrier();
      if (strand < half) {
        strand_sums[thread] += strand_sums[thread + half * WIDTH];
      }
    }
    g = strand_sums[thread];
    owner = here && strand == 0u && lane < p.lanes;
  } else {
    let u = lookups[lookups[TABLE_UNIQUE] + p.first_table] + (number - longs) * strands + strand;
    if (u < lookups[lookups[TABLE_UNIQUE] + p.end_table] && lane < p.lanes) {
      row = lookups[unique_rows + u];
      let begin = lookups[segments + u];
      let end = lookups[segments + u + 1u];
      owner = row >= p.shard_begin && row < p.shard_end && end - begin < LONG_SEGMENT;
      if (owner) {
        g = segment_sum(begin, end, 1u, lane);
      }
    }
  }

  let local_row = row - p.shard_begin;
  let at = local_row * p.lanes + lane;
  let rate = rates[p.rate];
  var squared = 0.0;
  if (OPTIMIZER == 2u) {
    if (owner) {
      squared = row_state[local_row];
    }
    squares[thread] = select(0.0, lane_dot(g, g), owner);
    // All lanes have read the row's state before its first lane writes it.
    storageBarrier();
    workgroupBarrier();
    var sum = 0.0;
    for (var i = 0u; i < p.lanes; i++) {
      sum += squares[strand * WIDTH + i];
    }
    squared += sum / f32(p.lanes * LANE_FLOATS);
  }
  if (!owner) {
    return;
  }
  if (OPTIMIZER == 0u) {
    shard[at] -= rate * g;
  } else if (OPTIMIZER == 1u) {
    let state = lane_state[at] + g * g;
    lane_state[at] = state;
    shard[at] -= rate * g / (sqrt(state) + p.eps);
  } else {
    if (lane == 0u) {
      row_state[local_row] = squared;
    }
    shard[at] -= rate * g / (sqrt(squared) + p.eps);
  }
}

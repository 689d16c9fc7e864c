// C = epilogue(A B) over I x J outputs and a depth R, in tiles of workgroup memory and ROWS x 4 blocks of registers: a
// tile is ROWS SIDE rows, 4 SIDE columns and 8 SIDE / ROWS deep, so that each thread fetches one 4 x 4 block of A or B a
// round at most. What a thread does for each of its ROWS rows is written once here, and repeated by unroll.ts.
// One product a launch: see single.wgsl. Several: see grouped.wgsl. How a sum is finished: see epilogue.wgsl.

override SIDE: u32 = 16u;
// Whether neighbours in memory are neighbours in depth (else: neighbours along I for A, along J for B).
override A_ALONG_DEPTH: bool = true;
override B_ALONG_DEPTH: bool = true;

// A product: sizes, where its matrices begin and how far apart their rows are, the depth of one part (a multiple of
// a tile's), floats from one part's results to the next, place of the row sums.
struct Job {
  number: u32,
  rows: u32,
  cols: u32,
  depth: u32,
  a_offset: u32,
  a_stride: u32,
  b_offset: u32,
  b_stride: u32,
  c_offset: u32,
  c_stride: u32,
  extra_offset: u32,
  extra_stride: u32,
  part_depth: u32,
  part_pitch: u32,
  sums_offset: u32,
}

// A workgroup's product and its number there.
struct Place {
  job: Job,
  group: u32,
}

// Rows of A, then columns of B, each as so many vectors along the depth.
override VECTORS: u32 = 2u * SIDE / ROWS;
var<workgroup> tiles: array<vec4<f32>, (ROWS + 4u) * SIDE * VECTORS>;

fn keep_below(v: vec4<f32>, at: u32, end: u32) -> vec4<f32> {
  return select(vec4<f32>(0.0), v, vec4<u32>(at, at + 1u, at + 2u, at + 3u) < vec4<u32>(end));
}

fn line_a(job: Job, line: u32, lines: u32, at: u32, end: u32) -> vec4<f32> {
  if (line >= lines || at >= end) {
    return vec4<f32>(0.0);
  }
  return keep_below(load_a(job, (job.a_offset + line * job.a_stride + at) / 4u), at, end);
}

fn line_b(job: Job, line: u32, lines: u32, at: u32, end: u32) -> vec4<f32> {
  if (line >= lines || at >= end) {
    return vec4<f32>(0.0);
  }
  return keep_below(load_b(job, (job.b_offset + line * job.b_stride + at) / 4u), at, end);
}

// The block of 4 rows from `row` and 4 depths from `k`: one vector along the depth for each row.
fn block_a(job: Job, row: u32, k: u32, end: u32) -> mat4x4<f32> {
  if (A_ALONG_DEPTH) {
    return mat4x4<f32>(
      line_a(job, row, job.rows, k, end), line_a(job, row + 1u, job.rows, k, end),
      line_a(job, row + 2u, job.rows, k, end), line_a(job, row + 3u, job.rows, k, end));
  }
  return transpose(mat4x4<f32>(
    line_a(job, k, end, row, job.rows), line_a(job, k + 1u, end, row, job.rows),
    line_a(job, k + 2u, end, row, job.rows), line_a(job, k + 3u, end, row, job.rows)));
}

fn block_b(job: Job, col: u32, k: u32, end: u32) -> mat4x4<f32> {
  if (B_ALONG_DEPTH) {
    return mat4x4<f32>(
      line_b(job, col, job.cols, k, end), line_b(job, col + 1u, job.cols, k, end),
      line_b(job, col + 2u, job.cols, k, end), line_b(job, col + 3u, job.cols, k, end));
  }
  return transpose(mat4x4<f32>(
    line_b(job, k, end, col, job.cols), line_b(job, k + 1u, end, col, job.cols),
    line_b(job, k + 2u, end, col, job.cols), line_b(job, k + 3u, end, col, job.cols)));
}

// Threads that read together read neighbouring lines at one depth; the XOR puts those on different banks.
fn swizzle(line: u32) -> u32 {
  return (line * VECTORS / 8u) % VECTORS;
}

fn put(job: Job, row: u32, col: u32, part: u32, sum: f32) {
  if (row >= job.rows || col >= job.cols) {
    return;
  }
  c[job.c_offset + part * job.part_pitch + row * job.c_stride + col] =
    finish(sum, row, col, job.extra_offset, job.extra_stride);
}

fn put_row(job: Job, row: u32, col: u32, part: u32, sums: vec4<f32>) {
  put(job, row, col, part, sums.x);
  put(job, row, col + SIDE, part, sums.y);
  put(job, row, col + 2u * SIDE, part, sums.z);
  put(job, row, col + 3u * SIDE, part, sums.w);
}

fn put_sum(job: Job, row: u32, part: u32, sum: f32) {
  if (row < job.rows) {
    c[job.sums_offset + part * job.part_pitch + row] = sum;
  }
}

fn total(v: vec4<f32>) -> f32 {
  return (v.x + v.y) + (v.z + v.w);
}

@compute @workgroup_size(SIDE, SIDE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let place = find_job(linear_group(group, grid));
  let job = place.job;
  let tile_cols = (job.cols + 4u * SIDE - 1u) / (4u * SIDE);
  let tile_rows = (job.rows + ROWS * SIDE - 1u) / (ROWS * SIDE);
  let tile = place.group;
  let part = tile / (tile_cols * tile_rows);
  let begin = part * job.part_depth;
  if (part > 0u && begin >= job.depth) {
    return;
  }
  let end = min(job.depth, begin + job.part_depth);
  let row0 = (tile / tile_cols) % tile_rows * (ROWS * SIDE);
  let col0 = tile % tile_cols * (4u * SIDE);

  // Half of the threads fetch A; of the other half as many as there are blocks of B.
  let half = SIDE * SIDE / 2u;
  let fetches_a = thread < half;
  let n = thread % half;
  let fetches = ROWS == 4u || fetches_a || n < SIDE * VECTORS;
  let along_depth = select(B_ALONG_DEPTH, A_ALONG_DEPTH, fetches_a);
  let quads = select(SIDE, ROWS * SIDE / 4u, fetches_a);
  let quad = select(n % quads, n / VECTORS, along_depth) * 4u;
  let q = select(n / quads, n % VECTORS, along_depth);
  let store = select(ROWS * SIDE * VECTORS, 0u, fetches_a) + quad * VECTORS;

  let tx = thread % SIDE;
  let ty = thread / SIDE;
  let swizzle_a = swizzle(ty);
  let swizzle_b = swizzle(tx);
  let base_a = ty * VECTORS;
  let base_b = (ROWS * SIDE + tx) * VECTORS;
  let step = SIDE * VECTORS;
  let deep = 4u * VECTORS;

  var acc$r = vec4<f32>(0.0);
  var sum$r = 0.0;
  var next = mat4x4<f32>();
  if (fetches_a) {
    next = block_a(job, row0 + quad, begin + 4u * q, end);
  } else if (fetches) {
    next = block_b(job, col0 + quad, begin + 4u * q, end);
  }
  for (var k = begin; k < end; k += deep) {
    if (fetches) {
      tiles[store + (q ^ swizzle(quad))] = next[0];
      tiles[store + VECTORS + (q ^ swizzle(quad + 1u))] = next[1];
      tiles[store + 2u * VECTORS + (q ^ swizzle(quad + 2u))] = next[2];
      tiles[store + 3u * VECTORS + (q ^ swizzle(quad + 3u))] = next[3];
    }
    workgroupBarrier();
    // The next blocks travel while this round is computed.
    if (k + deep < end) {
      if (fetches_a) {
        next = block_a(job, row0 + quad, k + deep + 4u * q, end);
      } else if (fetches) {
        next = block_b(job, col0 + quad, k + deep + 4u * q, end);
      }
    }
    for (var v = 0u; v < VECTORS; v++) {
      let at_a = base_a + (v ^ swizzle_a);
      let at_b = base_b + (v ^ swizzle_b);
      let a$r = tiles[at_a + $ru * step];
      let bt = transpose(mat4x4<f32>(
        tiles[at_b], tiles[at_b + step], tiles[at_b + 2u * step], tiles[at_b + 3u * step]));
      acc$r += a$r.x * bt[0];
      acc$r += a$r.y * bt[1];
      acc$r += a$r.z * bt[2];
      acc$r += a$r.w * bt[3];
      if (EPILOGUE == 4u && col0 == 0u) {
        sum$r += total(a$r);
      }
    }
    workgroupBarrier();
  }

  put_row(job, row0 + ty + $ru * SIDE, col0 + tx, part, acc$r);
  if (EPILOGUE == 4u && col0 == 0u && tx == 0u) {
    put_sum(job, row0 + ty + $ru * SIDE, part, sum$r);
  }
}

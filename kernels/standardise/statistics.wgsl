// Running means and variances of columns: a workgroup 16 columns, whose rows 16 threads a column take in turn and add
// up in a fixed order.
// Parameters and buffers: see webgpu.ts.

const COLUMNS = 16u;
const LANES = 16u;

// Whether the variances lie in the buffer of the means: WebGPU binds no buffer twice for writing.
override SHARED: bool = false;

var<workgroup> sums: array<f32, 256>;

// Sum over the threads of a column, for each of them.
fn add_up(thread: u32, value: f32) -> f32 {
  // Nobody may still be reading the sums before.
  workgroupBarrier();
  sums[thread] = value;
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (thread / COLUMNS < half) {
      sums[thread] += sums[thread + half * COLUMNS];
    }
  }
  workgroupBarrier();
  return sums[thread % COLUMNS];
}

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let j = linear_group(group, grid) * COLUMNS + thread % COLUMNS;
  let lane = thread / COLUMNS;
  let inside = j < p.cols;
  let column = p.x_offset + j;
  var sum = 0.0;
  if (inside) {
    for (var i = lane; i < p.rows; i += LANES) {
      sum += x[column + i * p.x_stride];
    }
  }
  let mean = add_up(thread, sum) / f32(p.rows);
  var squares = 0.0;
  if (inside) {
    for (var i = lane; i < p.rows; i += LANES) {
      let d = x[column + i * p.x_stride] - mean;
      squares += d * d;
    }
  }
  let variance = add_up(thread, squares) / f32(p.rows);
  if (inside && lane == 0u) {
    let weight = scalars[p.weight];
    let to_mean = p.mean_offset + j;
    let to_variance = p.variance_offset + j;
    means[to_mean] += weight * (mean - means[to_mean]);
    if (SHARED) {
      means[to_variance] += weight * (variance - means[to_variance]);
    } else {
      variances[to_variance] += weight * (variance - variances[to_variance]);
    }
  }
}

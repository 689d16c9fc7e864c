// L2 normalisation, a thread a row.

const LEAST_NORM = 1e-12;

struct Params {
  rows: u32,
  cols: u32,
  z_offset: u32,
  z_stride: u32,
  v_offset: u32,
  v_stride: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> z: array<f32>;
@group(0) @binding(2) var<storage, read_write> v: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = linear_group(group, grid) * 64u + thread;
  if (i >= p.rows) {
    return;
  }
  let row = p.z_offset + i * p.z_stride;
  var squares = 0.0;
  for (var j = 0u; j < p.cols; j++) {
    squares += z[row + j] * z[row + j];
  }
  let length = max(sqrt(squares), LEAST_NORM);
  for (var j = 0u; j < p.cols; j++) {
    v[p.v_offset + i * p.v_stride + j] = z[row + j] / length;
  }
}

// L2 normalisation, a thread a row.
// Parameters and buffers: see webgpu.ts.

const LEAST_NORM = 1e-12;

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

// Gradient of the L2 normalisation, a thread a row. Rows no longer than LEAST_NORM are linear in z, and have no part
// along v to take off.
// Parameters and buffers: see webgpu.ts.

override MASKED: bool = false;

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
  let gradient = p.dv_offset + i * p.dv_stride;
  var squares = 0.0;
  for (var j = 0u; j < p.cols; j++) {
    squares += z[row + j] * z[row + j];
  }
  let norm = sqrt(squares);
  let length = max(norm, LEAST_NORM);
  var along = 0.0;
  if (norm > LEAST_NORM) {
    for (var j = 0u; j < p.cols; j++) {
      along += z[row + j] / length * dv[gradient + j];
    }
  }
  for (var j = 0u; j < p.cols; j++) {
    let x = z[row + j];
    var g = dv[gradient + j] - x / length * along;
    if (MASKED && !(x > 0.0)) {
      g = 0.0;
    }
    dz[p.dz_offset + i * p.dz_stride + j] = g / length;
  }
}

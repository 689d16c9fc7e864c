// Gradient of the sigmoid from its output, a thread an element.
// Parameters and buffers: see webgpu.ts.

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let item = linear_group(group, grid) * 256u + thread;
  let i = item / p.cols;
  let j = item % p.cols;
  if (i >= p.rows) {
    return;
  }
  let s = y[p.y_offset + i * p.y_stride + j];
  dx[p.dx_offset + i * p.dx_stride + j] = dy[p.dy_offset + i * p.dy_stride + j] * (s * (1.0 - s));
}

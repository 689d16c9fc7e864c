// The sigmoid, a thread an element.
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
  let value = x[p.x_offset + i * p.x_stride + j];
  // Of the smaller side, so that nothing overflows.
  let t = exp(-abs(value));
  y[p.y_offset + i * p.y_stride + j] = select(t, 1.0, value >= 0.0) / (1.0 + t);
}

// Scores of a history: a thread a step of an input.
// Parameters and buffers: see webgpu.ts.

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let item = linear_group(group, grid) * 64u + thread;
  let s = item % p.history;
  let b = item / p.history;
  if (b >= p.inputs) {
    return;
  }
  let row = p.h_offset + (b * p.steps + s) * p.h_stride;
  var sum = 0.0;
  for (var j = 0u; j < p.dim; j++) {
    sum += h[row + j] * x[p.x_offset + b * p.x_stride + j];
  }
  a[p.a_offset + b * p.a_stride + s] = sum;
}

// Weighted sum of a history and the tail behind it: a thread an output.
// Parameters and buffers: see webgpu.ts.

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let width = p.dim + p.tail_dim;
  let item = linear_group(group, grid) * 256u + thread;
  let j = item % width;
  let b = item / width;
  if (b >= p.inputs) {
    return;
  }
  var value = 0.0;
  if (j < p.dim) {
    let column = p.h_offset + b * p.steps * p.h_stride + j;
    for (var s = 0u; s < p.history; s++) {
      value += y[p.y_offset + b * p.y_stride + s] * h[column + s * p.h_stride];
    }
  } else {
    value = tail[p.tail_offset + b * p.tail_stride + j - p.dim];
  }
  c[p.c_offset + b * p.c_stride + j] = value;
}

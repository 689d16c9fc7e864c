// Gradient of a history and, after it, of the query: a thread a float.
// Parameters and buffers: see webgpu.ts.

override QUERY: bool = false;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let written = p.history + select(0u, 1u, QUERY);
  let item = linear_group(group, grid) * 256u + thread;
  let j = item % p.dim;
  let s = item / p.dim % written;
  let b = item / p.dim / written;
  if (b >= p.inputs) {
    return;
  }
  let context = p.dc_offset + b * p.dc_stride + j;
  var value = 0.0;
  if (QUERY && s == p.history) {
    value = dc[context + p.dim] + query[p.query_offset + b * p.query_stride + j];
  } else {
    value = y[p.y_offset + b * p.y_stride + s] * dc[context] +
      da[p.da_offset + b * p.da_stride + s] * x[p.x_offset + b * p.x_stride + j];
  }
  dh[p.dh_offset + (b * p.steps + s) * p.dh_stride + j] = value;
}

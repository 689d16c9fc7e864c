// Columns brought to mean 0 and variance 1 by given statistics, a thread an element.
// Parameters and buffers: see webgpu.ts.

// Whether a mean is taken off.
override CENTRED: bool = false;

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
  var d = x[p.x_offset + i * p.x_stride + j];
  if (CENTRED) {
    d -= means[p.mean_offset + j];
  }
  y[p.y_offset + i * p.y_stride + j] = d / sqrt(variances[p.variance_offset + j] + p.eps);
}

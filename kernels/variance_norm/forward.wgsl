// Variance-only layer normalisation, a thread a vector.
// Parameters and buffers: see webgpu.ts.

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let vector = linear_group(group, grid) * 64u + thread;
  let input = vector / p.features;
  if (input >= p.inputs) {
    return;
  }
  let feature = vector % p.features;
  let from_x = p.x_offset + input * p.x_stride + feature * p.dim;
  let to_y = p.y_offset + input * p.y_stride + feature * p.dim;
  var sum = 0.0;
  for (var c = 0u; c < p.dim; c++) {
    sum += x[from_x + c];
  }
  let mean = sum / f32(p.dim);
  var squares = 0.0;
  for (var c = 0u; c < p.dim; c++) {
    let d = x[from_x + c] - mean;
    squares += d * d;
  }
  let deviation = sqrt(squares / f32(p.dim) + eps[p.eps_offset + feature]);
  let factor = gain[p.gain_offset + feature] / deviation;
  for (var c = 0u; c < p.dim; c++) {
    y[to_y + c] = factor * x[from_x + c];
  }
}

// Gradient of the variance-only layer normalisation, a thread a vector, whose deviation is computed anew. Each vector's
// part of its gain's gradient goes to `parts`, which gain.wgsl adds up.
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
  let from_dy = p.dy_offset + input * p.dy_stride + feature * p.dim;
  let to_dx = p.dx_offset + input * p.dx_stride + feature * p.dim;
  let dim = f32(p.dim);
  var sum = 0.0;
  var products = 0.0;
  for (var c = 0u; c < p.dim; c++) {
    sum += x[from_x + c];
    products += x[from_x + c] * dy[from_dy + c];
  }
  let mean = sum / dim;
  var squares = 0.0;
  for (var c = 0u; c < p.dim; c++) {
    let d = x[from_x + c] - mean;
    squares += d * d;
  }
  let deviation = sqrt(squares / dim + eps[p.eps_offset + feature]);
  let along = products / deviation;
  let slope = along / dim / deviation;
  let factor = gain[p.gain_offset + feature] / deviation;
  for (var c = 0u; c < p.dim; c++) {
    dx[to_dx + c] = factor * (dy[from_dy + c] - (x[from_x + c] - mean) * slope);
  }
  parts[vector] = along;
}

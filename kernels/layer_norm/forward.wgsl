// Layer normalisation, a thread a vector.
// Parameters and buffers: see webgpu.ts.

const EPS = 1e-5;

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
  let at = vector % p.features * p.dim;
  let from_x = p.x_offset + input * p.x_stride + at;
  let to_y = p.y_offset + input * p.y_stride + at;
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
  let deviation = sqrt(squares / f32(p.dim) + EPS);
  for (var c = 0u; c < p.dim; c++) {
    y[to_y + c] = (x[from_x + c] - mean) / deviation;
  }
}

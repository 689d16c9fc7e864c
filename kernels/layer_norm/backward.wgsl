// Gradient of the layer normalisation, a thread a vector, whose statistics are computed anew.
// Parameters and buffers: see webgpu.ts.

override MASK_FIRST: bool = false;

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
  let first = vector % p.features == 0u;
  let at = vector % p.features * p.dim;
  let from_x = p.x_offset + input * p.x_stride + at;
  let from_dy = p.dy_offset + input * p.dy_stride + at;
  let to_dx = p.dx_offset + input * p.dx_stride + at;
  let dim = f32(p.dim);
  var sum = 0.0;
  var gradients = 0.0;
  for (var c = 0u; c < p.dim; c++) {
    sum += x[from_x + c];
    gradients += dy[from_dy + c];
  }
  let mean = sum / dim;
  let gradient = gradients / dim;
  var squares = 0.0;
  for (var c = 0u; c < p.dim; c++) {
    let d = x[from_x + c] - mean;
    squares += d * d;
  }
  let deviation = sqrt(squares / dim + EPS);
  var products = 0.0;
  for (var c = 0u; c < p.dim; c++) {
    products += (x[from_x + c] - mean) / deviation * dy[from_dy + c];
  }
  let along = products / dim;
  for (var c = 0u; c < p.dim; c++) {
    let value = x[from_x + c];
    var g = dy[from_dy + c] - gradient - (value - mean) / deviation * along;
    if (MASK_FIRST && first && !(value > 0.0)) {
      g = 0.0;
    }
    dx[to_dx + c] = g / deviation;
  }
}

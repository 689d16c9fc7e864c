// Adds the parts of a product in their order and finishes each sum (see epilogue.wgsl): `rows` x `cols` products a part,
// then, of weight gradients, `rows` row sums.
// Parameters and buffers: see webgpu.ts.

fn load_extra(at: u32) -> f32 {
  return extra[at];
}

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let place = linear_group(group, grid) * 256u + thread;
  if (place >= p.count) {
    return;
  }
  let n = p.first + place;
  var sum = 0.0;
  for (var part = 0u; part < p.parts; part++) {
    sum += parts[part * p.pitch + n];
  }
  if (n >= p.rows * p.cols) {
    c[p.sums_offset + n - p.rows * p.cols] = sum;
    return;
  }
  let row = n / p.cols;
  let col = n % p.cols;
  c[p.c_offset + row * p.c_stride + col] = finish(sum, row, col, p.extra_offset, p.extra_stride);
}

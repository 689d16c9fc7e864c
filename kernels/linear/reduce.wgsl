// Adds the parts of a weight gradient in their order: `rows` x `cols` products, then `rows` row sums, a part.
// Parameters and buffers: see webgpu.ts.

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
  let products = p.rows * p.cols;
  var sum = 0.0;
  for (var part = 0u; part < p.parts; part++) {
    sum += parts[part * (products + p.rows) + n];
  }
  if (n < products) {
    c[p.c_offset + n / p.cols * p.c_stride + n % p.cols] = sum;
  } else {
    c[p.sums_offset + n - products] = sum;
  }
}

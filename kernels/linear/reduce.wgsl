// Adds the parts of a weight gradient in their order: `rows` x `cols` products, then `rows` row sums, a part.

struct Params {
  rows: u32,
  cols: u32,
  parts: u32,
  // Which of the rows * cols + rows numbers are written here: the two kinds may go to different buffers.
  first: u32,
  count: u32,
  c_offset: u32,
  c_stride: u32,
  sums_offset: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> parts: array<f32>;
@group(0) @binding(2) var<storage, read_write> c: array<f32>;

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

// The sigmoid, a thread an element.

struct Params {
  rows: u32,
  cols: u32,
  x_offset: u32,
  x_stride: u32,
  y_offset: u32,
  y_stride: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

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
  let value = x[p.x_offset + i * p.x_stride + j];
  // Of the smaller side, so that nothing overflows.
  let t = exp(-abs(value));
  y[p.y_offset + i * p.y_stride + j] = select(t, 1.0, value >= 0.0) / (1.0 + t);
}

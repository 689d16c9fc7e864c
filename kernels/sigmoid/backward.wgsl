// Gradient of the sigmoid from its output, a thread an element.

struct Params {
  rows: u32,
  cols: u32,
  y_offset: u32,
  y_stride: u32,
  dy_offset: u32,
  dy_stride: u32,
  dx_offset: u32,
  dx_stride: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;

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
  let s = y[p.y_offset + i * p.y_stride + j];
  dx[p.dx_offset + i * p.dx_stride + j] = dy[p.dy_offset + i * p.dy_stride + j] * (s * (1.0 - s));
}

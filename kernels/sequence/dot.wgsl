// Scores of a history: a thread a step of an input.

struct Params {
  inputs: u32,
  history: u32,
  dim: u32,
  steps: u32,
  h_offset: u32,
  h_stride: u32,
  x_offset: u32,
  x_stride: u32,
  a_offset: u32,
  a_stride: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> h: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read_write> a: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let item = linear_group(group, grid) * 64u + thread;
  let s = item % p.history;
  let b = item / p.history;
  if (b >= p.inputs) {
    return;
  }
  let row = p.h_offset + (b * p.steps + s) * p.h_stride;
  var sum = 0.0;
  for (var j = 0u; j < p.dim; j++) {
    sum += h[row + j] * x[p.x_offset + b * p.x_stride + j];
  }
  a[p.a_offset + b * p.a_stride + s] = sum;
}

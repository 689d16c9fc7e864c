// Weighted sum of a history and the tail behind it: a thread an output.

struct Params {
  inputs: u32,
  history: u32,
  dim: u32,
  tail_dim: u32,
  steps: u32,
  h_offset: u32,
  h_stride: u32,
  y_offset: u32,
  y_stride: u32,
  tail_offset: u32,
  tail_stride: u32,
  c_offset: u32,
  c_stride: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> h: array<f32>;
@group(0) @binding(2) var<storage, read> y: array<f32>;
@group(0) @binding(3) var<storage, read> tail: array<f32>;
@group(0) @binding(4) var<storage, read_write> c: array<f32>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let width = p.dim + p.tail_dim;
  let item = linear_group(group, grid) * 256u + thread;
  let j = item % width;
  let b = item / width;
  if (b >= p.inputs) {
    return;
  }
  var value = 0.0;
  if (j < p.dim) {
    let column = p.h_offset + b * p.steps * p.h_stride + j;
    for (var s = 0u; s < p.history; s++) {
      value += y[p.y_offset + b * p.y_stride + s] * h[column + s * p.h_stride];
    }
  } else {
    value = tail[p.tail_offset + b * p.tail_stride + j - p.dim];
  }
  c[p.c_offset + b * p.c_stride + j] = value;
}

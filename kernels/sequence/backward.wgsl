// Gradient of a history and, after it, of the query: a thread a float.

override QUERY: bool = false;

struct Params {
  inputs: u32,
  history: u32,
  dim: u32,
  steps: u32,
  y_offset: u32,
  y_stride: u32,
  da_offset: u32,
  da_stride: u32,
  x_offset: u32,
  x_stride: u32,
  dc_offset: u32,
  dc_stride: u32,
  query_offset: u32,
  query_stride: u32,
  dh_offset: u32,
  dh_stride: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read> da: array<f32>;
@group(0) @binding(3) var<storage, read> x: array<f32>;
@group(0) @binding(4) var<storage, read> dc: array<f32>;
@group(0) @binding(5) var<storage, read> query: array<f32>;
@group(0) @binding(6) var<storage, read_write> dh: array<f32>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let written = p.history + select(0u, 1u, QUERY);
  let item = linear_group(group, grid) * 256u + thread;
  let j = item % p.dim;
  let s = item / p.dim % written;
  let b = item / p.dim / written;
  if (b >= p.inputs) {
    return;
  }
  let context = p.dc_offset + b * p.dc_stride + j;
  var value = 0.0;
  if (QUERY && s == p.history) {
    value = dc[context + p.dim] + query[p.query_offset + b * p.query_stride + j];
  } else {
    value = y[p.y_offset + b * p.y_stride + s] * dc[context] +
      da[p.da_offset + b * p.da_stride + s] * x[p.x_offset + b * p.x_stride + j];
  }
  dh[p.dh_offset + (b * p.steps + s) * p.dh_stride + j] = value;
}

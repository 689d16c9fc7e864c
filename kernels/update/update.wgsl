// One optimizer step, a thread a parameter.

// 0: sgd. 1: adagrad.
override OPTIMIZER: u32 = 0u;
// Whether the state lies in the buffer of the parameters: WebGPU binds no buffer twice for writing.
override SHARED: bool = false;

struct Params {
  count: u32,
  params_offset: u32,
  grads_offset: u32,
  state_offset: u32,
  rate: u32,
  eps: f32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> grads: array<f32>;
@group(0) @binding(2) var<storage, read> rates: array<f32>;
@group(0) @binding(3) var<storage, read_write> params: array<f32>;
@group(0) @binding(4) var<storage, read_write> state: array<f32>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = linear_group(group, grid) * 256u + thread;
  if (i >= p.count) {
    return;
  }
  let g = grads[p.grads_offset + i];
  let rate = rates[p.rate];
  if (OPTIMIZER == 0u) {
    params[p.params_offset + i] -= rate * g;
  } else {
    var s = g * g;
    if (SHARED) {
      s += params[p.state_offset + i];
      params[p.state_offset + i] = s;
    } else {
      s += state[p.state_offset + i];
      state[p.state_offset + i] = s;
    }
    params[p.params_offset + i] -= rate * g / (sqrt(s) + p.eps);
  }
}

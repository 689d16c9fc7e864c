// One optimizer step, a thread a parameter. Where its gradient comes from: see plain.wgsl and kernels/webgpu/fused.

// 0: sgd. 1: adagrad.
override OPTIMIZER: u32 = 0u;
// Whether the state lies in the buffer of the parameters: WebGPU binds no buffer twice for writing.
override SHARED: bool = false;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let number = linear_group(group, grid);
  // The whole workgroup or none of it, since `besides` may hold barriers.
  if (number * 256u >= p.count) {
    besides(number, thread);
    return;
  }
  let i = number * 256u + thread;
  if (i >= p.count) {
    return;
  }
  let g = gradient(i);
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

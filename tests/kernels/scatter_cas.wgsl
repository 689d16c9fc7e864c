// The negative control of the bit-repeat test: adds gradients to rows in whatever order the threads come.

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let item = linear_group(group, grid) * 256u + thread;
  if (item >= p.lookups * p.dim) {
    return;
  }
  let at = rows[item / p.dim] * p.dim + item % p.dim;
  var old = atomicLoad(&sums[at]);
  loop {
    let sum = bitcast<u32>(bitcast<f32>(old) + grad[item]);
    let tried = atomicCompareExchangeWeak(&sums[at], old, sum);
    if (tried.exchanged) {
      break;
    }
    old = tried.old_value;
  }
}

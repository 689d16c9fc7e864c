// The interaction with a thread an output: the vectors of an input are read again for each of its outputs and stay in the
// nearest cache.

fn vector_lane(input: u32, i: u32, lane: u32) -> Lane {
  return v[p.v_offset + input * p.v_stride + i * p.lanes + lane];
}

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let item = linear_group(group, grid) * 256u + thread;
  let input = item / outputs();
  if (input < p.inputs) {
    compute(input, item % outputs());
  }
}

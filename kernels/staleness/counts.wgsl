// The least number of stale lookups in a group of each input.
// Parameters and buffers: see webgpu.ts.

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let input = linear_group(group, grid) * 64u + thread;
  if (input >= p.inputs) {
    return;
  }
  let threshold = scalars[p.threshold];
  var least = p.lookups;
  for (var g = 0u; g < p.groups; g++) {
    var stale = 0u;
    for (var l = 0u; l < p.lookups; l++) {
      stale += u32(score(input, g, l) < threshold);
    }
    least = min(least, stale);
  }
  out[p.out_offset + input * p.out_stride] = f32(least);
}

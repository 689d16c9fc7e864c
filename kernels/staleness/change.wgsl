// Largest absolute coordinate change, a thread a vector.
// Parameters and buffers: see webgpu.ts.

override ACCUMULATE: bool = false;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let vector = linear_group(group, grid) * 64u + thread;
  let row = vector / p.features;
  if (row >= p.rows) {
    return;
  }
  let at = vector % p.features * p.dim;
  let from_a = p.a_offset + row * p.a_stride + at;
  let from_b = p.b_offset + row * p.b_stride + at;
  var largest = 0.0;
  for (var c = 0u; c < p.dim; c++) {
    largest = max(largest, abs(a[from_a + c] - b[from_b + c]));
  }
  let to = p.change_offset + vector;
  if (ACCUMULATE) {
    largest += change[to];
  }
  change[to] = largest;
}

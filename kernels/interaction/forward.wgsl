// Dot interaction: a thread an output, either a float of vector 0 or the dot product of a pair. The vectors of an
// input are read again for each pair and stay in the nearest cache.
// Parameters and buffers: see webgpu.ts.

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let dim = p.lanes * LANE_FLOATS;
  let width = dim + p.pairs;
  let item = linear_group(group, grid) * 256u + thread;
  let input = item / width;
  let n = item % width;
  if (input >= p.inputs) {
    return;
  }
  let base = p.v_offset + input * p.v_stride;
  var value = 0.0;
  if (n < dim) {
    value = lane_get(v[base + n / LANE_FLOATS], n % LANE_FLOATS);
  } else {
    let pair = n - dim;
    // Row i of the triangle begins at i (i - 1) / 2; the root can be off by one either way.
    var i = u32((1.0 + sqrt(1.0 + 8.0 * f32(pair))) * 0.5);
    if (i * (i - 1u) / 2u > pair) {
      i -= 1u;
    }
    if (i * (i + 1u) / 2u <= pair) {
      i += 1u;
    }
    let j = pair - i * (i - 1u) / 2u;
    for (var lane = 0u; lane < p.lanes; lane++) {
      value += lane_dot(v[base + i * p.lanes + lane], v[base + j * p.lanes + lane]);
    }
    value *= p.scale;
  }
  r[p.r_offset + input * p.r_stride + n] = value;
}

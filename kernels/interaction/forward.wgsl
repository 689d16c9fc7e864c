// Dot interaction: an output is a float of vector 0 or the dot product of a pair. Where vectors are read from, and which
// thread computes what: see direct.wgsl and staged.wgsl.
// Parameters and buffers: see webgpu.ts.

fn outputs() -> u32 {
  return p.lanes * LANE_FLOATS + p.pairs;
}

fn compute(input: u32, n: u32) {
  let dim = p.lanes * LANE_FLOATS;
  var value = 0.0;
  if (n < dim) {
    value = lane_get(vector_lane(input, 0u, n / LANE_FLOATS), n % LANE_FLOATS);
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
      value += lane_dot(vector_lane(input, i, lane), vector_lane(input, j, lane));
    }
  }
  r[p.r_offset + input * p.r_stride + n] = value;
}

// Gradient of the dot interaction: an output is a lane of one vector's gradient. Where vectors are read from, and which
// thread computes what: see direct.wgsl and staged.wgsl.
// Parameters and buffers: see webgpu.ts.

override MASK_FIRST: bool = false;

fn outputs() -> u32 {
  return p.features * p.lanes;
}

fn compute(input: u32, n: u32) {
  let lane = n % p.lanes;
  let i = n / p.lanes;
  let direct = p.dr_offset + input * p.dr_stride;
  let pairs = direct + p.lanes * LANE_FLOATS;
  var sum = Lane(0.0);
  for (var j = 0u; j < i; j++) {
    sum += dr[pairs + i * (i - 1u) / 2u + j] * vector_lane(input, j, lane);
  }
  for (var j = i + 1u; j < p.features; j++) {
    sum += dr[pairs + j * (j - 1u) / 2u + i] * vector_lane(input, j, lane);
  }
  if (i == 0u) {
    for (var c = 0u; c < LANE_FLOATS; c++) {
      sum = lane_set(sum, c, lane_get(sum, c) + dr[direct + lane * LANE_FLOATS + c]);
    }
  }
  if (MASK_FIRST && i == 0u) {
    sum = select(Lane(0.0), sum, vector_lane(input, 0u, lane) > Lane(0.0));
  }
  dv[p.dv_offset + input * p.dv_stride + n] = sum;
}

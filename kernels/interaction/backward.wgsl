// Gradient of the dot interaction: a thread a lane of one vector's gradient.
// Parameters and buffers: see webgpu.ts.

override MASK_FIRST: bool = false;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let item = linear_group(group, grid) * 256u + thread;
  let lane = item % p.lanes;
  let i = item / p.lanes % p.features;
  let input = item / p.lanes / p.features;
  if (input >= p.inputs) {
    return;
  }
  let base = p.v_offset + input * p.v_stride + lane;
  let direct = p.dr_offset + input * p.dr_stride;
  let pairs = direct + p.lanes * LANE_FLOATS;
  var sum = Lane(0.0);
  for (var j = 0u; j < i; j++) {
    sum += dr[pairs + i * (i - 1u) / 2u + j] * v[base + j * p.lanes];
  }
  for (var j = i + 1u; j < p.features; j++) {
    sum += dr[pairs + j * (j - 1u) / 2u + i] * v[base + j * p.lanes];
  }
  sum *= p.scale;
  if (i == 0u) {
    for (var c = 0u; c < LANE_FLOATS; c++) {
      sum = lane_set(sum, c, lane_get(sum, c) + dr[direct + lane * LANE_FLOATS + c]);
    }
  }
  if (MASK_FIRST && i == 0u) {
    sum = select(Lane(0.0), sum, v[base] > Lane(0.0));
  }
  dv[p.dv_offset + input * p.dv_stride + i * p.lanes + lane] = sum;
}

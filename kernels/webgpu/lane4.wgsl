// A lane is what one thread holds of a vector: 4 floats where the width is a multiple of 4.
alias Lane = vec4<f32>;
const LANE_FLOATS = 4u;

fn lane_dot(a: Lane, b: Lane) -> f32 {
  return dot(a, b);
}

fn lane_get(lane: Lane, i: u32) -> f32 {
  return lane[i];
}

fn lane_set(lane: Lane, i: u32, value: f32) -> Lane {
  var changed = lane;
  changed[i] = value;
  return changed;
}

// A lane is what one thread holds of a vector: 1 float where the width is not a multiple of 4.
alias Lane = f32;
const LANE_FLOATS = 1u;

fn lane_dot(a: Lane, b: Lane) -> f32 {
  return a * b;
}

fn lane_get(lane: Lane, i: u32) -> f32 {
  return lane;
}

fn lane_set(lane: Lane, i: u32, value: f32) -> Lane {
  return value;
}

// A score for each input, of those of its lookups.

// 0: largest n-th smallest of a group. 1: largest. 2: mean.
override COMBINE: u32 = 0u;

// The number-th smallest score of a group: the smallest, the smallest of those above it, and so on, with the number of
// lookups that have it.
fn nth_smallest(input: u32, group: u32) -> f32 {
  var level = 0.0;
  var found = 0u;
  for (var round = 0u; round < p.number && found < p.number; round++) {
    let below = level;
    var here = 0u;
    for (var l = 0u; l < p.lookups; l++) {
      let s = score(input, group, l);
      if (round == 0u || s > below) {
        if (here == 0u || s < level) {
          level = s;
          here = 1u;
        } else if (s == level) {
          here++;
        }
      }
    }
    found += here;
  }
  return level;
}

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
  var result = 0.0;
  if (COMBINE == 0u) {
    result = nth_smallest(input, 0u);
    for (var g = 1u; g < p.groups; g++) {
      result = max(result, nth_smallest(input, g));
    }
  } else if (COMBINE == 1u) {
    result = score(input, 0u, 0u);
    for (var g = 0u; g < p.groups; g++) {
      for (var l = 0u; l < p.lookups; l++) {
        result = max(result, score(input, g, l));
      }
    }
  } else {
    for (var g = 0u; g < p.groups; g++) {
      for (var l = 0u; l < p.lookups; l++) {
        result += score(input, g, l) * p.scale;
      }
    }
    let mean = result / f32(p.groups * p.lookups);
    result = clamp(mean, -p.limit, p.limit) * p.unscale;
  }
  out[p.out_offset + input * p.out_stride] = result;
}

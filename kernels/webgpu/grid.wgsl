// Number of this workgroup in a grid that the host may have folded into three dimensions.
fn linear_group(group: vec3<u32>, grid: vec3<u32>) -> u32 {
  return group.x + grid.x * (group.y + grid.y * group.z);
}

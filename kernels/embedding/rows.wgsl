// Single rows of a shard by their numbers, a thread a float: the source of a gather or the target of a scatter. Rows of
// other shards are passed over.
// Parameters and buffers: see rows_webgpu.ts.

// 1: from the shard to a packed list of rows; 0: the other way.
override GATHER: u32;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let item = linear_group(group, grid) * 256u + thread;
  let i = item / p.width;
  if (i >= p.count) {
    return;
  }
  let row = rows[i];
  if (row < p.begin || row >= p.end) {
    return;
  }
  let in_shard = (row - p.begin) * p.width + item % p.width;
  if (GATHER == 1u) {
    target_floats[item] = source[in_shard];
  } else {
    target_floats[in_shard] = source[item];
  }
}

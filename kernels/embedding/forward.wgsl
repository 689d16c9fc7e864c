// Sum-pooled gather from one shard, for the tables that overlap it. A table that began in an earlier shard adds to
// what that shard's dispatch wrote. Lanes: see lane4.wgsl; the lookups' layout: see lookups.wgsl.
// Parameters and buffers: see webgpu.ts.

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let item = linear_group(group, grid) * 256u + thread;
  let bags = lookups[BAGS];
  let lane = item % p.lanes;
  let bag = item / p.lanes + p.first_table * bags;
  if (bag >= p.end_table * bags) {
    return;
  }
  var begin = bag;
  var end = bag + 1u;
  if (lookups[OFFSETS] != 0u) {
    begin = lookups[lookups[OFFSETS] + bag];
    end = lookups[lookups[OFFSETS] + bag + 1u];
  }
  var sum = Lane(0.0);
  var found = false;
  let rows = lookups[ROWS];
  for (var i = begin; i < end; i++) {
    let row = lookups[rows + i];
    if (row >= p.shard_begin && row < p.shard_end) {
      sum += shard[(row - p.shard_begin) * p.lanes + lane];
      found = true;
    }
  }
  let table = bag / bags;
  let at = p.out_offset + bag % bags * p.out_stride + (p.first_slot + table) * p.lanes + lane;
  if (table > p.first_table || p.first_begins_here != 0u) {
    out[at] = sum;
  } else if (found) {
    out[at] += sum;
  }
}

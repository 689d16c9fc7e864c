// Single rows of a shard by their numbers, a thread a float: the source of a gather or the target of a scatter. Rows of
// other shards are passed over.

struct Params {
  // Rows in the list, and floats in a row.
  count: u32,
  width: u32,
  // Rows of the shard: [begin, end).
  begin: u32,
  end: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> rows: array<u32>;
@group(0) @binding(2) var<storage, read> source: array<f32>;
@group(0) @binding(3) var<storage, read_write> target_floats: array<f32>;

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

// What the ops on inputs share: the scores of an input's lookups. A thread has an input.
// Parameters and buffers: see webgpu.ts.

fn score(input: u32, group: u32, lookup: u32) -> f32 {
  let entry = group * p.group_stride + lookup * p.lookup_stride + input * p.input_stride;
  return scores[p.scores_offset + rows[p.rows_offset + entry]];
}

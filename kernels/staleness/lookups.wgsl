// What the ops on inputs share: the scores of an input's lookups. A thread has an input.

struct Params {
  inputs: u32,
  groups: u32,
  lookups: u32,
  group_stride: u32,
  lookup_stride: u32,
  input_stride: u32,
  scores_offset: u32,
  rows_offset: u32,
  out_offset: u32,
  out_stride: u32,
  // n of the n-th smallest, or where the threshold is.
  number: u32,
  // Of the mean: scores are summed at this scale, which keeps the sum finite, and no mean is above the limit.
  scale: f32,
  unscale: f32,
  limit: f32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> scores: array<f32>;
@group(0) @binding(2) var<storage, read> rows: array<u32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

fn score(input: u32, group: u32, lookup: u32) -> f32 {
  let entry = group * p.group_stride + lookup * p.lookup_stride + input * p.input_stride;
  return scores[p.scores_offset + rows[p.rows_offset + entry]];
}

// Several layers a launch: which of them a workgroup of matmul.wgsl belongs to. `load_a` and `load_b` are written in
// grouped_webgpu.ts.

// Words of a layer in `jobs`: its first workgroup, then those of `Job`.
const JOB_WORDS = 16u;

fn load_extra(at: u32) -> f32 {
  return 0.0;
}

fn find_job(group: u32) -> Place {
  var layer = 0u;
  while (layer + 1u < p.layers && group >= jobs[(layer + 1u) * JOB_WORDS]) {
    layer++;
  }
  let w = layer * JOB_WORDS;
  return Place(
    Job(
      jobs[w + 1u], jobs[w + 2u], jobs[w + 3u], jobs[w + 4u], jobs[w + 5u], jobs[w + 6u], jobs[w + 7u], jobs[w + 8u],
      jobs[w + 9u], jobs[w + 10u], jobs[w + 11u], jobs[w + 12u], jobs[w + 13u], jobs[w + 14u], jobs[w + 15u]),
    group - jobs[w]);
}

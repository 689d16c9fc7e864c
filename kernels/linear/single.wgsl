// One product a launch: the loads of matmul.wgsl from the buffers of webgpu.ts.

fn load_a(job: Job, vector: u32) -> vec4<f32> {
  return a[vector];
}

fn load_b(job: Job, vector: u32) -> vec4<f32> {
  return b[vector];
}

fn load_extra(at: u32) -> f32 {
  return extra[at];
}

fn find_job(group: u32) -> Place {
  return Place(
    Job(
      0u, p.rows, p.cols, p.depth, p.a_offset, p.a_stride, p.b_offset, p.b_stride, p.c_offset, p.c_stride,
      p.extra_offset, p.extra_stride, p.part_depth, p.part_pitch, p.sums_offset),
    group);
}

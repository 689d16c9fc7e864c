// The gradients of update.wgsl from their own buffer.
// Parameters and buffers: see webgpu.ts.

fn gradient(i: u32) -> f32 {
  return grads[p.grads_offset + i];
}

// What workgroups past the parameters do.
fn besides(number: u32, thread: u32) {
}

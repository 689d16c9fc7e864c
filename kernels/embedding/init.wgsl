// Uniform start values of a run of floats inside one shard: Philox4x32-10 as in core/random.ts, one thread a block of
// four words, so that every device writes the same bits.
// Parameters and buffers: see init_webgpu.ts.

fn multiply_high(a: u32, b: u32) -> u32 {
  let a_low = a & 0xffffu;
  let a_high = a >> 16u;
  let b_low = b & 0xffffu;
  let b_high = b >> 16u;
  let mid = a_high * b_low + ((a_low * b_low) >> 16u);
  let mid2 = a_low * b_high + (mid & 0xffffu);
  return a_high * b_high + (mid >> 16u) + (mid2 >> 16u);
}

fn philox(counter: vec4<u32>, seed: u32) -> vec4<u32> {
  var c = counter;
  var k = vec2<u32>(seed, 0u);
  for (var round = 0; round < 10; round++) {
    c = vec4<u32>(
      multiply_high(0xcd9e8d57u, c.z) ^ c.y ^ k.x,
      0xcd9e8d57u * c.z,
      multiply_high(0xd2511f53u, c.x) ^ c.w ^ k.y,
      0xd2511f53u * c.x);
    k += vec2<u32>(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let n = linear_group(group, grid) * 256u + thread;
  let low = p.block_low + n;
  let high = p.block_high + select(0u, 1u, low < n);
  let words = philox(vec4<u32>(low, high, p.stream, 0u), p.seed);
  for (var i = 0u; i < 4u; i++) {
    let word = n * 4u + i;
    if (word >= p.skip && word - p.skip < p.count) {
      // 2 * (word >> 8) / 2^24 - 1, exact in float32.
      let unit = f32(i32(words[i] >> 8u) - 8388608) * (1.0 / 8388608.0);
      shard[p.place + word - p.skip] = unit * p.scale;
    }
  }
}

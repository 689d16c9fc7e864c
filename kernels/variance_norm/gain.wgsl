// Gradients of the gains: a workgroup a gain, whose threads take the inputs in turn and add up in a tree of fixed shape.
// Parameters and buffers: see webgpu.ts.

const THREADS = 64u;

var<workgroup> sums: array<f32, THREADS>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let feature = linear_group(group, grid);
  var sum = 0.0;
  if (feature < p.features) {
    for (var i = thread; i < p.inputs; i += THREADS) {
      sum += parts[i * p.features + feature];
    }
  }
  sums[thread] = sum;
  for (var half = THREADS / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (thread < half) {
      sums[thread] += sums[thread + half];
    }
  }
  if (thread == 0u && feature < p.features) {
    dgain[p.dgain_offset + feature] = sums[0];
  }
}

// Mean binary cross-entropy of logits and its gradient, in one workgroup: M is a minibatch, so that the loss is added
// up in a fixed order without a second dispatch. One logit: see math.wgsl.
// Parameters and buffers: see webgpu.ts.

const THREADS = 256u;

// Whether the losses lie in the buffer of the gradients: WebGPU binds no buffer twice for writing.
override SHARED: bool = false;
// Whether each input has a weight.
override WEIGHTED: bool = false;

var<workgroup> sums: array<f32, THREADS>;
var<workgroup> broken: atomic<u32>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) thread: u32) {
  var sum = 0.0;
  for (var i = thread; i < p.count; i += THREADS) {
    let z = logits[p.logits_offset + i * p.logits_stride];
    let y = labels[p.labels_offset + i * p.labels_stride];
    if (!finite(z)) {
      atomicStore(&broken, 1u);
    }
    var weight = 1.0;
    if (WEIGHTED) {
      weight = weights[p.weights_offset + i * p.weights_stride];
    }
    sum += weight * cross_entropy(z, y);
    let slope = weight * cross_entropy_slope(z, y);
    dlogits[p.dlogits_offset + i * p.dlogits_stride] = bitcast<u32>(slope / f32(p.count));
  }
  sums[thread] = sum;
  for (var half = THREADS / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (thread < half) {
      sums[thread] += sums[thread + half];
    }
  }
  if (thread == 0u) {
    let slot = scalars[p.slot];
    if (slot < p.slots) {
      let mean = bitcast<u32>(sums[0] / max(1.0, f32(p.count)));
      let loss = select(mean, NAN_BITS, atomicLoad(&broken) != 0u);
      if (SHARED) {
        dlogits[p.losses_offset + slot] = loss;
      } else {
        losses[p.losses_offset + slot] = loss;
      }
    }
  }
}

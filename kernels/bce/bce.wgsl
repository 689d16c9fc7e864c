// Mean binary cross-entropy of logits and its gradient, in one workgroup: M is a minibatch, so that the loss is added
// up in a fixed order without a second dispatch.
//
// Error of one term max(z, 0) - z y + log1p(t), t = exp(-|z|), with WGSL's own bounds (1 ulp <= 2^-23 relative): t is
// off by (3 + 2 |z|) ulps, which moves log1p by at most t (3 + 2 |z|) 2^-23 <= 3 * 2^-23; log1p's quotient (2.5 ulps)
// and series add at most 7 ulps of a value <= ln 2. So log1p is within 8 * 2^-23 < 1e-6, and the rest is two roundings.
// Parameters and buffers: see webgpu.ts.

const THREADS = 256u;

// Whether the losses lie in the buffer of the gradients: WebGPU binds no buffer twice for writing.
override SHARED: bool = false;
// Whether each input has a weight.
override WEIGHTED: bool = false;

// As bits: a compiler may assume that floats are never NaN.

var<workgroup> sums: array<f32, THREADS>;
var<workgroup> broken: atomic<u32>;

const NAN_BITS = 0x7fc00000u;

fn finite(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u;
}

// log(1 + t) for t in [0, 1] as 2 atanh(t / (2 + t)): 8 terms leave less than 2^-26 of it, and no log is used, whose
// error WGSL bounds only absolutely near 1.
fn log1p(t: f32) -> f32 {
  let s = t / (2.0 + t);
  let q = s * s;
  let series = 1.0 + q * (1.0 / 3.0 + q * (1.0 / 5.0 + q * (1.0 / 7.0 + q * (1.0 / 9.0 +
    q * (1.0 / 11.0 + q * (1.0 / 13.0 + q * (1.0 / 15.0)))))));
  return 2.0 * s * series;
}

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) thread: u32) {
  var sum = 0.0;
  for (var i = thread; i < p.count; i += THREADS) {
    let z = logits[p.logits_offset + i * p.logits_stride];
    let y = labels[p.labels_offset + i * p.labels_stride];
    if (!finite(z)) {
      atomicStore(&broken, 1u);
    }
    let t = exp(-abs(z));
    var weight = 1.0;
    if (WEIGHTED) {
      weight = weights[p.weights_offset + i * p.weights_stride];
    }
    sum += weight * (max(z, 0.0) - z * y + log1p(t));
    let tail = t / (1.0 + t);
    // sigmoid(z) - y without cancellation: the tail is the smaller of sigmoid(z) and 1 - sigmoid(z).
    let error = select(tail - y, (1.0 - y) - tail, z >= 0.0);
    dlogits[p.dlogits_offset + i * p.dlogits_stride] = bitcast<u32>(weight * error / f32(p.count));
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

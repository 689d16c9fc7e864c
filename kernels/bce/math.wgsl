// The binary cross-entropy of one logit.
//
// Error of one term max(z, 0) - z y + log1p(t), t = exp(-|z|), with WGSL's own bounds (1 ulp <= 2^-23 relative): t is
// off by (3 + 2 |z|) ulps, which moves log1p by at most t (3 + 2 |z|) 2^-23 <= 3 * 2^-23; log1p's quotient (2.5 ulps)
// and series add at most 7 ulps of a value <= ln 2. So log1p is within 8 * 2^-23 < 1e-6, and the rest is two roundings.

// As bits: a compiler may assume that floats are never NaN.
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

// The loss of a logit z with label y.
fn cross_entropy(z: f32, y: f32) -> f32 {
  return max(z, 0.0) - z * y + log1p(exp(-abs(z)));
}

// sigmoid(z) - y without cancellation: the tail is the smaller of sigmoid(z) and 1 - sigmoid(z).
fn cross_entropy_slope(z: f32, y: f32) -> f32 {
  let t = exp(-abs(z));
  let tail = t / (1.0 + t);
  return select(tail - y, (1.0 - y) - tail, z >= 0.0);
}

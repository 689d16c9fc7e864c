// The gradients of kernels/update/update.wgsl where they are kept in parts: each is added up in the order of its parts,
// written where gradients belong, and used. One workgroup more adds up the parts of the loss.
// Parameters and buffers: see update.ts.

const SEGMENT_WORDS = 7u;

// Each thread's part of the loss, and how many of the parts saw a logit that is not finite.
var<workgroup> loss_sums: array<vec2<f32>, 256>;

fn gradient(i: u32) -> f32 {
  let at = p.grads_offset + i;
  for (var s = 0u; s < p.segments; s++) {
    let w = s * SEGMENT_WORDS;
    let inside = i - segments[w];
    if (i < segments[w] || inside >= segments[w + 1u]) {
      continue;
    }
    let stride = segments[w + 2u];
    let cols = segments[w + 3u];
    if (inside % stride >= cols) {
      break;
    }
    var n = segments[w + 4u] + inside / stride * cols + inside % stride;
    var sum = 0.0;
    for (var part = 0u; part < segments[w + 6u]; part++) {
      sum += parts[n];
      n += segments[w + 5u];
    }
    grads[at] = sum;
    return sum;
  }
  return grads[at];
}

// The first workgroup past the parameters adds up the loss, if there is one.
fn besides(number: u32, thread: u32) {
  if (p.loss_parts == 0u || number != (p.count + 255u) / 256u) {
    return;
  }
  var sum = vec2<f32>(0.0);
  for (var part = thread; part < p.loss_parts; part += 256u) {
    let at = p.loss_place + 2u * part;
    sum += vec2<f32>(parts[at], parts[at + 1u]);
  }
  loss_sums[thread] = sum;
  for (var half = 128u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (thread < half) {
      loss_sums[thread] += loss_sums[thread + half];
    }
  }
  if (thread == 0u) {
    let slot = slots[p.slot];
    if (slot < p.slots) {
      let mean = bitcast<u32>(loss_sums[0].x / f32(p.loss_rows));
      losses[p.losses_offset + slot] = select(mean, NAN_BITS, loss_sums[0].y > 0.0);
    }
  }
}

// A layer of one output, the loss of its logits, and the layer's gradients, for some rows a workgroup: the layer's input
// is read twice while it is near. What is summed over all rows is kept in parts that update.wgsl adds up.
// One logit: see kernels/bce/math.wgsl. Parameters and buffers: see head.ts.

// Whether each input has a weight.
override WEIGHTED: bool = false;
// Whether the layer's input came out of a ReLU.
override MASKED: bool = false;

const THREADS = 256u;
const STRANDS = 32u;
const MOST_ROWS = 1024u;

var<workgroup> sums: array<f32, THREADS>;
// Gradients of the workgroup's logits.
var<workgroup> slopes: array<f32, MOST_ROWS>;
var<workgroup> broken: atomic<u32>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let number = linear_group(group, grid);
  let begin = number * p.group_rows;
  if (begin >= p.rows) {
    return;
  }
  let end = min(p.rows, begin + p.group_rows);
  let strand = thread % STRANDS;
  var loss = 0.0;
  for (var first = begin; first < end; first += THREADS / STRANDS) {
    let row = first + thread / STRANDS;
    var sum = 0.0;
    if (row < end) {
      for (var k = strand; k < p.cols; k += STRANDS) {
        sum += x[p.x_offset + row * p.x_stride + k] * weights[p.w_offset + k];
      }
    }
    sums[thread] = sum;
    for (var half = STRANDS / 2u; half > 0u; half /= 2u) {
      workgroupBarrier();
      if (strand < half) {
        sums[thread] += sums[thread + half];
      }
    }
    if (strand == 0u && row < end) {
      let z = sums[thread] + weights[p.bias_offset];
      logits[p.logits_offset + row * p.logits_stride] = z;
      if (!finite(z)) {
        atomicStore(&broken, 1u);
      }
      let y = labels[p.labels_offset + row * p.labels_stride];
      var weight = 1.0;
      if (WEIGHTED) {
        weight = input_weights[p.input_weights_offset + row * p.input_weights_stride];
      }
      loss += weight * cross_entropy(z, y);
      let slope = weight * cross_entropy_slope(z, y) / f32(p.rows);
      slopes[row - begin] = slope;
      dlogits[p.dlogits_offset + row * p.dlogits_stride] = slope;
    }
    // Nobody may still be reading the sums.
    workgroupBarrier();
  }

  for (var k = thread; k < p.cols; k += THREADS) {
    let w = weights[p.w_offset + k];
    var sum = 0.0;
    for (var row = begin; row < end; row++) {
      let value = x[p.x_offset + row * p.x_stride + k];
      let slope = slopes[row - begin];
      sum += slope * value;
      dx[p.dx_offset + row * p.dx_stride + k] = select(slope * w, 0.0, MASKED && !(value > 0.0));
    }
    parts[p.parts + number * p.parts_pitch + k] = sum;
  }

  sums[thread] = loss;
  for (var half = THREADS / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (thread < half) {
      sums[thread] += sums[thread + half];
    }
  }
  if (thread == 0u) {
    var bias = 0.0;
    for (var row = begin; row < end; row++) {
      bias += slopes[row - begin];
    }
    parts[p.parts + number * p.parts_pitch + p.cols] = bias;
    parts[p.losses + 2u * number] = sums[0];
    parts[p.losses + 2u * number + 1u] = select(0.0, 1.0, atomicLoad(&broken) != 0u);
  }
}

// The matrix product where one side is a single column or row, or a stride is not a multiple of 4: any strides,
// STRANDS threads share the depth of one output and add up in a tree of fixed shape.
// How a sum is finished: see epilogue.wgsl. Parameters and buffers: see webgpu.ts.

override STRANDS: u32 = 1u;
// Whether neighbouring threads are neighbours in depth (else: neighbouring outputs).
override STRANDS_FIRST: bool = false;

const THREADS = 256u;

// Each thread's sum of products and sum of A; threads of one output lie THREADS / STRANDS apart.
var<workgroup> strands: array<vec2<f32>, THREADS>;

fn load_extra(at: u32) -> f32 {
  return extra[at];
}

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let width = THREADS / STRANDS;
  let strand = select(thread / width, thread % STRANDS, STRANDS_FIRST);
  let place = select(thread % width, thread / STRANDS, STRANDS_FIRST);
  let outputs = p.rows * p.cols;
  let blocks = (outputs + width - 1u) / width;
  let number = linear_group(group, grid);
  let part = number / blocks;
  let begin = part * p.part_depth;
  if (part > 0u && begin >= p.depth) {
    return;
  }
  let end = min(p.depth, begin + p.part_depth);
  let output = number % blocks * width + place;
  let row = output / p.cols;
  let col = output % p.cols;

  var sums = vec2<f32>(0.0);
  if (output < outputs) {
    for (var k = begin + strand; k < end; k += STRANDS) {
      let x = a[p.a_offset + row * p.a_row + k * p.a_depth];
      sums += vec2<f32>(x * b[p.b_offset + k * p.b_depth + col * p.b_col], x);
    }
  }
  strands[strand * width + place] = sums;
  for (var half = STRANDS / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (strand < half) {
      strands[strand * width + place] += strands[(strand + half) * width + place];
    }
  }
  if (strand > 0u || output >= outputs) {
    return;
  }
  sums = strands[place];
  c[p.c_offset + part * p.part_pitch + row * p.c_stride + col] =
    finish(sums.x, row, col, p.extra_offset, p.extra_stride);
  if (EPILOGUE == 4u && col == 0u) {
    c[p.sums_offset + part * p.part_pitch + row] = sums.y;
  }
}

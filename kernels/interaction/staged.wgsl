// The interaction with some inputs a workgroup, whose vectors are copied to workgroup memory first.

// Inputs of a workgroup, and room for their vectors, each with a spare lane where their number is even: threads that read
// the same lane of neighbouring vectors then find them on different banks.
override INPUTS: u32 = 1u;
override ROOM: u32 = 1u;

var<workgroup> staged: array<Lane, ROOM>;
var<private> first_input: u32;

fn vector_lane(input: u32, i: u32, lane: u32) -> Lane {
  return staged[((input - first_input) * p.features + i) * (p.lanes | 1u) + lane];
}

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let first = linear_group(group, grid) * INPUTS;
  if (first >= p.inputs) {
    return;
  }
  let inputs = min(INPUTS, p.inputs - first);
  let lanes = p.features * p.lanes;
  for (var n = thread; n < inputs * lanes; n += 256u) {
    let at = n % lanes;
    let to = (n / lanes * p.features + at / p.lanes) * (p.lanes | 1u) + at % p.lanes;
    staged[to] = v[p.v_offset + (first + n / lanes) * p.v_stride + at];
  }
  workgroupBarrier();
  first_input = first;
  for (var n = thread; n < inputs * outputs(); n += 256u) {
    compute(first + n / outputs(), n % outputs());
  }
}

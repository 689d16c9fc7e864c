/**
 * Float64 reference of DLRM's dot interaction, for tests only.
 *
 * @module
 */

/** v is B × F × dim; gives B × (dim + F(F-1)/2): vector 0, then (1,0), (2,0), (2,1), (3,0), … */
export function interactionForward(
  v: Float64Array,
  B: number,
  F: number,
  dim: number,
): Float64Array {
  const width = dim + F * (F - 1) / 2;
  const r = new Float64Array(B * width);
  for (let b = 0; b < B; b++) {
    const vb = v.subarray(b * F * dim, (b + 1) * F * dim);
    const rb = r.subarray(b * width, (b + 1) * width);
    rb.set(vb.subarray(0, dim));
    let at = dim;
    for (let i = 1; i < F; i++) {
      for (let j = 0; j < i; j++) {
        let sum = 0;
        for (let c = 0; c < dim; c++) sum += vb[i * dim + c]! * vb[j * dim + c]!;
        rb[at++] = sum;
      }
    }
  }
  return r;
}

/** dv (B × F × dim) from dr (B × width) and v; with `maskFirst`, coordinates of vector 0 that are not above 0 get gradient 0. */
export function interactionBackward(
  v: Float64Array,
  dr: Float64Array,
  B: number,
  F: number,
  dim: number,
  maskFirst: boolean,
): Float64Array {
  const width = dim + F * (F - 1) / 2;
  const dv = new Float64Array(B * F * dim);
  for (let b = 0; b < B; b++) {
    const vb = v.subarray(b * F * dim, (b + 1) * F * dim);
    const drb = dr.subarray(b * width, (b + 1) * width);
    const dvb = dv.subarray(b * F * dim, (b + 1) * F * dim);
    dvb.set(drb.subarray(0, dim));
    let at = dim;
    for (let i = 1; i < F; i++) {
      for (let j = 0; j < i; j++) {
        const g = drb[at++]!;
        for (let c = 0; c < dim; c++) {
          dvb[i * dim + c]! += g * vb[j * dim + c]!;
          dvb[j * dim + c]! += g * vb[i * dim + c]!;
        }
      }
    }
    if (maskFirst) {
      for (let c = 0; c < dim; c++) if (!(vb[c]! > 0)) dvb[c] = 0;
    }
  }
  return dv;
}

// What happens to a sum before it is stored. `load_extra` reads the bias or the mask.

// 0: as it is. 1: plus bias of the column. 2: the same, then ReLU. 3: zero where the mask is not above 0.
// 4: sums over a part of the depth, with the row sums of A beside them.
override EPILOGUE: u32 = 0u;

fn finish(sum: f32, row: u32, col: u32, extra_offset: u32, extra_stride: u32) -> f32 {
  if (EPILOGUE == 1u || EPILOGUE == 2u) {
    let v = sum + load_extra(extra_offset + col);
    // Written so that NaN stays NaN.
    return select(v, 0.0, EPILOGUE == 2u && v < 0.0);
  }
  if (EPILOGUE == 3u) {
    return select(0.0, sum, load_extra(extra_offset + row * extra_stride + col) > 0.0);
  }
  return sum;
}

/**
 * The L2 normalisation's WASM kernels.
 *
 * @module
 */

import { wasmKernel } from "../cpu/op.ts";
import type { NormaliseBackwardArgs, NormaliseForwardArgs } from "./op.ts";

/** v = z / max(‖z‖, 1e-12). */
export const normaliseForwardKernel = wasmKernel({
  source: "kernels/normalise/normalise.as.ts",
  name: "normaliseForward",
  words: { M: "number", D: "number", z: "matrix", v: "matrix" },
  call: (_at, { z, v }: NormaliseForwardArgs) => ({ words: { M: z.rows, D: z.cols, z, v } }),
});

/** dz from dv and z. */
export const normaliseBackwardKernel = wasmKernel({
  source: "kernels/normalise/normalise.as.ts",
  name: "normaliseBackward",
  words: { M: "number", D: "number", z: "matrix", dv: "matrix", dz: "matrix", masked: "number" },
  call: (_at, { z, dv, dz, masked }: NormaliseBackwardArgs) => ({
    words: { M: z.rows, D: z.cols, z, dv, dz, masked: Number(masked) },
  }),
});

import type { OpRecord } from "../record.ts";

/** M rows of D floats. */
interface NormaliseShape {
  readonly M: number;
  readonly D: number;
}

/** Rows are divided by this where they are shorter, as torch's `normalize` does. */
export const LEAST_NORM = 1e-12;

/** v = z / max(‖z‖, 1e-12). */
export const normaliseForwardRecord: OpRecord<NormaliseShape> = {
  name: "normalise-forward",
  flops: ({ M, D }) => M * (3 * D + 1),
  bytes: ({ M, D }) => 4 * 2 * M * D,
};

/** dz = (dv − v (v·dv)) / ‖z‖, with the norm computed anew. */
export const normaliseBackwardRecord: OpRecord<NormaliseShape> = {
  name: "normalise-backward",
  flops: ({ M, D }) => M * (8 * D + 1),
  bytes: ({ M, D }) => 4 * 3 * M * D,
};

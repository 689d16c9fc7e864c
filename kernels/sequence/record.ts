import type { OpRecord } from "../record.ts";

/** B inputs, S steps of history, D floats a step. */
interface SequenceShape {
  readonly B: number;
  readonly S: number;
  readonly D: number;
}

/** a = H x. */
export const sequenceDotRecord: OpRecord<SequenceShape> = {
  name: "sequence-dot",
  flops: ({ B, S, D }) => 2 * B * S * D,
  bytes: ({ B, S, D }) => 4 * B * (S * D + D + S),
};

/** c = [Hᵀ y; tail], the tail of T floats. */
export const sequencePoolRecord: OpRecord<SequenceShape & { readonly T: number }> = {
  name: "sequence-pool",
  flops: ({ B, S, D }) => 2 * B * S * D,
  bytes: ({ B, S, D, T }) => 4 * B * (S * D + S + D + 2 * T),
};

/** dH = y ⊗ dc + da ⊗ x; `query` is 1 where the step after the history gets its gradient too. */
export const sequenceBackwardRecord: OpRecord<SequenceShape & { readonly query: number }> = {
  name: "sequence-backward",
  flops: ({ B, S, D, query }) => B * D * (3 * S + query),
  bytes: ({ B, S, D, query }) => 4 * B * (2 * S + 2 * D + S * D + 3 * D * query),
};

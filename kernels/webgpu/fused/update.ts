/**
 * The dense update that adds up gradients which earlier launches have left in parts, and the loss.
 *
 * @module
 */

import mathSource from "../../bce/math.wgsl" with { type: "text" };
import type { WeightParts } from "../../linear/grouped_webgpu.ts";
import type { Matrix, Scalar } from "../../types.ts";
import type { DenseUpdateArgs } from "../../update/op.ts";
import updateSource from "../../update/update.wgsl" with { type: "text" };
import { UPDATE_PARAMS, updateValues } from "../../update/webgpu.ts";
import { composeKernel, type LaunchContext } from "../kernel.ts";
import source from "./update.wgsl" with { type: "text" };

/** A loss in parts: `parts` times two floats from `place` on, the sum over a part's inputs and whether a logit is not finite. */
export interface LossParts {
  /** Where the mean goes. */
  readonly losses: Matrix;
  readonly slot: Scalar;
  /** Inputs that the sum is divided by. */
  readonly rows: number;
  readonly parts: number;
  /** In floats of what the program's launches keep. */
  readonly place: number;
}

const kernel = composeKernel({
  name: "dense-update of sums",
  params: {
    ...UPDATE_PARAMS,
    // Of 7 words in `segments`: first float, floats, stride and columns of a matrix of gradients among them all; place of
    // its parts, floats from one to the next, their number.
    segments: "u32",
    loss_parts: "u32",
    loss_place: "u32",
    loss_rows: "u32",
    losses_offset: "u32",
    slots: "u32",
    slot: "u32",
  },
  buffers: {
    parts: "read f32",
    segments: "read u32",
    rates: "read f32",
    slots: "read u32",
    grads: "write f32",
    params: "write f32",
    state: "write f32",
    losses: "write u32",
  },
  sources: [mathSource, source, updateSource],
});

/** Whether the update can be one launch with sums and a loss: WebGPU binds no buffer twice for writing. */
export function canSumParts(
  { params, grads, state }: DenseUpdateArgs,
  losses: Matrix | null,
): boolean {
  const written = [params, grads, state, losses].filter((m) => m !== null);
  return new Set(written.map(({ buffer }) => buffer)).size === written.length;
}

/** One optimizer step; the gradients and the loss are written besides. */
export function launchSummedUpdate(
  context: LaunchContext,
  args: DenseUpdateArgs,
  parts: readonly WeightParts[],
  loss: LossParts | null,
): void {
  const { params, grads, state, learningRate } = args;
  const values = updateValues(args);
  const segments = parts.flatMap(({ dw, db, parts, place, pitch }) => {
    const segment = (m: Matrix, place: number): number[] => [
      ...[m.offset - grads.offset, m.rows * m.stride, m.stride, m.cols],
      ...[place, pitch, parts],
    ];
    return [segment(dw, place), segment(db, place + dw.rows * dw.cols)];
  });
  context.launch(kernel.launch({
    overrides: { OPTIMIZER: values.optimizer },
    params: {
      ...values.params,
      segments: segments.length,
      loss_parts: loss?.parts ?? 0,
      loss_place: loss?.place ?? 0,
      loss_rows: loss?.rows ?? 1,
      losses_offset: loss?.losses.offset ?? 0,
      slots: loss?.losses.cols ?? 0,
      slot: loss?.slot.index ?? 0,
    },
    buffers: {
      parts: "kept",
      segments: Uint32Array.from(segments.flat()),
      rates: context.scalar(learningRate),
      slots: loss === null ? context.scalar(learningRate) : context.scalar(loss.slot),
      grads: context.matrix(grads),
      params: context.matrix(params),
      state: state === null ? "unused" : context.matrix(state),
      losses: loss === null ? "unused" : context.matrix(loss.losses),
    },
    groups: values.groups + (loss === null ? 0 : 1),
  }));
}

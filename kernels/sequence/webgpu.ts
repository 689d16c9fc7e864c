/**
 * Launches of the sequence ops.
 *
 * @module
 */

import type { Matrix } from "../types.ts";
import { type Binding, composeKernel, type LaunchContext } from "../webgpu/kernel.ts";
import backwardSource from "./backward.wgsl" with { type: "text" };
import dotSource from "./dot.wgsl" with { type: "text" };
import type { SequenceBackwardArgs, SequenceDotArgs, SequencePoolArgs } from "./op.ts";
import poolSource from "./pool.wgsl" with { type: "text" };

const DOT_THREADS = 64, THREADS = 256;

const dotKernel = composeKernel({
  name: "sequence-dot",
  params: {
    inputs: "u32",
    history: "u32",
    dim: "u32",
    steps: "u32",
    h: "place",
    x: "place",
    a: "place",
  },
  buffers: { h: "read f32", x: "read f32", a: "write f32" },
  sources: [dotSource],
});

const poolKernel = composeKernel({
  name: "sequence-pool",
  params: {
    inputs: "u32",
    history: "u32",
    dim: "u32",
    tail_dim: "u32",
    steps: "u32",
    h: "place",
    y: "place",
    tail: "place",
    c: "place",
  },
  buffers: { h: "read f32", y: "read f32", tail: "read f32", c: "write f32" },
  sources: [poolSource],
});

const backwardKernel = composeKernel({
  name: "sequence-backward",
  params: {
    inputs: "u32",
    history: "u32",
    dim: "u32",
    steps: "u32",
    y: "place",
    da: "place",
    x: "place",
    dc: "place",
    query: "place",
    dh: "place",
  },
  buffers: {
    y: "read f32",
    da: "read f32",
    x: "read f32",
    dc: "read f32",
    query: "read f32",
    dh: "write f32",
  },
  sources: [backwardSource],
});

/** a = H x. */
export function launchSequenceDot(
  context: LaunchContext,
  { h, steps, x, a }: SequenceDotArgs,
): void {
  context.launch(dotKernel.launch({
    params: { inputs: a.rows, history: a.cols, dim: h.cols, steps, h, x, a },
    buffers: { h: context.matrix(h), x: context.matrix(x), a: context.matrix(a) },
    groups: Math.ceil(a.rows * a.cols / DOT_THREADS),
  }));
}

/** c = [Hᵀ y; tail]. */
export function launchSequencePool(
  context: LaunchContext,
  { h, steps, y, tail, c }: SequencePoolArgs,
): void {
  context.launch(poolKernel.launch({
    params: {
      inputs: y.rows,
      history: y.cols,
      dim: h.cols,
      tail_dim: tail?.cols ?? 0,
      steps,
      h,
      y,
      tail,
      c,
    },
    buffers: {
      h: context.matrix(h),
      y: context.matrix(y),
      tail: optional(context, tail),
      c: context.matrix(c),
    },
    groups: Math.ceil(c.rows * c.cols / THREADS),
  }));
}

/** dH = y ⊗ dc + da ⊗ x. */
export function launchSequenceBackward(context: LaunchContext, args: SequenceBackwardArgs): void {
  const { y, da, x, dc, query, steps, dh } = args;
  const written = y.cols + Number(query !== null);
  context.launch(backwardKernel.launch({
    overrides: { QUERY: Number(query !== null) },
    params: {
      inputs: y.rows,
      history: y.cols,
      dim: dh.cols,
      steps,
      y,
      da,
      x,
      dc,
      query,
      dh,
    },
    buffers: {
      y: context.matrix(y),
      da: context.matrix(da),
      x: context.matrix(x),
      dc: context.matrix(dc),
      query: optional(context, query),
      dh: context.matrix(dh),
    },
    groups: Math.ceil(y.rows * written * dh.cols / THREADS),
  }));
}

function optional(context: LaunchContext, m: Matrix | null): Binding {
  return m === null ? "unused" : context.matrix(m);
}

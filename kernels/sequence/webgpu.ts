/**
 * Launches of the sequence ops.
 *
 * @module
 */

import type { Matrix, SequenceBackwardArgs, SequenceDotArgs, SequencePoolArgs } from "../types.ts";
import { type Binding, composeKernel, type LaunchContext } from "../webgpu/kernel.ts";
import backwardSource from "./backward.wgsl" with { type: "text" };
import dotSource from "./dot.wgsl" with { type: "text" };
import poolSource from "./pool.wgsl" with { type: "text" };

const DOT_THREADS = 64, THREADS = 256;

const dotKernel = composeKernel("sequence-dot", ["read", "read", "write"], dotSource);

const poolKernel = composeKernel("sequence-pool", ["read", "read", "read", "write"], poolSource);

const backwardKernel = composeKernel(
  "sequence-backward",
  ["read", "read", "read", "read", "read", "write"],
  backwardSource,
);

/** a = H x. */
export function launchSequenceDot(
  context: LaunchContext,
  { h, steps, x, a }: SequenceDotArgs,
): void {
  context.launch({
    kernel: dotKernel,
    overrides: {},
    bindings: [context.matrix(h), context.matrix(x), context.matrix(a)],
    params: [a.rows, a.cols, h.cols, steps, ...[h, x, a].flatMap(place)],
    groups: Math.ceil(a.rows * a.cols / DOT_THREADS),
  });
}

/** c = [Hᵀ y; tail]. */
export function launchSequencePool(
  context: LaunchContext,
  { h, steps, y, tail, c }: SequencePoolArgs,
): void {
  context.launch({
    kernel: poolKernel,
    overrides: {},
    bindings: [context.matrix(h), context.matrix(y), binding(context, tail), context.matrix(c)],
    params: [
      ...[y.rows, y.cols, h.cols, tail?.cols ?? 0, steps],
      ...[h, y, tail, c].flatMap(place),
    ],
    groups: Math.ceil(c.rows * c.cols / THREADS),
  });
}

/** dH = y ⊗ dc + da ⊗ x. */
export function launchSequenceBackward(context: LaunchContext, args: SequenceBackwardArgs): void {
  const { y, da, x, dc, query, steps, dh } = args;
  const written = y.cols + Number(query !== null);
  context.launch({
    kernel: backwardKernel,
    overrides: { QUERY: Number(query !== null) },
    bindings: [
      ...[y, da, x, dc].map((m) => context.matrix(m)),
      binding(context, query),
      context.matrix(dh),
    ],
    params: [y.rows, y.cols, dh.cols, steps, ...[y, da, x, dc, query, dh].flatMap(place)],
    groups: Math.ceil(y.rows * written * dh.cols / THREADS),
  });
}

function binding(context: LaunchContext, m: Matrix | null): Binding {
  return m === null ? "unused" : context.matrix(m);
}

function place(m: Matrix | null): [number, number] {
  return m === null ? [0, 0] : [m.offset, m.stride];
}

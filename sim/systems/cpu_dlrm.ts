/**
 * DLRM on processors alone: rows, MLPs and updates in host memory, as plain PyTorch runs it. GPUs of the machine are idle, and
 * their number only sets the minibatch.
 *
 * @module
 */

import { bytesUs, type Context } from "../context.ts";
import type { GraphBuilder } from "../graph.ts";
import {
  combineBackward,
  combineForward,
  denseUpdate,
  headBackward,
  headForward,
  loss,
  mlpBackward,
  mlpForward,
  normaliseVectors,
  normaliseVectorsBackward,
  type Op,
  standardiseDense,
} from "../ops.ts";
import type { System } from "../system.ts";
import type { Work } from "../work.ts";
import { CpuRows } from "./dlrm_steps.ts";
import { seesLookups } from "./hybrid.ts";

/** Share of the processors' peak that products of an MLP reach, as PyTorch's CPU benchmark is taken to (published/figures.ts). */
const GEMM_SHARE = 0.65;

/** Operations one after the other: each takes the cores or the memory, whichever is longer, and a call. */
function run(
  graph: GraphBuilder,
  { machine: { cpu, framework } }: Context,
  ops: readonly Op[],
  after: readonly number[],
): readonly number[] {
  for (const { label, stage, flops, bytes } of ops) {
    const us = framework.cpu_op_us + flops / (1000 * cpu.gflop_s * GEMM_SHARE);
    after = [
      graph.add(stage, "cpu", us, after, label, 0, flops),
      graph.add(stage, "dram", bytesUs(bytes, cpu.dram_stream_gb_s), after, label, bytes),
    ];
  }
  return after;
}

function minibatch(work: Work, context: Context, graph: GraphBuilder): void {
  const { steps, shape: { bottom, top } } = context, { inputs } = work;
  const rows = new CpuRows(graph, context, "pytorch_lookup_ns");
  let after: readonly number[] = [];
  const go = (ops: readonly Op[]): void => {
    after = run(graph, context, ops, after);
  };
  for (let step = 0; step < steps; step++) {
    go([...standardiseDense(context, inputs), ...mlpForward(context, inputs, bottom, "bottom")]);
    after = [rows.gather(work, after)];
    go([
      ...normaliseVectors(context, inputs),
      ...combineForward(context, inputs),
      ...mlpForward(context, inputs, top, "top"),
    ]);
  }
  go([...headForward(context, inputs), loss(context, inputs), ...headBackward(context, inputs)]);
  for (let step = 0; step < steps; step++) {
    go([
      ...mlpBackward(context, inputs, top, "top", true),
      ...combineBackward(context, inputs),
      ...normaliseVectorsBackward(context, inputs),
    ]);
    after = [rows.gradients(work, after)];
    go(mlpBackward(context, inputs, bottom, "bottom", false));
  }
  go([denseUpdate(context)]);
  rows.update(work, after);
}

/** Processors alone. */
export const cpuDlrm: System = {
  name: "cpu-dlrm",
  summary: "DLRM in plain PyTorch on the processors alone, GPUs idle",
  needsHot: false,
  skips: false,
  rowsOnGpus: false,
  minibatches: (workload) => workload.all,
  sees: seesLookups,
  minibatch,
  extras: () => [],
};

/**
 * All rows on GPUs, tables dealt to them, lookups of all tables in one fused operation; vectors and their gradients cross in
 * all-to-all exchanges.
 *
 * @module
 */

import { allreduce, type Context, peerCopy, upload } from "../context.ts";
import type { GraphBuilder } from "../graph.ts";
import { Lane } from "../lane.ts";
import { fusedUpdate, lookupForward } from "../ops.ts";
import type { System } from "../system.ts";
import type { Work } from "../work.ts";
import {
  activationBytes,
  beginStep,
  bottomBackward,
  bottomForward,
  finishForward,
  towerBackward,
  towerForward,
  updateDense,
} from "./dlrm_steps.ts";

function minibatch(work: Work, context: Context, graph: GraphBuilder): void {
  const { gpus, steps, tables, machine: { framework } } = context;
  const inputs = work.inputs / gpus;
  const bags = work.inputs * tables / gpus;
  const lookups = {
    lookups: work.lookups / steps / gpus,
    unique: Math.min(work.unique_rows, work.lookups / steps) / gpus,
    bags,
    calls: 1,
  };
  const lanes = Array.from({ length: gpus }, (_, g) => new Lane(graph, context, g));
  // Bags' vectors, not lookups: pooling comes before the exchange.
  const E = Math.min(
    activationBytes(work, context) / steps,
    work.inputs * tables * context.rowBytes,
  );
  const exchange = (label: string): void => {
    if (gpus === 1) return;
    const sources = lanes.flatMap(({ done }) => done);
    const bytes = (gpus - 1) / gpus * E / gpus;
    const done = peerCopy(graph, context, "allreduce", bytes, sources, label);
    for (const lane of lanes) lane.waitOnDevice([done]);
  };
  for (const lane of lanes) {
    beginStep(lane, context);
    // Indices, an offset a bag, dense features and labels.
    const bytes = 8 * (work.lookups / gpus + inputs * tables * steps) +
      4 * inputs * (context.denseFeatures * steps + 1);
    // Dense features, indices, offsets, labels; pinned, so that the thread goes on.
    const call = lane.call(
      4 * (framework.copy_us + framework.gap_us + framework.launch_us),
      "upload",
      "inputs",
    );
    lane.waitOnDevice([upload(graph, context, lane.gpu, bytes, [call], "inputs", true)]);
  }
  for (let step = 0; step < steps; step++) {
    for (const lane of lanes) {
      lane.run([lookupForward(context, lookups)]);
      bottomForward(lane, context, inputs);
    }
    exchange("vectors to all");
    for (const lane of lanes) towerForward(lane, context, inputs);
  }
  for (const lane of lanes) finishForward(lane, context, graph, inputs);
  for (let step = 0; step < steps; step++) {
    for (const lane of lanes) towerBackward(lane, context, inputs);
    exchange("gradients to all");
    for (const lane of lanes) {
      lane.run([fusedUpdate(context, lookups)]);
      bottomBackward(lane, context, inputs);
    }
  }
  const reduced = allreduce(graph, context, context.denseBytes, lanes.flatMap(({ done }) => done));
  for (const lane of lanes) {
    if (reduced !== null) lane.waitOnDevice([reduced]);
    updateDense(lane, context);
  }
}

/** GPU only. */
export const gpuOnly: System = {
  name: "gpu-only",
  summary: "All rows on GPUs, tables dealt to them, fused lookups",
  needsHot: false,
  skips: false,
  rowsOnGpus: true,
  minibatches: (workload) => workload.all,
  minibatch,
  extras: () => [],
};

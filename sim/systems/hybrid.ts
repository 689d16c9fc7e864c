/**
 * DLRM with its rows in host memory and its MLPs on GPUs: Slipstream dlrm_baseline.py (`mixed_forward`). Two programs have
 * this structure: plain PyTorch, which FAE and its successors train cold inputs with and compare with, and DLRM with Intel's
 * CPU kernels, of which Intel's authors published times.
 *
 * In paper mode each GPU has a launching thread and a link of its own, and dense gradients are all-reduced. In artifact mode
 * torch.nn's `DataParallel` building blocks do the work: one thread for all GPUs (Python's lock), dense parameters replicated
 * on every iteration, all embedding vectors through GPU 0's link and scattered from there.
 *
 * @module
 */

import { allreduce, type Context, download, peerCopy, upload } from "../context.ts";
import type { GraphBuilder } from "../graph.ts";
import { Lane } from "../lane.ts";
import type { System } from "../system.ts";
import type { Work } from "../work.ts";
import {
  activationBytes,
  beginStep,
  bottomBackward,
  bottomForward,
  CpuRows,
  type CpuSoftware,
  finishForward,
  towerBackward,
  towerForward,
  updateDense,
  uploadDense,
} from "./dlrm_steps.ts";

/** A minibatch whose rows lie in host memory, paper mode. */
export function hybridMinibatch(
  work: Work,
  context: Context,
  graph: GraphBuilder,
  software: CpuSoftware,
): void {
  const { gpus, steps } = context;
  const rows = new CpuRows(graph, context, software);
  const inputs = work.inputs / gpus;
  const part = activationBytes(work, context) / steps / gpus;
  const lanes = Array.from({ length: gpus }, (_, g) => new Lane(graph, context, g));
  for (const lane of lanes) {
    beginStep(lane, context);
    uploadDense(lane, context, graph, inputs);
  }
  for (let step = 0; step < steps; step++) {
    for (const lane of lanes) bottomForward(lane, context, inputs);
    const called = lanes.map((lane) => lane.call(0, "gather", "wait for the CPU's lookups"));
    const gathered = rows.gather(work, called);
    for (const lane of lanes) {
      lane.wait([upload(graph, context, lane.gpu, part, [gathered], "embedding vectors")]);
      towerForward(lane, context, inputs);
    }
  }
  for (const lane of lanes) finishForward(lane, context, graph, inputs);
  for (let step = 0; step < steps; step++) {
    const arrived: number[] = [];
    for (const lane of lanes) {
      towerBackward(lane, context, inputs);
      arrived.push(download(graph, context, lane.gpu, part, lane.done, "gradients of the vectors"));
      // Autograd runs the CPU's part of the way back on a thread of its own.
      bottomBackward(lane, context, inputs);
    }
    const made = rows.gradients(work, arrived);
    if (step === steps - 1) { for (const lane of lanes) lane.wait([made]); }
  }
  for (const lane of lanes) lane.synchronise();
  const reduced = allreduce(graph, context, context.denseBytes, lanes.flatMap(({ done }) => done));
  for (const lane of lanes) {
    if (reduced !== null) lane.wait([reduced]);
    updateDense(lane, context);
  }
  const issued = lanes.map((lane) => lane.call(0, "update-rows", "wait for the CPU's updates"));
  rows.update(work, issued);
}

/** The same, artifact mode. */
export function hybridArtifactMinibatch(
  work: Work,
  context: Context,
  graph: GraphBuilder,
): void {
  const rows = new CpuRows(graph, context, "pytorch_lookup_ns");
  const { steps, tables, denseBytes, machine: { framework } } = context;
  // The artifact's cold path splits over no more GPUs than there are tables.
  const gpus = Math.min(context.gpus, tables);
  const inputs = work.inputs / gpus;
  const E = activationBytes(work, context) / steps;
  const lanes = Array.from({ length: gpus }, (_, g) => new Lane(graph, context, g, 0));
  const first = lanes[0]!;
  beginStep(first, context);
  uploadDense(first, context, graph, work.inputs);
  // What one GPU alone has is sent to the others.
  const spread = (
    stage: "upload" | "allreduce",
    bytes: number,
    calls: number,
    label: string,
  ): void => {
    if (gpus === 1) return;
    const call = first.call(
      calls * (framework.copy_us + framework.gap_us + framework.launch_us),
      stage,
      label,
    );
    const task = peerCopy(graph, context, stage, bytes, [call, ...first.done], label);
    for (const lane of lanes) lane.waitOnDevice([task]);
  };
  const tensors = context.denseTensors;
  spread("allreduce", (gpus - 1) * denseBytes, (gpus - 1) * tensors, "replicate dense parameters");
  const scattered = (gpus - 1) / gpus;
  const dense = 4 * work.inputs * context.denseFeatures * steps;
  spread("upload", scattered * dense, gpus - 1, "scatter dense features");
  for (let step = 0; step < steps; step++) {
    for (const lane of lanes) bottomForward(lane, context, inputs);
    const gathered = rows.gather(work, [first.call(0, "gather", "CPU lookups")]);
    first.wait([upload(graph, context, 0, E, [gathered], "embedding vectors")]);
    spread("upload", scattered * E, tables, "scatter embedding vectors");
    for (const lane of lanes) towerForward(lane, context, inputs);
  }
  for (const lane of lanes) finishForward(lane, context, graph, inputs);
  for (let step = 0; step < steps; step++) {
    for (const lane of lanes) towerBackward(lane, context, inputs);
    let sources = lanes.flatMap(({ done }) => done);
    if (gpus > 1) {
      sources = [peerCopy(graph, context, "download", scattered * E, sources, "gather gradients")];
    }
    const arrived = download(graph, context, 0, E, sources, "gradients of the vectors");
    for (const lane of lanes) bottomBackward(lane, context, inputs);
    const made = rows.gradients(work, [arrived]);
    if (step === steps - 1) first.wait([made]);
  }
  for (const lane of lanes) lane.synchronise();
  if (gpus > 1) {
    const bytes = (gpus - 1) * denseBytes;
    const sources = lanes.flatMap(({ done }) => done);
    first.wait([peerCopy(graph, context, "allreduce", bytes, sources, "reduce dense gradients")]);
  }
  updateDense(first, context);
  rows.update(work, [first.call(0, "update-rows", "wait for the CPU's updates")]);
}

/** Neither kinds nor different rows matter where all rows lie in host memory and none is looked up once for several. */
export function seesLookups({ inputs, lookups }: Work): Work {
  return { kind: "all", inputs, lookups, unique_rows: 0, cold_lookups: 0, unique_cold_rows: 0 };
}

/** Rows in host memory under one software, paper mode. */
function hybrid(name: string, summary: string, software: CpuSoftware): System {
  return {
    name,
    summary,
    needsHot: false,
    skips: false,
    rowsOnGpus: false,
    minibatches: (workload) => workload.all,
    sees: seesLookups,
    minibatch: (work, context, graph) => hybridMinibatch(work, context, graph, software),
    extras: () => [],
  };
}

/** Plain PyTorch. */
export const pytorchHybrid: System = hybrid(
  "pytorch-hybrid",
  "DLRM in plain PyTorch: rows in host memory, MLPs on GPUs; what FAE's paper compares with",
  "pytorch_lookup_ns",
);

/** Intel's kernels. */
export const intelDlrm: System = hybrid(
  "intel-dlrm",
  "The same with Intel's CPU kernels as their authors measured them",
  "intel_lookup_ns",
);

/** Artifact mode. */
export const hybridArtifact: System = {
  ...pytorchHybrid,
  name: "pytorch-hybrid-artifact",
  summary: "pytorch-hybrid as the artifact's code runs it: DataParallel, one thread for all GPUs",
  minibatch: hybridArtifactMinibatch,
};

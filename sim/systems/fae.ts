/**
 * FAE: hot minibatches wholly on GPUs, each with all hot rows; cold ones as the hybrid system trains them. Slipstream
 * dlrm_fae.py (`parallel_forward`).
 *
 * Paper mode all-reduces the gradients of dense parameters and of the hot rows met. Artifact mode replicates the whole hot
 * table and the dense parameters on every iteration with one thread for all GPUs, and copies hot rows one by one at a switch.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import { allreduce, bytesUs, type Context, download, peerCopy, upload } from "../context.ts";
import type { GraphBuilder } from "../graph.ts";
import { Lane } from "../lane.ts";
import { lookupForward, sparseGradients, sparseUpdate } from "../ops.ts";
import type { Extra, System } from "../system.ts";
import { frozenOf, resize, type Work, type Workload } from "../work.ts";
import {
  beginStep,
  bottomBackward,
  bottomForward,
  type CpuSoftware,
  finishForward,
  towerBackward,
  towerForward,
  updateDense,
} from "./dlrm_steps.ts";
import { hybridArtifactMinibatch, hybridMinibatch, seesLookups } from "./hybrid.ts";
import { snapshotExtras } from "./snapshots.ts";

/**
 * Forward and backward of a lane's inputs with all rows on its GPU, up to the gradients; the update of the rows apart, which
 * leaves out those that are frozen.
 */
export function deviceForwardBackward(
  lane: Lane,
  context: Context,
  graph: GraphBuilder,
  work: Work,
  waitsForLoss = true,
): () => void {
  const { steps, tables } = context;
  const { inputs } = work;
  // Each step makes a call a table; repeated rows are told apart within a step.
  const lookups = {
    lookups: work.lookups / steps,
    unique: Math.min(work.unique_rows, work.lookups / steps),
    bags: inputs * tables,
    calls: tables,
  };
  const [forward, gradients] = [
    [lookupForward(context, lookups)],
    [sparseGradients(context, lookups)],
  ];
  for (let step = 0; step < steps; step++) {
    bottomForward(lane, context, inputs);
    lane.run(forward);
    towerForward(lane, context, inputs);
  }
  finishForward(lane, context, graph, inputs, waitsForLoss);
  for (let step = 0; step < steps; step++) {
    towerBackward(lane, context, inputs);
    lane.run(gradients);
    bottomBackward(lane, context, inputs);
  }
  const updated = 1 - frozenOf(work) / work.unique_rows;
  return () => lane.run([sparseUpdate(context, updated * work.lookups)]);
}

/** Indices and offsets as 64-bit integers and the dense features: 16 bytes a lookup. */
function uploadInputs(
  lane: Lane,
  context: Context,
  graph: GraphBuilder,
  work: Work,
): void {
  const { machine: { framework }, denseFeatures, steps } = context;
  const bytes = 16 * work.lookups + 4 * work.inputs * (denseFeatures * steps + 1);
  // Indices, offsets, dense features and labels, each in one tensor.
  const copies = 4;
  const call = lane.call(
    copies * (framework.copy_us + framework.gap_us + framework.launch_us),
    "upload",
    "indices and dense features",
  );
  lane.wait([upload(graph, context, lane.gpu, bytes, [call], "indices and dense features")]);
}

/** A hot minibatch, paper mode. */
function hotMinibatch(work: Work, context: Context, graph: GraphBuilder): void {
  const { gpus, tables } = context;
  const share = resize(work, work.inputs / gpus, tables);
  const lanes = Array.from({ length: gpus }, (_, g) => new Lane(graph, context, g));
  const updates = lanes.map((lane) => {
    beginStep(lane, context);
    uploadInputs(lane, context, graph, share);
    return deviceForwardBackward(lane, context, graph, share);
  });
  const bytes = context.denseBytes + (work.unique_rows - frozenOf(work)) * context.rowBytes;
  for (const lane of lanes) lane.synchronise();
  const reduced = allreduce(graph, context, bytes, lanes.flatMap(({ done }) => done));
  for (const [g, lane] of lanes.entries()) {
    if (reduced !== null) lane.wait([reduced]);
    updateDense(lane, context);
    updates[g]!();
  }
}

/** A hot minibatch, artifact mode. */
function hotArtifactMinibatch(work: Work, context: Context, graph: GraphBuilder): void {
  const { gpus, tables, denseBytes, hotRows, rowBytes, machine: { framework } } = context;
  const share = resize(work, work.inputs / gpus, tables);
  const lanes = Array.from({ length: gpus }, (_, g) => new Lane(graph, context, g, 0));
  const first = lanes[0]!;
  beginStep(first, context);
  if (gpus > 1) {
    const tensors = (gpus - 1) * (context.denseTensors + 1);
    const call = first.call(
      tensors * (framework.copy_us + framework.gap_us + framework.launch_us),
      "allreduce",
      "replicate",
    );
    const bytes = (gpus - 1) * (denseBytes + hotRows * rowBytes);
    const copied = peerCopy(graph, context, "allreduce", bytes, [call], "replicate hot table");
    for (const lane of lanes) lane.waitOnDevice([copied]);
  }
  const updates = lanes.map((lane) => {
    uploadInputs(lane, context, graph, share);
    return deviceForwardBackward(lane, context, graph, share);
  });
  for (const lane of lanes) lane.synchronise();
  if (gpus > 1) {
    const bytes = (gpus - 1) * denseBytes + (gpus - 1) / gpus * work.lookups * rowBytes;
    const sources = lanes.flatMap(({ done }) => done);
    first.wait([peerCopy(graph, context, "allreduce", bytes, sources, "reduce gradients")]);
  }
  updateDense(first, context);
  updates[0]!();
}

/**
 * Copies of the hot rows between host and GPUs, half of them in each direction: those that the trace's run made, or all rows
 * as often as the parameters say.
 */
function syncExtras(workload: Workload, context: Context, perRow: boolean): Extra[] {
  const { machine: { cpu }, parameters, gpus, hotRows, rowBytes } = context;
  const { copies } = workload;
  // Values alone: the artifact leaves Adagrad's state where it is.
  const bytes = copies === undefined ? hotRows * rowBytes : copies.bytes / copies.times;
  const times = copies === undefined
    ? parameters.switches_per_epoch / 2 * workload.epochs
    : copies.times / 2;
  if (perRow) {
    const us = hotRows * parameters.sync_row_us;
    return [{
      label: "copy hot rows one by one, both ways",
      times,
      build(graph) {
        const up = graph.add("sync-hot", "host:0", us, [], "hot rows to the GPU", bytes);
        graph.add("sync-hot", "host:0", us, [up], "hot rows to the host", bytes);
      },
    }];
  }
  return [{
    label: "copy hot rows to the GPUs",
    times,
    build(graph) {
      const us = bytesUs(bytes, cpu.dram_random_gb_s);
      const read = graph.add("sync-hot", "dram", us, [], "gather hot rows", bytes);
      for (let g = 0; g < gpus; g++) {
        upload(graph, context, g, bytes, [read], "hot rows to the GPU", true, "sync-hot");
      }
    },
  }, {
    label: "copy hot rows to the host",
    times,
    build(graph) {
      const arrived = download(
        graph,
        context,
        0,
        bytes,
        [],
        "hot rows to the host",
        true,
        "sync-hot",
      );
      const us = bytesUs(bytes, cpu.dram_random_gb_s);
      graph.add("sync-hot", "dram", us, [arrived], "scatter hot rows", bytes);
    },
  }];
}

/** FAE whose cold minibatches run under one software, paper mode. */
function faeWith(name: string, summary: string, software: CpuSoftware): System {
  return {
    name,
    summary,
    needsHot: true,
    skips: false,
    rowsOnGpus: false,
    minibatches: (workload) => workload.all,
    sees: (work) =>
      work.kind === "cold"
        ? { ...seesLookups(work), kind: "cold" }
        : { ...withoutFrozen(work), kind: "hot" },
    minibatch(work, context, graph) {
      if (work.kind === "cold") hybridMinibatch(work, context, graph, software);
      else hotMinibatch(work, context, graph);
    },
    extras: (workload, context) => syncExtras(workload, context, false),
  };
}

/** Every row of a minibatch is updated. */
function withoutFrozen({ frozen_rows: _, ...work }: Work): Work {
  return work;
}

/** Paper mode, cold minibatches in plain PyTorch as its own program has them. */
export const fae: System = faeWith(
  "fae",
  "FAE, paper mode: hot minibatches on GPUs with all-reduced gradients, cold ones as pytorch-hybrid",
  "pytorch_lookup_ns",
);

/** Paper mode, cold minibatches with Intel's kernels. */
export const faeIntel: System = faeWith(
  "fae-intel",
  "FAE with its cold minibatches as intel-dlrm trains them",
  "intel_lookup_ns",
);

/** Artifact mode. */
export const faeArtifact: System = {
  ...fae,
  name: "fae-artifact",
  summary: "FAE, artifact mode: hot table replicated each iteration, hot rows copied one by one",
  minibatch(work, context, graph) {
    if (work.kind === "cold") hybridArtifactMinibatch(work, context, graph);
    else hotArtifactMinibatch(work, context, graph);
  },
  extras: (workload, context) => syncExtras(workload, context, true),
};

/** FAE that leaves out the updates of frozen rows, as a trace of the plan `freeze` has them. */
export const freeze: System = {
  ...fae,
  name: "freeze",
  summary: "FAE without the updates of the rows that a trace of the plan freeze has frozen",
  sees: (work) => work.kind === "cold" ? fae.sees!(work) : { ...work, kind: "hot" },
  minibatches(workload) {
    if (workload.all.every(({ work }) => frozenOf(work) === 0)) {
      throw new UserError(
        "Cannot simulate freeze: the trace has no frozen rows, so give one of the plan freeze",
      );
    }
    return workload.all;
  },
  extras: (workload, context) => [
    ...fae.extras(workload, context),
    ...snapshotExtras(workload, context, true),
  ],
};

/**
 * XDL in its mixed CPU-GPU form: a parameter server in host memory holds all parameters; a worker a GPU de-duplicates its
 * lookups, pulls rows, trains, and pushes gradients. The structure is recalled from its documentation; its cost a lookup and
 * a step are free parameters (`xdl_scale`).
 *
 * @module
 */

import { bytesUs, type Context, download, updateFactor, upload } from "../context.ts";
import type { GraphBuilder } from "../graph.ts";
import { Lane } from "../lane.ts";
import type { System } from "../system.ts";
import { resize, type Work } from "../work.ts";
import {
  bottomBackward,
  bottomForward,
  finishForward,
  towerBackward,
  towerForward,
} from "./dlrm_steps.ts";

function minibatch(work: Work, context: Context, graph: GraphBuilder): void {
  const { gpus, steps, tables, rowBytes, denseBytes, parameters, machine: { cpu } } = context;
  const share = resize(work, work.inputs / gpus, tables);
  // Each worker de-duplicates its own lookups.
  const pulled = gpus * share.unique_rows;
  const softwareUs = parameters.xdl_scale * parameters.xdl_lookup_ns * work.lookups / 1000;
  const server = (
    stage: "gather" | "update-rows",
    randomBytes: number,
    after: readonly number[],
    label: string,
  ): number => {
    // Rows or gradients with their 8-byte ids, and every worker's dense parameters.
    const copied = parameters.xdl_copies * (pulled * (8 + rowBytes) + gpus * denseBytes);
    const us = bytesUs(randomBytes, cpu.dram_random_gb_s) + bytesUs(copied, cpu.dram_stream_gb_s);
    const software = graph.add(stage, "cpu", Math.max(0, softwareUs / 2 - us), after, label);
    return graph.add(stage, "dram", us, [software], label, randomBytes + copied);
  };
  const lanes = Array.from({ length: gpus }, (_, g) => new Lane(graph, context, g));
  const parsed = lanes.map(({ thread }) =>
    graph.add(
      "prepare",
      `host:${thread}`,
      parameters.xdl_scale * parameters.xdl_step_us,
      [],
      "TensorFlow's and XDL's own time",
    )
  );
  const arrived = server("gather", pulled * rowBytes, parsed, "pull");
  const dense = 4 * share.inputs * context.denseFeatures * steps;
  const bytes = share.unique_rows * rowBytes + 4 * share.lookups + dense + denseBytes;
  const left: number[] = [];
  for (const lane of lanes) {
    lane.wait([
      upload(graph, context, lane.gpu, bytes, [arrived], "rows, indices, dense parameters"),
    ]);
    for (let step = 0; step < steps; step++) {
      bottomForward(lane, context, share.inputs);
      towerForward(lane, context, share.inputs);
    }
    finishForward(lane, context, graph, share.inputs);
    for (let step = 0; step < steps; step++) {
      towerBackward(lane, context, share.inputs);
      bottomBackward(lane, context, share.inputs);
    }
    const back = share.unique_rows * rowBytes + denseBytes;
    left.push(download(graph, context, lane.gpu, back, lane.done, "gradients"));
  }
  server("update-rows", 3 * updateFactor(context) * pulled * rowBytes, left, "push");
}

/** XDL. */
export const xdl: System = {
  name: "xdl",
  summary: "XDL: parameter server in host memory, a worker a GPU",
  needsHot: false,
  skips: false,
  rowsOnGpus: false,
  minibatches: (workload) => workload.all,
  sees: (work) => ({ ...work, kind: "all" }),
  minibatch,
  extras: () => [],
};

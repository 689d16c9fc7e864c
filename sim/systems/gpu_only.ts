/**
 * All rows on GPUs, tables dealt to them, lookups of all tables in one fused operation; vectors and their gradients cross in
 * all-to-all exchanges. FAE over it: every GPU has a copy of the hot rows, so that hot minibatches need no exchange and
 * all-reduce the gradients of the hot rows that they met instead.
 *
 * @module
 */

import {
  allreduce,
  bytesUs,
  type Context,
  download,
  exchange,
  nodesOf,
  peerCopy,
  upload,
} from "../context.ts";
import type { GraphBuilder } from "../graph.ts";
import { Lane } from "../lane.ts";
import { copyPasses, denseRowUpdate, fusedUpdate, lookupForward } from "../ops.ts";
import { EAGER, type Program, TENSORFLOW_2 } from "../program.ts";
import type { Extra, System } from "../system.ts";
import type { Work, Workload } from "../work.ts";
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

/** Where rows are: dealt to the GPUs, all of them or those that are cached; or on every GPU. */
type Rows = "dealt" | "cached" | "copied";

function minibatch(work: Work, context: Context, graph: GraphBuilder, where: Rows): void {
  const { gpus, steps, tables, machine: { framework }, shape } = context;
  const program: Program = context.program ?? EAGER;
  const inputs = work.inputs / gpus;
  // Of the GPU that has most; tables are dealt evenly unless the program says otherwise.
  const split = program.bottomOnFirst && gpus > 1;
  const share = split ? Math.ceil(tables / (gpus - 1)) / tables : 1 / gpus;
  const lookups = {
    lookups: work.lookups / steps * share,
    unique: Math.min(work.unique_rows, work.lookups / steps) * share,
    bags: work.inputs * tables * share,
    calls: program.denseRows ? tables * share : 1,
  };
  const lanes = Array.from({ length: gpus }, (_, g) => new Lane(graph, context, g));
  // Of a step: pooling comes before the exchange.
  const narrow = program.narrowExchange && context.precision === "half" ? 0.5 : 1;
  const held = narrow * activationBytes(work, context) / steps * share;
  const cross = (label: string): void => {
    if (where === "copied" || gpus === 1) return;
    const passes = program.exchangePasses ?? 0;
    const pass = () => lanes.forEach((lane) => lane.run([copyPasses(context, held, passes)]));
    if (passes > 0) pass();
    const done = exchange(graph, context, held, lanes.flatMap(({ done }) => done), label);
    for (const lane of lanes) lane.waitOnDevice(done);
    if (passes > 0) pass();
  };
  const rowsHere = shape.parameters.embedding / shape.dim * share;
  const updated = program.denseRows
    ? denseRowUpdate(context, rowsHere, lookups.calls)
    : fusedUpdate(context, lookups);
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
  const missed = where === "cached" ? work.unique_cold_rows * context.rowBytes : 0;
  if (missed > 0) fetchMissed(lanes, context, graph, missed);
  for (let step = 0; step < steps; step++) {
    for (const lane of lanes) {
      if (!split || lane.gpu > 0) lane.run([lookupForward(context, lookups)]);
      if (!split || lane.gpu === 0) bottomForward(lane, context, split ? work.inputs : inputs);
    }
    cross("vectors to all");
    for (const lane of lanes) towerForward(lane, context, inputs);
  }
  for (const lane of lanes) finishForward(lane, context, graph, inputs);
  for (let step = 0; step < steps; step++) {
    for (const lane of lanes) towerBackward(lane, context, inputs);
    cross("gradients to all");
    for (const lane of lanes) {
      if (!split || lane.gpu > 0) lane.run([updated]);
      if (!split || lane.gpu === 0) bottomBackward(lane, context, split ? work.inputs : inputs);
    }
  }
  if (missed > 0) returnMissed(lanes, context, graph, missed);
  const rows = where === "copied" ? work.unique_rows * context.rowBytes : 0;
  const sources = lanes.flatMap(({ done }) => done);
  const reduced = allreduce(graph, context, context.denseBytes + rows, sources);
  for (const lane of lanes) {
    if (reduced !== null) lane.waitOnDevice([reduced]);
    updateDense(lane, context);
  }
}

/** Rows that the caches lack, with their optimizer's state: gathered in host memory and sent, each GPU its part. */
function fetchMissed(
  lanes: readonly Lane[],
  context: Context,
  graph: GraphBuilder,
  bytes: number,
): void {
  const { machine: { cpu, framework } } = context, moved = withState(context, bytes);
  const calls = lanes.map((lane) =>
    lane.call(framework.copy_us + framework.gap_us, "gather", "rows that the cache lacks")
  );
  const us = bytesUs(moved, cpu.dram_random_gb_s);
  const gathered = graph.add("gather", "dram", us, calls, "missed rows", moved);
  const part = moved / lanes.length;
  for (const lane of lanes) {
    lane.waitOnDevice([upload(graph, context, lane.gpu, part, [gathered], "missed rows", true)]);
  }
}

/** Their way back once they have been updated, for which the next minibatch waits. */
function returnMissed(
  lanes: readonly Lane[],
  context: Context,
  graph: GraphBuilder,
  bytes: number,
): void {
  const { machine: { cpu } } = context, moved = withState(context, bytes);
  const arrived = lanes.map((lane) =>
    download(graph, context, lane.gpu, moved / lanes.length, lane.done, "missed rows", true)
  );
  const us = bytesUs(moved, cpu.dram_random_gb_s);
  graph.add("update-rows", "dram", us, arrived, "missed rows written back", moved);
}

/** Bytes of rows together with what their optimizer keeps of them. */
function withState({ optimizer, rowBytes }: Context, bytes: number): number {
  if (optimizer === "adagrad") return 2 * bytes;
  return optimizer === "rowwise-adagrad" ? bytes * (1 + 4 / rowBytes) : bytes;
}

/** GPU only. */
export const gpuOnly: System = {
  name: "gpu-only",
  summary: "All rows on GPUs, tables dealt to them, fused lookups",
  needsHot: false,
  skips: false,
  rowsOnGpus: true,
  minibatches: (workload) => workload.all,
  minibatch: (work, context, graph) => minibatch(work, context, graph, "dealt"),
  extras: () => [],
};

/** Contexts with a program, by those without: operations of a context are kept with it. */
const COMPILED = new WeakMap<Context, Context>();

/** GPU only, as a compiled program runs it. */
export const gpuOnlyTf2: System = {
  ...gpuOnly,
  name: "gpu-only-tf2",
  summary: "gpu-only as TensorFlow 2 with XLA and Horovod runs it",
  minibatch(work, context, graph) {
    let compiled = COMPILED.get(context);
    if (compiled === undefined) {
      COMPILED.set(context, compiled = { ...context, program: TENSORFLOW_2 });
    }
    minibatch(work, compiled, graph, "dealt");
  },
};

/** Rows in host memory, the hot ones in caches of the GPUs' memory: unified memory with a software cache, as TorchRec has it. */
export const gpuCached: System = {
  ...gpuOnly,
  name: "gpu-cached",
  summary: "Rows in host memory, the hot ones cached on the GPUs, which train all of them",
  needsHot: true,
  rowsOnGpus: false,
  minibatch: (work, context, graph) => minibatch(work, context, graph, "cached"),
};

/** FAE over sharded tables. */
export const faeGpuOnly: System = {
  ...gpuOnly,
  name: "fae-gpu-only",
  summary:
    "FAE over gpu-only: every GPU has a copy of the hot rows, hot minibatches need no exchange",
  needsHot: true,
  minibatch: (work, context, graph) =>
    minibatch(
      work,
      context,
      graph,
      work.kind === "cold" || work.kind === "all" ? "dealt" : "copied",
    ),
  extras: copies,
};

/** Hot rows from their tables' GPUs to all, and back once they have changed. Nothing to copy on one GPU. */
function copies(workload: Workload, context: Context): Extra[] {
  const { gpus, hotRows, rowBytes, parameters, machine: { network } } = context;
  if (gpus === 1) return [];
  const { nodes } = nodesOf(context), bytes = hotRows * rowBytes;
  return [{
    label: "copy hot rows between the GPUs",
    times: parameters.switches_per_epoch * workload.epochs,
    build(graph) {
      const after: number[] = [];
      if (nodes > 1) {
        const sent = (nodes - 1) / nodes * bytes;
        const us = network!.latency_us + bytesUs(sent, network!.bandwidth_gb_s);
        after.push(graph.add("sync-hot", "network", us, [], "hot rows between nodes", sent));
      }
      peerCopy(graph, context, "sync-hot", (gpus - 1) / gpus * bytes, after, "hot rows");
    },
  }];
}

/**
 * Hotline: an accelerator splits each minibatch into a popular part, whose rows lie in the GPUs' memory, and a rest, whose
 * other rows it gathers from host memory while the GPUs train the popular part. Known from its abstract; details recalled.
 *
 * @module
 */

import { allreduce, bytesUs, type Context, download, updateFactor, upload } from "../context.ts";
import type { GraphBuilder } from "../graph.ts";
import { Lane } from "../lane.ts";
import type { System } from "../system.ts";
import { resize, type Work, type WorkClass, type Workload } from "../work.ts";
import { beginStep, updateDense } from "./dlrm_steps.ts";
import { deviceForwardBackward } from "./fae.ts";

/** Mixed minibatches of the inputs of some classes: each has the mean counts of both kinds, by their shares. */
function mix(classes: readonly WorkClass[], workload: Workload): WorkClass[] {
  const tables = workload.header.model.table_rows.length;
  const hot = classes.filter(({ work }) => work.kind !== "cold");
  const cold = classes.filter(({ work }) => work.kind === "cold");
  const inputs = (some: readonly WorkClass[]) =>
    some.reduce((sum, { work, times }) => sum + work.inputs * times, 0);
  const all = inputs(classes);
  if (all === 0) return [];
  const part = (some: readonly WorkClass[]): Work | null => {
    const share = inputs(some) / all;
    return share === 0 ? null : resize(mean(some), share * workload.batch, tables);
  };
  const popular = part(hot), rest = part(cold);
  const sum = (name: "lookups" | "unique_rows" | "cold_lookups" | "unique_cold_rows") =>
    (popular?.[name] ?? 0) + (rest?.[name] ?? 0);
  const work: Work = {
    kind: "all",
    inputs: workload.batch,
    lookups: sum("lookups"),
    unique_rows: sum("unique_rows"),
    cold_lookups: sum("cold_lookups"),
    unique_cold_rows: sum("unique_cold_rows"),
    parts: { popular, rest },
  };
  return [{ work, times: all / workload.batch }];
}

/** The mean minibatch of some classes of one kind. */
function mean(classes: readonly WorkClass[]): Work {
  let times = 0;
  const sums = { inputs: 0, lookups: 0, unique_rows: 0, cold_lookups: 0, unique_cold_rows: 0 };
  const names = Object.keys(sums) as (keyof typeof sums)[];
  for (const entry of classes) {
    times += entry.times;
    for (const name of names) sums[name] += entry.work[name] * entry.times;
  }
  for (const name of names) sums[name] /= times;
  return { kind: classes[0]!.work.kind, ...sums };
}

/**
 * Minibatches of a workload: mixed in one proportion, or, where hot inputs are skipped, in two, before the decision and
 * after it.
 */
export function hotlineMinibatches(
  classes: readonly WorkClass[],
  workload: Workload,
  skipping: boolean,
): WorkClass[] {
  const early = classes.filter(({ work }) => work.kind === "warm-up" || work.kind === "window");
  if (!skipping || early.length === 0) return mix(classes, workload);
  const inputs = (some: readonly WorkClass[]) =>
    some.reduce((sum, { work, times }) => sum + work.inputs * times, 0);
  const hotInputs = inputs(workload.all.filter(({ work }) => work.kind !== "cold"));
  // Cold inputs are spread over the epoch as hot ones are.
  const share = inputs(early) / hotInputs;
  const cold = (factor: number) =>
    classes.filter(({ work }) => work.kind === "cold")
      .map((entry) => ({ ...entry, times: entry.times * factor }));
  const late = classes.filter(({ work }) => work.kind === "hot");
  return [
    ...mix([...early, ...cold(share)], workload),
    ...mix([...late, ...cold(1 - share)], workload),
  ];
}

/** One mixed minibatch. */
function hotlineMinibatch(work: Work, context: Context, graph: GraphBuilder): void {
  const { gpus, tables, rowBytes, parameters, machine: { cpu } } = context;
  if (work.parts === undefined) {
    throw new RangeError(
      "Cannot run the minibatch: it is not split into a popular part and a rest",
    );
  }
  const { popular, rest } = work.parts;
  const whole = Array.from({ length: gpus }, (_, g) => new Lane(graph, context, g));
  // The accelerator sends rows to each link as it reads them, so both take their time at once.
  const ready: number[][] = whole.map(() => []);
  if (rest !== null) {
    const bytes = rest.unique_cold_rows * rowBytes;
    const rate = cpu.dram_random_gb_s * parameters.hotline_gather_share;
    const read = graph.add("gather", "dram", bytesUs(bytes, rate), [], "gather other rows", bytes);
    for (let g = 0; g < gpus; g++) {
      const sent = upload(graph, context, g, bytes / gpus, [], "other rows to the GPU", true);
      ready[g]!.push(read, sent);
    }
  }
  const updates: (() => void)[] = [];
  for (const lane of whole) {
    if (popular === null) continue;
    beginStep(lane, context);
    const share = resize(popular, popular.inputs / gpus, tables);
    // Both parts make one minibatch, whose loss is read once, at its end.
    updates.push(deviceForwardBackward(lane, context, graph, share, rest === null));
  }
  const last = rest === null ? whole : whole.map((lane) => {
    const share = resize(rest, rest.inputs / gpus, tables);
    const overhead = popular === null ? 1 : parameters.hotline_second_share;
    const second = new Lane(graph, context, lane.gpu, lane.thread, overhead);
    beginStep(second, context);
    second.wait(ready[lane.gpu]!);
    updates.push(deviceForwardBackward(second, context, graph, share));
    return second;
  });
  for (const lane of last) lane.synchronise();
  const hotRows = work.unique_rows - work.unique_cold_rows;
  const reduced = allreduce(
    graph,
    context,
    context.denseBytes + hotRows * rowBytes,
    last.flatMap(({ done }) => done),
  );
  for (const lane of last) {
    if (reduced !== null) lane.wait([reduced]);
    updateDense(lane, context);
  }
  for (const update of updates) update();
  if (rest === null) return;
  const bytes = rest.unique_cold_rows * rowBytes;
  const back = last.map((lane) =>
    download(graph, context, lane.gpu, bytes / gpus, lane.done, "other rows to the host", true)
  );
  const written = 2 * updateFactor(context) * bytes;
  const us = bytesUs(written, cpu.dram_random_gb_s * parameters.hotline_gather_share);
  graph.add("update-rows", "dram", us, back, "write other rows", written);
}

/** Hotline. */
export const hotline: System = {
  name: "hotline",
  summary: "Hotline: popular part on GPUs while an accelerator gathers the rows of the rest",
  needsHot: true,
  skips: false,
  rowsOnGpus: false,
  minibatches: (workload) => hotlineMinibatches(workload.all, workload, false),
  minibatch: hotlineMinibatch,
  extras: () => [],
};

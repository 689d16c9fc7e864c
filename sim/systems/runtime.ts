/**
 * This project's own trainer on a machine that `calibrate` has measured: the operations that the trainer records, at their
 * measured costs. One device; rows lie where the trace's placement says.
 *
 * On the CPU device everything follows each other on the cores. A device of its own works on one minibatch while the host
 * prepares the next, unless rows are in host memory, where each waits for the other's vectors.
 *
 * @module
 */

import { UsageError, UserError } from "../../core/errors.ts";
import { stateFloats } from "../../kernels/embedding/record.ts";
import type { ModelShape } from "../../train/model/models.ts";
import { StepLedger } from "../../train/model/step_ledger.ts";
import type { MinibatchPlace } from "../../train/trace/schema.ts";
import type { Context } from "../context.ts";
import type { GraphBuilder, Resource } from "../graph.ts";
import { costAt } from "../runtime/cost_table.ts";
import { minibatchTasks, type RuntimeTask, sourceKind, stepUs } from "../runtime/predict.ts";
import { type RuntimeRates, type SourceName, SOURCES } from "../runtime/rates.ts";
import type { Extra, System } from "../system.ts";
import type { Work, WorkClass, Workload } from "../work.ts";

/** What is known of a context once. */
interface Known {
  readonly rates: RuntimeRates;
  readonly ledger: StepLedger;
  readonly source: SourceName;
}

const KNOWN = new WeakMap<Context, Known>();

/** Inputs sampled for the threshold where the trace does not say. */
const SAMPLED = 20_000;

function knownOf(context: Context): Known {
  const known = KNOWN.get(context);
  if (known !== undefined) return known;
  const { machine, header, gpus, shape: model } = context;
  const rates = machine.runtime;
  if (rates === undefined || header === undefined) {
    throw new UserError(
      `Cannot simulate runtime on machine ${machine.name}: it has no costs of this project's runtime, so give a file that calibrate wrote`,
    );
  }
  if (gpus !== 1) {
    throw new UsageError(`Cannot simulate runtime on ${gpus} GPUs: it trains on one device`);
  }
  const { table_rows: tableRows, dim, bottom, top, steps, attention, final } = model;
  const tower = { tableRows, dim, bottom, top };
  const shape: ModelShape = steps === undefined
    ? tower
    : { ...tower, steps, attention: attention!, final: final! };
  const made: Known = {
    rates,
    ledger: new StepLedger({
      shape,
      optimizer: context.optimizer,
      maxBatch: 2 ** 22,
      device: rates.fingerprint.device,
      // Their numbers are of no account, only that there is a table of each.
      hotRows: header.plan.hot?.rows_per_table ?? null,
      normalisation: header.normalisation ?? "none",
    }),
    source: SOURCES.find((name) => header.dataset.format.replace(":", "-") === name) ??
      (steps === undefined ? "single" : "steps"),
  };
  KNOWN.set(context, made);
  return made;
}

function minibatch(work: Work, context: Context, graph: GraphBuilder): void {
  const { rates, ledger, source } = knownOf(context);
  const { placement } = context.header!;
  const hotCopy = placement === "hot" && work.kind !== "cold" && work.kind !== "all";
  const place: MinibatchPlace = placement === "hot"
    ? (hotCopy ? "device" : "hybrid")
    : placement === "host" || placement === "hybrid"
    ? placement
    : "device";
  const tasks = minibatchTasks(rates, ledger, {
    place,
    hotCopy,
    inputs: Math.max(1, Math.round(work.inputs)),
    lookups: Math.max(1, Math.round(work.lookups)),
    unique: Math.round(work.unique_rows),
    source,
    candidates: null,
  });
  const cpu = rates.fingerprint.device === "cpu";
  const serial = cpu || tasks.some(({ stage }) => stage === "download");
  let last: number[] = [];
  const add = ({ stage, on, us, label, bytes, flops }: RuntimeTask): void => {
    const resource: Resource = cpu ? "cpu" : on === "host" ? "host:0" : "gpu:0";
    const task = graph.add(stage, resource, us, serial ? last : [], label, bytes, flops);
    last = [task];
  };
  const loop = { stage: "prepare", on: "host", label: "loop", bytes: 0, flops: 0 } as const;
  add({ ...loop, us: stepUs(rates) });
  for (const task of tasks) add(task);
}

function extras(workload: Workload, context: Context): Extra[] {
  const { rates: { costs, fingerprint }, source } = knownOf(context);
  const { hotRows, optimizer, shape, each, header } = context;
  const { dim } = shape;
  const { plan, placement } = header!;
  const kind = sourceKind(source);
  const resource: Resource = fingerprint.device === "cpu" ? "cpu" : "host:0";
  const found: Extra[] = [];
  const add = (
    label: string,
    stage: Parameters<GraphBuilder["add"]>[0],
    us: number,
    times = workload.epochs,
  ): void => {
    found.push({
      label,
      times,
      build: (graph) => void graph.add(stage, resource, us, [], label),
    });
  };
  if (placement === "hot" && workload.tellsHot) {
    const all = shape.table_rows.reduce((sum, rows) => sum + rows, 0);
    const width = dim + stateFloats(optimizer, dim), { copies } = workload;
    // What the trace's run copied, half each way, where it tells; else all hot rows once each way an epoch.
    const moved = copies === undefined
      ? hotRows
      : Math.min(hotRows, copies.bytes / copies.times / (4 * width));
    const times = copies === undefined ? workload.epochs : copies.times / 2;
    const place = [all / Math.max(1, hotRows), moved, width];
    add("copy hot rows to the device", "sync-hot", costAt(costs["sync-load"]!, place), times);
    add("copy hot rows to the host", "sync-hot", costAt(costs["sync-store"]!, place), times);
  }
  if (workload.skipped > 0 && hotRows > 0) {
    const inputsOf = (classes: readonly WorkClass[]): number =>
      classes.reduce(
        (sum, { work, times }) => work.kind === "hot" ? sum + work.inputs * times : sum,
        0,
      ) / workload.epochs;
    const skipped = workload.skipped / workload.epochs;
    const kept = inputsOf(workload.kept), looked = kept + skipped;
    const sampled = plan.decisions[0]?.sampled ?? Math.min(looked, SAMPLED);
    add("two snapshots", "snapshot", costAt(costs["snapshot"]!, [hotRows, dim]));
    add(
      "search for the threshold",
      "search",
      costAt(costs[`search/${kind}`]!, [sampled * each]),
    );
    add(
      "classify, and read what is skipped",
      "classify",
      costAt(costs[`classify/${kind}`]!, [looked * each]) +
        costAt(costs[`read/${source}`]!, [skipped * each]) +
        costAt(costs[`keep/${kind}`]!, [kept * each]),
    );
  }
  return found;
}

/** This project's trainer. */
export const runtime: System = {
  name: "runtime",
  summary: "This project's own trainer, on a machine that calibrate has measured",
  needsHot: false,
  skips: true,
  rowsOnGpus: false,
  minibatches(workload, context) {
    knownOf(context);
    return workload.kept;
  },
  minibatch,
  extras,
};

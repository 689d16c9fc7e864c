/**
 * Time of one minibatch on this project's runtime: the operations that the trainer itself records, at the costs that were
 * measured on the machine.
 *
 * @module
 */

import type { LedgerEntry, LedgerOp } from "../../kernels/ledger.ts";
import type { StepLedger } from "../../train/model/step_ledger.ts";
import { type Stage, stageOf } from "../../train/stages.ts";
import type { MinibatchPlace } from "../../train/trace/schema.ts";
import { costAt } from "./cost_table.ts";
import {
  PAIR_OPS,
  PLAIN_OPS,
  PRODUCT_OPS,
  ROW_OPS,
  type RuntimeRates,
  type SourceName,
} from "./rates.ts";

/** One thing that a minibatch takes time for. */
export interface RuntimeTask {
  readonly stage: Stage;
  /** Where it runs: on the host's thread (with the CPU device, on all threads), or on a separate device. */
  readonly on: "host" | "device";
  readonly us: number;
  readonly label: string;
  readonly bytes: number;
  readonly flops: number;
}

/** Counts of a minibatch and where it is trained. */
interface RuntimeMinibatch {
  readonly place: MinibatchPlace;
  /** Whether its rows are those of the second copy of hot rows, on the device. */
  readonly hotCopy: boolean;
  readonly inputs: number;
  readonly lookups: number;
  /** Different rows. */
  readonly unique: number;
  /** Where its inputs come from. */
  readonly source: SourceName;
  /** Inputs that were looked at for it, if inputs are classified before they are trained; null otherwise. */
  readonly candidates: number | null;
}

/** Whether inputs of a source are sequences. */
export function sourceKind(source: SourceName): "single" | "steps" {
  return source === "steps" || source === "twin-rm1" ? "steps" : "single";
}

/** What the loop itself takes a minibatch, beside all stages, in microseconds. */
export function stepUs({ costs }: RuntimeRates): number {
  return costAt(costs["step"]!, []);
}

/** Everything a minibatch takes time for, in order, without what the loop itself takes. */
export function minibatchTasks(
  rates: RuntimeRates,
  ledger: StepLedger,
  minibatch: RuntimeMinibatch,
): RuntimeTask[] {
  const { place, hotCopy, inputs, lookups, unique } = minibatch;
  const tasks: RuntimeTask[] = [];
  const host = (stage: Stage, us: number, label: string, bytes = 0): void => {
    tasks.push({ stage, on: "host", us, label, bytes, flops: 0 });
  };
  for (const { stage, us, label } of preparation(rates, minibatch)) host(stage, us, label);
  const { device, host: hosts, packed } = ledger.step(place, hotCopy, { inputs, lookups, unique });
  if (packed > 0) host("upload", costAt(rates.costs["pack"]!, [packed]), "dense features padded");
  const apart = rates.fingerprint.device !== "cpu" && place !== "host";
  // The vectors leave the host on their way up; what it is given afterwards came down.
  let link: Stage = "upload";
  for (const entry of hosts) {
    tasks.push(...entryTasks(rates, entry, "host", link));
    if (entry.kind === "read") link = "download";
  }
  link = "upload";
  for (const entry of device) {
    tasks.push(...entryTasks(rates, entry, apart ? "device" : "host", link));
    if (entry.kind === "run" && entry.ops.some(({ op }) => op === "bce")) link = "download";
  }
  return tasks;
}

/** Sums by stage, in microseconds. */
export function stageSums(tasks: readonly RuntimeTask[]): Partial<Record<Stage, number>> {
  const sums: Partial<Record<Stage, number>> = {};
  for (const { stage, us } of tasks) sums[stage] = (sums[stage] ?? 0) + us;
  return sums;
}

/** The host's work before a minibatch is uploaded. */
function preparation(
  { costs }: RuntimeRates,
  { inputs, lookups, hotCopy, source, candidates }: RuntimeMinibatch,
): { readonly stage: Stage; readonly us: number; readonly label: string }[] {
  const kind = sourceKind(source);
  const each = lookups / inputs;
  const read = (many: number): number => costAt(costs[`read/${source}`]!, [many * each]);
  const group = costAt(costs[`group/${kind}/${hotCopy ? "hot" : "full"}`]!, [lookups]);
  if (candidates === null) {
    return [
      { stage: "prepare", us: read(inputs), label: "read" },
      { stage: "prepare", us: group, label: "group" },
    ];
  }
  return [
    { stage: "prepare", us: read(candidates), label: "read candidates" },
    {
      stage: "classify",
      us: costAt(costs[`classify/${kind}`]!, [candidates * each]),
      label: "classify candidates",
    },
    { stage: "prepare", us: costAt(costs[`keep/${kind}`]!, [lookups]), label: "put together" },
    { stage: "prepare", us: group, label: "group" },
  ];
}

function entryTasks(
  rates: RuntimeRates,
  entry: LedgerEntry,
  on: RuntimeTask["on"],
  link: Stage,
): RuntimeTask[] {
  const { costs } = rates;
  if (entry.kind === "lookups") {
    const { lookups, unique } = entry;
    const us = costAt(costs["write-lookups"]!, [lookups + unique]);
    const bytes = 4 * (2 * lookups + 2 * unique + 1);
    return [{ stage: "upload", on: "host", us, label: "lookups", bytes, flops: 0 }];
  }
  if (entry.kind !== "run") {
    const { kind, bytes } = entry;
    const us = costAt(costs[kind]!, [bytes]);
    return [{ stage: link, on: "host", us, label: kind, bytes, flops: 0 }];
  }
  const start = {
    stage: stageOf(entry.ops[0]!.stage),
    on: "host",
    us: costAt(costs["run"]!, []),
    label: "start",
    bytes: 0,
    flops: 0,
  } as const;
  return [
    start,
    ...entry.ops.map((op): RuntimeTask => ({
      stage: stageOf(op.stage),
      on,
      us: opUs(rates, op),
      label: op.op,
      bytes: op.bytes,
      flops: op.flops,
    })),
  ];
}

/** Time of one operation in microseconds. Throws an `Error` for one that a training step does not have. */
export function opUs({ costs }: RuntimeRates, { op, shape, bytes, tableBytes }: LedgerOp): number {
  if (is(PRODUCT_OPS, op)) {
    const { M, K, N } = shape as { M: number; K: number; N: number };
    return N === 1
      ? costAt(costs[`${op}/column`]!, [M, K])
      : costAt(costs[op]!, productPlace(op, M, K, N));
  }
  if (is(ROW_OPS, op)) {
    const { lookups, unique, dim } = shape as { lookups: number; unique: number; dim: number };
    const place = [dim, Math.max(1e-6, tableBytes / 2 ** 20)];
    const ns = lookups * costAt(costs[`${op}/lookup`]!, place) +
      unique * costAt(costs[`${op}/row`]!, place);
    return ns / 1000;
  }
  if (is(PAIR_OPS, op)) {
    const { B, F, dim } = shape as { B: number; F: number; dim: number };
    return costAt(costs[op]!, [B, F * (F - 1) / 2, dim]);
  }
  if (PLAIN_OPS.some(({ name }) => name === op)) return costAt(costs[op]!, [bytes]);
  throw new Error(`Cannot predict ${op}: no cost is measured for it`);
}

/** A product's place in its table: the columns of its output go in panels of 8. */
export function productPlace(
  op: typeof PRODUCT_OPS[number],
  M: number,
  K: number,
  N: number,
): [number, number, number] {
  const panels = (columns: number): number => 8 * Math.ceil(columns / 8);
  return op === "linear-forward" ? [M, K, panels(N)] : [M, panels(K), N];
}

function is<const T extends readonly string[]>(list: T, name: string): name is T[number] {
  return (list as readonly string[]).includes(name);
}

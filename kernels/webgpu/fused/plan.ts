/**
 * Which launches a program's ops become: most ops a launch of their own, and some together, which saves launches that wait
 * for one another and what passes between them through memory.
 *
 * - The last layer of one output, the loss, and the layer's gradients: one launch (`head.ts`).
 * - Gradients of weights that a dense update reads: they wait for it, then a launch computes several layers' in parts, and
 *   the update adds up the parts, the loss included (`linear/grouped_webgpu.ts`, `update.ts`).
 *
 * Every output of every op is written as if the ops ran one after another, only later: an op waits if none in between
 * reads or writes what it writes, or writes what it reads.
 *
 * @module
 */

import { launchWeightParts, type WeightParts } from "../../linear/grouped_webgpu.ts";
import type { LinearBackwardWeightsArgs } from "../../linear/op.ts";
import { type Argument, argumentsOf, bufferOf } from "../../op.ts";
import type { AnyOp, OpArgs, OpName, OpNamed } from "../../ops.ts";
import type { Matrix, Scalar } from "../../types.ts";
import type { DenseUpdateArgs } from "../../update/op.ts";
import type { LaunchContext } from "../kernel.ts";
import { LAUNCHERS } from "../launchers.ts";
import { type HeadArgs, launchHead, matchHead } from "./head.ts";
import { overlap } from "./places.ts";
import { canSumParts, launchSummedUpdate, type LossParts } from "./update.ts";

/** An op as it was recorded. */
export type RecordedOp = {
  readonly [Name in OpName]: {
    readonly op: OpNamed<Name>;
    readonly args: OpArgs[Name];
    readonly stage: string;
  };
}[OpName];

/** Launches that stand together. */
export interface PlannedLaunch {
  /** Stage that their time is booked on. */
  readonly stage: string;
  /** Appends them. */
  readonly launch: (context: LaunchContext) => void;
}

/** What waits for a dense update. */
interface Waiting {
  readonly weights: LinearBackwardWeightsArgs[];
  /** Whether there is a head among it: one loss an update. */
  head: boolean;
  /** Stage of the first of them. */
  readonly stage: string;
  /** Filled by the launches before the update's. */
  readonly parts: WeightParts[];
  readonly losses: LossParts[];
}

/** The launches of a program's ops, in order. */
export function planLaunches(ops: readonly RecordedOp[]): PlannedLaunch[] {
  const planned: PlannedLaunch[] = [];
  const waiting = new Map<RecordedOp, Waiting>();
  const waitFor = (update: RecordedOp, stage: string): Waiting => {
    let entry = waiting.get(update);
    if (entry === undefined) {
      entry = { weights: [], head: false, stage, parts: [], losses: [] };
      waiting.set(update, entry);
    }
    return entry;
  };
  for (let i = 0; i < ops.length; i++) {
    const recorded = ops[i]!;
    const { stage } = recorded;
    const head = matchHead(ops, i);
    const headUpdate = head === null ? null : updateOfHead(ops, i + 4, head, waiting);
    if (head !== null && headUpdate !== null) {
      const entry = waitFor(headUpdate, ops[i + 1]!.stage);
      entry.head = true;
      planned.push({
        stage: ops[i + 1]!.stage,
        launch(context) {
          const { weights, loss } = launchHead(context, head);
          entry.parts.push(weights);
          entry.losses.push(loss);
        },
      });
      i += 3;
      continue;
    }
    const update = recorded.op.name === "linear-backward-weights"
      ? updateOfWeights(ops, i + 1, recorded.args as LinearBackwardWeightsArgs)
      : null;
    const entry = waiting.get(recorded);
    if (update !== null) {
      waitFor(update, stage).weights.push(recorded.args as LinearBackwardWeightsArgs);
    } else if (entry !== undefined) {
      planned.push(...summedUpdate(recorded, entry));
    } else {
      planned.push({ stage, launch: (context) => launchAlone(context, recorded) });
    }
  }
  return planned;
}

/** The launches of an update with what waited for it. */
function summedUpdate({ args, stage }: RecordedOp, waiting: Waiting): PlannedLaunch[] {
  const { weights, parts, losses } = waiting;
  return [
    {
      stage: waiting.stage,
      launch: (context) => {
        parts.push(...launchWeightParts(context, weights));
      },
    },
    {
      stage,
      launch: (context) =>
        launchSummedUpdate(context, args as DenseUpdateArgs, parts, losses[0] ?? null),
    },
  ];
}

function launchAlone(context: LaunchContext, { op, args }: RecordedOp): void {
  (LAUNCHERS[op.name] as (context: LaunchContext, args: unknown) => void)(context, args);
}

/** The dense update that a head's weight gradients and loss can wait for. */
function updateOfHead(
  ops: readonly RecordedOp[],
  from: number,
  head: HeadArgs,
  waiting: ReadonlyMap<RecordedOp, Waiting>,
): RecordedOp | null {
  const { dw, db, losses, slot } = head;
  const update = updateAfter(ops, from, [dw, db], { reads: [], writes: [dw, db, losses], slot });
  if (update === null || waiting.get(update)?.head) return null;
  return canSumParts(update.args as DenseUpdateArgs, losses) ? update : null;
}

/** The dense update that the gradients of a layer's weights can wait for. */
function updateOfWeights(
  ops: readonly RecordedOp[],
  from: number,
  { dy, x, dw, db }: LinearBackwardWeightsArgs,
): RecordedOp | null {
  const update = updateAfter(ops, from, [dw, db], { reads: [dy, x], writes: [dw, db], slot: null });
  return update !== null && canSumParts(update.args as DenseUpdateArgs, null) ? update : null;
}

/** What an op that waits reads and writes. */
interface Touched {
  readonly reads: readonly Matrix[];
  readonly writes: readonly Matrix[];
  readonly slot: Scalar | null;
}

/** The first dense update over given gradients, if an op that touches these matrices can wait for it. */
function updateAfter(
  ops: readonly RecordedOp[],
  from: number,
  gradients: readonly Matrix[],
  touched: Touched,
): RecordedOp | null {
  for (let i = from; i < ops.length; i++) {
    const recorded = ops[i]!;
    if (recorded.op.name === "dense-update") {
      const { grads } = recorded.args as DenseUpdateArgs;
      if (gradients.every((gradient) => within(gradient, grads))) return recorded;
    }
    if (mustFollow(recorded, touched)) return null;
  }
  return null;
}

/** Whether an op has to run after one that touches these matrices. */
function mustFollow({ op, args }: RecordedOp, { reads, writes, slot }: Touched): boolean {
  return argumentsOf(op as AnyOp as never, args as never).some((argument: Argument) => {
    const { use, value } = argument;
    if (use === "written") {
      return value !== null &&
        (value.buffer === slot?.buffer || [...reads, ...writes].some((m) => overlap(m, value)));
    }
    if (use === "read") return value !== null && writes.some((m) => overlap(m, value));
    const buffer = bufferOf(argument);
    return buffer !== null && writes.some((m) => m.buffer === buffer);
  });
}

/** Whether a matrix lies within a flat run of floats. */
function within(m: Matrix, flat: Matrix): boolean {
  return m.buffer === flat.buffer && m.offset >= flat.offset &&
    m.offset + m.rows * m.stride <= flat.offset + flat.cols;
}

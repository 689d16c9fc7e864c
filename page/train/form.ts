/**
 * What the form of the page asks for, as options of a run and as the command line that trains the same.
 *
 * @module
 */

import type { CriterionName } from "../../train/plan/criterion.ts";
import type { PlanName } from "../../train/plan/plans.ts";
import type { RunOptions } from "../../train/run/options.ts";

/** Twins that the page trains. */
export type PageWorkload = "rm2" | "rm4";
/** How much is trained: what any computer does in a minute, or the published widths for a GPU. */
export type PageSize = "small" | "large";

/** The values of the form. */
export interface TrainForm {
  readonly workload: PageWorkload;
  readonly size: PageSize;
  /** Which plan is set beside `fae`. */
  readonly plan: PlanName;
  /** D, in (0, 1). */
  readonly drop: number;
  readonly criterion: CriterionName;
  /** Hot minibatches of the window; null for the plan's own choice. */
  readonly window: number | null;
  /** Hot minibatches from a decision to the next window, or such a share of them below 1; 0 for one decision. */
  readonly wakeEvery: number;
  /** Minibatches of each run at most; 0 for the whole epoch. */
  readonly maxSteps: number;
  readonly seed: number;
}

/** What the form begins with. */
export const FORM_DEFAULTS: TrainForm = {
  workload: "rm2",
  size: "small",
  plan: "slipstream",
  drop: 0.3,
  criterion: "paper",
  window: null,
  wakeEvery: 0,
  maxSteps: 0,
  seed: 123,
};

/** A size of a workload. */
export interface Reduction {
  /** Inputs drawn, of which six in seven train. */
  readonly inputs: number;
  /** Ids are taken modulo this, so that tables are small. */
  readonly maxIndexRange: number;
  /** Memory for hot rows, in MiB: four in five inputs are hot, about as many as in the paper. */
  readonly hotMemoryMib: number;
  /** Inputs a minibatch. */
  readonly batch: number;
  /** Widths between the dense columns and the vector of the bottom MLP; null for the published ones. */
  readonly hidden: number | null;
  /** Minibatches between evaluations. */
  readonly evalEvery: number;
}

const SMALL = { inputs: 70_000, maxIndexRange: 1000, batch: 128, hidden: 64, evalEvery: 60 };
const LARGE = { inputs: 500_000, batch: 256, hidden: null, evalEvery: 240 };

/** Both twins in both sizes. */
export const REDUCTIONS: Readonly<Record<PageWorkload, Readonly<Record<PageSize, Reduction>>>> = {
  rm2: {
    small: { ...SMALL, hotMemoryMib: 0.8 },
    large: { ...LARGE, maxIndexRange: 10_000, hotMemoryMib: 6 },
  },
  rm4: {
    small: { ...SMALL, hotMemoryMib: 0.2 },
    large: { ...LARGE, maxIndexRange: 100_000, hotMemoryMib: 4 },
  },
};

const DENSE: Readonly<Record<PageWorkload, number>> = { rm2: 13, rm4: 1 };
/** Floats in an embedding row. */
const DIM = 16;
const LEARNING_RATE = 0.02;

/** The source of the data, as `--data` names it. */
export function sourceOf({ workload, size }: Pick<TrainForm, "workload" | "size">): string {
  return `twin:${workload}:${REDUCTIONS[workload][size].inputs}`;
}

/**
 * The options of one of the two runs. Rows lie on the device alone, where a browser has its only memory for them, and the
 * thread that trains prepares its own minibatches.
 *
 * @param plan `fae`, or the form's.
 */
export function runOptionsOf(form: TrainForm, plan: PlanName): RunOptions {
  const { workload, size, drop, criterion, window, wakeEvery, maxSteps, seed } = form;
  const { maxIndexRange, hotMemoryMib, batch, hidden, evalEvery } = REDUCTIONS[workload][size];
  return {
    data: { source: sourceOf(form), maxIndexRange },
    model: {
      preset: workload,
      shape: hidden === null ? {} : { bottom: [DENSE[workload], hidden, DIM], top: [hidden, 1] },
    },
    training: { batch, maxSteps, seed, optimizer: "adagrad", learningRate: LEARNING_RATE },
    plan: { name: plan, drop, criterion, window, wakeEvery, hotMemoryMib, watch: 0 },
    device: { kind: "webgpu", placement: "device", prepareWorkers: 0 },
    evaluation: { every: evalEvery },
  };
}

/** The command line that trains one of the two runs under Deno, step for step the same on the same adapter. */
export function commandOf(form: TrainForm, plan: PlanName): string {
  const { workload, size, drop, criterion, window, wakeEvery, maxSteps, seed } = form;
  const { maxIndexRange, hotMemoryMib, batch, hidden, evalEvery } = REDUCTIONS[workload][size];
  const words = [
    `deno task train --data ${sourceOf(form)} --max-ind-range ${maxIndexRange}`,
    ...hidden === null ? [] : [`--bottom ${DENSE[workload]}-${hidden}-${DIM} --top ${hidden}-1`],
    `--batch ${batch} --optimizer adagrad --lr ${LEARNING_RATE} --seed ${seed}`,
    `--plan ${plan}`,
    ...plan === "baseline" ? [] : [`--hot-memory ${hotMemoryMib} --watch 0`],
    ...plan === "baseline" || plan === "fae" ? [] : [`--drop ${drop} --criterion ${criterion}`],
    ...window === null ? [] : [`--window ${window}`],
    ...wakeEvery === 0 ? [] : [`--wake-every ${wakeEvery}`],
    ...maxSteps === 0 ? [] : [`--max-steps ${maxSteps}`],
    `--eval-every ${evalEvery} --device webgpu --placement device`,
  ];
  return words.join(" ");
}

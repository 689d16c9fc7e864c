/**
 * What runs share whose plans train all cold inputs first: every cold minibatch, at a constant rate. That beginning is trained
 * once, and each run goes on from there. A run by itself does the same, so that it comes to the same bits in any company.
 *
 * @module
 */

import { findPlan } from "../../train/plan/plans.ts";
import type { Model } from "../../train/model/model.ts";
import { type TrainState, unpackState } from "../../train/run/state.ts";
import { expectedSteps } from "./expected_steps.ts";
import { ModelImage } from "./image.ts";
import { checkpointOf, keyOf, run, scheduleOf, type Shared } from "./one_run.ts";
import type { RunCheckpoint } from "./run_checkpoint.ts";
import { planOfVariant, type Variant, variantOf, type VariantTraining } from "./variants.ts";

/** Whether a variant begins with all cold inputs, at a constant learning rate. */
export function sharesBeginning(shared: Shared, variant: Variant): boolean {
  const { job, ground } = shared;
  const { cold, hot, segregates } = findPlan(variant.plan.name);
  const coldFirst = variant.plan.schedule === "cold-then-hot";
  if (!segregates || cold !== "train" || hot === "skip" || !coldFirst) return false;
  // Others train fewer cold inputs, or train them otherwise.
  const { plan: { budget, negatives }, training } = variant;
  if (budget < 1 || negatives < 1 || !isUsual(training)) return false;
  const { dataset, segregation, hotMemoryMib } = ground;
  const plan = planOfVariant(variant, hotMemoryMib);
  const steps = expectedSteps(plan, dataset, segregation, job.batch);
  return steps - Math.floor(steps / 2) >= coldSteps(shared);
}

/** Minibatches of all cold inputs; one that is not full is trained only where there is no other. */
function coldSteps({ job, ground: { segregation } }: Shared): number {
  return Math.max(1, Math.floor(segregation.cold.length / job.batch));
}

function isUsual(
  { optimizer, learningRate, schedule, evaluations }: VariantTraining,
): boolean {
  return optimizer === null && learningRate === null && schedule === "fall" && evaluations === 0;
}

/** A beginning that took less is kept on disk only when it is interrupted: training it again is no great loss. */
const WORTH_KEEPING_MS = 600_000;

/** Where runs go on that have been trained together so far. */
export interface Beginning {
  readonly state: TrainState;
  /** The model's numbers there. */
  readonly image: ModelImage;
}

/** Where the beginning of some runs is kept on disk until they have ended. */
export interface KeptBeginning extends Disposable {
  readonly checkpoint: RunCheckpoint;
}

/**
 * The checkpoint of the beginning of some runs on one model. Other processes may train runs with the same beginning: the first
 * to come has a checkpoint that whatever is trained later finds, others have one of their own.
 *
 * @param first The first of the runs, which no other process trains.
 */
export async function keepBeginning(shared: Shared, first: Variant): Promise<KeptBeginning> {
  const name = beginningOf(first), own = checkpointOf(shared, ownBeginning(first));
  const claim = await shared.store.tryClaim({ ...keyOf(shared.job, first), variant: name });
  return {
    checkpoint: claim === null || await own.isThere() ? own : checkpointOf(shared, name),
    [Symbol.dispose]: () => claim?.[Symbol.dispose](),
  };
}

/** Runs on one model normalise alike, and begin alike. */
function beginningOf({ normalisation }: Variant): string {
  return `beginning-${normalisation}`;
}

/** What a run's own checkpoint of its beginning is called. */
export function ownBeginning(variant: Variant): string {
  return `${variant.name}-${beginningOf(variant)}`;
}

/** Trains the cold inputs, as every plan does that trains them first; goes on where that was interrupted. */
export async function trainBeginning(
  shared: Shared,
  model: Model,
  variant: Variant,
  kept: RunCheckpoint,
): Promise<Beginning> {
  const { job, settings } = shared, steps = coldSteps(shared);
  const say = (line: string) => settings.say(`${job.workload}: the cold minibatches ${line}`);
  const resume = await kept.restore(model, job.seed, (why) => say(`begin anew: ${why}`));
  if (resume !== null) say("go on where they were");
  let state = resume !== null && unpackState(resume).step === steps ? resume : null;
  if (state === null) {
    const begun = performance.now(), { every, save } = kept.policy(model);
    const coldAlone = { ...variant, plan: { ...variantOf("skip-hot").plan, watch: 0 } };
    await run(shared, model, coldAlone, {
      // Constant as far as the plans that go on from here have it so.
      schedule: scheduleOf(shared, variant, 0, 0),
      resume,
      checkpoint: {
        every,
        after: steps,
        atEnd: false,
        save: async (saved) => {
          const done = unpackState(saved).step === steps;
          if (done) state = saved;
          const brief = performance.now() - begun < WORTH_KEEPING_MS;
          if (!done || !brief || settings.signal.aborted) await save(saved);
        },
      },
    });
  }
  if (state === null) throw new Error(`The cold inputs were not ${steps} minibatches`);
  return { state, image: await ModelImage.of(model) };
}

/**
 * What runs share that begin alike: every cold minibatch at a constant rate, then hot ones. The beginning is trained once, and
 * each run goes on from there, to the same bits as if it had been trained whole.
 *
 * @module
 */

import { findPlan } from "../../train/plan/plans.ts";
import type { Model } from "../../train/model/model.ts";
import { type TrainState, unpackState } from "../../train/run/state.ts";
import { expectedSteps } from "./expected_steps.ts";
import { ModelImage } from "./image.ts";
import { checkpointOf, run, scheduleOf, type Shared } from "./one_run.ts";
import type { RunCheckpoint } from "./run_checkpoint.ts";
import { planOfVariant, type Variant, variantOf, type VariantTraining } from "./variants.ts";

/** Whether a variant begins with all cold inputs, at a constant learning rate. */
export function sharesBeginning({ job, ground }: Shared, variant: Variant): boolean {
  const { cold, hot, segregates } = findPlan(variant.plan.name);
  const coldFirst = variant.plan.schedule === "cold-then-hot";
  if (!segregates || cold !== "train" || hot === "skip" || !coldFirst) return false;
  // Others train fewer cold inputs, or train them otherwise.
  const { plan: { budget, negatives }, training } = variant;
  if (budget < 1 || negatives < 1 || !isUsual(training)) return false;
  const { dataset, segregation, hotMemoryMib } = ground;
  const plan = planOfVariant(variant, hotMemoryMib);
  const steps = expectedSteps(plan, dataset, segregation, job.batch);
  return steps - Math.floor(steps / 2) >= Math.floor(segregation.cold.length / job.batch);
}

function isUsual(
  { optimizer, learningRate, schedule, evaluations }: VariantTraining,
): boolean {
  return optimizer === null && learningRate === null && schedule === "fall" && evaluations === 0;
}

/** One that took less is trained again sooner than it is worth a file of the model's size. */
const WORTH_KEEPING_MS = 600_000;

/** Where runs go on that have been trained together so far. */
export interface Beginning {
  readonly state: TrainState;
  /** The model's numbers there. */
  readonly image: ModelImage;
}

/** Where the beginning of some runs is kept until all of them have ended; they have one model, so that they normalise alike. */
export function beginningCheckpoint(shared: Shared, { normalisation }: Variant): RunCheckpoint {
  return checkpointOf(shared, `beginning-${normalisation}`);
}

/**
 * Trains the cold inputs, as every plan does that trains them first; goes on where that was interrupted.
 *
 * @param kept Where it is kept; null to keep it in memory alone.
 */
export async function trainBeginning(
  shared: Shared,
  model: Model,
  variant: Variant,
  kept: RunCheckpoint | null,
): Promise<Beginning> {
  const { job, ground, settings } = shared;
  const steps = Math.floor(ground.segregation.cold.length / job.batch);
  const say = (line: string) => settings.say(`${job.workload}: the cold minibatches ${line}`);
  let state = await kept?.restore(model, job.seed, (why) => say(`begin anew: ${why}`)) ?? null;
  if (kept === null) await model.initialise(job.seed);
  if (state !== null) say("go on where they were");
  const begun = performance.now();
  if (state === null || unpackState(state).step < steps) {
    const coldAlone = { ...variant, plan: { ...variantOf("skip-hot").plan, watch: 0 } };
    await run(shared, model, coldAlone, {
      // Constant as far as the plans that go on from here have it so.
      schedule: scheduleOf(shared, variant, 0, 0),
      resume: state,
      checkpoint: {
        every: steps,
        save: async (saved) => {
          state = saved;
          const long = performance.now() - begun >= WORTH_KEEPING_MS;
          if (long || settings.signal.aborted) await kept?.policy(model).save(saved);
        },
      },
    });
  }
  return { state: state!, image: await ModelImage.of(model) };
}

/**
 * All variants of one workload, size and seed, on the same inputs, one after another; those that train all cold inputs first
 * share that beginning.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import type { Model } from "../../train/model/model.ts";
import { optimizerOf } from "../../train/model/optimizers.ts";
import { openPlaced } from "../../train/model/placement.ts";
import type { PlanOptions } from "../../train/plan/options.ts";
import { denseStatistics } from "../../train/run/dense_statistics.ts";
import { createPlacedModel } from "../../train/run/model.ts";
import type { TrainState } from "../../train/run/state.ts";
import {
  type Beginning,
  keepBeginning,
  ownBeginning,
  sharesBeginning,
  trainBeginning,
} from "./beginning.ts";
import { expectedSteps } from "./expected_steps.ts";
import { openGround } from "./ground.ts";
import {
  checkpointOf,
  EVAL_BATCH,
  finish,
  keyOf,
  labelOf,
  run,
  type SeedJob,
  type SeedSettings,
  type Shared,
  trainingOfVariant,
} from "./one_run.ts";
import { passHooks } from "./pass_progress.ts";
import { isFolder, removeCheckpoints, type RunCheckpoint } from "./run_checkpoint.ts";
import type { StudyKey, StudyStore } from "./store.ts";
import { placementOfVariant, type Variant, variantOf } from "./variants.ts";

/** Minibatches before anything is timed, once for each workload and placement: the engine compiles what is used. */
const WARM_UP = 12;
/** With hot inputs enough everything that some plan does is warmed up: rounds, snapshots, search, classification. */
const WARM_UP_PLAN = variantOf("slipstream,schedule=interleaved,warmup=1,window=2").plan;

const warmed = new Set<string>();

/**
 * Runs what the store does not have yet.
 *
 * @param ground Gives what all runs of the seed stand on; drawn anew by default.
 */
export async function runSeed(
  job: SeedJob,
  store: StudyStore,
  settings: SeedSettings,
  ground?: typeof openGround,
): Promise<void> {
  using claims = new DisposableStack();
  const missing: Variant[] = [];
  // In one order everywhere, so that no two processes wait for each other.
  for (const variant of job.variants.toSorted((a, b) => a.name < b.name ? -1 : 1)) {
    const key = keyOf(job, variant);
    if (await store.read(key, job.wanted) !== null) {
      await sweep(store, key, variant);
      continue;
    }
    const claim = job.busy === "leave"
      ? await store.tryClaim(key)
      : await store.claim(key, settings);
    if (claim === null) continue;
    claims.use(claim);
    // Whoever had it may have trained it.
    if (await store.read(key, job.wanted) === null) missing.push(variant);
    else claim[Symbol.dispose]();
  }
  if (missing.length === 0) return;
  missing.sort((a, b) => job.variants.indexOf(a) - job.variants.indexOf(b));
  const { seed } = job;
  const opened = await (ground ?? openGround)(job, settings);
  // Who gives the ground closes it.
  using _closed = ground === undefined ? opened.dataset : null;
  using placed = await openPlaced("hot", settings);
  const shared = { job, ground: opened, store, settings, placed };
  // A model serves all variants that normalise alike, have the same optimizer, and keep their rows alike.
  const groups = Map.groupBy(
    missing,
    (variant) =>
      `${variant.normalisation} ${trainingOfVariant(job, variant).optimizer} ${
        placementOfVariant(variant)
      }`,
  );
  // No variant always comes first, when the machine is coolest, or last.
  for (const some of rotated([...groups.values()], seed)) {
    using model = createPlacedModel(placed, opened.shape, {
      placement: placementOfVariant(some[0]!),
      maxBatch: Math.max(EVAL_BATCH, job.batch),
      optimizer: optimizerOf(trainingOfVariant(job, some[0]!).optimizer),
      normalisation: some[0]!.normalisation,
      denseStatistics: some[0]!.normalisation === "dense"
        ? await denseStatistics(opened.dataset, seed, passHooks(job, settings))
        : null,
      hotSet: opened.hotSet,
    });
    await warmUp(shared, model, some[0]!);
    await runVariants(shared, model, some);
  }
}

/** Removes what a process has left that was killed when a run had ended; another may train it again, for its times. */
async function sweep(store: StudyStore, key: StudyKey, variant: Variant): Promise<void> {
  for (const name of [variant.name, ownBeginning(variant)]) {
    const folder = store.checkpoints({ ...key, variant: name });
    if (!await isFolder(folder)) continue;
    using claim = await store.tryClaim(key);
    if (claim !== null) await removeCheckpoints(folder);
  }
}

async function warmUp(shared: Shared, model: Model, variant: Variant): Promise<void> {
  const all = placementOfVariant(variant) === "hot" && windowFits(shared, WARM_UP_PLAN);
  const key = `${shared.job.workload} ${placementOfVariant(variant)} ${all}`;
  if (warmed.has(key)) return;
  warmed.add(key);
  await model.initialise(shared.job.seed);
  const plan = all ? WARM_UP_PLAN : variant.plan;
  // It is no part of a run, whose progress is told.
  await run(shared, model, { ...variant, plan }, { maxSteps: WARM_UP, onProgress: undefined });
}

/** Whether there are hot inputs enough for a plan that looks for stale rows. */
function windowFits({ job, ground: { dataset, segregation } }: Shared, plan: PlanOptions): boolean {
  try {
    expectedSteps(plan, dataset, segregation, job.batch);
    return true;
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}

async function runVariants(
  shared: Shared,
  model: Model,
  variants: readonly Variant[],
): Promise<void> {
  const sharing = variants.filter((variant) => sharesBeginning(shared, variant));
  const alone = variants.filter((variant) => !sharing.includes(variant));
  for (const variant of rotated(alone, shared.job.seed)) {
    const kept = checkpointOf(shared, variant.name);
    await finish(shared, model, variant, kept, await goOn(shared, model, variant, kept));
  }
  if (sharing.length > 0) await runFromBeginning(shared, model, sharing);
}

/** Trains runs that begin with the same cold minibatches from the end of these on; one that was interrupted from where it was. */
async function runFromBeginning(
  shared: Shared,
  model: Model,
  variants: readonly Variant[],
): Promise<void> {
  using kept = await keepBeginning(shared, variants[0]!);
  let beginning: Beginning | null = null;
  for (const variant of variants) {
    const own = checkpointOf(shared, variant.name);
    let resume = await own.isThere() ? await goOn(shared, model, variant, own) : null;
    if (resume === null) {
      beginning ??= await trainBeginning(shared, model, variants[0]!, kept.checkpoint);
      await beginning.image.restore(model);
      own.followOn(kept.checkpoint);
      resume = beginning.state;
    }
    await finish(shared, model, variant, own, resume);
  }
  await kept.checkpoint.remove();
}

/** Where a run was when it was interrupted, the model put back; null for one at its beginning. */
async function goOn(
  { job, settings }: Shared,
  model: Model,
  variant: Variant,
  kept: RunCheckpoint,
): Promise<TrainState | null> {
  const say = (line: string) => settings.say(`${job.workload}: ${labelOf(job, variant)} ${line}`);
  const resume = await kept.restore(model, job.seed, (why) => say(`begins anew: ${why}`));
  if (resume !== null) say("goes on where it was");
  return resume;
}

/** The list begun elsewhere by seed. */
function rotated<T>(list: readonly T[], seed: number): T[] {
  const at = (seed - 1) % Math.max(1, list.length);
  return [...list.slice(at), ...list.slice(0, at)];
}

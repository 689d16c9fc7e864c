/**
 * Runs of a log, one after another: each is made once, says why it shows nothing where that is so, and fails alone.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import { formatCount } from "../../core/format.ts";
import { findPlan } from "../../train/plan/plans.ts";
import type { TrainProgress } from "../../train/run/trainer.ts";
import type { SettingsOf } from "../experiment.ts";
import { occasionally } from "../occasionally.ts";
import { messageOf } from "../run_experiment.ts";
import { expectedSteps } from "../study/expected_steps.ts";
import { type Ground, openGround } from "../study/ground.ts";
import type { LogSettings } from "../study/logs.ts";
import { runSeed } from "../study/run_seed.ts";
import { currentPlace, type StudyKey, type StudyResult, StudyStore } from "../study/store.ts";
import { trainedFolder } from "../study/trained.ts";
import {
  formatWords,
  loadVariant,
  planOfVariant,
  shortName,
  type Variant,
  variantOf,
} from "../study/variants.ts";
import type { AskedLog } from "./log.ts";

/** How it is run. */
export type RunSettings = SettingsOf<"device" | "threads"> & LogSettings;

/** Why a way of skipping cannot be compared. */
export interface Refusal {
  /** As the end of a sentence that begins with its name and "not compared, since". */
  readonly why: string;
  /** What would be compared in its place: a clause, with flags. */
  readonly instead: string;
}

/** What came of one run. */
type Outcome =
  | { readonly kind: "done"; readonly result: StudyResult }
  /** It says nothing of skipping, whatever the seed. */
  | { readonly kind: "refused"; readonly refusal: Refusal }
  | { readonly kind: "failed"; readonly why: string };

/** How far a share that is dropped may be from the one that is asked for. */
const SHARE_TOLERANCE = 0.05;
/** Smaller shares are not worth asking for. */
const LEAST_DROP = 0.02;
/** Minibatches are not made smaller than this. */
const LEAST_BATCH = 16;

/** Trains variants of one log, one run after another, and keeps each. */
export class LogTrainer implements Disposable {
  readonly #log: AskedLog;
  readonly #settings: RunSettings;
  readonly #batch: number;
  readonly #store: StudyStore;
  /** Of the seed that was trained last. */
  #ground: { readonly seed: number; readonly ground: Ground } | null = null;

  private constructor(log: AskedLog, settings: RunSettings, batch: number, store: StudyStore) {
    this.#log = log;
    this.#settings = { ...settings, limit: log.limit };
    this.#batch = batch;
    this.#store = store;
  }

  /** @param batch Inputs a minibatch. */
  static async open(log: AskedLog, settings: RunSettings, batch: number): Promise<LogTrainer> {
    const store = new StudyStore(trainedFolder(settings.out), await currentPlace(settings));
    return new LogTrainer(log, settings, batch, store);
  }

  /**
   * The result of a run, which is made unless it is there. An error of one run is no error of the others.
   *
   * @param where How far everything is, before each line that is said.
   */
  async run(seed: number, words: string, where: () => string): Promise<Outcome> {
    const variant = await loadVariant(variantOf(words));
    const { workload, train: inputs } = this.#log;
    const key = { workload, inputs, batch: this.#batch, seed };
    try {
      const kept = await this.#store.read({ ...key, variant: variant.name }, "times");
      if (kept === null) {
        const refusal = noWindow(await this.#groundOf(seed), variant, this.#batch);
        if (refusal !== null) return { kind: "refused", refusal };
        await this.#train(key, variant, where);
      }
      const result = (await this.#store.read({ ...key, variant: variant.name }, "times"))!;
      this.#settings.say(
        `${where()} seed ${seed}, ${shortName(variant.name)}: AUC ${
          result.metrics.auc!.toFixed(5)
        }${kept === null ? "" : ", kept from before"}`,
      );
      const refusal = otherShare(result);
      return refusal === null ? { kind: "done", result } : { kind: "refused", refusal };
    } catch (error) {
      this.#settings.signal.throwIfAborted();
      return { kind: "failed", why: withoutAdvice(error) };
    }
  }

  async #train(
    key: Omit<StudyKey, "variant">,
    variant: Variant,
    where: () => string,
  ): Promise<void> {
    const { seed } = key, label = shortName(variant.name);
    const who = `seed ${seed}, ${label}:`;
    // The line at the end of a run is said by the caller, who knows how far everything is.
    const own = `${key.workload} ${formatCount(key.inputs)}, seed ${seed}, ${label}: AUC`;
    const say = (line: string): void => {
      if (!line.startsWith(own)) this.#settings.say(line);
    };
    const sometimes = occasionally((line) => say(`${where()} ${who} ${line}`));
    const job = {
      ...key,
      ...{
        variants: [variant],
        wanted: "times",
        labels: new Map([[variant.name, label]]),
      } as const,
      onProgress: ({ phase, done, total }: TrainProgress) => {
        if (phase === "train") sometimes(`${Math.floor(100 * done / total)} % trained`);
      },
    };
    await runSeed(job, this.#store, { ...this.#settings, say }, () => this.#groundOf(seed));
  }

  async #groundOf(seed: number): Promise<Ground> {
    if (this.#ground?.seed !== seed) {
      this[Symbol.dispose]();
      const { workload, train: inputs } = this.#log;
      this.#ground = { seed, ground: await openGround({ workload, inputs, seed }, this.#settings) };
    }
    return this.#ground!.ground;
  }

  [Symbol.dispose](): void {
    this.#ground?.ground.dataset.close();
    this.#ground = null;
  }
}

/** An error in a line, without advice on options of a training run, of which this command has no flags. */
export function withoutAdvice(error: unknown): string {
  if (!(error instanceof UserError)) return messageOf(error);
  const marked = error.tell((field) => `\0${field}`), at = marked.indexOf("\0");
  const cut = at < 0 ? -1 : marked.lastIndexOf("; ", at);
  return cut < 0 ? error.message : marked.slice(0, cut);
}

/** Why a variant's window does not fit the hot inputs; null where it does. */
function noWindow(
  { dataset, segregation, hotMemoryMib }: Ground,
  variant: Variant,
  batch: number,
): Refusal | null {
  if (!findPlan(variant.plan.name).window) return null;
  const fits = (batch: number): boolean => {
    try {
      expectedSteps(planOfVariant(variant, hotMemoryMib), dataset, segregation, batch);
      return true;
    } catch (error) {
      if (error instanceof UserError) return false;
      throw error;
    }
  };
  if (fits(batch)) return null;
  let smaller = batch;
  while (smaller >= LEAST_BATCH && !fits(smaller)) smaller = Math.floor(smaller / 2);
  return {
    why: `warm-up and window leave nothing of the ${
      formatCount(segregation.hot.length)
    } hot inputs to skip, in minibatches of ${batch}`,
    instead: smaller < LEAST_BATCH
      ? "it takes more rows"
      : `--batch ${smaller} makes more minibatches of them`,
  };
}

/** Why a run cannot be compared that passed over another share than was asked for; null where it did not. */
export function otherShare(
  { plan, variant }: Pick<StudyResult, "plan" | "variant">,
): Refusal | null {
  const decision = plan.decisions.find(({ share, target }) =>
    Math.abs(share - target) > SHARE_TOLERANCE
  );
  if (decision === undefined) return null;
  const { share, target, note } = decision;
  const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
  // Without the words of the schedule, which the command adds by itself.
  const { plan: name, options } = variantOf(shortName(variant)).words;
  const drop = Math.floor(100 * share) / 100;
  return {
    why: `of the hot inputs ${percent(target)} were to be passed over, and ${percent(share)} are${
      note === null ? "" : ` (${note})`
    }`,
    instead: drop < LEAST_DROP
      ? "another log, with rows that are used more often, may have more that stand still"
      : `--variants ${
        formatWords({ plan: name, options: { ...options, drop: `${drop}` } })
      } asks for that`,
  };
}

/**
 * What is trained within some minutes, seed by seed: plans that train everything, ways of skipping, a control that drops at
 * random, and plans that are stopped where they have cost as much as skipping.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import { formatClock } from "../../core/format.ts";
import { StudyResults } from "../study/compare.ts";
import type { StudyResult } from "../study/store.ts";
import type { Trained } from "../study/trained.ts";
import { interleaved, shortName, variantOf } from "../study/variants.ts";
import { skippedPercent } from "./answer.ts";
import type { AskedLog } from "./log.ts";
import { chooseSeeds, chooseVariants, wantedSeeds } from "./schedule.ts";
import type { LogTrainer, Refusal } from "./trainer.ts";

/** Ways of skipping unless told, in the order in which a budget has room for them. */
export const SKIPPING = [
  "slipstream,criterion=per-root-access",
  "slipstream",
  "slipstream,criterion=popularity",
] as const;

/** What is asked for. */
export interface Wanted {
  /** Ways of skipping, in words. */
  readonly skipping: readonly string[];
  readonly batch: number;
  /** Null for as many as fit. */
  readonly seeds: number | null;
  /** In which is trained. */
  readonly seconds: number;
}

/** What came of it. */
export interface Ran {
  readonly trained: Trained;
  /** Ways of skipping of which something can be said, by the names of the results. */
  readonly compared: readonly string[];
  /** Clauses: what cannot be compared, and why. */
  readonly refused: readonly string[];
  /** Clauses: what was not trained, and what failed. */
  readonly leftOut: readonly string[];
  /** Time of one seed of all variants. */
  readonly secondsASeed: number;
}

/** The plan that trains everything in the order in which the others skip. */
export const WHOLE = interleaved("fae", { full: false });

/** A way of skipping with the schedule of the others. */
export function skippingVariant(words: string): string {
  const { words: { plan, options } } = variantOf(shortName(words));
  const own = Object.entries(options);
  return interleaved(plan, { full: false }, ...own.map(([key, value]) => `${key}=${value}`));
}

/** The control of a way of skipping: as many are dropped at random. */
function controlVariant(words: string): string {
  const { drop } = variantOf(words).words.options;
  return interleaved("random-drop", { full: false }, ...drop === undefined ? [] : [`drop=${drop}`]);
}

/** Below what skipping has cost, so that a little less, as times differ, still lies between two budgets. */
const BELOW = 0.02, FAR_BELOW = 0.1;

/** Budgets between which skipping's cost lies, the nearer one first. */
export function budgetsBelow(trainedShare: number): [number, number] {
  const at = (below: number) =>
    Math.max(0.05, Math.floor(100 * (trainedShare - below) + 1e-9) / 100);
  return [at(BELOW), at(FAR_BELOW)];
}

/** Seconds of a run with its preparation and its evaluations, as it was had. */
export function secondsOf({ train_ms, evaluate_ms, preparation_ms }: StudyResult): number {
  return (train_ms + evaluate_ms + preparation_ms) / 1000;
}

/** What is not compared and why, a clause for all that are refused for one reason. */
export function refusalClauses(refused: ReadonlyMap<string, Refusal>): string[] {
  const groups = Map.groupBy(refused, ([, { why }]) => why);
  return [...groups].map(([why, some]) =>
    `${some.map(([name]) => shortName(name)).join(" and ")}, since ${why}; ${some[0]![1].instead}`
  );
}

/** Trains within the time: the first seed tells how many others fit. */
export async function trainWithin(
  log: AskedLog,
  trainer: LogTrainer,
  wanted: Wanted,
): Promise<Ran> {
  const session = new Session(log, trainer, wanted);
  await session.firstSeed();
  await session.otherSeeds();
  return session.ran();
}

/** What has been trained so far. */
class Session {
  readonly #log: AskedLog;
  readonly #trainer: LogTrainer;
  readonly #wanted: Wanted;
  readonly #begun = performance.now();
  readonly #runs = new Map<string, StudyResult[]>();
  readonly #refused = new Map<string, Refusal>();
  readonly #leftOut: string[] = [];
  /** Seconds of a run, by variant, in the order of training. */
  readonly #each = new Map<string, number>();
  #seeds = 1;
  /** Runs that were begun. */
  #begunRuns = 0;

  constructor(log: AskedLog, trainer: LogTrainer, wanted: Wanted) {
    this.#log = log;
    this.#trainer = trainer;
    this.#wanted = wanted;
  }

  /** What an answer needs comes first; the rest as far as three seeds of all fit, or those asked for. */
  async firstSeed(): Promise<void> {
    const [best, ...others] = this.#wanted.skipping.map(skippingVariant);
    const whole = await this.#run(1, WHOLE);
    if (whole === null) throw new UserError(this.#leftOut[0]!);
    let first = await this.#run(1, best!);
    // The others tell how much is skipped, and whether there is anything to compare at all.
    while (first === null && others.length > 0) first = await this.#run(1, others.shift()!);
    if (first === null) return;
    const [near, far] = budgetsBelow(1 - skippedPercent(first) / 100);
    const needed = [controlVariant(first.variant), `${WHOLE},budget=${near}`, "baseline"];
    const more = [
      ...others.slice(0, 1),
      `baseline,budget=${near}`,
      ...others.slice(1),
      `${WHOLE},budget=${far}`,
      `baseline,budget=${far}`,
    ];
    const seeds = wantedSeeds(this.#wanted.seeds);
    for (const words of needed) await this.#run(1, variantOf(words).name);
    for (const [i, words] of more.entries()) {
      // With one more as long as the others, the seeds must fit.
      const { size } = this.#each;
      if (seeds * this.#secondsASeed() * (size + 1) / size > this.#wanted.seconds) {
        this.#leaveOut(more.slice(i));
        break;
      }
      await this.#run(1, variantOf(words).name);
    }
    this.#choose(2 + needed.length);
  }

  #choose(needed: number): void {
    const { seconds, seeds } = this.#wanted;
    const names = [...this.#each.keys()];
    const count = chooseVariants([...this.#each.values()], needed, seconds, wantedSeeds(seeds));
    this.#leaveOut(names.slice(count));
    for (const name of names.slice(count)) this.#each.delete(name);
    this.#seeds = chooseSeeds(seeds, this.#secondsASeed(), seconds);
    if (seeds !== null && this.#seeds < seeds) this.#leaveOutSeeds(this.#seeds + 1, seeds);
  }

  async otherSeeds(): Promise<void> {
    const names = [...this.#each.keys()];
    for (let seed = 2; seed <= this.#seeds; seed++) {
      if (this.#spent() + this.#secondsASeed() > 1.1 * this.#wanted.seconds) {
        this.#leaveOutSeeds(seed, this.#seeds);
        this.#seeds = seed - 1;
        return;
      }
      // None always comes first, when the machine is coolest, or last.
      const at = (seed - 1) % names.length;
      for (const name of [...names.slice(at), ...names.slice(0, at)]) await this.#run(seed, name);
    }
  }

  ran(): Ran {
    const { train: inputs, workload } = this.#log, { batch, skipping } = this.#wanted;
    const asked = skipping.map(skippingVariant);
    return {
      trained: {
        workload,
        size: { inputs, batch, seeds: this.#seeds },
        results: StudyResults.of(this.#runs),
      },
      compared: asked.filter((name) => this.#runs.has(name)),
      refused: refusalClauses(this.#refused),
      leftOut: this.#leftOut,
      secondsASeed: this.#secondsASeed(),
    };
  }

  async #run(seed: number, name: string): Promise<StudyResult | null> {
    this.#begunRuns++;
    const begun = performance.now();
    const outcome = await this.#trainer.run(seed, name, () => this.#where());
    if (outcome.kind === "done") {
      const runs = this.#runs.get(name) ?? [];
      this.#runs.set(name, [...runs, outcome.result]);
      // A run that was kept from before took its own time then.
      const seconds = Math.max(secondsOf(outcome.result), (performance.now() - begun) / 1000);
      if (seed === 1) this.#each.set(name, seconds);
      return outcome.result;
    }
    const which = `seed ${seed} of ${shortName(name)}`;
    if (outcome.kind === "failed") this.#leftOut.push(`${which}, which failed: ${outcome.why}`);
    // Of a later seed alone: those before it are compared.
    else if (this.#runs.has(name)) this.#leftOut.push(`${which}, since ${outcome.refusal.why}`);
    else this.#refused.set(name, outcome.refusal);
    return null;
  }

  /** How far everything is, in few columns: `[run 12/40, 2:10 left]`. */
  #where(): string {
    const { seconds } = this.#wanted;
    const run = this.#begunRuns;
    if (this.#seeds === 1) {
      return seconds === Infinity
        ? `[run ${run}]`
        : `[run ${run}, ${formatClock(Math.max(0, seconds - this.#spent()))} at most]`;
    }
    const left = [...this.#each.keys()].reduce(
      (sum, name) => sum + this.#seeds - (this.#runs.get(name)?.length ?? 0),
      0,
    );
    return `[run ${run}/${run + left - 1}, ${
      formatClock((left - 0.5) / this.#each.size * this.#secondsASeed())
    } left]`;
  }

  #spent(): number {
    return (performance.now() - this.#begun) / 1000;
  }

  #secondsASeed(): number {
    return [...this.#each.values()].reduce((sum, one) => sum + one, 0);
  }

  #leaveOut(names: readonly string[]): void {
    if (names.length === 0) return;
    const what = names.map((name) => shortName(variantOf(name).name)).join(", ");
    this.#leftOut.push(`${what}, for which there was no time (--budget gives more)`);
  }

  #leaveOutSeeds(first: number, last: number): void {
    const which = first === last ? `seed ${first}` : `seeds ${first} to ${last}`;
    this.#leftOut.push(`${which}, for which there was no time (--budget gives more)`);
  }
}

/**
 * How hot inputs are skipped once it is known which are stale: all of the class or some, as many from first to last or ever
 * more, up to the end or not; and what the kept ones of the class weigh.
 *
 * Skipping some of a class and weighing the rest 1 / (1 - r), with everything trained at the end, is InfoBatch (Qin et al.,
 * ICLR 2024, arXiv 2303.04947): the gradient's expectation is then that of training on everything.
 *
 * @module
 */

import type { EpochLayout } from "./layout.ts";
import type { PlanOptions } from "./options.ts";
import type { Plan } from "./plans.ts";
import { PositionDraw } from "./sampling.ts";

/** Steps in which an annealed D changes: it is constant over a share of the inputs. */
const ANNEAL_STEPS = 64;

/** What becomes of some inputs. */
export interface Verdict {
  /** 1 for each input that is skipped. */
  readonly skip: Uint8Array;
  /** What each input weighs in the loss; null for 1 each. */
  readonly weights: Float32Array | null;
}

/** Inputs of a list, one after another. */
export interface Places {
  /** Their positions in the epoch's order. */
  readonly positions: Uint32Array;
  /** Place in the list of the first. */
  readonly first: number;
}

/** Which hot inputs it is about. */
interface SkippingParts {
  readonly plan: Plan;
  readonly options: PlanOptions;
  readonly layout: EpochLayout;
  /** Whether the epoch begins with warm-up and window. */
  readonly opens: boolean;
  /** Hot inputs of the epoch. */
  readonly count: number;
  readonly batch: number;
  readonly seed: number;
  readonly epoch: number;
}

/** How one epoch's hot inputs are skipped. */
export class HotSkipping {
  /** Place in the list of hot inputs from which on every one is trained. */
  readonly until: number;
  readonly #options: PlanOptions;
  readonly #atRandom: boolean;
  readonly #from: number;
  readonly #drop: PositionDraw;
  readonly #soft: PositionDraw;

  constructor({ plan, options, layout, opens, count, batch, seed, epoch }: SkippingParts) {
    this.#options = options;
    this.#atRandom = plan.hot === "drop-at-random";
    this.until = count - Math.floor(options.finish * count);
    this.#from = opens ? Math.min(count, (layout.warmup + layout.window) * batch) : 0;
    this.#drop = PositionDraw.forDropping(seed, epoch);
    this.#soft = PositionDraw.forSoftSkipping(seed, epoch);
  }

  /** Whether D changes over the epoch. */
  get annealed(): boolean {
    return this.#options.anneal !== "none";
  }

  /** D at a place in the list: if it is annealed, linear from 0 to 2 D or back, in steps. */
  shareAt(place: number): number {
    const { anneal, drop } = this.#options;
    if (anneal === "none") return drop;
    const length = Math.max(1, this.until - this.#from);
    const step = Math.floor(ANNEAL_STEPS * (place - this.#from) / length);
    const passed = (Math.min(ANNEAL_STEPS - 1, Math.max(0, step)) + 0.5) / ANNEAL_STEPS;
    return 2 * drop * (anneal === "rise" ? passed : 1 - passed);
  }

  /** Drops each input with probability D. */
  dropAtRandom({ positions, first }: Places): Uint8Array {
    return Uint8Array.from(
      positions,
      (position, b) => this.#drop.uniform(position) < this.shareAt(first + b) ? 1 : 0,
    );
  }

  /**
   * What becomes of inputs of which some are of the class that is skipped.
   *
   * @param inClass 1 for each input of the class; overwritten.
   */
  judge(inClass: Uint8Array, { positions, first }: Places): Verdict {
    const { skipProbability, rescale } = this.#options;
    const weights = rescale ? new Float32Array(positions.length).fill(1) : null;
    const some = Math.max(0, Math.min(positions.length, this.until - first));
    inClass.fill(0, some);
    for (let b = 0; b < some; b++) {
      if (this.#atRandom) {
        if (weights !== null) weights[b] = 1 / (1 - this.shareAt(first + b));
      } else if (inClass[b] === 1 && skipProbability < 1) {
        if (this.#soft.uniform(positions[b]!) < skipProbability) continue;
        inClass[b] = 0;
        if (weights !== null) weights[b] = 1 / (1 - skipProbability);
      }
    }
    return { skip: inClass, weights };
  }
}

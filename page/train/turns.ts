/**
 * Two runs on one device in turns, so that each has had the same time.
 *
 * @module
 */

import type { RunClock } from "./clock.ts";

/** Milliseconds of a turn: many minibatches of a small model on a GPU, and short enough to pause at once. */
const TURN_MS = 120;

/** Lets one run train at a time: whenever a turn is over, the one that has had least time. */
export class Turns {
  readonly #clocks: readonly RunClock[];
  readonly #turnMs: number;
  /** Runs that wait for their turn, and what lets them go on. */
  readonly #waiting = new Map<number, () => void>();
  readonly #ended = new Set<number>();
  #holder: number | null = null;
  #begun = 0;
  #paused = false;
  /** Minibatches that each run may still train; null for any number. */
  #allowed: number[] | null = null;

  /** @param clocks One a run. */
  constructor(clocks: readonly RunClock[], turnMs = TURN_MS) {
    this.#clocks = clocks;
    this.#turnMs = turnMs;
  }

  /** Whether the run that trains should make way before its next minibatch. */
  isOver(run: number): boolean {
    // `take` counts the minibatches that are allowed, so that each needs a turn of its own.
    if (this.#holder !== run || this.#paused || this.#allowed !== null) return true;
    const others = this.#clocks.length - this.#ended.size - 1;
    return others > 0 && this.#clocks[run]!.ms - this.#begun >= this.#turnMs;
  }

  /** Resolves when a run may train its next minibatch; what it has queued on the device must be done. */
  async take(run: number): Promise<void> {
    if (this.#holder === run) this.#holder = null;
    await new Promise<void>((go) => {
      this.#waiting.set(run, go);
      this.#choose();
    });
    if (this.#allowed !== null) this.#allowed[run]!--;
  }

  /** A run has ended: it takes no more turns. */
  leave(run: number): void {
    this.#ended.add(run);
    if (this.#holder === run) this.#holder = null;
    this.#choose();
  }

  /** Runs stop before their next minibatch. */
  pause(): void {
    this.#paused = true;
    this.#allowed = null;
  }

  /** Runs go on. */
  resume(): void {
    this.#paused = false;
    this.#allowed = null;
    this.#choose();
  }

  /** Each run trains one minibatch more. */
  step(): void {
    this.#paused = false;
    this.#allowed = this.#clocks.map(() => 1);
    this.#choose();
  }

  #choose(): void {
    if (this.#holder !== null || this.#paused) return;
    const able = this.#clocks.map((_, run) => run).filter((run) =>
      !this.#ended.has(run) && (this.#allowed === null || this.#allowed[run]! > 0)
    );
    // A run that has had less time and does not wait yet is on its way.
    const next = able.sort((a, b) => this.#clocks[a]!.ms - this.#clocks[b]!.ms)[0];
    const go = next === undefined ? undefined : this.#waiting.get(next);
    if (next === undefined || go === undefined) return;
    this.#waiting.delete(next);
    this.#holder = next;
    this.#begun = this.#clocks[next]!.ms;
    go();
  }
}

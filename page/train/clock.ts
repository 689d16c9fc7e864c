/**
 * The time that a run has had.
 *
 * @module
 */

/** Goes while minibatches are trained, and stands while the run waits, is evaluated or is looked at. */
export class RunClock {
  readonly #now: () => number;
  #ms = 0;
  #since: number | null = null;

  /** @param now The time in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Milliseconds so far. */
  get ms(): number {
    return this.#ms + (this.#since === null ? 0 : this.#now() - this.#since);
  }

  /** Goes on, unless it goes. */
  start(): void {
    this.#since ??= this.#now();
  }

  /** Stops, unless it stands. */
  stop(): void {
    this.#ms = this.ms;
    this.#since = null;
  }

  /** Begins anew; a clock that goes goes on. */
  reset(): void {
    this.#ms = 0;
    if (this.#since !== null) this.#since = this.#now();
  }
}

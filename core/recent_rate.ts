/**
 * How fast something goes of late.
 *
 * @module
 */

/** Seconds that count, in milliseconds, and the least time between two looks that are kept. */
const WINDOW_MS = 10_000, APART_MS = 250;
/** Over less time than this a rate is chance: the clock ticks more coarsely than some tasks report. */
const LEAST_MS = 200;

/** The mean rate over the last seconds. */
export class RecentRate {
  /** Looks at the counter, the oldest first; one of them lies before the window, where there is one. */
  readonly #looks: { readonly at: number; readonly done: number }[] = [];
  #at = 0;
  #done = 0;

  /** Says how much is done at some time in milliseconds. The first look is where counting begins. */
  add(at: number, done: number): void {
    this.#at = at;
    this.#done = done;
    const looks = this.#looks;
    if (looks.length === 0 || at - looks.at(-1)!.at >= APART_MS) looks.push({ at, done });
    while (looks.length > 2 && looks[1]!.at <= at - WINDOW_MS) looks.shift();
  }

  /** How much is done in a second; null until there has been time enough to tell. */
  get perSecond(): number | null {
    const first = this.#looks[0];
    if (first === undefined || this.#at - first.at < LEAST_MS) return null;
    return 1000 * (this.#done - first.done) / (this.#at - first.at);
  }
}

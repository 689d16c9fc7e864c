/**
 * How far the counting of a twin is, on standard error.
 *
 * @module
 */

import { Progress } from "../../core/progress.ts";
import { detectTerminal } from "../../core/terminal.ts";

/** A display for one count after another. */
export class CountProgress implements Disposable {
  readonly #quiet: boolean;
  #shown: { readonly label: string; readonly progress: Progress } | null = null;

  /** @param quiet Shows nothing. */
  constructor(quiet: boolean) {
    this.#quiet = quiet;
  }

  /** Says how many inputs of how many have been gone over; another label ends the display of the one before. */
  update(done: number, total: number, label = "count"): void {
    if (this.#shown?.label !== label) {
      this[Symbol.dispose]();
      const terminal = detectTerminal("stderr");
      const progress = new Progress({
        ...{ label, total, unit: "inputs", terminal, quiet: this.#quiet },
      });
      this.#shown = { label, progress };
    }
    this.#shown.progress.update(done);
  }

  /** Ends the display. */
  [Symbol.dispose](): void {
    this.#shown?.progress[Symbol.dispose]();
    this.#shown = null;
  }
}

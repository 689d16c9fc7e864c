/**
 * Which slots of the shared memory hold the times of which stages.
 *
 * @module
 */

import { STAGE_SLOTS, STAGE_TIMES } from "./layout.ts";

/** Slot of time that no stage is booked for: the last. */
export const NO_STAGE: number = STAGE_SLOTS - 1;

/** The stages that programs of a device were recorded for; each gets a slot when it first comes. */
export class StageSlots {
  readonly #names: string[] = [];
  readonly #times: Float64Array;

  /** @param memory That of a device. */
  constructor(memory: WebAssembly.Memory) {
    this.#times = new Float64Array(memory.buffer, STAGE_TIMES, STAGE_SLOTS);
  }

  /** The slot of a stage. Throws a `RangeError` where there are more stages than slots. */
  slot(name: string): number {
    const known = this.#names.indexOf(name);
    if (known >= 0) return known;
    if (this.#names.length === NO_STAGE) {
      throw new RangeError(
        `Cannot book time on stage ${name}: there are ${NO_STAGE} stages already, and no more fit`,
      );
    }
    return this.#names.push(name) - 1;
  }

  /** Milliseconds booked on each stage since the last call. */
  take(): Readonly<Record<string, number>> {
    const times: Record<string, number> = {};
    this.#names.forEach((name, i) => {
      if (this.#times[i]! > 0) times[name] = this.#times[i]!;
    });
    this.#times.fill(0);
    return times;
  }
}

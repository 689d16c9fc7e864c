/**
 * Losses and stage times on their way from the device, so that the loop need not wait for numbers.
 *
 * @module
 */

import type { Pending } from "../../kernels/types.ts";
import type { Model } from "../model/model.ts";
import type { Stage } from "../stages.ts";

/** Time a stage, in milliseconds. */
export type StageTimes = Partial<Record<Stage, number>>;

/** What some steps came to. */
export interface Reading {
  /** The first of them, from 0. */
  readonly first: number;
  /** One a step. */
  readonly losses: Float32Array;
  /** What the device booked while they ran. */
  readonly times: StageTimes;
  /** What the host had booked when the last of them was queued. */
  readonly hostTimes: StageTimes;
}

/** A reading on its way. */
interface Begun {
  readonly first: number;
  readonly end: number;
  readonly ring: Pending<ArrayBuffer>;
  readonly times: Pending<StageTimes>;
  readonly hostTimes: StageTimes;
}

/** Readings on their way at the same time; the loop waits for the oldest before it begins another. */
const MOST_BEGUN = 4;
/** Steps between two readings: few at first, in case the device is slow, then more as long as nobody has to wait. */
const FIRST_STEPS = 4, MOST_STEPS = 32;
/** Bytes uploaded between two readings: the driver holds them until the device has got there. */
const MOST_UPLOADED = 32 * 2 ** 20;
/** A wait after which readings are made more often, in milliseconds: what is queued is as far as Ctrl-C has to wait. */
const LONG_WAIT_MS = 250;

/**
 * Reads the model's ring of losses and its stage times behind the loop. Steps run ahead of what has been read by four
 * readings at most, so that neither the ring nor the driver's memory runs over.
 */
export class Readings {
  readonly #model: Model;
  readonly #begun: Begun[] = [];
  #asked = 0;
  #uploaded = 0;
  #steps = FIRST_STEPS;
  #waitedMs = 0;

  /** Begins with the first step. */
  constructor(model: Model) {
    this.#model = model;
    this.#uploaded = model.device.counters.bytesUploaded;
  }

  /** Begins after so many steps, whose losses are known. */
  startAt(step: number): void {
    this.#asked = step;
  }

  /** Time that was spent waiting for the device, in milliseconds. */
  get waitedMs(): number {
    return this.#waitedMs;
  }

  /** Whether no reading is on its way. */
  get idle(): boolean {
    return this.#begun.length === 0;
  }

  /** Whether it is time to begin a reading, after so many steps. */
  due(step: number): boolean {
    const { device, losses } = this.#model;
    return step - this.#asked >= Math.min(this.#steps, losses.slots) ||
      device.counters.bytesUploaded - this.#uploaded >= MOST_UPLOADED;
  }

  /** Begins to read what there is after so many steps, unless it has been. Waits where too many are on their way. */
  async begin(step: number, hostTimes: StageTimes): Promise<readonly Reading[]> {
    if (step === this.#asked) return this.arrived();
    const { device, losses: { buffer, slots } } = this.#model;
    this.#begun.push({
      first: this.#asked,
      end: step,
      ring: device.readLater(buffer, 0, 4 * slots),
      times: this.#model.stageTimesLater(),
      hostTimes: { ...hostTimes },
    });
    this.#asked = step;
    this.#uploaded = device.counters.bytesUploaded;
    const read = this.arrived();
    if (this.#begun.length < MOST_BEGUN) {
      if (read.length > 0) this.#steps = Math.min(MOST_STEPS, 2 * this.#steps);
      return read;
    }
    const begun = performance.now();
    const oldest = await this.#wait(this.#begun[0]!);
    this.#begun.shift();
    const ms = performance.now() - begun;
    this.#waitedMs += ms;
    this.#steps = ms > LONG_WAIT_MS
      ? Math.max(1, this.#steps >> 1)
      : Math.min(MOST_STEPS, 2 * this.#steps);
    return [...read, oldest, ...this.arrived()];
  }

  /** Those that have come, in order. */
  arrived(): Reading[] {
    const read: Reading[] = [];
    for (let next = this.#begun[0]; next !== undefined; next = this.#begun[0]) {
      const ring = next.ring.take(), times = ring === null ? null : next.times.take();
      if (ring === null || times === null) break;
      this.#begun.shift();
      read.push(this.#reading(next, ring, times));
    }
    return read;
  }

  /** All, once they have come. */
  async all(step: number, hostTimes: StageTimes): Promise<readonly Reading[]> {
    const read = [...await this.begin(step, hostTimes)];
    const begun = performance.now();
    for (const one of this.#begun.splice(0)) read.push(await this.#wait(one));
    this.#waitedMs += performance.now() - begun;
    return read;
  }

  async #wait(one: Begun): Promise<Reading> {
    return this.#reading(one, await one.ring.wait(), await one.times.wait());
  }

  #reading(
    { first, end, hostTimes }: Begun,
    ring: ArrayBuffer,
    times: StageTimes,
  ): Reading {
    const { slots } = this.#model.losses;
    const all = new Float32Array(ring);
    const losses = Float32Array.from({ length: end - first }, (_, i) => all[(first + i) % slots]!);
    return { first, losses, times, hostTimes };
  }
}

/**
 * Bytes that a run's minibatches moved between host memory and the device, summed up as they are trained.
 *
 * @module
 */

import type { StateTensors } from "../../train/run/state.ts";
import type { MinibatchSink } from "../../train/trace/log.ts";
import type { MinibatchRecord } from "../../train/trace/schema.ts";

/** Sums in bytes. */
export interface Bytes {
  /** To the device, rows' copies left out. */
  readonly upload: number;
  /** From the device. */
  readonly download: number;
  /** Hot rows and their state, in either direction. */
  readonly sync: number;
}

/** A trace of which the sums are all that is kept. */
export class ByteSums implements MinibatchSink {
  readonly #sums = new Float64Array(3);

  add({ upload_bytes, download_bytes, sync_bytes }: MinibatchRecord): void {
    this.#sums[0]! += upload_bytes;
    this.#sums[1]! += download_bytes;
    this.#sums[2]! += sync_bytes;
  }

  snapshot(): StateTensors {
    return new Map([["bytes", this.#sums.slice()]]);
  }

  restore(columns: StateTensors): void {
    this.#sums.set(columns.get("bytes") as Float64Array);
  }

  /** The sums so far. */
  get sums(): Bytes {
    const [upload, download, sync] = this.#sums as unknown as [number, number, number];
    return { upload, download, sync };
  }
}

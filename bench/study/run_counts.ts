/**
 * What a run's minibatches looked up and moved, summed by kind as they are trained: enough for the simulator to price the run
 * on another machine, in a kilobyte.
 *
 * @module
 */

import { addCounts, type CountSums, type HotCopies, sumsKey } from "../../sim/work.ts";
import type { StateTensors } from "../../train/run/state.ts";
import type { MinibatchSink } from "../../train/trace/log.ts";
import { MINIBATCH_KINDS, type MinibatchRecord } from "../../train/trace/schema.ts";

/** Sums in bytes. */
export interface Bytes {
  /** To the device, rows' copies left out. */
  readonly upload: number;
  /** From the device. */
  readonly download: number;
  /** Hot rows and their state, in either direction. */
  readonly sync: number;
}

/** Numbers of sums as a checkpoint keeps them, behind the kind. */
const NUMBERS = [
  ...["epoch", "inputs", "lookups", "unique_rows", "cold_lookups", "unique_cold_rows"] as const,
  ...["frozen_rows", "skipped_inputs", "times"] as const,
] satisfies readonly (keyof CountSums)[];

/** A trace of which the sums are all that is kept. */
export class RunCounts implements MinibatchSink {
  readonly #batch: number;
  readonly #bytes = new Float64Array(3);
  readonly #sums = new Map<string, CountSums>();
  #copied = 0;

  /** @param batch Inputs of a full minibatch. */
  constructor(batch: number) {
    this.#batch = batch;
  }

  add(record: MinibatchRecord): void {
    const { upload_bytes, download_bytes, sync_bytes } = record;
    this.#bytes[0]! += upload_bytes;
    this.#bytes[1]! += download_bytes;
    this.#bytes[2]! += sync_bytes;
    if (sync_bytes > 0) this.#copied++;
    const key = sumsKey(record, this.#batch);
    this.#sums.set(key, addCounts(this.#sums.get(key), record));
  }

  snapshot(): StateTensors {
    const sums = [...this.#sums].flatMap(([key, one]) => [
      MINIBATCH_KINDS.indexOf(one.kind),
      key.endsWith("true") ? 1 : 0,
      ...NUMBERS.map((name) => one[name]),
    ]);
    return new Map([
      ["bytes", Float64Array.of(...this.#bytes, this.#copied)],
      ["sums", Float64Array.from(sums)],
    ]);
  }

  restore(columns: StateTensors): void {
    const bytes = columns.get("bytes") as Float64Array, sums = columns.get("sums") as Float64Array;
    this.#bytes.set(bytes.subarray(0, 3));
    this.#copied = bytes[3]!;
    this.#sums.clear();
    for (let at = 0; at < sums.length; at += NUMBERS.length + 2) {
      const numbers = NUMBERS.map((name, i) => [name, sums[at + 2 + i]!]);
      const one = {
        kind: MINIBATCH_KINDS[sums[at]!]!,
        ...Object.fromEntries(numbers),
      } as unknown as CountSums;
      const inputs = sums[at + 1] === 1 ? this.#batch : 0;
      this.#sums.set(sumsKey({ ...one, inputs }, this.#batch), one);
    }
  }

  /** Bytes so far. */
  get bytes(): Bytes {
    const [upload, download, sync] = this.#bytes as unknown as [number, number, number];
    return { upload, download, sync };
  }

  /** Minibatches so far, by epoch, kind and whether they were full. */
  get minibatches(): readonly CountSums[] {
    return [...this.#sums.values()];
  }

  /** Copies of hot rows so far; null where there were none. */
  get copies(): HotCopies | null {
    return this.#copied === 0 ? null : { bytes: this.#bytes[2]!, times: this.#copied };
  }
}

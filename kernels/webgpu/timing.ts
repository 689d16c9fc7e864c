/**
 * GPU time a stage, by timestamps at the ends of compute passes.
 *
 * @module
 */

import type { Pending } from "../types.ts";
import type { Landing, Readback } from "./readback.ts";

/** Passes timed between two resolutions. */
const PASSES = 1024;

/** Bytes of one timestamp. */
const TIMESTAMP = 8;

/** Times of some passes on their way from the device. */
interface Batch {
  readonly landing: Landing;
  readonly stages: readonly string[];
  readonly resolved: GPUBuffer;
  readonly times: BigUint64Array;
}

/** Books passes on stages. Timestamps begin to be read back once a query set is full, or when times are wanted. */
export class StageTimer {
  readonly #device: GPUDevice;
  readonly #readback: Readback;
  readonly #submit: (commands: GPUCommandBuffer) => void;
  readonly #queries: GPUQuerySet;
  /** Begun since the last call of `later`. */
  #batches: Batch[] = [];
  #stages: string[] = [];
  /** Of batches that have landed since. */
  #totals: Record<string, number> = {};

  /** @param device Must have the feature `timestamp-query`. */
  constructor(
    device: GPUDevice,
    readback: Readback,
    submit: (commands: GPUCommandBuffer) => void,
  ) {
    this.#device = device;
    this.#readback = readback;
    this.#submit = submit;
    this.#queries = device.createQuerySet({
      type: "timestamp",
      count: 2 * PASSES,
      label: "stage times",
    });
  }

  /** Where the next pass writes its timestamps. */
  time(stage: string): GPUComputePassTimestampWrites {
    const at = 2 * this.#stages.push(stage) - 2;
    return {
      querySet: this.#queries,
      beginningOfPassWriteIndex: at,
      endOfPassWriteIndex: at + 1,
    };
  }

  /** Makes room for a program's passes; to be called outside of any encoder. Programs of more passes are not timed. */
  reserve(passes: number): boolean {
    if (this.#stages.length + passes > PASSES) this.#collect();
    return passes <= PASSES;
  }

  /** Milliseconds a stage of the passes since the last call, once their timestamps have come. */
  later(): Pending<Readonly<Record<string, number>>> {
    this.#collect();
    const batches = this.#batches, totals = this.#totals;
    this.#batches = [];
    this.#totals = {};
    return {
      take: () => land(batches, totals) ? totals : null,
      wait: async () => {
        for (const { landing } of batches) await landing.wait();
        land(batches, totals);
        return totals;
      },
    };
  }

  /** Frees the queries. */
  close(): void {
    this.#queries.destroy();
  }

  #collect(): void {
    const stages = this.#stages;
    if (stages.length === 0) return;
    // So that their buffers do not pile up while nobody asks.
    land(this.#batches, this.#totals);
    this.#stages = [];
    const count = 2 * stages.length;
    const resolved = this.#device.createBuffer({
      size: count * TIMESTAMP,
      usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
      label: "stage times",
    });
    const encoder = this.#device.createCommandEncoder({ label: "stage times" });
    encoder.resolveQuerySet(this.#queries, 0, count, resolved, 0);
    this.#submit(encoder.finish());
    const times = new BigUint64Array(count);
    const landing = this.#readback.start(resolved, 0, new Uint8Array(times.buffer));
    this.#batches.push({ landing, stages, resolved, times });
  }
}

/** Adds up the batches that have come, and removes them; whether none is left. */
function land(batches: Batch[], totals: Record<string, number>): boolean {
  while (batches[0]?.landing.arrived()) {
    const { stages, resolved, times } = batches.shift()!;
    resolved.destroy();
    stages.forEach((stage, i) => {
      // A dropped submission leaves zeros, which cannot be told from a clock that was reset.
      const nanoseconds = Math.max(0, Number(times[2 * i + 1]! - times[2 * i]!));
      totals[stage] = (totals[stage] ?? 0) + nanoseconds / 1e6;
    });
  }
  return batches.length === 0;
}

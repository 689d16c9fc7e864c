/**
 * GPU time a stage, by timestamps at the ends of compute passes.
 *
 * @module
 */

import type { Readback } from "./readback.ts";

/** Passes timed between two resolutions. */
const PASSES = 1024;

/** Bytes of one timestamp. */
const TIMESTAMP = 8;

/** Books passes on stages. Timestamps are read back in the background once a query set is full. */
export class StageTimer {
  readonly #device: GPUDevice;
  readonly #readback: Readback;
  readonly #submit: (commands: GPUCommandBuffer) => void;
  readonly #queries: GPUQuerySet;
  readonly #collecting = new Set<Promise<void>>();
  #stages: string[] = [];
  #totals: Record<string, number> = {};
  #error: Error | null = null;

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

  /** Milliseconds a stage since the last call. */
  async take(): Promise<Readonly<Record<string, number>>> {
    this.#collect();
    await Promise.all(this.#collecting);
    const totals = this.#totals;
    this.#totals = {};
    const error = this.#error;
    this.#error = null;
    if (error !== null) throw error;
    return totals;
  }

  /** Frees the queries. */
  close(): void {
    this.#queries.destroy();
  }

  #collect(): void {
    const stages = this.#stages;
    if (stages.length === 0) return;
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
    const collected: Promise<void> = this.#add(resolved, stages)
      .catch((error: Error) => {
        this.#error ??= error;
      })
      .finally(() => {
        resolved.destroy();
        this.#collecting.delete(collected);
      });
    this.#collecting.add(collected);
  }

  async #add(resolved: GPUBuffer, stages: readonly string[]): Promise<void> {
    const times = new BigUint64Array(2 * stages.length);
    await this.#readback.read(resolved, 0, new Uint8Array(times.buffer));
    stages.forEach((stage, i) => {
      // A dropped submission leaves zeros, which cannot be told from a clock that was reset.
      const nanoseconds = Math.max(0, Number(times[2 * i + 1]! - times[2 * i]!));
      this.#totals[stage] = (this.#totals[stage] ?? 0) + nanoseconds / 1e6;
    });
  }
}

/**
 * The one place that hands work to the queue.
 *
 * @module
 */

import type { DeviceCounters } from "../types.ts";

/** Bytes written since the last submission after which one is made: staging memory is freed only then. */
const FLUSH_BYTES = 16 * 2 ** 20;

/** Longest single write: the driver holds a copy of each until the next submission. */
const WRITE_BYTES = 16 * 2 ** 20;

/** Uploads and submissions of one device, in order. */
export class Submitter {
  readonly #queue: GPUQueue;
  readonly #counters: DeviceCounters;
  #written = 0;

  /** @param counters Receive submissions and uploaded bytes. */
  constructor(queue: GPUQueue, counters: DeviceCounters) {
    this.#queue = queue;
    this.#counters = counters;
  }

  /** Queues commands after everything queued and written so far. */
  submit(...commands: GPUCommandBuffer[]): void {
    this.#queue.submit(commands);
    this.#counters.submissions++;
    this.#written = 0;
  }

  /** Copies host bytes (a multiple of 4) to a buffer; the caller may reuse them at once. */
  write(to: GPUBuffer, byteOffset: number, data: Float32Array | Uint32Array): void {
    // Not every implementation of WebGPU takes memory that threads share.
    const { buffer, byteOffset: from, byteLength } = data.buffer instanceof ArrayBuffer
      ? data
      : data.slice();
    const bytes = new Uint8Array(buffer as ArrayBuffer, from, byteLength);
    for (let at = 0; at < bytes.length; at += WRITE_BYTES) {
      const part = bytes.subarray(at, at + WRITE_BYTES);
      this.#queue.writeBuffer(to, byteOffset + at, part);
      this.#written += part.length;
      if (this.#written >= FLUSH_BYTES) this.submit();
    }
    this.#counters.bytesUploaded += bytes.length;
  }
}

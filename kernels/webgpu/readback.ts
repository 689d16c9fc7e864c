/**
 * The one place where bytes come back from the device.
 *
 * @module
 */

import type { DeviceCounters } from "../types.ts";

/** Largest staging buffer: longer reads go in pieces. */
const PIECE = 16 * 2 ** 20;

/** Most bytes of a read that is begun without waiting for it. */
export const LATER_BYTES = PIECE;

/** Staging buffers in flight at once. */
const RING = 4;

/** Smallest staging buffer. */
const SMALLEST = 4096;

/** A staging buffer of the ring. */
interface Staging {
  readonly buffer: GPUBuffer;
  /** Whether it was mapped before: only then can a mapping be there without waiting. */
  warm: boolean;
}

/** What of the ring a landing needs. */
interface Ring {
  /** Counts a mapping that was there at once, or one that was waited for. */
  count(kind: "immediate" | "awaited"): void;
  /** Takes a staging buffer back. */
  release(staging: Staging): void;
}

/**
 * One copy on its way to the host. An awaited mapping takes some 10 ms in Deno, because its poll loop sleeps. But a
 * device that has been asked for a mapping maps when it is next polled, which asking does once before it returns and each
 * submission does too, so that a finished copy can be had without waiting. That is how Deno happens to work, not a
 * promise of WebGPU: where a mapping is not there when somebody needs it, it is awaited.
 */
export class Landing {
  readonly #ring: Ring;
  readonly #staging: Staging;
  readonly #to: Uint8Array;
  readonly #mapping: Promise<void>;
  #state: "asked" | "mapped" | "done" = "asked";
  #failure: { readonly cause: unknown } | null = null;

  /** Asks for the mapping of a staging buffer whose copy has been submitted, to be copied to `to`. */
  constructor(ring: Ring, staging: Staging, to: Uint8Array) {
    this.#ring = ring;
    this.#staging = staging;
    this.#to = to;
    this.#mapping = staging.buffer.mapAsync(GPUMapMode.READ, 0, this.#size).then(
      () => {
        if (this.#state === "asked") this.#state = "mapped";
      },
      (cause: unknown) => {
        // A landing that is done has let go of the mapping itself.
        if (this.#state !== "done") this.#failure = { cause };
      },
    );
  }

  /** Copies if the mapping is there; whether it was, now or before. Throws what the mapping failed with. */
  arrived(): boolean {
    if (this.#state === "done") return true;
    if (this.#failure !== null) throw this.#failure.cause;
    const range = this.#state === "mapped" || this.#staging.warm
      ? mappedRange(this.#staging.buffer, this.#size)
      : null;
    if (range === null) return false;
    this.#ring.count("immediate");
    this.#copy(range);
    return true;
  }

  /** Waits for the mapping, unless it is there, and copies. */
  async wait(): Promise<void> {
    if (this.arrived()) return;
    this.#ring.count("awaited");
    await this.#mapping;
    if (this.#failure !== null) throw this.#failure.cause;
    if (this.#state === "mapped") this.#copy(this.#staging.buffer.getMappedRange(0, this.#size));
  }

  get #size(): number {
    return Math.max(4, this.#to.length);
  }

  #copy(range: ArrayBuffer): void {
    this.#to.set(new Uint8Array(range, 0, this.#to.length));
    this.#state = "done";
    this.#staging.buffer.unmap();
    this.#staging.warm = true;
    this.#ring.release(this.#staging);
  }
}

/** Copies device memory to the host. */
export class Readback {
  readonly #device: GPUDevice;
  readonly #submit: (commands: GPUCommandBuffer) => void;
  readonly #counters: Pick<DeviceCounters, "awaitedMappings">;
  readonly #free: Staging[] = [];
  /** Staging buffers that are mapped, or asked to be. */
  readonly #mapped = new Set<Staging>();
  #immediate = 0;

  /**
   * @param submit Queues commands after everything queued so far.
   * @param counters Receive the mappings that had to be waited for.
   */
  constructor(
    device: GPUDevice,
    submit: (commands: GPUCommandBuffer) => void,
    counters: Pick<DeviceCounters, "awaitedMappings">,
  ) {
    this.#device = device;
    this.#submit = submit;
    this.#counters = counters;
  }

  /** How many mappings were there without waiting, and how many had to be waited for. */
  get mappings(): { readonly immediate: number; readonly awaited: number } {
    return { immediate: this.#immediate, awaited: this.#counters.awaitedMappings };
  }

  /** Reads `byteLength` bytes (a multiple of 4) into `to`, after everything queued so far. */
  async read(from: GPUBuffer, byteOffset: number, to: Uint8Array): Promise<void> {
    const landing: Promise<void>[] = [];
    for (let at = 0; at < to.length; at += PIECE) {
      const part = to.subarray(at, Math.min(to.length, at + PIECE));
      if (landing.length >= RING) await landing.shift();
      const landed = this.start(from, byteOffset + at, part).wait();
      // Awaited below, perhaps after another one has failed.
      landed.catch(() => {});
      landing.push(landed);
    }
    await Promise.all(landing);
  }

  /** Begins to read into `to`, at most 16 MiB and a multiple of 4 bytes, after everything queued so far. */
  start(from: GPUBuffer, byteOffset: number, to: Uint8Array): Landing {
    const staging = this.#take(to.length);
    const encoder = this.#device.createCommandEncoder({ label: "readback" });
    encoder.copyBufferToBuffer(from, byteOffset, staging.buffer, 0, to.length);
    this.#submit(encoder.finish());
    return this.#land(staging, to);
  }

  /** Waits until everything queued so far is done. */
  async wait(): Promise<void> {
    const staging = this.#take(4);
    const encoder = this.#device.createCommandEncoder({ label: "sync" });
    encoder.clearBuffer(staging.buffer, 0, 4);
    this.#submit(encoder.finish());
    await this.#land(staging, new Uint8Array(0)).wait();
  }

  /** Frees the staging buffers; reads in flight fail. */
  close(): void {
    // Destroying a mapped buffer has hung Deno (denoland/deno#24798).
    for (const { buffer } of this.#mapped) {
      try {
        buffer.unmap();
      } catch {
        // The device is lost, and with it whatever was mapped.
      }
    }
    for (const { buffer } of this.#free.splice(0)) buffer.destroy();
  }

  #land(staging: Staging, to: Uint8Array): Landing {
    this.#mapped.add(staging);
    return new Landing(
      {
        count: (kind) => {
          if (kind === "immediate") this.#immediate++;
          else this.#counters.awaitedMappings++;
        },
        release: (used) => {
          this.#mapped.delete(used);
          this.#free.push(used);
          while (this.#free.length > RING) this.#free.shift()!.buffer.destroy();
        },
      },
      staging,
      to,
    );
  }

  #take(byteLength: number): Staging {
    const fits = this.#free.findIndex(({ buffer }) =>
      buffer.size >= byteLength && buffer.size <= Math.max(SMALLEST, 4 * byteLength)
    );
    if (fits >= 0) return this.#free.splice(fits, 1)[0]!;
    const size = Math.max(SMALLEST, 2 ** Math.ceil(Math.log2(byteLength)));
    const buffer = this.#device.createBuffer({
      size,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
      label: "readback staging",
    });
    return { buffer, warm: false };
  }
}

function mappedRange(buffer: GPUBuffer, size: number): ArrayBuffer | null {
  try {
    return buffer.getMappedRange(0, size);
  } catch {
    return null;
  }
}

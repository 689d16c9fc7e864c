/**
 * The one place where bytes come back from the device.
 *
 * @module
 */

/** Largest staging buffer: longer reads go in pieces. */
const PIECE = 16 * 2 ** 20;

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

/** Copies device memory to the host. */
export class Readback {
  readonly #device: GPUDevice;
  readonly #submit: (commands: GPUCommandBuffer) => void;
  readonly #free: Staging[] = [];
  readonly #mapped = new Set<GPUBuffer>();
  #immediate = 0;
  #awaited = 0;

  /** @param submit Queues commands after everything queued so far. */
  constructor(device: GPUDevice, submit: (commands: GPUCommandBuffer) => void) {
    this.#device = device;
    this.#submit = submit;
  }

  /** How many mappings were there at once, and how many had to be waited for. */
  get mappings(): { readonly immediate: number; readonly awaited: number } {
    return { immediate: this.#immediate, awaited: this.#awaited };
  }

  /** Reads `byteLength` bytes (a multiple of 4) into `to`, after everything queued so far. */
  async read(from: GPUBuffer, byteOffset: number, to: Uint8Array): Promise<void> {
    const landing: Promise<void>[] = [];
    for (let at = 0; at < to.length; at += PIECE) {
      const part = to.subarray(at, Math.min(to.length, at + PIECE));
      if (landing.length >= RING) await landing.shift();
      const staging = this.#take(part.length);
      const encoder = this.#device.createCommandEncoder({ label: "readback" });
      encoder.copyBufferToBuffer(from, byteOffset + at, staging.buffer, 0, part.length);
      this.#submit(encoder.finish());
      const landed = this.#land(staging, part);
      // Awaited below, perhaps after another one has failed.
      landed.catch(() => {});
      landing.push(landed);
    }
    await Promise.all(landing);
  }

  /** Waits until everything queued so far is done. */
  async wait(): Promise<void> {
    const staging = this.#take(4);
    const encoder = this.#device.createCommandEncoder({ label: "sync" });
    encoder.clearBuffer(staging.buffer, 0, 4);
    this.#submit(encoder.finish());
    await this.#land(staging, new Uint8Array(0));
  }

  /** Frees the staging buffers; reads in flight fail. */
  close(): void {
    // Destroying a mapped buffer has hung Deno (denoland/deno#24798).
    for (const buffer of this.#mapped) buffer.unmap();
    for (const { buffer } of this.#free.splice(0)) buffer.destroy();
  }

  /**
   * Maps and copies out. An awaited mapping takes some 10 ms in Deno, because its poll loop sleeps; but asking polls
   * once before it returns, so a finished copy can be had at once. That is how Deno happens to work, not a promise
   * of WebGPU: when the mapping is not there yet, it is awaited.
   */
  async #land(staging: Staging, part: Uint8Array): Promise<void> {
    const { buffer } = staging;
    const size = Math.max(4, part.length);
    const mapping = buffer.mapAsync(GPUMapMode.READ, 0, size);
    // Whoever awaits it below sees the failure; without a catch a failure would end the process.
    mapping.catch(() => {});
    this.#mapped.add(buffer);
    try {
      let range: ArrayBuffer | null = null;
      if (staging.warm) range = mappedRange(buffer, size);
      if (range === null) {
        this.#awaited++;
        await mapping;
        range = buffer.getMappedRange(0, size);
      } else {
        this.#immediate++;
      }
      part.set(new Uint8Array(range, 0, part.length));
    } finally {
      this.#mapped.delete(buffer);
    }
    buffer.unmap();
    staging.warm = true;
    this.#free.push(staging);
    while (this.#free.length > RING) this.#free.shift()!.buffer.destroy();
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

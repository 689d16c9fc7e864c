/**
 * Errors that WebGPU reports asynchronously: kept until the caller waits for results, and thrown there.
 *
 * @module
 */

import { IN_BROWSER } from "../../core/deno.ts";
import { UserError } from "../../core/errors.ts";
import { DeviceLostError } from "../device_lost.ts";

/** Says that memory is short: after "Cannot", what was tried, and in the device's words why not. */
export function outOfMemory(tried: string, cause: GPUError): UserError {
  const other = IN_BROWSER ? "" : "the CPU device, or ";
  return new UserError(
    `Cannot ${tried}: the GPU is out of memory (${cause.message.trim()}); try ${other}smaller tables or minibatches`,
  );
}

/** How long to wait, after an error, for the report that the device was lost. */
const NEWS_MS = 500;

/** Holds what went wrong on a device until a caller can be told. */
export class ErrorKeeper {
  readonly #verdicts = new Set<Promise<void>>();
  #pending: Error | null = null;
  #lost: DeviceLostError | null = null;
  #closed = false;
  readonly #gone: Promise<void>;

  /** @param device Its uncaptured errors and its loss are kept from now on. */
  constructor(device: GPUDevice) {
    device.addEventListener("uncapturederror", (event) => {
      event.preventDefault();
      const { error } = event as GPUUncapturedErrorEvent;
      this.keep(
        error instanceof GPUOutOfMemoryError
          ? outOfMemory("run on WebGPU", error)
          : new Error(`Cannot run on WebGPU: ${error.message.trim()}`),
      );
    });
    this.#gone = device.lost.then(({ message, reason }) => {
      if (!this.#closed) this.#lost = new DeviceLostError(message.trim() || reason);
    });
  }

  /**
   * The loss of the device, to be asked for after an error: it may be reported later than the errors that it causes.
   */
  async loss(): Promise<DeviceLostError | null> {
    const patience = Promise.withResolvers<void>();
    const timer = setTimeout(patience.resolve, NEWS_MS);
    await Promise.race([this.#gone, patience.promise]);
    clearTimeout(timer);
    return this.#lost;
  }

  /** Notes that the owner disposes the device, so that its end is not taken for a loss. */
  close(): void {
    this.#closed = true;
  }

  /** Keeps an error; the first one wins, since later ones tend to follow from it, as most do from a lack of memory. */
  keep(error: Error): void {
    const worse = error instanceof UserError && !(this.#pending instanceof UserError);
    if (this.#pending === null || worse) this.#pending = error;
  }

  /** Runs `body` and keeps what the device finds wrong with it, after "Cannot" and what was tried. */
  watch<T>(device: GPUDevice, tried: string, body: () => T): T {
    return this.#scope(device, "validation", body, (error) => {
      this.keep(new Error(`Cannot ${tried}: ${error.message.trim()}`));
    });
  }

  /** Runs `body`, and `mend` should the device turn out to lack the memory for it. */
  watchMemory<T>(device: GPUDevice, body: () => T, mend: (cause: GPUError) => Promise<void>): T {
    return this.#scope(device, "out-of-memory", body, mend);
  }

  /** Waits for the checks that are still pending. */
  async settle(): Promise<void> {
    while (this.#verdicts.size > 0) await Promise.all(this.#verdicts);
  }

  /** Throws the kept error, once; a lost device throws every time. */
  throwPending(): void {
    if (this.#lost !== null) throw this.#lost;
    const error = this.#pending;
    this.#pending = null;
    if (error !== null) throw error;
  }

  #scope<T>(
    device: GPUDevice,
    filter: GPUErrorFilter,
    body: () => T,
    tell: (error: GPUError) => void | Promise<void>,
  ): T {
    device.pushErrorScope(filter);
    try {
      return body();
    } finally {
      const verdict: Promise<void> = device.popErrorScope()
        .then((error) => error === null ? undefined : tell(error))
        .catch((error: Error) => this.keep(error))
        .finally(() => this.#verdicts.delete(verdict));
      this.#verdicts.add(verdict);
    }
  }
}

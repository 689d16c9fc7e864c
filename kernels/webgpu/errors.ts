/**
 * Errors that WebGPU reports on the side: kept until somebody waits for results, then thrown there.
 *
 * @module
 */

/** Holds what went wrong on a device until a caller can be told. */
export class ErrorKeeper {
  readonly #verdicts = new Set<Promise<void>>();
  #pending: Error | null = null;
  #lost: Error | null = null;

  /** @param device Its uncaptured errors and its loss are kept from now on. */
  constructor(device: GPUDevice) {
    device.addEventListener("uncapturederror", (event) => {
      event.preventDefault();
      this.keep(
        new Error(
          `Cannot run on WebGPU: ${(event as GPUUncapturedErrorEvent).error.message.trim()}`,
        ),
      );
    });
    device.lost.then((info) => {
      if (info.reason === "destroyed") return;
      this.#lost = new Error(`Cannot go on with WebGPU: the device is lost (${info.message})`);
    });
  }

  /** Keeps an error; the first one wins, since later ones tend to follow from it. */
  keep(error: Error): void {
    this.#pending ??= error;
  }

  /** Runs `body` and keeps what the device finds wrong with it, after "Cannot" and what was tried. */
  watch<T>(
    device: GPUDevice,
    tried: string,
    body: () => T,
    filter: GPUErrorFilter = "validation",
  ): T {
    device.pushErrorScope(filter);
    try {
      return body();
    } finally {
      const verdict: Promise<void> = device.popErrorScope().then((error) => {
        if (error !== null) this.keep(new Error(`Cannot ${tried}: ${error.message.trim()}`));
      }, (error: Error) => this.keep(error)).finally(() => this.#verdicts.delete(verdict));
      this.#verdicts.add(verdict);
    }
  }

  /** Waits for the verdicts that are still out. */
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
}

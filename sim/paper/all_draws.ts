/**
 * Draws on all cores.
 *
 * @module
 */

import type { DrawOptions } from "./draws.ts";
import type { DrawAnswer, DrawTask } from "./draws_worker.ts";
import type { Ratio } from "./evaluate.ts";

/** What goes with draws. */
export interface AllDrawsHooks {
  /** Told how many are done. */
  readonly onDraw?: ((done: number) => void) | undefined;
  /** Ends them; its reason is thrown. */
  readonly signal?: AbortSignal | undefined;
}

/** The ratios of draws 0 to `draws` - 1, in the order of their numbers whatever the cores. */
export async function allDraws(
  options: DrawOptions,
  draws: number,
  { onDraw = () => {}, signal }: AllDrawsHooks = {},
): Promise<(readonly Ratio[])[]> {
  signal?.throwIfAborted();
  const threads = Math.max(1, Math.min(navigator.hardwareConcurrency, draws));
  const workers = Array.from(
    { length: threads },
    () => new Worker(new URL("./draws_worker.ts", import.meta.url).href, { type: "module" }),
  );
  const found: (readonly Ratio[])[] = new Array(draws);
  let done = 0, stop = (): void => {};
  try {
    await new Promise<void>((resolve, reject) => {
      stop = () => reject(signal?.reason);
      signal?.addEventListener("abort", stop, { once: true });
      for (const [k, worker] of workers.entries()) {
        worker.onmessage = ({ data: { draw, ratios } }: MessageEvent<DrawAnswer>) => {
          found[draw] = ratios;
          onDraw(++done);
          if (done === draws) resolve();
        };
        worker.onerror = (event) => {
          event.preventDefault();
          reject(new Error(event.message));
        };
        const task: DrawTask = { options, from: k, by: threads, to: draws };
        worker.postMessage(task);
      }
    });
    return found;
  } finally {
    signal?.removeEventListener("abort", stop);
    for (const worker of workers) worker.terminate();
  }
}

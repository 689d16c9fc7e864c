/**
 * Draws on all cores.
 *
 * @module
 */

import { WorkerPool } from "../../core/worker_pool.ts";
import type { DrawOptions } from "./draws.ts";
import type { DrawTask } from "./draws_worker.ts";
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
  { onDraw, signal }: AllDrawsHooks = {},
): Promise<(readonly Ratio[])[]> {
  const threads = Math.max(1, Math.min(navigator.hardwareConcurrency, draws));
  const module = new URL("./draws_worker.ts", import.meta.url);
  using pool = new WorkerPool<DrawTask, readonly Ratio[]>(module, { threads, signal });
  const tasks = Array.from({ length: draws }, (_, draw): DrawTask => ({ options, draw }));
  return await pool.each(tasks, onDraw);
}

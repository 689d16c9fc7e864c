/**
 * A worker that computes draws.
 *
 * @module
 */

import { serveTasks } from "../../core/serve_tasks.ts";
import { type DrawOptions, drawRatios } from "./draws.ts";

/** One draw by its number. */
export interface DrawTask {
  readonly options: DrawOptions;
  readonly draw: number;
}

if (import.meta.main) {
  serveTasks(({ options, draw }: DrawTask) => drawRatios(options, draw));
}

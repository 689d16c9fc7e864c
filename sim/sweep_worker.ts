/**
 * A worker of `sweep.ts`: simulates points.
 *
 * @module
 */

import { serveTasks } from "../core/serve_tasks.ts";
import { type PreparedSweep, sweepPoint, type SweepRow } from "./sweep.ts";

/** Points from, from + by, … below `to`. */
export interface SweepTask {
  readonly options: PreparedSweep;
  readonly from: number;
  readonly by: number;
  readonly to: number;
}

function simulatePoints({ options, from, by, to }: SweepTask): SweepRow[] {
  const rows: SweepRow[] = [];
  for (let point = from; point < to; point += by) rows.push(sweepPoint(options, point));
  return rows;
}

if (import.meta.main) serveTasks(simulatePoints);

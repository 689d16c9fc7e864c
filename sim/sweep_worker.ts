/**
 * A worker of `sweep.ts`: simulates every n-th point.
 *
 * @module
 */

import { UserError } from "../core/errors.ts";
import { workerScope } from "../core/worker_scope.ts";
import { type PreparedSweep, sweepPoint, type SweepRow } from "./sweep.ts";

/** Points from, from + by, … below `to`. */
export interface SweepTask {
  readonly options: PreparedSweep;
  readonly from: number;
  readonly by: number;
  readonly to: number;
}

if (import.meta.main) {
  const scope = workerScope<SweepTask>();
  scope.onmessage = ({ data: { options, from, by, to } }) => {
    try {
      const rows: SweepRow[] = [];
      for (let point = from; point < to; point += by) rows.push(sweepPoint(options, point));
      scope.postMessage({ rows });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      scope.postMessage({ refused: error.message });
    }
  };
}

/**
 * A worker of `sweep.ts`: simulates every n-th point.
 *
 * @module
 */

/// <reference lib="deno.worker" />

import { UserError } from "../core/errors.ts";
import { type PreparedSweep, sweepPoint, type SweepRow } from "./sweep.ts";

/** Points from, from + by, … below `to`. */
export interface SweepTask {
  readonly options: PreparedSweep;
  readonly from: number;
  readonly by: number;
  readonly to: number;
}

if (typeof WorkerGlobalScope !== "undefined" && self instanceof WorkerGlobalScope) {
  self.onmessage = ({ data: { options, from, by, to } }: MessageEvent<SweepTask>) => {
    try {
      const rows: SweepRow[] = [];
      for (let point = from; point < to; point += by) rows.push(sweepPoint(options, point));
      self.postMessage({ rows });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      self.postMessage({ refused: error.message });
    }
  };
}

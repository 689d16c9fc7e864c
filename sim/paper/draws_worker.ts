/**
 * A worker that computes every n-th draw and gives each as it is found.
 *
 * @module
 */

/// <reference lib="deno.worker" />

import { type DrawOptions, drawRatios } from "./draws.ts";
import type { Ratio } from "./evaluate.ts";

/** Draws from, from + by, … below `to`. */
export interface DrawTask {
  readonly options: DrawOptions;
  readonly from: number;
  readonly by: number;
  readonly to: number;
}

/** What a worker gives. */
export interface DrawAnswer {
  readonly draw: number;
  readonly ratios: readonly Ratio[];
}

if (typeof WorkerGlobalScope !== "undefined" && self instanceof WorkerGlobalScope) {
  self.onmessage = ({ data: { options, from, by, to } }: MessageEvent<DrawTask>) => {
    for (let draw = from; draw < to; draw += by) {
      const answer: DrawAnswer = { draw, ratios: drawRatios(options, draw) };
      self.postMessage(answer);
    }
  };
}

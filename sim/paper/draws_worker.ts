/**
 * A worker of the paper table: computes every n-th draw.
 *
 * @module
 */

/// <reference lib="deno.worker" />

import { type DrawOptions, drawRatios } from "./draws.ts";

/** Draws from, from + by, … below `to`. */
export interface DrawTask {
  readonly options: DrawOptions;
  readonly from: number;
  readonly by: number;
  readonly to: number;
}

if (typeof WorkerGlobalScope !== "undefined" && self instanceof WorkerGlobalScope) {
  self.onmessage = ({ data: { options, from, by, to } }: MessageEvent<DrawTask>) => {
    const found: [draw: number, ratios: number[]][] = [];
    for (let draw = from; draw < to; draw += by) found.push([draw, drawRatios(options, draw)]);
    self.postMessage(found);
  };
}

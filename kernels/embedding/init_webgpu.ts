/**
 * Launch of the tables' start values.
 *
 * @module
 */

import { STREAMS } from "../../core/random.ts";
import { composeKernel, type Launch } from "../webgpu/kernel.ts";
import source from "./init.wgsl" with { type: "text" };

const THREADS = 256;

const kernel = composeKernel({
  name: "embedding-init",
  params: {
    // Block number of the run's first float, as 64 bits, and how many words of that block lie before the run.
    block_low: "u32",
    block_high: "u32",
    skip: "u32",
    count: "u32",
    // Place of the run's first float in the shard.
    place: "u32",
    stream: "u32",
    seed: "u32",
    scale: "f32",
  },
  buffers: { shard: "write f32" },
  sources: [source],
});

/** A run of floats inside one shard. */
export interface InitRun {
  readonly shard: GPUBuffer;
  /** Place of the run's first float in the shard. */
  readonly place: number;
  /** Its position in the stream `tables`, below 2^53. */
  readonly position: number;
  readonly count: number;
  readonly seed: number;
  /** Values are uniform in [-scale, scale). */
  readonly scale: number;
}

/** Fills a run with the bits that core/random.ts gives. */
export function initLaunch({ shard, place, position, count, seed, scale }: InitRun): Launch {
  const block = Math.floor(position / 4);
  const skip = position % 4;
  return kernel.launch({
    params: {
      block_low: block % 2 ** 32,
      block_high: Math.floor(block / 2 ** 32),
      skip,
      count,
      place,
      stream: STREAMS.tables,
      seed,
      scale,
    },
    buffers: { shard },
    groups: Math.ceil((skip + count) / 4 / THREADS),
  });
}

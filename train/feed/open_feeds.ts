/**
 * How many threads prepare minibatches for a run.
 *
 * @module
 */

import { IN_BROWSER, isGranted } from "../../core/deno.ts";
import { UsageError } from "../../core/errors.ts";
import type { DeviceInfo } from "../../kernels/types.ts";
import { type Feeds, type FeedsParts, openFeeds, openFeedsAhead } from "./feeds.ts";

/** Most threads that can be asked for. */
export const MAX_PREPARE_WORKERS = 64;

/** Inputs below which a run is over before threads have begun to pay for their start, a fraction of a second. */
const SHORT_RUN = 100_000;

/** Beside a device whose arithmetic is on the processor two are more than enough: a step takes much longer than to prepare. */
const MOST_BESIDE_CPU = 2;

/**
 * Opens the feeds of a run.
 *
 * @param workers Threads that prepare minibatches; null for none in a short run, else as many as
 * {@link automaticWorkers} says.
 * @param inputs Inputs that the run trains at most.
 * @throws {UsageError} Threads are asked for, and the data set cannot be opened in another thread.
 */
export async function openRunFeeds(
  parts: FeedsParts,
  device: DeviceInfo,
  workers: number | null,
  inputs: number,
): Promise<Feeds> {
  if (workers === 0 || (workers === null && inputs < SHORT_RUN)) return openFeeds(parts);
  const wanted = workers ?? automaticWorkers(device, navigator.hardwareConcurrency);
  if (wanted === 0 || (workers === null && !mayStart())) return openFeeds(parts);
  const feeds = await openFeedsAhead(parts, wanted);
  if (feeds !== null) return feeds;
  if (workers === null) return openFeeds(parts);
  throw new UsageError((option) =>
    `Cannot use ${
      option("device.prepareWorkers")
    } ${workers}: the data set ${parts.dataset.schema.format} cannot be opened in another thread, so give 0 or leave it out`
  );
}

/**
 * Threads that prepare minibatches where nobody says how many. Beside a GPU all processors but that of the main thread, up
 * to what is worth while for the data set. Where the arithmetic is on the processors themselves (the CPU device, software
 * adapters) those that it leaves over, which by default are none.
 */
export function automaticWorkers(device: DeviceInfo, cores: number): number {
  if (device.isFallbackAdapter) return 0;
  if (device.kind === "cpu") {
    return Math.max(0, Math.min(MOST_BESIDE_CPU, cores - device.threads));
  }
  return Math.max(0, Math.min(MAX_PREPARE_WORKERS, cores - 1));
}

/** Whether this program may read the module of the threads; a program that may not prepares its minibatches itself. */
function mayStart(): boolean {
  const { protocol, pathname } = new URL("./worker.ts", import.meta.url);
  // A bundle for browsers has no module of its own for them.
  if (IN_BROWSER) return false;
  return protocol !== "file:" || isGranted({ name: "read", path: decodeURIComponent(pathname) });
}

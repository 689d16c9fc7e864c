/**
 * A thread of the CPU device: joins the team and runs programs until told to stop.
 *
 * @module
 */

/// <reference lib="deno.worker" />

import { instantiate, markFailed } from "./instance.ts";
import type { Invitation } from "./instance.ts";

self.onmessage = ({ data }: MessageEvent<Invitation>) => {
  self.onmessage = null;
  const { work } = instantiate(data);
  self.postMessage("ready");
  try {
    work(data.thread, data.generation);
  } catch (error) {
    markFailed(data.memory, `thread ${data.thread}: ${String(error)}`);
  }
  self.close();
};

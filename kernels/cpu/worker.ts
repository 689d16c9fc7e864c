/**
 * A thread of the CPU device: joins the team and runs programs until told to stop.
 *
 * @module
 */

import { parentPort } from "node:worker_threads";
import { instantiate, markFailed } from "./instance.ts";
import type { Invitation } from "./instance.ts";

parentPort!.once("message", (invitation: Invitation) => {
  const { work } = instantiate(invitation);
  parentPort!.postMessage("ready");
  try {
    work(invitation.thread, invitation.generation);
  } catch (error) {
    markFailed(invitation.memory, `thread ${invitation.thread}: ${String(error)}`);
  }
});

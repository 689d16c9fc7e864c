/**
 * A thread of the CPU device: joins the team and runs programs until told to stop.
 *
 * @module
 */

import { workerScope } from "../../core/worker_scope.ts";
import { instantiate, markFailed } from "./instance.ts";
import type { Invitation } from "./instance.ts";

const scope = workerScope<Invitation>();
scope.onmessage = ({ data }) => {
  scope.onmessage = null;
  const { work } = instantiate(data);
  scope.postMessage("ready");
  try {
    work(data.thread, data.generation);
  } catch (error) {
    markFailed(data.memory, `thread ${data.thread}: ${String(error)}`);
  }
  scope.close();
};

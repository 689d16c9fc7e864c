import assert from "node:assert/strict";
import { checkpoint } from "../../core/events.ts";

Deno.test("checkpoint() stops with the reason of the signal", async () => {
  const controller = new AbortController();
  await checkpoint();
  await checkpoint(controller.signal);
  const reason = new Error("enough");
  // Aborted by an event that is pending when the checkpoint is reached.
  setTimeout(() => controller.abort(reason), 0);
  await assert.rejects(checkpoint(controller.signal), reason);
});

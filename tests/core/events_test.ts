import assert from "node:assert/strict";
import { atOnce, checkpoint, pause, type Pieces, withEvents } from "../../core/events.ts";

Deno.test("checkpoint() stops with the reason of the signal", async () => {
  const controller = new AbortController();
  await checkpoint();
  await checkpoint(controller.signal);
  const reason = new Error("enough");
  // Aborted by an event that is pending when the checkpoint is reached.
  setTimeout(() => controller.abort(reason), 0);
  await assert.rejects(checkpoint(controller.signal), reason);
});

Deno.test("pause() stops with the reason of the signal, whether it comes before or while it waits", async () => {
  const controller = new AbortController(), reason = new Error("enough");
  setTimeout(() => controller.abort(reason), 0);
  await assert.rejects(pause(60_000, controller.signal), reason);
  await assert.rejects(pause(60_000, controller.signal), reason);
  await pause(0);
});

Deno.test("a computation in pieces comes to the same at once and with events between", async () => {
  function* sum(to: number): Pieces<number> {
    let all = 0;
    for (let i = 1; i <= to; i++, yield) all += i;
    return all;
  }
  assert.equal(atOnce(sum(100)), 5050);
  assert.equal(await withEvents(sum(100)), 5050);
});

Deno.test("an event ends a computation that has no end", async () => {
  function* endless(): Pieces<never> {
    while (true) yield;
  }
  const controller = new AbortController(), reason = new Error("enough");
  setTimeout(() => controller.abort(reason), 0);
  await assert.rejects(withEvents(endless(), controller.signal), reason);
});

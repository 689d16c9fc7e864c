/** Events of a run, changed as bytes and as lines: what is taken has a page. */

import assert from "node:assert/strict";
import { parseEvents } from "../../train/events/read_events.ts";
import { runPage, viewOfEvents } from "../../train/page/mod.ts";
import { DECISION, progress, start } from "../train/page/events.ts";
import { type Draw, mutateBytes, mutateJson } from "./draw.ts";
import { type Subject, verdictOf } from "./subject.ts";

const AT = { time: "2026-11-29T12:00:00.000Z", step: 40, inputs: 400, train_ms: 40 };
const GOOD = [
  start(),
  progress(10, 0.5),
  DECISION,
  progress(30, null),
  start(20, true),
  progress(40, 0.25),
  { event: "evaluation", ...AT, skipped_inputs: 8, final: true, auc: 0.7, logloss: 0.5, count: 9 },
  { event: "end", ...AT, skipped_inputs: 8, how: "completed", reason: null, evaluate_ms: 1 },
];

function make(draw: Draw): Uint8Array {
  const changed = draw.of(GOOD.map((_, i) => i));
  const lines = GOOD.map((event, i) =>
    JSON.stringify(i === changed && draw.chance(0.7) ? mutateJson(event, draw) : event)
  );
  const bytes = new TextEncoder().encode(`${lines.join("\n")}\n`);
  return draw.chance(0.3) ? mutateBytes(bytes, draw) : bytes;
}

/** Files of events by what reads them. */
export const RUN_EVENTS: readonly Subject[] = [{
  name: "run-events",
  make,
  check: (input) =>
    verdictOf(async () => {
      const text = new TextDecoder().decode(input);
      const events = parseEvents("e", text);
      const page = await runPage([viewOfEvents("run", events)]);
      assert.ok(page.endsWith("</html>\n"));
      // A name may be that, but no number.
      if (!text.includes("NaN")) assert.doesNotMatch(page, /\bNaN\b/);
    }),
}];

import assert from "node:assert/strict";
import { FORM_DEFAULTS } from "../../page/train/form.ts";
import type { RunProgress, TrainEvent } from "../../page/train/messages.ts";
import { raceSentence, statusSentence } from "../../page/train/sentences.ts";
import { afterEvent, IDLE } from "../../page/train/state.ts";

const PROGRESS: RunProgress = {
  ms: 20_000,
  step: 400,
  trained: 50_000,
  skipped: 0,
  total: 100_000,
  phase: "hot",
};
const LOSSES = Float32Array.of(0.5);

const EVENTS: readonly TrainEvent[] = [
  { kind: "preparing", what: "Drawing clicks", share: 0.5 },
  { kind: "adapter", adapter: { name: "SwiftShader", isFallbackAdapter: true } },
  { kind: "ready", lookups: 26, rows: 20_000, hotRows: 10_000 },
  { kind: "progress", run: 1, progress: { ...PROGRESS, phase: "window" } },
  {
    kind: "decision",
    decision: {
      threshold: 0.0481,
      target: 0.3,
      share: 0.28,
      note: "30.0 % cannot be skipped, 28.0 % at most",
      window: 20,
      curve: [],
      rows: { hot: 10_000, touched: 8000, stale: 7500 },
      scores: new Float32Array(0),
    },
  },
  { kind: "progress", run: 0, progress: PROGRESS },
  { kind: "progress", run: 1, progress: { ...PROGRESS, trained: 45_000, skipped: 15_000 } },
  { kind: "ended", run: 0, summary: { losses: LOSSES, auc: 0.7141, logloss: 0.5 } },
  { kind: "ended", run: 1, summary: { losses: LOSSES, auc: 0.7138, logloss: 0.5 } },
];

Deno.test("what the page says changes when there is something to say", () => {
  let state = IDLE;
  const said = [statusSentence(state, FORM_DEFAULTS)];
  for (const event of EVENTS) {
    state = afterEvent(state, event);
    const sentence = statusSentence(state, FORM_DEFAULTS);
    if (sentence !== said.at(-1)) said.push(sentence);
  }
  assert.deepEqual(said.map((sentence) => sentence.split(/[:.…]/)[0]), [
    "Press Start",
    "Drawing clicks ",
    "Telling hot clicks from cold ones ",
    "The window",
    "Decided",
    "slipstream needed 20",
  ]);
  assert.equal(
    said[4],
    "Decided: 7,500 of 10,000 hot rows moved less than T = 0.048 and count as stale. 28 % of hot clicks use stale rows alone, and are skipped from now on. (30.0 % cannot be skipped, 28.0 % at most.)",
  );
  assert.equal(
    said[5],
    "slipstream needed 20.0 s and fae 20.0 s, as long, with 25 % of the clicks skipped. AUC 0.7138 (slipstream) against 0.7141 (fae): one seed cannot tell a difference of some thousandths from chance; the tab Report has several. SwiftShader is a software adapter: its times say little about a GPU.",
  );
});

Deno.test("a decision is told in the words of its plan and criterion", () => {
  const state = EVENTS.slice(0, 5).reduce(afterEvent, IDLE);
  assert.match(
    statusSentence(state, { ...FORM_DEFAULTS, criterion: "per-root-access" }),
    /rows have a score by per-root-access below T = 0\.048 .* 28 % of hot clicks have a mean score below T, and are/,
  );
  assert.match(
    statusSentence(state, { ...FORM_DEFAULTS, plan: "freeze" }),
    /28 % of hot lookups are of such rows, and these stay as they are/,
  );
  const window = EVENTS.slice(0, 4).reduce(afterEvent, IDLE);
  assert.match(
    statusSentence(window, { ...FORM_DEFAULTS, plan: "random-drop" }),
    /random-drop, which does not look at how far rows move/,
  );
});

Deno.test("runs that stop early are not said to be through their clicks", () => {
  const form = { ...FORM_DEFAULTS, maxSteps: 400 };
  const state = EVENTS.slice(0, 8).reduce(afterEvent, IDLE);
  assert.match(raceSentence(state, form)!, /^fae is through its 400 minibatches after 20\.0 s; /);
  assert.match(
    statusSentence(afterEvent(state, EVENTS[8]!), form),
    /Runs stop after 400 minibatches: fae had come through 50 % of the clicks and slipstream through 60 %\./,
  );
});

Deno.test("the race is told at the time that both runs have had", () => {
  const state = EVENTS.slice(0, 7).reduce(afterEvent, IDLE);
  assert.equal(
    raceSentence(state, FORM_DEFAULTS),
    "After 20.0 s each, fae has come through 50 % of the clicks and slipstream through 60 %, 25 % of them by skipping.",
  );
  assert.equal(
    raceSentence(afterEvent(state, EVENTS[8]!), FORM_DEFAULTS),
    "slipstream is through its clicks after 20.0 s, 25 % of them by skipping; fae goes on alone, and has come to 50 %.",
  );
  assert.equal(raceSentence(IDLE, FORM_DEFAULTS), null);
});

Deno.test("a failure is the one sentence that is shown", () => {
  const state = afterEvent(IDLE, { kind: "failed", message: "Cannot go on with WebGPU" });
  assert.equal(statusSentence(state, FORM_DEFAULTS), "Cannot go on with WebGPU");
});

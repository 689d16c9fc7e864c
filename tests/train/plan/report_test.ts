import assert from "node:assert/strict";
import type { PlanDocument } from "../../../train/plan/document.ts";
import { planReport, sparkline } from "../../../train/plan/report.ts";

const DOCUMENT: PlanDocument = {
  name: "slipstream",
  options: {},
  hot: {
    memory_bytes: 1024,
    rows: 6,
    rows_per_table: [4, 2],
    least_accesses: 2,
    profiled: 100,
    hot_inputs: 40,
    cold_inputs: 60,
  },
  decisions: [{
    epoch: 0,
    window: { from: 3, to: 6 },
    snapshots: 2,
    sampled: 20,
    target: 0.3,
    threshold: 0.0125,
    share: 0.25,
    note: "a note",
    curve: [{ threshold: 0, share: 0 }, { threshold: 0.0125, share: 0.25 }],
    tables: [{ hot: 4, touched: 3, stale: 1 }, { hot: 2, touched: 2, stale: 2 }],
    woken: 0,
    fallen_asleep: 0,
    classified: 16,
    skipped: 4,
    snapshot_ms: 1,
    search_ms: 2,
    classify_ms: 3,
  }],
  trained_inputs: 96,
  skipped_inputs: 4,
  rounds: [{ rate: 2, loss: 0.5 }, { rate: 4, loss: 0.4 }, { rate: 1, loss: 0.6 }],
  preparation_ms: 5,
  watched: {
    rows: [{ table: 1, row: 17 }, { table: 0, row: 3 }],
    steps: [4, 8],
    changes: [[2e-4, 0], [1e-4, 0]],
  },
};

Deno.test("sparkline() fills the largest value's block and averages what does not fit", () => {
  assert.equal(sparkline([0, 1, 2, 4, 8]), "▁▂▃▅█");
  assert.equal(sparkline([0, 0]), "▁▁");
  assert.equal(sparkline([0, 0, 4, 4, 8, 8], 3), "▁▅█");
  assert.equal(sparkline([]), "");
});

Deno.test("planReport() says nothing of a plan without hot rows", () => {
  assert.equal(planReport({ ...DOCUMENT, hot: null }, []), "");
});

Deno.test("planReport() tells what was decided, in lines that fit a wide terminal", () => {
  const lines = planReport(DOCUMENT, ["site", "device"]).split("\n").map((line) => line.trimEnd());
  assert.ok(lines.every((line) => line.length <= 120), lines.join("\n"));
  assert.deepEqual(lines, EXPECTED.slice(1, -1).split("\n"));
});

const EXPECTED = `
Plan slipstream: 40.0 % of the inputs are hot; 96 inputs trained, 4 passed over
3 rounds of cold and hot minibatches; of each kind's inputs a round had 1 to 4 %, the last 1 %
Decision, after hot minibatches 3 to 6: T = 0.01250 drops 25.0 % of 20 sampled inputs, for D = 30.0 %
  a note
  Dropped 4 of 16 inputs, 25.0 %
  Snapshots 1 ms, search 2 ms, classification 3 ms: 6 ms in all

Share of the sampled inputs that a threshold would drop

threshold T  inputs below it
───────────  ───────────────  ──────
       0.00            0.0 %
     0.0125           25.0 %  ██████

table   hot rows  touched in the window  stale  stale, %
──────  ────────  ─────────────────────  ─────  ────────
site           4                      3      1      25.0
device         2                      2      2     100.0

watched row  how far it moved, from first minibatch to last    most    last
───────────  ──────────────────────────────────────────────  ──────  ──────
device 17    █▅                                              2.0e-4  1.0e-4
site 3       ▁▁                                                   0       0

(largest coordinate change between readings, 2 in all, the last after minibatch 8;
 a full block is the row's own most)

`;

/** What is read off the paper's figures, worked by hand. */

import assert from "node:assert/strict";
import { ablationExperiment } from "../../bench/experiments/ablation.ts";
import { verdictOf } from "../../bench/experiments/naive_skip.ts";
import { largestByPart, stoppedShare } from "../../bench/experiments/staleness.ts";
import { joinedState } from "../../bench/outcomes.ts";
import { recordedExperiment } from "../../bench/recorded_experiment.ts";
import { ALONE, writeRecord } from "../../bench/study/recorded.ts";
import type { StudyResult } from "../../bench/study/store.ts";
import { trainedResults } from "../../bench/study/trained.ts";
import { NORMALISATIONS } from "../../train/model/tower.ts";
import { inFolder } from "../data/rows.ts";
import { settingsIn } from "./made_up.ts";

/** Any but none. */
const NORMALISATION = NORMALISATIONS.at(-1)!;

Deno.test("a row has stopped if after a quarter of the minibatches it never again moves a tenth as far as at first", () => {
  const rows = [0, 1, 2, 3, 4].map((row) => ({ table: 0, row }));
  const changes = [
    // Stops at once; stops; wakes up at the end; never moves; first seen later, and does not stop.
    [1, 1, 1, 0, 0],
    [0.05, 0.5, 0.05, 0, 2],
    [0, 0.09, 0.05, 0, 1],
    [0.09, 0, 0.2, 0, 0.5],
  ];
  const watched = { rows, steps: [10, 20, 60, 100], changes };
  assert.equal(stoppedShare(watched, 100), 2 / 4);
  assert.equal(stoppedShare(watched, 100, 0.6), 2 / 4, "all but those with a large last change");
  assert.equal(stoppedShare(watched, 100, 0.25, 0.5), 3 / 4, "half of the first counts as little");
  // The reading at the start of the run has no change of its own.
  assert.equal(stoppedShare({ ...watched, steps: [0, 10, 20, 60, 100] }, 100), 2 / 4);
  assert.equal(stoppedShare({ rows, steps: [10], changes: [[0, 0, 0, 0, 0]] }, 10), null);
});

Deno.test("Figure 4 has a row's largest change in each twentieth of a run, of its first one", () => {
  const changes = [[0, 1], [0.5, 2], [0.1, 0], [2, 1]],
    rows = [0, 1].map((row) => ({ table: 0, row }));
  const watched = { rows, steps: [0, 10, 12, 14, 100], changes };
  assert.deepEqual(largestByPart(watched, 0, 100), [
    { step: 10, percent: 0 },
    { step: 15, percent: 100 },
    { step: 100, percent: 400 },
  ]);
  assert.deepEqual(largestByPart({ rows, steps: [5], changes: [[0, 0]] }, 0, 10), []);
});

Deno.test("reduced runs can show that something is there, and never that it is not", () => {
  const reduced = { full: false, inputs: null, recorded: false }, full = { ...reduced, full: true };
  const [found, lost] = ["reproduced", "not reproduced"] as const;
  assert.equal(joinedState([found, found], reduced), "reproduced");
  assert.equal(joinedState([lost, lost], reduced), "not at this size");
  assert.equal(joinedState([lost, lost], full), "not reproduced");
  assert.equal(joinedState([found, lost], { ...reduced, recorded: true }), "reproduced in part");
  assert.equal(joinedState([found, "not decided"], full), "not at this size");
  assert.equal(joinedState([], full), "not at this size");
});

Deno.test("the paper's loss of accuracy is reproduced, not reproduced, or cannot be told", () => {
  const of = (mean: number, half: number, seeds = 5) =>
    verdictOf("RM2", { found: { seeds, mean, half }, shown: true });
  assert.equal(
    of(-4.5, 1),
    "RM2: reproduced; loses 4.50 ± 1.00 percentage points of correct classes, the paper loses 4 to 6 points",
  );
  assert.match(of(-1, 0.5), /^RM2: not reproduced; loses 1\.00/);
  assert.match(of(0.1, 0.2), /^RM2: not reproduced; gains 0\.10/);
  assert.match(of(-3, 4), /^RM2: not to be told at this size/);
  assert.match(of(-5, 0.1, 2), /^RM2: not decided with fewer than 3 seeds/);
  assert.match(verdictOf("RM2", null), /not decided/);
});

Deno.test("what normalisation recovers is the difference of differences, seed by seed", () =>
  inFolder(async (folder) => {
    const size = { inputs: 4000, seeds: 1, batch: 64 };
    const [base] = (await trainedResults("rm4", size, ["baseline"], settingsIn(folder))).all;
    const records = `${folder}/records`;
    // Skipping costs 0.004, with normalisation 0.001 and, for the seed's number, some 1e-5.
    const lost = { fae: 0, slipstream: -0.004 } as const;
    for (const seed of [1, 2, 3]) {
      for (const plan of ["fae", "slipstream"] as const) {
        for (const normalize of ["", `,normalize=${NORMALISATION}`]) {
          const recovered = normalize === "" || plan === "fae" ? 0 : 0.003 + seed * 1e-5;
          const run: StudyResult = {
            ...base!,
            seed,
            variant: `${plan}${normalize},schedule=interleaved`,
            metrics: { ...base!.metrics, auc: 0.7 + seed / 100 + lost[plan] + recovered },
          };
          const recording = { command: "", recorded_at: "2026-01-02", beside: ALONE };
          await writeRecord(records, run, recording);
        }
      }
    }
    const { tables } = await recordedExperiment(ablationExperiment).run(
      settingsIn(folder, { workloads: ["rm4"], records }),
    );
    const [, interaction] = tables;
    assert.deepEqual(interaction!.rows.map((row) => [...row.slice(0, 3), ...row.slice(3, 6)]), [[
      ...[NORMALISATION, "slipstream", 3, "-0.00400 ± 0.00000", "-0.00098 ± 0.00002"],
      "+0.00302 ± 0.00002 *",
    ]]);
    assert.equal(interaction!.rows[0]!.at(-1), "recovers");
  }));

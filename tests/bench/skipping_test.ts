import assert from "node:assert/strict";
import { ablationExperiment } from "../../bench/experiments/ablation.ts";
import { plansExperiment } from "../../bench/experiments/plans.ts";
import { scaleExperiment } from "../../bench/experiments/scale.ts";
import type { Experiment, Settings } from "../../bench/experiment.ts";

const SETTINGS: Settings = {
  device: "cpu",
  wide: false,
  batch: [],
  threads: 1,
  seeds: null,
  firstSeed: 1,
  variants: [],
  out: "",
  full: false,
  rounds: 1,
  smoke: true,
  python: null,
  inputs: null,
  workloads: ["rm4"],
  say: () => {},
  signal: new AbortController().signal,
};

const cases: readonly [Experiment, Partial<Settings>, (string | null)[]][] = [
  [plansExperiment, {}, ["hybrid", "fae", "slipstream, D = 0.30"]],
  [ablationExperiment, { variants: ["fae", "slipstream-30", "random-30"] }, [
    "fae",
    "slipstream-30",
    "random-30",
  ]],
  [scaleExperiment, {}, []],
];
for (const [experiment, more, rows] of cases) {
  Deno.test(`the experiment ${experiment.name} gives a table`, async () => {
    const { tables } = await experiment.run({ ...SETTINGS, ...more });
    assert.ok(tables.length > 0 && tables[0]!.rows.length > 0);
    for (const row of tables[0]!.rows) assert.equal(row.length, tables[0]!.columns.length);
    if (rows.length > 0) assert.deepEqual(tables[0]!.rows.map(([name]) => name), rows);
  });
}

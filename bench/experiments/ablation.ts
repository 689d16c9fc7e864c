/**
 * What skipping costs in accuracy: plans, criteria, controls and normalisations over seeds.
 *
 * @module
 */

import { formatCount } from "../../core/format.ts";
import type { Cell } from "../../core/table.ts";
import type { PresetName } from "../../train/presets.ts";
import type { Experiment, Findings, ResultTable, Settings } from "../experiment.ts";
import { runSeed } from "../study/run_seed.ts";
import { WORKLOADS } from "../study/settings.ts";
import { AUC, formatDifference, formatEstimate, LOG_LOSS, StudyResults } from "../study/compare.ts";
import { StudyStore } from "../study/store.ts";
import { DEFAULT_VARIANTS, variantOf } from "../study/variants.ts";

const INPUTS = 2_000_000;
const SEEDS = 5;
const SMOKE_INPUTS = 24_000;

/** Trains the variants and compares them. */
export const ablationExperiment: Experiment = {
  name: "ablation",
  summary:
    "What skipping costs: AUC and log-loss of plans, criteria and controls over seeds; goes on where it stopped",
  title: "Criteria, controls and normalisations",
  suite: "full",
  async run(settings: Settings): Promise<Findings> {
    const { workloads, smoke, signal } = settings;
    const inputs = smoke ? SMOKE_INPUTS : settings.inputs ?? INPUTS;
    const seeds = smoke ? 1 : settings.seeds ?? SEEDS;
    const names = settings.variants.length > 0
      ? settings.variants
      : smoke
      ? ["baseline", "fae", "slipstream-30", "random-30", "fae+layer", "fae+batch"]
      : DEFAULT_VARIANTS;
    const variants = names.map(variantOf);
    const store = new StudyStore(`${settings.out}/trained`);
    const tables: ResultTable[] = [];
    for (const workload of workloads) {
      for (let seed = settings.firstSeed; seed <= seeds; seed++) {
        await runSeed({ workload, inputs, seed, variants }, store, settings);
        signal.throwIfAborted();
      }
      tables.push(await table(workload, inputs, seeds, names, store));
    }
    return { tables, notes: NOTES };
  },
};

const NOTES: readonly string[] = [
  "Each seed draws its own inputs, initial weights and order; intervals are Student's t over seeds, 95 %",
  "against fae: the mean over seeds of the difference to fae with the same normalisation; against random: to random-drop " +
  "at the same share. A star marks an interval that leaves zero out",
  "fae trains every input, cold ones first; dropped: inputs passed over, of the hot ones",
];

/** The comparison of one workload and size. */
async function table(
  workload: PresetName,
  inputs: number,
  seeds: number,
  names: readonly string[],
  store: StudyStore,
): Promise<ResultTable> {
  const results = await StudyResults.read(store, workload, inputs, seeds, names);
  const rows = names.flatMap((name): Cell[][] => {
    const own = results.of(name);
    if (own.length === 0) return [];
    const { all, random } = comparedWith(name);
    return [[
      name,
      own.length,
      formatEstimate(results.mean(name, AUC)),
      formatEstimate(results.mean(name, LOG_LOSS)),
      all === name ? "" : formatDifference(results.difference(name, all, AUC)),
      random === null ? "" : formatDifference(results.difference(name, random, AUC)),
      mean(
        own.map(({ skipped_inputs, plan }) =>
          100 * skipped_inputs / Math.max(1, plan.hot?.hot_inputs ?? 1)
        ),
      ).toFixed(1),
      mean(own.map(({ train_ms }) => train_ms / 1000)).toFixed(1),
    ]];
  });
  const { optimizer, learningRate } = WORKLOADS[workload];
  const hot = results.all.find(({ plan }) => plan.hot !== null)?.plan.hot;
  const share = hot ? (100 * hot.hot_inputs / (hot.hot_inputs + hot.cold_inputs)).toFixed(1) : "-";
  return {
    title: `${workload}, ${
      formatCount(inputs)
    } inputs, ${optimizer} ${learningRate}, minibatches of ${
      results.all[0]?.batch ?? "-"
    }, ${share} % of the inputs hot`,
    columns: [
      { name: "variant" },
      { name: "seeds" },
      { name: "AUC", align: "right" },
      { name: "log-loss", align: "right" },
      { name: "AUC against fae", align: "right" },
      { name: "AUC against random", align: "right" },
      { name: "dropped, %", align: "right" },
      { name: "training, s", align: "right" },
    ],
    rows,
  };
}

/** With which variants of the same schedule and normalisation one is compared: all inputs, and as many dropped at random. */
function comparedWith(name: string): { readonly all: string; readonly random: string | null } {
  const suffix = name.match(/\+.*$/)?.[0] ?? "";
  const mixed = name.match(/-mixed\d+/)?.[0] ?? "";
  const share = name.match(/-(\d+)(?:\+|$)/)?.[1];
  return {
    all: `fae${mixed}${suffix}`,
    random: share === undefined || name.startsWith("random")
      ? null
      : `random${mixed}-${share}${suffix}`,
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, v) => sum + v, 0) / values.length;
}

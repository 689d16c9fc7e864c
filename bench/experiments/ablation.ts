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
import { type Estimate, estimate, excludesZero, pairedDifference } from "../study/statistics.ts";
import { type StudyResult, StudyStore } from "../study/store.ts";
import { DEFAULT_VARIANTS, variantOf } from "../study/variants.ts";

const INPUTS = 2_000_000;
const SEEDS = 5;
const SMOKE_INPUTS = 24_000;
/** Where results go unless a folder is named. */
const FOLDER = "runs/ablation";

/** Trains the variants and compares them. */
export const ablationExperiment: Experiment = {
  name: "ablation",
  summary:
    "What skipping costs: AUC and log-loss of plans, criteria and controls over seeds; goes on where it stopped",
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
    const scratch = smoke && settings.out === null ? await Deno.makeTempDir() : null;
    const store = new StudyStore(scratch ?? settings.out ?? FOLDER);
    try {
      const tables: ResultTable[] = [];
      for (const workload of workloads) {
        for (let seed = settings.firstSeed; seed <= seeds; seed++) {
          await runSeed({ workload, inputs, seed, variants }, store, settings);
          signal.throwIfAborted();
        }
        tables.push(await table(workload, inputs, seeds, names, store));
      }
      return { tables, notes: NOTES };
    } finally {
      if (scratch !== null) await Deno.remove(scratch, { recursive: true });
    }
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
  const results = new Map<string, StudyResult[]>();
  for (const variant of names) {
    const own: StudyResult[] = [];
    for (let seed = 1; seed <= seeds; seed++) {
      const result = await store.read({ workload, inputs, seed, variant });
      if (result !== null) own.push(result);
    }
    results.set(variant, own);
  }
  const bySeed = (name: string, pick: (result: StudyResult) => number): Map<number, number> =>
    new Map((results.get(name) ?? []).map((result) => [result.seed, pick(result)]));
  const auc = ({ metrics }: StudyResult): number => metrics.auc!;
  const rows = names.flatMap((name): Cell[][] => {
    const own = results.get(name)!;
    if (own.length === 0) return [];
    const suffix = name.match(/\+.*$/)?.[0] ?? "";
    const share = name.match(/-(\d+)(?:\+|$)/)?.[1];
    const mixed = name.match(/-mixed\d+/)?.[0] ?? "";
    const random = share === undefined || name.startsWith("random") ? null : pairedDifference(
      bySeed(name, auc),
      bySeed(`random${mixed}-${share}${suffix}`, auc),
    );
    const fae = name.startsWith("fae")
      ? null
      : pairedDifference(bySeed(name, auc), bySeed(`fae${mixed}${suffix}`, auc));
    return [[
      name,
      own.length,
      interval(estimate(own.map(auc)), 5),
      interval(estimate(own.map(({ metrics }) => metrics.logloss!)), 5),
      difference(fae),
      difference(random),
      mean(
        own.map(({ skipped_inputs, plan }) =>
          100 * skipped_inputs / Math.max(1, plan.hot?.hot_inputs ?? 1)
        ),
      ).toFixed(1),
      mean(own.map(({ train_ms }) => train_ms / 1000)).toFixed(1),
    ]];
  });
  const { optimizer, learningRate } = WORKLOADS[workload];
  const first = [...results.values()].flat()[0];
  const hot = [...results.values()].flat().find(({ plan }) => plan.hot !== null)?.plan.hot;
  const share = hot ? (100 * hot.hot_inputs / (hot.hot_inputs + hot.cold_inputs)).toFixed(1) : "-";
  return {
    title: `${workload}, ${
      formatCount(inputs)
    } inputs, ${optimizer} ${learningRate}, minibatches of ${
      first?.batch ?? "-"
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

function interval({ mean, half }: Estimate, digits: number): string {
  return `${mean.toFixed(digits)}${half === null ? "" : ` ± ${half.toFixed(digits)}`}`;
}

function difference(of: Estimate | null): string {
  if (of === null) return "";
  const sign = of.mean >= 0 ? "+" : "";
  return `${sign}${interval(of, 5)}${excludesZero(of) ? " *" : ""}`;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, v) => sum + v, 0) / values.length;
}

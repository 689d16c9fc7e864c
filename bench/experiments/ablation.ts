/**
 * What skipping costs in accuracy: plans, criteria, controls and normalisations over seeds.
 *
 * @module
 */

import { formatCount } from "../../core/format.ts";
import type { Cell } from "../../core/table.ts";
import type { PresetName } from "../../train/model/presets.ts";
import { figureColumn, numberColumn, textColumn } from "../columns.ts";
import { workloadLabel } from "../paper_machine.ts";
import type { Experiment, Findings, ResultTable, Settings } from "../experiment.ts";
import type { Datum, Figure } from "../figure.ts";
import {
  AUC,
  datumOf,
  droppedOfHot,
  formatDifference,
  formatEstimate,
  LOG_LOSS,
  type StudyResults,
} from "../study/compare.ts";
import { learningRateOf, WORKLOADS } from "../study/settings.ts";
import { accuracySizeOf, type Size, workloadsOf } from "../study/sizes.ts";
import { estimate } from "../study/statistics.ts";
import { deviceOf, trainedResults } from "../study/trained.ts";
import { findPlan } from "../../train/plan/plans.ts";
import { formatWords, interleaved, variantOf } from "../study/variants.ts";

/** What is run unless variants are named; with `--full` other drop shares besides. */
function defaultVariants(settings: Settings): string[] {
  const of = (plan: string, ...options: string[]) => interleaved(plan, settings, ...options);
  const standard = ["fae", "slipstream", "random-drop"];
  return [
    ...["baseline", ...standard.map((plan) => of(plan))],
    of("slipstream", "criterion=per-root-access"),
    of("slipstream", "criterion=net-over-path"),
    of("freeze"),
    of("slipstream", "wake-every=200"),
    ...["layer", "batch"].flatMap((normalisation) =>
      standard.map((plan) => of(plan, `normalize=${normalisation}`))
    ),
    ...(settings.full
      ? [0.1, 0.5].flatMap((drop) =>
        ["slipstream", "random-drop"].map((plan) => of(plan, `drop=${drop}`))
      )
      : []),
  ];
}

/** Trains the variants and compares them. */
export const ablationExperiment: Experiment = {
  name: "ablation",
  summary:
    "AUC of criteria, controls, normalisations, wake-up and freezing over seeds; --variants chooses",
  title: "Criteria, controls and normalisations",
  suite: "full",
  trains: true,
  async run(settings: Settings): Promise<Findings> {
    const asked = settings.variants.length > 0 ? settings.variants : defaultVariants(settings);
    const names = asked.map((words) => variantOf(words).name);
    const tables: ResultTable[] = [], figures: Figure[] = [], all: StudyResults[] = [];
    for (const workload of workloadsOf(settings)) {
      const size = accuracySizeOf(workload, settings, "many");
      const results = await trainedResults(workload, size, names, settings);
      all.push(results);
      tables.push(table(workload, size, names, results));
      figures.push(figure(workload, names, results));
    }
    return { tables, figures, device: deviceOf(all), notes: NOTES };
  },
};

const NOTES: readonly string[] = [
  "Each seed draws its own inputs, initial weights and order; intervals are Student's t over seeds, 95 %",
  "against fae: the mean over seeds of the difference to fae with the same normalisation; against random: to random-drop " +
  "at the same share. A star marks an interval that leaves zero out",
  "fae trains every input, cold ones first; dropped: inputs passed over, of the hot ones",
];

/** The comparison of one workload and size. */
function table(
  workload: PresetName,
  { inputs, batch }: Size,
  names: readonly string[],
  results: StudyResults,
): ResultTable {
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
      droppedOfHot(own),
      estimate(own.map(({ train_ms }) => train_ms / 1000)).mean,
    ]];
  });
  const { optimizer } = WORKLOADS[workload];
  const learningRate = learningRateOf(workload, inputs);
  const hot = results.all.find(({ plan }) => plan.hot !== null)?.plan.hot;
  const share = hot ? (100 * hot.hot_inputs / (hot.hot_inputs + hot.cold_inputs)).toFixed(1) : "-";
  return {
    title: `${workloadLabel(workload)}, ${
      formatCount(inputs)
    } inputs, ${optimizer} ${learningRate}, minibatches of ${batch}, ${share} % of the inputs hot`,
    columns: [
      textColumn("variant"),
      numberColumn("seeds", 0),
      figureColumn("AUC"),
      figureColumn("log-loss"),
      figureColumn("AUC against fae"),
      figureColumn("AUC against random"),
      numberColumn("dropped, % of hot", 1),
      numberColumn("training, s", 1),
    ],
    rows,
  };
}

/** Differences to fae with the same normalisation. */
function figure(
  workload: PresetName,
  names: readonly string[],
  results: StudyResults,
): Figure {
  return {
    name: workload,
    title: `${workloadLabel(workload)}: AUC against training on every input`,
    caption: "Difference to fae with the same normalisation, paired by seed; 95 % intervals.",
    panels: [{
      title: "",
      mark: "points",
      x: { label: "" },
      y: { label: "difference in AUC" },
      rules: [{ y: 0, label: "fae" }],
      data: names.flatMap((name): Datum[] => {
        const found = results.difference(name, comparedWith(name).all, AUC);
        if (found === null || comparedWith(name).all === name) return [];
        return [{
          x: shortName(name),
          series: variantOf(name).words.options.normalize ?? "no normalisation",
          origin: "measured",
          ...datumOf(found),
        }];
      }),
    }],
  };
}

/** A variant without what the others of the figure have too. */
function shortName(name: string): string {
  const { plan, options } = variantOf(name).words;
  const { schedule: _schedule, rate: _rate, normalize: _normalize, ...others } = options;
  return formatWords({ plan, options: others });
}

/** With which variants of the same schedule and normalisation one is compared: all inputs, and as many dropped at random. */
function comparedWith(name: string): { readonly all: string; readonly random: string | null } {
  const { words: { options }, plan } = variantOf(name);
  const of = (other: string, keys: readonly string[]): string =>
    formatWords({
      plan: other,
      options: Object.fromEntries(Object.entries(options).filter(([key]) => keys.includes(key))),
    });
  const alike = ["schedule", "rate", "normalize"];
  return {
    all: of("fae", alike),
    random: findPlan(plan.name).decides ? of("random-drop", [...alike, "drop"]) : null,
  };
}

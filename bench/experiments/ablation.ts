/**
 * What skipping costs in accuracy: plans, criteria, controls and normalisations over seeds.
 *
 * @module
 */

import { formatCount } from "../../core/format.ts";
import { figureColumn, numberColumn, plainColumn, tableOf } from "../columns.ts";
import { defineExperiment, type Findings, type ResultTable, type Settings } from "../experiment.ts";
import type { Figure } from "../../figures/figure.ts";
import { AUC, formatDifference, LOG_LOSS } from "../study/compare.ts";
import {
  type Compared,
  comparedOf,
  differenceColumns,
  differencePanel,
  DROPPED_COLUMN,
  meanColumn,
  powerColumns,
  SEEDS_COLUMN,
  statisticsNotes,
  testedColumn,
  type TestedDifference,
  testTogether,
  variantColumn,
} from "../study/comparison.ts";
import { timedRuns } from "../study/recorded.ts";
import { learningRateOf, workloadSettings } from "../study/settings.ts";
import { accuracySizeOf } from "../study/sizes.ts";
import { estimate, LEAST_SEEDS, pairedDifference, smallestVisible } from "../study/statistics.ts";
import {
  deviceOf,
  LOG_FLAGS,
  RECORDED_FLAGS,
  type Trained,
  TRAINING_FLAGS,
  trainWorkloads,
  TWIN_FLAGS,
} from "../study/trained.ts";
import { studyLabel } from "../study/workload.ts";
import { findPlan } from "../../train/plan/plans.ts";
import {
  formatWords,
  interleaved,
  nameWithout,
  SCHEDULE_WORDS,
  variantOf,
} from "../study/variants.ts";

/** What is run unless variants are named; with `--full` other drop shares besides. */
function defaultVariants(settings: Pick<Settings, "full">): string[] {
  const of = (plan: string, ...options: string[]) => interleaved(plan, settings, ...options);
  const standard = ["fae", "slipstream", "random-drop"];
  return [
    ...["baseline", ...standard.map((plan) => of(plan))],
    of("slipstream", "criterion=per-root-access"),
    of("slipstream", "criterion=net-over-path"),
    of("freeze"),
    of("slipstream", "wake-every=0.15"),
    ...["dense", "vectors"].flatMap((normalisation) =>
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
export const ablationExperiment = defineExperiment({
  name: "ablation",
  summary:
    "AUC of criteria, controls, normalisations, wake-up and freezing over seeds; --variants chooses",
  title: "Criteria, controls and normalisations",
  suite: "full",
  trains: true,
  flags: [...TRAINING_FLAGS, ...LOG_FLAGS, ...RECORDED_FLAGS, ...TWIN_FLAGS, "variants"],
  async run(settings): Promise<Findings> {
    const asked = settings.variants.map((words) => variantOf(words).name);
    const trained = await trainWorkloads(
      settings,
      (workload) => accuracySizeOf(workload, settings, "many"),
      (_, recorded) => asked.length > 0 ? asked : recorded ?? defaultVariants(settings),
    );
    const compared = (one: Trained) => comparedOf([one], one.results.names);
    return {
      tables: trained.flatMap((one) => [
        table(one, compared(one)),
        ...interactionTable(one, compared(one)),
      ]),
      figures: trained.map((one) => figure(one, compared(one))),
      device: deviceOf(trained),
      notes: [...statisticsNotes(trained), ...NOTES],
    };
  },
});

const NOTES: readonly string[] = [
  "against fae: to fae with the same normalisation; against random: to random-drop at the same share; " +
  "the last two columns are of the difference to fae",
  "fae trains every input, cold ones first; dropped: inputs passed over, of the hot ones",
];

/** The comparison of one workload and size. */
function table(
  { workload, size: { inputs, batch, twin }, results }: Trained,
  compared: readonly Compared[],
): ResultTable {
  const { optimizer } = workloadSettings(workload);
  const learningRate = learningRateOf(workload, inputs);
  const hot = results.all.find(({ plan }) => plan.hot !== null)?.plan.hot;
  const share = hot ? (100 * hot.hot_inputs / (hot.hot_inputs + hot.cold_inputs)).toFixed(1) : "-";
  const title = `${studyLabel(workload, twin)}, ${
    formatCount(inputs)
  } inputs, ${optimizer} ${learningRate}, minibatches of ${batch}, ${share} % of the inputs hot`;
  return tableOf({ title }, compared, [
    variantColumn("variant"),
    SEEDS_COLUMN,
    meanColumn("AUC", AUC),
    meanColumn("log-loss", LOG_LOSS),
    ...differenceColumns(compared, [
      { heading: "AUC against fae", against: (name) => comparedWith(name).all },
      { heading: "AUC against random", against: (name) => comparedWith(name).random },
    ]),
    ...powerColumns({ against: (name) => comparedWith(name).all }),
    DROPPED_COLUMN,
    numberColumn(
      "training, s",
      1,
      ({ runs }) => {
        const timed = timedRuns(runs);
        return timed.length === 0
          ? null
          : estimate(timed.map(({ train_ms }) => train_ms / 1000)).mean;
      },
    ),
  ]);
}

/**
 * What normalisation does to the cost of skipping, which is the paper's claim for it: the difference to `fae` with it, less the
 * difference without it, seed by seed. Nothing where no variant was trained in both ways.
 */
function interactionTable(
  { workload, results }: Trained,
  compared: readonly Compared[],
): ResultTable[] {
  const lines = compared.flatMap(({ name, runs }) => {
    const { plan, options: { normalize } } = variantOf(name).words;
    if (normalize === undefined || plan === "fae" || plan === "baseline") return [];
    const without = nameWithout(name, ["normalize"]);
    const pair = (variant: string) => results.differences(variant, comparedWith(variant).all, AUC);
    const [with_, plain] = [pair(name), pair(without)];
    const interaction = pairedDifference(with_, plain);
    return interaction === null ? [] : [{
      runs,
      without,
      normalize,
      interaction,
      with_: estimate([...with_.values()]),
      plain: estimate([...plain.values()]),
    }];
  });
  if (lines.length === 0) return [];
  const [tested] = testTogether([lines.map(({ interaction }) => interaction)]);
  type Line = typeof lines[number];
  return [
    tableOf(
      { title: `${studyLabel(workload)}: what normalisation recovers of skipping` },
      lines,
      [
        plainColumn("normalisation", ({ normalize }) => normalize),
        plainColumn("variant", ({ without }) => shortName(without)),
        numberColumn("seeds", 0, ({ interaction }) => interaction.seeds),
        figureColumn<Line>("AUC against fae without", ({ plain }) => formatDifference(plain)),
        figureColumn<Line>("AUC against fae with", ({ with_ }) => formatDifference(with_)),
        testedColumn<Line>("with less without", lines, tested!),
        numberColumn<Line>(
          "smallest visible",
          5,
          ({ interaction }) => smallestVisible(interaction),
        ),
        plainColumn<Line>("verdict", (line) => recovery(tested![lines.indexOf(line)]!)),
      ],
    ),
  ];
}

/** Whether normalisation recovers what skipping costs, in words. */
function recovery({ found, shown }: TestedDifference): string {
  if (found.seeds < LEAST_SEEDS) return "not decided";
  if (!shown) return "not shown to recover";
  return found.mean > 0 ? "recovers" : "costs more";
}

/** Differences to fae with the same normalisation. */
function figure({ workload }: Trained, compared: readonly Compared[]): Figure {
  return {
    name: workload,
    title: `${studyLabel(workload)}: AUC against training on every input`,
    caption: "Difference to fae with the same normalisation, paired by seed; 95 % intervals.",
    panels: [
      differencePanel(compared, (name) => comparedWith(name).all, ({ name }) => ({
        x: shortName(name),
        series: variantOf(name).words.options.normalize ?? "no normalisation",
      })),
    ],
  };
}

/** A variant without what the others of the figure have too. */
function shortName(name: string): string {
  return nameWithout(name, [...SCHEDULE_WORDS, "normalize"]);
}

/** With which variants of the same schedule and normalisation one is compared: all inputs, and as many dropped at random. */
function comparedWith(name: string): { readonly all: string; readonly random: string | null } {
  const { words: { options }, plan } = variantOf(name);
  const of = (other: string, keys: readonly string[]): string =>
    formatWords({
      plan: other,
      options: Object.fromEntries(Object.entries(options).filter(([key]) => keys.includes(key))),
    });
  const alike = [...SCHEDULE_WORDS, "normalize"];
  return {
    all: of("fae", alike),
    random: findPlan(plan.name).decides ? of("random-drop", [...alike, "drop"]) : null,
  };
}

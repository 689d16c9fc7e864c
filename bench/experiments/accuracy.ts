/**
 * What skipping costs in accuracy, with intervals over seeds and a control that drops as many inputs at random.
 *
 * @module
 */

import { tableOf } from "../columns.ts";
import { defineExperiment, type Findings, type ResultTable } from "../experiment.ts";
import type { Figure } from "../figure.ts";
import { workloadLabel } from "../paper_machine.ts";
import { AUC, droppedOfHot, LOG_LOSS } from "../study/compare.ts";
import {
  comparedOf,
  differenceColumn,
  differencePanel,
  DROPPED_COLUMN,
  INPUTS_COLUMN,
  meanColumn,
  SEEDS_COLUMN,
  variantColumn,
  WORKLOAD_COLUMN,
} from "../study/comparison.ts";
import { accuracySizeOf } from "../study/sizes.ts";
import { excludesZero } from "../study/statistics.ts";
import {
  aucSample,
  deviceOf,
  type Trained,
  TRAINING_FLAGS,
  trainWorkloads,
} from "../study/trained.ts";
import { standardVariants } from "../study/variants.ts";

const PLANS = ["baseline", "fae", "slipstream", "random-drop"] as const;

/** Compares accuracies. */
export const accuracyExperiment = defineExperiment({
  name: "accuracy",
  summary: "AUC and log-loss of the plans over seeds, beside as many inputs dropped at random",
  title: "What skipping costs in accuracy",
  suite: "default",
  trains: true,
  suiteWorkloads: ["rm2"],
  flags: TRAINING_FLAGS,
  async run(settings): Promise<Findings> {
    const names = standardVariants(PLANS, settings);
    const trained = await trainWorkloads(settings, accuracySizeOf, names);
    return {
      tables: [table(trained)],
      figures: [figure(trained)],
      samples: trained.flatMap((one) => PLANS.map((plan) => aucSample(one, plan))),
      device: deviceOf(trained),
      notes: [
        "Means over seeds with 95 % intervals (Student's t); differences are paired by seed; a star marks an interval that leaves zero out",
        "random-drop drops the share of the hot inputs that slipstream aims at, without looking: the control that skipping has to beat",
        ...trained.map(sharesNote),
        ...verdicts(trained),
      ],
    };
  },
});

/** What was dropped of the hot inputs: the two need not reach the same. */
function sharesNote({ workload, results }: Trained): string {
  const [slipstream, random] = (["slipstream", "random-drop"] as const).map((plan) =>
    `${plan} dropped ${droppedOfHot(results.of(plan)).toFixed(1)} %`
  );
  return `${workloadLabel(workload)}: of the hot inputs ${slipstream} and ${random}`;
}

/** Whether anything can be said of slipstream against the control, by workload. */
function verdicts(trained: readonly Trained[]): string[] {
  const shown = trained.filter(({ results }) => {
    const found = results.difference("slipstream", "random-drop", AUC);
    return found !== null && excludesZero(found);
  }).map(({ workload }) => workload);
  return [
    shown.length === 0
      ? "At these sizes no workload shows a difference between skipping stale inputs and dropping inputs at random"
      : `Stale inputs against random ones: the interval leaves zero out for ${
        shown.join(", ")
      }; one in twenty does so by chance`,
  ];
}

function table(trained: readonly Trained[]): ResultTable {
  return tableOf({ title: "Accuracy on the test split" }, comparedOf(trained, PLANS), [
    WORKLOAD_COLUMN,
    variantColumn("plan"),
    INPUTS_COLUMN,
    SEEDS_COLUMN,
    meanColumn("AUC", AUC, 4),
    meanColumn("log-loss", LOG_LOSS, 4),
    differenceColumn("AUC against fae", () => "fae", { digits: 4 }),
    differenceColumn(
      "AUC against random-drop",
      (name) => name === "slipstream" ? "random-drop" : null,
      { digits: 4 },
    ),
    DROPPED_COLUMN,
  ]);
}

function figure(trained: readonly Trained[]): Figure {
  return {
    name: "differences",
    title: "AUC against training on every input in the same order",
    caption:
      "Difference to fae, paired by seed, with 95 % intervals. random-drop is the control: it aims to drop as large a share as slipstream.",
    panels: [
      differencePanel(comparedOf(trained, PLANS), () => "fae", ({ workload, name }) => ({
        x: workloadLabel(workload),
        series: name,
      })),
    ],
  };
}

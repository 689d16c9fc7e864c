/**
 * What skipping costs in accuracy, with intervals over seeds and a control that drops as many inputs at random.
 *
 * @module
 */

import type { Cell } from "../../core/table.ts";
import { countColumn, figureColumn, numberColumn, textColumn } from "../columns.ts";
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
} from "../study/compare.ts";
import { accuracySizeOf } from "../study/sizes.ts";
import { excludesZero } from "../study/statistics.ts";
import { aucSample, deviceOf, type Trained, trainWorkloads } from "../study/trained.ts";
import { standardVariants } from "../study/variants.ts";

const PLANS = ["baseline", "fae", "slipstream", "random-drop"] as const;

/** Compares accuracies. */
export const accuracyExperiment: Experiment = {
  name: "accuracy",
  summary: "AUC and log-loss of the plans over seeds, beside as many inputs dropped at random",
  title: "What skipping costs in accuracy",
  suite: "default",
  trains: true,
  suiteWorkloads: ["rm2"],
  async run(settings: Settings): Promise<Findings> {
    const names = standardVariants(PLANS, settings);
    const trained = await trainWorkloads(settings, accuracySizeOf, names);
    return {
      tables: [table(trained)],
      figures: [figure(trained)],
      samples: trained.flatMap(({ workload, results }) =>
        PLANS.map((plan) => aucSample(workload, plan, results))
      ),
      device: deviceOf(trained.map(({ results }) => results)),
      notes: [
        "Means over seeds with 95 % intervals (Student's t); differences are paired by seed; a star marks an interval that leaves zero out",
        "random-drop drops the share of the hot inputs that slipstream aims at, without looking: the control that skipping has to beat",
        ...trained.map(sharesNote),
        ...verdicts(trained),
      ],
    };
  },
};

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
  return {
    title: "Accuracy on the test split",
    columns: [
      textColumn("workload"),
      textColumn("plan"),
      countColumn("inputs"),
      countColumn("seeds"),
      figureColumn("AUC"),
      figureColumn("log-loss"),
      figureColumn("AUC against fae"),
      figureColumn("AUC against random-drop"),
      numberColumn("dropped, % of hot", 1),
    ],
    rows: trained.flatMap(({ workload, size, results }) =>
      PLANS.map((plan): Cell[] => {
        const own = results.of(plan);
        return [
          workloadLabel(workload),
          plan,
          size.inputs,
          own.length,
          formatEstimate(results.mean(plan, AUC), 4),
          formatEstimate(results.mean(plan, LOG_LOSS), 4),
          plan === "fae" ? "" : formatDifference(results.difference(plan, "fae", AUC), 4),
          plan === "slipstream"
            ? formatDifference(results.difference(plan, "random-drop", AUC), 4)
            : "",
          droppedOfHot(results.of(plan)),
        ];
      })
    ),
  };
}

function figure(trained: readonly Trained[]): Figure {
  return {
    name: "differences",
    title: "AUC against training on every input in the same order",
    caption:
      "Difference to fae, paired by seed, with 95 % intervals. random-drop is the control: it aims to drop as large a share as slipstream.",
    panels: [{
      title: "",
      mark: "points",
      x: { label: "" },
      y: { label: "difference in AUC" },
      rules: [{ y: 0, label: "fae" }],
      data: trained.flatMap(({ workload, results }) =>
        (["baseline", "slipstream", "random-drop"] as const).flatMap((plan): Datum[] => {
          const found = results.difference(plan, "fae", AUC);
          if (found === null) return [];
          return [{
            x: workloadLabel(workload),
            series: plan,
            origin: "measured",
            ...datumOf(found),
          }];
        })
      ),
    }],
  };
}

/**
 * What becomes of accuracy when all hot or all cold inputs are left out (the paper's Figure 5).
 *
 * @module
 */

import { numberColumn, tableOf } from "../columns.ts";
import { defineExperiment, type Findings } from "../experiment.ts";
import { workloadLabel } from "../paper_machine.ts";
import { categoryPanel, dataOf } from "../panels.ts";
import { AUC, datumOf, LOG_LOSS } from "../study/compare.ts";
import {
  type Compared,
  comparedOf,
  differenceColumn,
  INPUTS_COLUMN,
  meanColumn,
  SEEDS_COLUMN,
  variantColumn,
  WORKLOAD_COLUMN,
} from "../study/comparison.ts";
import { accuracySizeOf } from "../study/sizes.ts";
import { excludesZero } from "../study/statistics.ts";
import { aucSample, deviceOf, TRAINING_FLAGS, trainWorkloads } from "../study/trained.ts";

const ALL = "all inputs";
/** What is left out, and the variants that do it. */
const VARIANTS = {
  [ALL]: "baseline",
  "without hot ones": "skip-hot",
  "without cold ones": "skip-cold",
} as const;

/** Leaves out what is easy to leave out. */
export const naiveSkipExperiment = defineExperiment({
  name: "naive-skip",
  summary: "Figure 5: accuracy when all hot inputs, or all cold ones, are left out",
  title: "Skipping naively (the paper's Figure 5)",
  suite: "default",
  trains: true,
  suiteWorkloads: ["rm2"],
  flags: TRAINING_FLAGS,
  async run(settings): Promise<Findings> {
    const trained = await trainWorkloads(settings, accuracySizeOf, VARIANTS);
    const compared = comparedOf(trained, Object.keys(VARIANTS));
    const lost = compared.filter(losesAuc);
    return {
      tables: [
        tableOf({ title: "AUC when inputs are left out by kind" }, compared, [
          WORKLOAD_COLUMN,
          variantColumn("trained on"),
          INPUTS_COLUMN,
          SEEDS_COLUMN,
          numberColumn("trained, %", 1, trainedPercent),
          meanColumn("AUC", AUC, 4),
          meanColumn("log-loss", LOG_LOSS, 4),
          differenceColumn("AUC against all", () => ALL, { digits: 4 }),
        ]),
      ],
      figures: [{
        name: "auc",
        title: "AUC when all hot or all cold inputs are left out",
        caption:
          "The paper finds that neither kind can be left out whole, and looks for the inputs whose rows have stopped moving instead.",
        panels: [categoryPanel(
          "points",
          "AUC",
          dataOf(
            "measured",
            compared.map(({ workload, name, results }) => ({
              x: workloadLabel(workload),
              series: name,
              ...datumOf(results.mean(name, AUC)!),
            })),
          ),
        )],
      }],
      samples: compared.map((one) => aucSample(one, one.name)),
      device: deviceOf(trained),
      notes: [
        "An input is hot if all its rows are in the hot set, cold if any is not; 95 % intervals over seeds where there are several",
        lost.length === 0
          ? "At these sizes no difference to training on everything leaves the spread of the seeds"
          : `Beyond the spread of the seeds AUC is lost by: ${
            lost.map(({ workload, name }) => `${workloadLabel(workload)} ${name}`).join(", ")
          }`,
      ],
    };
  },
});

/** Whether the interval of the difference to all inputs lies below zero. */
function losesAuc({ results, name }: Compared): boolean {
  const difference = name === ALL ? null : results.difference(name, ALL, AUC);
  return difference !== null && excludesZero(difference) && difference.mean < 0;
}

/** Of the inputs of the training split, those that were trained: the mean over seeds. */
function trainedPercent({ runs }: Compared): number {
  const shares = runs.map(({ trained_inputs, train_inputs }) => trained_inputs / train_inputs);
  return 100 * shares.reduce((sum, share) => sum + share, 0) / runs.length;
}

/**
 * What becomes of accuracy when all hot or all cold inputs are left out (the paper's Figure 5).
 *
 * @module
 */

import type { Cell } from "../../core/table.ts";
import { countColumn, figureColumn, numberColumn, textColumn } from "../columns.ts";
import { workloadLabel } from "../paper_machine.ts";
import type { Experiment, Findings, Settings } from "../experiment.ts";
import type { Datum } from "../figure.ts";
import {
  AUC,
  datumOf,
  formatDifference,
  formatEstimate,
  LOG_LOSS,
  type StudyResults,
} from "../study/compare.ts";
import { accuracySizeOf, workloadsOf } from "../study/sizes.ts";
import { excludesZero } from "../study/statistics.ts";
import { aucSample, deviceOf, trainedResults } from "../study/trained.ts";

const PLANS = [
  { name: "all inputs", variant: "baseline" },
  { name: "without hot ones", variant: "skip-hot" },
  { name: "without cold ones", variant: "skip-cold" },
] as const;

/** Leaves out what is easy to leave out. */
export const naiveSkipExperiment: Experiment = {
  name: "naive-skip",
  summary: "Figure 5: accuracy when all hot inputs, or all cold ones, are left out",
  title: "Skipping naively (the paper's Figure 5)",
  suite: "default",
  trains: true,
  suiteWorkloads: ["rm2"],
  async run(settings: Settings): Promise<Findings> {
    const rows: Cell[][] = [], data: Datum[] = [], lost: string[] = [];
    const all: StudyResults[] = [];
    for (const workload of workloadsOf(settings)) {
      const size = accuracySizeOf(workload, settings);
      const names = Object.fromEntries(PLANS.map(({ name, variant }) => [name, variant]));
      const results = await trainedResults(workload, size, names, settings);
      all.push(results);
      for (const { name, variant } of PLANS) {
        const own = results.of(name);
        const auc = results.mean(name, AUC)!;
        const difference = variant === "baseline"
          ? null
          : results.difference(name, "all inputs", AUC);
        if (difference !== null && excludesZero(difference) && difference.mean < 0) {
          lost.push(`${workloadLabel(workload)} ${name}`);
        }
        rows.push([
          workloadLabel(workload),
          name,
          size.inputs,
          own.length,
          100 *
          own.reduce((sum, run) => sum + run.trained_inputs / run.train_inputs, 0) / own.length,
          formatEstimate(auc, 4),
          formatEstimate(results.mean(name, LOG_LOSS), 4),
          formatDifference(difference, 4),
        ]);
        data.push({
          x: workloadLabel(workload),
          series: name,
          origin: "measured",
          ...datumOf(auc),
        });
      }
    }
    return {
      tables: [{
        title: "AUC when inputs are left out by kind",
        columns: [
          textColumn("workload"),
          textColumn("trained on"),
          countColumn("inputs"),
          countColumn("seeds"),
          numberColumn("trained, %", 1),
          figureColumn("AUC"),
          figureColumn("log-loss"),
          figureColumn("AUC against all"),
        ],
        rows,
      }],
      figures: [{
        name: "auc",
        title: "AUC when all hot or all cold inputs are left out",
        caption:
          "The paper finds that neither kind can be left out whole, and looks for the inputs whose rows have stopped moving instead.",
        panels: [{
          title: "",
          mark: "points",
          x: { label: "" },
          y: { label: "AUC" },
          data,
        }],
      }],
      samples: all.flatMap((results, w) =>
        PLANS.map(({ name }) => aucSample(workloadsOf(settings)[w]!, name, results))
      ),
      device: deviceOf(all),
      notes: [
        "An input is hot if all its rows are in the hot set, cold if any is not; 95 % intervals over seeds where there are several",
        lost.length === 0
          ? "At these sizes no difference to training on everything leaves the spread of the seeds"
          : `Beyond the spread of the seeds AUC is lost by: ${lost.join(", ")}`,
      ],
    };
  },
};

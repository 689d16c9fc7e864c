/**
 * The summary that is printed at the end of a run.
 *
 * @module
 */

import { counted, formatCount, formatDuration, formatSi } from "../../core/format.ts";
import { formatTable } from "../../core/table.ts";
import { planReport } from "../plan/report.ts";
import type { Metrics } from "../run/metrics.ts";
import type { OutputKind } from "../run/hooks.ts";
import type { ScoringDocument } from "../run/run_scoring.ts";
import type { ResultDocument } from "../run/result.ts";

/** The summary at the end of a run. */
export function summary(result: ResultDocument): string {
  const { throughput, ended, device, dataset } = result;
  const lines: string[] = [];
  const last = result.evaluations.at(-1);
  if (ended.how === "interrupted") {
    const known = last === undefined
      ? "not evaluated yet"
      : `metrics of step ${formatCount(last.step)}`;
    lines.push(`Interrupted after step ${formatCount(ended.step)}, ${known}\n`);
  }
  if (last !== undefined) lines.push(metricsTable(last.metrics, dataset.bayes));
  const plan = planReport(result.plan, result.dataset.tables.map((table) => table.name));
  if (plan !== "") lines.push(plan);
  const stages = Object.entries(result.stages_ms).filter(([stage]) => stage !== "evaluate");
  const steps = Math.max(1, throughput.steps);
  // Reading losses, bookkeeping, and the pass that sorts inputs into hot and cold ones.
  const rest = throughput.train_ms - stages.reduce((sum, [, ms]) => sum + ms, 0);
  lines.push(formatTable({
    columns: [{ name: "stage" }, { name: "ms a step", align: "right" }, {
      name: "share",
      align: "right",
    }],
    rows: [
      ...stages.toSorted((a, b) => b[1] - a[1]).map(([stage, ms]) => [
        stage,
        (ms / steps).toFixed(3),
        `${(100 * ms / throughput.train_ms).toFixed(1)} %`,
      ]),
      // Where stages overlap, as on a GPU, nothing is left over.
      ...(rest <= 0 ? [] : [[
        "other",
        (rest / steps).toFixed(3),
        `${(100 * rest / throughput.train_ms).toFixed(1)} %`,
      ]]),
      ["all", (throughput.train_ms / steps).toFixed(3), "100.0 %"],
    ],
  }));
  const rate = throughput.samples_per_second;
  lines.push(
    `${counted(throughput.samples, "sample")} in ${counted(throughput.steps, "step")}, ${
      formatDuration(throughput.train_ms / 1000)
    }: ${rate === null ? "-" : formatSi(rate)} samples/s on ${device.name}` +
      (device.kind !== "cpu" ? "" : `, ${counted(device.threads, "thread")}`) +
      (device.isFallbackAdapter ? " (a software adapter: its speed says nothing)" : ""),
  );
  return lines.join("\n");
}

/** The summary that is printed after scoring a log. */
export function scoringSummary({ metrics, dataset }: ScoringDocument): string {
  if (metrics === null) return `${counted(dataset.inputs, "input")} scored; they have no labels`;
  return metricsTable(metrics, dataset.bayes, "inputs");
}

/** Where a file is. */
export function writtenLine(what: OutputKind, path: string): string {
  const names = {
    result: "Result",
    trace: "Trace",
    page: "Page",
    weights: "Weights",
  } as const;
  return `${names[what]} in ${path}`;
}

/** A metric with so many digits behind the point; "undefined" where it has no value. */
export function formatMetric(value: number | null, digits: number): string {
  return value === null ? "undefined" : value.toFixed(digits);
}

/** The AUC, or why there is none. */
export function formatAuc({ auc, count, label_rate }: Metrics): string {
  if (auc !== null) return auc.toFixed(5);
  return count === 0
    ? "undefined: there are no inputs"
    : `undefined: all labels are ${label_rate === 0 ? 0 : 1}`;
}

function metricsTable(
  metrics: Metrics,
  bayes: ResultDocument["dataset"]["bayes"],
  inputs = "test inputs",
): string {
  const rows: [string, string][] = [
    [inputs, formatCount(metrics.count)],
    ["AUC", formatAuc(metrics)],
    ["log-loss", formatMetric(metrics.logloss, 5)],
    ["accuracy", formatMetric(metrics.accuracy, 5)],
    ["normalised entropy", formatMetric(metrics.normalised_entropy, 5)],
    ["calibration", formatMetric(metrics.calibration, 4)],
  ];
  if (bayes !== null) {
    rows.push(["AUC of the true probabilities", bayes.auc.toFixed(5)]);
    rows.push(["log-loss of the true probabilities", bayes.logloss.toFixed(5)]);
  }
  return formatTable({ columns: [{ name: "metric" }, { name: "value", align: "right" }], rows });
}

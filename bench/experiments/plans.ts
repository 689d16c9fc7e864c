/**
 * What skipping saves on this machine: the hybrid baseline, FAE and Slipstream in turn, with accuracy, stages and bytes.
 *
 * @module
 */

import { formatCount } from "../../core/format.ts";
import type { Cell } from "../../core/table.ts";
import type { PresetName } from "../../train/presets.ts";
import { TRACE_STAGES } from "../../train/trace/schema.ts";
import { countColumn, figureColumn, numberColumn, textColumn } from "../columns.ts";
import type { Experiment, Findings, ResultTable, Sample, Settings } from "../experiment.ts";
import type { Datum, Figure, Panel } from "../figure.ts";
import { summarise } from "../statistics.ts";
import { AUC, formatEstimate, LOG_LOSS, type StudyResults } from "../study/compare.ts";
import { type Size, sizeOf, workloadsOf } from "../study/sizes.ts";
import { estimateRatio, formatRatio } from "../study/statistics.ts";
import type { StudyResult } from "../study/store.ts";
import { deviceOf, trainedResults } from "../study/trained.ts";
import { STANDARD } from "../study/variants.ts";

const PLANS = ["baseline", "fae", "slipstream"] as const;

/** One workload's runs. */
interface Trained {
  readonly workload: PresetName;
  readonly size: Size;
  readonly results: StudyResults;
}

/** Times plans against each other. */
export const plansExperiment: Experiment = {
  name: "plans",
  summary: "Measured here: baseline, FAE and Slipstream side by side: AUC, time, stages, bytes",
  title: "What skipping saves on this machine",
  suite: "default",
  async run(settings: Settings): Promise<Findings> {
    const trained: Trained[] = [];
    for (const workload of workloadsOf(settings)) {
      const size = sizeOf(workload, settings);
      const names = PLANS.map((plan) => STANDARD[plan]);
      trained.push({
        workload,
        size,
        results: await trainedResults(workload, size, names, settings),
      });
    }
    return {
      tables: [plansTable(trained), stagesTable(trained)],
      figures: [stagesFigure(trained), speedFigure(trained)],
      samples: trained.flatMap(samplesOf),
      device: deviceOf(trained.map(({ results }) => results)),
      notes: [
        "Training alone: profiling and telling hot from cold inputs are left out, as the paper does (experiment overhead has them)",
        ...(trained[0]?.results.all[0]?.device.kind === "cpu"
          ? [
            "Host and device are one CPU here, so that nothing is saved by where rows lie: what is left is what skipping saves",
          ]
          : []),
        "Inputs are drawn from twins, generators with the statistics of the data sets; ± and ranges are 95 % intervals over the seeds, " +
        "each with inputs, weights and order of its own",
      ],
    };
  },
};

function plansTable(trained: readonly Trained[]): ResultTable {
  return {
    title: "Measured here: the plans side by side",
    short: true,
    columns: [
      textColumn("workload"),
      textColumn("plan"),
      countColumn("inputs"),
      countColumn("seeds"),
      figureColumn("AUC"),
      figureColumn("log-loss"),
      numberColumn("training, s", 2),
      figureColumn("speedup"),
      figureColumn("over fae"),
      numberColumn("skipped, % of all", 1),
      numberColumn("moved, MB", 1),
    ],
    rows: trained.flatMap(({ workload, size, results }) =>
      PLANS.map((plan): Cell[] => {
        const own = results.of(STANDARD[plan]);
        const median = (of: (result: StudyResult) => number): number =>
          summarise(own.map(of)).median;
        return [
          workload,
          plan,
          size.inputs,
          own.length,
          formatEstimate(results.mean(STANDARD[plan], AUC), 4),
          formatEstimate(results.mean(STANDARD[plan], LOG_LOSS), 4),
          median(({ train_ms }) => train_ms / 1000),
          plan === "baseline" ? "" : formatRatio(speedup(results, "baseline", plan)),
          plan === "slipstream" ? formatRatio(speedup(results, "fae", plan)) : "",
          median(({ skipped_inputs }) => 100 * skipped_inputs / size.inputs),
          median(({ bytes }) => (bytes.upload + bytes.download + bytes.sync) / 1e6),
        ];
      })
    ),
  };
}

/** Time of one plan over that of another, by seed. */
function speedup(
  results: StudyResults,
  slower: typeof PLANS[number],
  faster: typeof PLANS[number],
) {
  const times = (plan: typeof PLANS[number]): Map<number, number> =>
    new Map(results.of(STANDARD[plan]).map(({ seed, train_ms }) => [seed, train_ms]));
  return estimateRatio(times(slower), times(faster));
}

/** Stages that some run has booked, in the order of a step, evaluation left out. */
function stagesOf(trained: readonly Trained[]) {
  return TRACE_STAGES.filter((stage) =>
    stage !== "evaluate" &&
    trained.some(({ results }) => results.all.some(({ stages_ms }) => (stages_ms[stage] ?? 0) > 0))
  );
}

/** Seconds of a stage, the median over seeds. */
function stageSeconds(
  results: StudyResults,
  plan: typeof PLANS[number],
  stage: typeof TRACE_STAGES[number],
): number {
  const own = results.of(STANDARD[plan]);
  return summarise(own.map(({ stages_ms }) => (stages_ms[stage] ?? 0) / 1000)).median;
}

function stagesTable(trained: readonly Trained[]): ResultTable {
  return {
    title: "Seconds by stage, medians over seeds",
    columns: [
      textColumn("workload"),
      textColumn("stage"),
      ...PLANS.map((plan) => numberColumn(plan, 3)),
    ],
    rows: trained.flatMap(({ workload, results }) =>
      stagesOf(trained).map((stage): Cell[] => [
        workload,
        stage,
        ...PLANS.map((plan) => stageSeconds(results, plan, stage)),
      ])
    ),
  };
}

function stagesFigure(trained: readonly Trained[]): Figure {
  return {
    name: "stages",
    title: "Training time by stage",
    caption:
      "Seconds of training, medians over seeds. Slipstream trains fewer minibatches, so that every stage of a step shrinks alike.",
    panels: trained.map(({ workload, size, results }): Panel => ({
      title: `${workload}, ${formatCount(size.inputs)} inputs`,
      mark: "stacked",
      x: { label: "" },
      y: { label: "seconds" },
      data: PLANS.flatMap((plan) =>
        stagesOf(trained).map((stage): Datum => ({
          x: plan,
          y: stageSeconds(results, plan, stage),
          series: stage,
          origin: "measured",
        }))
      ),
    })),
  };
}

function speedFigure(trained: readonly Trained[]): Figure {
  return {
    name: "speed",
    title: "Speedup over the hybrid baseline, measured here",
    caption: "Training time of the baseline over that of the plan; 95 % intervals over seeds.",
    panels: [{
      title: "",
      mark: "bars",
      x: { label: "" },
      y: { label: "times as fast as the baseline" },
      rules: [{ y: 1, label: "baseline" }],
      data: trained.flatMap(({ workload, results }) =>
        (["fae", "slipstream"] as const).flatMap((plan): Datum[] => {
          const found = speedup(results, "baseline", plan);
          return found === null ? [] : [{
            x: workload,
            y: found.ratio,
            series: plan,
            origin: "measured",
            ...(found.low === null ? {} : { low: found.low, high: found.high! }),
          }];
        })
      ),
    }],
  };
}

function samplesOf({ workload, results }: Trained): Sample[] {
  return PLANS.flatMap((plan): Sample[] => {
    const own = results.of(STANDARD[plan]);
    return [
      {
        name: `${workload}/${plan}/training`,
        unit: "s",
        better: "lower",
        timing: true,
        values: own.map(({ train_ms }) => train_ms / 1000),
      },
      {
        name: `${workload}/${plan}/AUC`,
        unit: "",
        better: "higher",
        timing: false,
        values: own.map(({ metrics }) => metrics.auc!),
      },
      {
        name: `${workload}/${plan}/log-loss`,
        unit: "",
        better: "lower",
        timing: false,
        values: own.map(({ metrics }) => metrics.logloss!),
      },
    ];
  });
}

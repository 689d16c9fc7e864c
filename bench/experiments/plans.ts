/**
 * What skipping saves on this machine: the hybrid baseline, FAE and Slipstream in turn, with accuracy, stages and bytes.
 *
 * @module
 */

import { formatCount } from "../../core/format.ts";
import { summarise } from "../../core/statistics.ts";
import { TRACE_STAGES } from "../../train/trace/schema.ts";
import { countColumn, figureColumn, numberColumn, plainColumn, tableOf } from "../columns.ts";
import { defineExperiment, type Findings, type ResultTable, type Sample } from "../experiment.ts";
import type { Datum, Figure, Panel } from "../../figures/figure.ts";
import { percentRange } from "../paper_machine.ts";
import { categoryPanel, dataOf } from "../panels.ts";
import { timeSample, valueSample } from "../samples.ts";
import { AUC, LOG_LOSS, type StudyResults } from "../study/compare.ts";
import {
  comparedOf,
  INPUTS_COLUMN,
  meanColumn,
  SEEDS_COLUMN,
  variantColumn,
  WORKLOAD_COLUMN,
} from "../study/comparison.ts";
import { sizeOf } from "../study/sizes.ts";
import { estimateRatio, formatRatio, type RatioEstimate } from "../study/statistics.ts";
import type { StudyResult } from "../study/store.ts";
import {
  aucSample,
  deviceOf,
  type Trained,
  TRAINING_FLAGS,
  trainWorkloads,
} from "../study/trained.ts";
import { standardVariants } from "../study/variants.ts";
import { studyLabel } from "../study/workload.ts";

const PLANS = ["baseline", "fae", "slipstream"] as const;

/** Times plans against each other. */
export const plansExperiment = defineExperiment({
  name: "plans",
  summary: "Measured here: baseline, FAE and Slipstream side by side: AUC, time, stages, bytes",
  title: "The plans on this machine",
  suite: "default",
  trains: true,
  flags: TRAINING_FLAGS,
  async run(settings): Promise<Findings> {
    const names = standardVariants(PLANS, settings);
    const trained = await trainWorkloads(settings, sizeOf, names, "times");
    const device = deviceOf(trained);
    return {
      tables: [plansTable(trained), sizesTable(trained), stagesTable(trained)],
      figures: [
        stagesFigure(trained),
        ...(device?.isFallbackAdapter ? [] : [speedFigure(trained)]),
      ],
      samples: trained.flatMap(samplesOf),
      device,
      notes: [
        ...speedNote(trained),
        "Training alone: profiling and telling hot from cold inputs are left out, as the paper does (experiment overhead has them)",
        ...(device?.kind === "cpu"
          ? [
            `Host and device are one CPU here: a copy of hot rows on the device saves no transfer, and moving rows takes ${
              movingShare(trained)
            } of FAE's training`,
          ]
          : []),
        "Inputs are drawn from twins, generators with the statistics of the data sets; ± and ranges are 95 % intervals (Student's t) " +
        "over seeds, each with inputs, weights and order of its own",
        "skipped is of all inputs; the few of fae are minibatches at the end that are not full",
      ],
    };
  },
});

/** The stage of copies of hot rows in FAE's time, from the least workload to the most. */
function movingShare(trained: readonly Trained[]): string {
  return percentRange(trained.map(({ results }) =>
    summarise(
      results.of("fae").map(({ stages_ms, train_ms }) => (stages_ms["sync-hot"] ?? 0) / train_ms),
    ).median
  ));
}

/** Whether the repeats show that slipstream is faster than fae; nothing where a software adapter was timed. */
function speedNote(trained: readonly Trained[]): string[] {
  if (trained[0]?.results.all[0]?.device.isFallbackAdapter) {
    return ["A software adapter was timed: nothing is concluded of speed"];
  }
  const known = trained.flatMap(({ workload, results }) => {
    const found = speedup(results, "fae", "slipstream");
    return found === null || found.low === null ? [] : [{ workload, ...found }];
  });
  if (known.length === 0) return [];
  const faster = known.filter(({ low }) => low! > 1).map(({ workload }) => studyLabel(workload));
  const slower = known.filter(({ high }) => high! < 1).map(({ workload }) => studyLabel(workload));
  return [
    `Slipstream against FAE: faster beyond the spread of the repeats on ${
      faster.join(", ") || "none"
    }, slower on ${slower.join(", ") || "none"}, of ${known.length}`,
  ];
}

/** A plan on a workload, as a line of a table. */
function linesOf(trained: readonly Trained[]) {
  return comparedOf(trained, PLANS).map((one) => {
    const { name, runs, results } = one;
    return {
      ...one,
      /** The median over seeds. */
      median: (of: (run: StudyResult) => number): number => summarise(runs.map(of)).median,
      overBaseline: name === "baseline" ? null : speedup(results, "baseline", name),
      overFae: name === "slipstream" ? speedup(results, "fae", name) : null,
    };
  });
}

function plansTable(trained: readonly Trained[]): ResultTable {
  const title =
    "The plans side by side: means over seeds of AUC and log-loss, medians of time and bytes, mean ratios";
  const withoutInterval = (ratio: RatioEstimate | null): string =>
    formatRatio(ratio === null ? null : { ...ratio, low: null });
  return tableOf({ title, short: true }, linesOf(trained), [
    WORKLOAD_COLUMN,
    variantColumn("plan"),
    meanColumn("AUC", AUC, 3),
    numberColumn("log-loss", 4, ({ results, name }) => results.mean(name, LOG_LOSS)!.mean),
    numberColumn("time, s", 2, ({ median }) => median(({ train_ms }) => train_ms / 1000)),
    figureColumn("speedup", ({ overBaseline }) => withoutInterval(overBaseline)),
    figureColumn("over FAE", ({ overFae }) => withoutInterval(overFae)),
    numberColumn(
      "skipped, %",
      1,
      ({ median }) =>
        median(({ skipped_inputs, train_inputs }) => 100 * skipped_inputs / train_inputs),
    ),
    numberColumn(
      "moved, MB",
      1,
      ({ median }) => median(({ bytes }) => (bytes.upload + bytes.download + bytes.sync) / 1e6),
    ),
  ]);
}

function sizesTable(trained: readonly Trained[]): ResultTable {
  return tableOf({ title: "Sizes and intervals" }, linesOf(trained), [
    WORKLOAD_COLUMN,
    variantColumn("plan"),
    INPUTS_COLUMN,
    countColumn("minibatch", ({ size }) => size.batch),
    SEEDS_COLUMN,
    meanColumn("AUC", AUC, 4),
    meanColumn("log-loss", LOG_LOSS, 4),
    figureColumn("speedup over baseline", ({ overBaseline }) => formatRatio(overBaseline)),
    figureColumn("over FAE", ({ overFae }) => formatRatio(overFae)),
  ]);
}

/** Time of one plan over that of another, by seed; null too where a software adapter was timed. */
function speedup(
  results: StudyResults,
  slower: string,
  faster: string,
): RatioEstimate | null {
  if (results.all[0]?.device.isFallbackAdapter) return null;
  const times = (plan: string): Map<number, number> =>
    new Map(results.of(plan).map(({ seed, train_ms }) => [seed, train_ms]));
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
  const own = results.of(plan);
  return summarise(own.map(({ stages_ms }) => (stages_ms[stage] ?? 0) / 1000)).median;
}

function stagesTable(trained: readonly Trained[]): ResultTable {
  const lines = trained.flatMap((one) => stagesOf(trained).map((stage) => ({ ...one, stage })));
  return tableOf({ title: "Seconds by stage, medians over seeds" }, lines, [
    WORKLOAD_COLUMN,
    plainColumn("stage", ({ stage }) => stage),
    ...PLANS.map((plan) =>
      numberColumn<typeof lines[number]>(
        plan,
        3,
        ({ results, stage }) => stageSeconds(results, plan, stage),
      )
    ),
  ]);
}

/** Share of a run below which a stage is not drawn by itself. */
const SMALL = 0.03;

function stagesFigure(trained: readonly Trained[]): Figure {
  const stages = stagesOf(trained);
  const large = stages.filter((stage) =>
    trained.some(({ results }) =>
      results.all.some(({ stages_ms, train_ms }) => (stages_ms[stage] ?? 0) > SMALL * train_ms)
    )
  );
  return {
    name: "stages",
    title: "Training time by stage",
    caption: `Seconds of training, medians over seeds; stages below ${
      100 * SMALL
    } % of every run are summed up as other stages.`,
    panels: trained.map(({ workload, size, results }): Panel => {
      const data = PLANS.flatMap((plan) => {
        const seconds = stages.map((stage) => [stage, stageSeconds(results, plan, stage)] as const);
        const small = seconds.filter(([stage]) => !large.includes(stage));
        return [
          ...seconds.filter(([stage]) => large.includes(stage)),
          ["other stages", small.reduce((sum, [, value]) => sum + value, 0)] as const,
        ].map(([series, y]) => ({ x: plan, y, series }));
      });
      const title = `${studyLabel(workload)}, ${formatCount(size.inputs)} inputs`;
      return categoryPanel("stacked", "seconds", dataOf("measured", data), { title });
    }),
  };
}

function speedFigure(trained: readonly Trained[]): Figure {
  const data = comparedOf(trained, ["fae", "slipstream"]).flatMap(
    ({ workload, results, name }): Datum[] => {
      const found = speedup(results, "baseline", name);
      return found === null ? [] : [{
        x: studyLabel(workload),
        y: found.ratio,
        series: name,
        origin: "measured",
        ...(found.low === null ? {} : { low: found.low, high: found.high! }),
      }];
    },
  );
  return {
    name: "speed",
    title: "Speedup over the hybrid baseline, measured here",
    caption: "Training time of the baseline over that of the plan; 95 % intervals over seeds.",
    panels: [
      categoryPanel("bars", "times as fast as the baseline", data, {
        rules: [{ y: 1, label: "baseline" }],
      }),
    ],
  };
}

function samplesOf(one: Trained): Sample[] {
  return comparedOf([one], PLANS).flatMap(({ workload, name, runs }): Sample[] => [
    timeSample(`${workload}/${name}/training`, "s", runs.map(({ train_ms }) => train_ms / 1000)),
    aucSample(one, name),
    valueSample(`${workload}/${name}/log-loss`, "", runs.map(LOG_LOSS)),
  ]);
}

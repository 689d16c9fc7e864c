/**
 * What skipping saves on this machine: the hybrid baseline, FAE and Slipstream in turn, with accuracy, stages and bytes.
 *
 * @module
 */

import { formatCount } from "../../core/format.ts";
import type { Cell } from "../../core/table.ts";
import { TRACE_STAGES } from "../../train/trace/schema.ts";
import { countColumn, figureColumn, numberColumn, textColumn } from "../columns.ts";
import { workloadLabel } from "../paper_machine.ts";
import type { Experiment, Findings, ResultTable, Sample, Settings } from "../experiment.ts";
import type { Datum, Figure, Panel } from "../figure.ts";
import { summarise } from "../../core/statistics.ts";
import { AUC, formatEstimate, LOG_LOSS, type StudyResults } from "../study/compare.ts";
import { sizeOf } from "../study/sizes.ts";
import { estimateRatio, formatRatio, type RatioEstimate } from "../study/statistics.ts";
import type { StudyResult } from "../study/store.ts";
import { aucSample, deviceOf, type Trained, trainWorkloads } from "../study/trained.ts";
import { standardVariants } from "../study/variants.ts";

const PLANS = ["baseline", "fae", "slipstream"] as const;

/** Times plans against each other. */
export const plansExperiment: Experiment = {
  name: "plans",
  summary: "Measured here: baseline, FAE and Slipstream side by side: AUC, time, stages, bytes",
  title: "The plans on this machine",
  suite: "default",
  trains: true,
  async run(settings: Settings): Promise<Findings> {
    const names = standardVariants(PLANS, settings);
    const trained = await trainWorkloads(settings, sizeOf, names, "times");
    const device = deviceOf(trained.map(({ results }) => results));
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
};

/** The stage of copies of hot rows in FAE's time, from the least workload to the most. */
function movingShare(trained: readonly Trained[]): string {
  const shares = trained.map(({ results }) =>
    100 * summarise(
      results.of("fae").map(({ stages_ms, train_ms }) => (stages_ms["sync-hot"] ?? 0) / train_ms),
    ).median
  );
  const [low, high] = [Math.min(...shares).toFixed(1), Math.max(...shares).toFixed(1)];
  return low === high ? `${low} %` : `${low} to ${high} %`;
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
  const faster = known.filter(({ low }) => low! > 1).map(({ workload }) => workloadLabel(workload));
  const slower = known.filter(({ high }) => high! < 1).map(({ workload }) =>
    workloadLabel(workload)
  );
  return [
    `Slipstream against FAE: faster beyond the spread of the repeats on ${
      faster.join(", ") || "none"
    }, slower on ${slower.join(", ") || "none"}, of ${known.length}`,
  ];
}

/** What is told of a plan on a workload. */
function factsOf({ results }: Trained, plan: typeof PLANS[number]) {
  const own = results.of(plan);
  const median = (of: (result: StudyResult) => number): number => summarise(own.map(of)).median;
  return {
    seconds: median(({ train_ms }) => train_ms / 1000),
    overBaseline: plan === "baseline" ? null : speedup(results, "baseline", plan),
    overFae: plan === "slipstream" ? speedup(results, "fae", plan) : null,
    skipped: median(({ skipped_inputs, train_inputs }) => 100 * skipped_inputs / train_inputs),
    megabytes: median(({ bytes }) => (bytes.upload + bytes.download + bytes.sync) / 1e6),
  };
}

function plansTable(trained: readonly Trained[]): ResultTable {
  return {
    title:
      "The plans side by side: means over seeds of AUC and log-loss, medians of time and bytes, mean ratios",
    short: true,
    columns: [
      textColumn("workload"),
      textColumn("plan"),
      figureColumn("AUC"),
      numberColumn("log-loss", 4),
      numberColumn("time, s", 2),
      figureColumn("speedup"),
      figureColumn("over FAE"),
      numberColumn("skipped, %", 1),
      numberColumn("moved, MB", 1),
    ],
    rows: trained.flatMap((one) =>
      PLANS.map((plan): Cell[] => {
        const { seconds, overBaseline, overFae, skipped, megabytes } = factsOf(one, plan);
        return [
          workloadLabel(one.workload),
          plan,
          formatEstimate(one.results.mean(plan, AUC), 3),
          one.results.mean(plan, LOG_LOSS)!.mean,
          seconds,
          overBaseline === null ? "" : formatRatio({ ...overBaseline, low: null }),
          overFae === null ? "" : formatRatio({ ...overFae, low: null }),
          skipped,
          megabytes,
        ];
      })
    ),
  };
}

function sizesTable(trained: readonly Trained[]): ResultTable {
  return {
    title: "Sizes and intervals",
    columns: [
      textColumn("workload"),
      textColumn("plan"),
      countColumn("inputs"),
      countColumn("minibatch"),
      countColumn("seeds"),
      figureColumn("AUC"),
      figureColumn("log-loss"),
      figureColumn("speedup over baseline"),
      figureColumn("over FAE"),
    ],
    rows: trained.flatMap((one) =>
      PLANS.map((plan): Cell[] => {
        const { overBaseline, overFae } = factsOf(one, plan);
        return [
          workloadLabel(one.workload),
          plan,
          one.size.inputs,
          one.size.batch,
          one.results.of(plan).length,
          formatEstimate(one.results.mean(plan, AUC), 4),
          formatEstimate(one.results.mean(plan, LOG_LOSS), 4),
          formatRatio(overBaseline),
          formatRatio(overFae),
        ];
      })
    ),
  };
}

/** Time of one plan over that of another, by seed; null too where a software adapter was timed. */
function speedup(
  results: StudyResults,
  slower: typeof PLANS[number],
  faster: typeof PLANS[number],
): RatioEstimate | null {
  if (results.all[0]?.device.isFallbackAdapter) return null;
  const times = (plan: typeof PLANS[number]): Map<number, number> =>
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
  return {
    title: "Seconds by stage, medians over seeds",
    columns: [
      textColumn("workload"),
      textColumn("stage"),
      ...PLANS.map((plan) => numberColumn(plan, 3)),
    ],
    rows: trained.flatMap(({ workload, results }) =>
      stagesOf(trained).map((stage): Cell[] => [
        workloadLabel(workload),
        stage,
        ...PLANS.map((plan) => stageSeconds(results, plan, stage)),
      ])
    ),
  };
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
    panels: trained.map(({ workload, size, results }): Panel => ({
      title: `${workloadLabel(workload)}, ${formatCount(size.inputs)} inputs`,
      mark: "stacked",
      x: { label: "" },
      y: { label: "seconds" },
      data: PLANS.flatMap((plan): Datum[] => {
        const seconds = stages.map((stage) => [stage, stageSeconds(results, plan, stage)] as const);
        const small = seconds.filter(([stage]) => !large.includes(stage));
        return [
          ...seconds.filter(([stage]) => large.includes(stage)),
          ["other stages", small.reduce((sum, [, value]) => sum + value, 0)] as const,
        ].map(([series, y]) => ({ x: plan, y, series, origin: "measured" }));
      }),
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
            x: workloadLabel(workload),
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
    const own = results.of(plan);
    return [
      {
        name: `${workload}/${plan}/training`,
        unit: "s",
        better: "lower",
        timing: true,
        values: own.map(({ train_ms }) => train_ms / 1000),
      },
      aucSample(workload, plan, results),
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

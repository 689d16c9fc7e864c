/**
 * The paper's headline: what Slipstream gains over four systems, predicted for the paper's machine from registered parameters.
 *
 * @module
 */

import { formatClock } from "../../core/format.ts";
import { WORKLOAD_NAMES, type WorkloadName } from "../../data/twin/workloads.ts";
import { timesOf } from "../../sim/paper/evaluate.ts";
import {
  PAPER_GPUS,
  type PaperRatios,
  paperRatios,
  type RatioRow,
} from "../../sim/paper/ratios.ts";
import type { HeldOut } from "../../sim/paper/registration.ts";
import { loadPaperSetting, type PaperSetting } from "../../sim/paper/setting.ts";
import type { Range } from "../../sim/uncertainty.ts";
import { countColumn, numberColumn, plainColumn, tableOf } from "../columns.ts";
import { defineExperiment, type Findings, type Outcome, type ResultTable } from "../experiment.ts";
import type { Figure, Panel } from "../../figures/figure.ts";
import {
  machineLabel,
  type PaperSystem,
  percent,
  signed,
  SYSTEM_LABELS,
  workloadLabel,
} from "../paper_machine.ts";
import { categoryPanel, dataOf } from "../panels.ts";
import { speedupElsewhere } from "../speedup_elsewhere.ts";

/** Draws of a smoke run; others take as many as were registered, so that ranges are those of `simulate paper`. */
const SMOKE_DRAWS = 3;
/** A line of progress each so many draws. */
const SAID_EVERY = 50;

/** Epoch times in milliseconds by GPUs, system and workload. */
type Times = ReadonlyMap<number, ReadonlyMap<PaperSystem, Readonly<Record<WorkloadName, number>>>>;

/** Systems whose times are shown: those of the paper's figures, and all rows on the GPUs. */
const SYSTEMS = [
  "xdl",
  "pytorch-hybrid",
  "intel-dlrm",
  "fae",
  "hotline",
  "slipstream",
  "slipstream-hotline",
  "gpu-only",
  "slipstream-gpu-only",
] as const satisfies readonly PaperSystem[];

/** Predicts the headline. */
export const speedupExperiment = defineExperiment({
  name: "speedup",
  summary: "The paper's headline on a model of its machine: Slipstream over four systems",
  title: "Speedup over XDL, hybrid DLRM, FAE and Hotline",
  suite: "default",
  flags: ["workloads", "machine"],
  async run(settings): Promise<Findings> {
    if (settings.machine.length > 0) return await speedupElsewhere(settings);
    const setting = await loadPaperSetting();
    const { registration: { protocol }, calibrated } = setting;
    const draws = settings.smoke ? SMOKE_DRAWS : protocol.draws;
    settings.say(`${draws} draws of what is uncertain, each with its own calibration`);
    const ratios = await paperRatios(setting, draws, {
      onDraw: (done) => {
        if (done % SAID_EVERY === 0 && done < draws) settings.say(`${done} of ${draws} draws`);
      },
      signal: settings.signal,
    });
    const times: Times = new Map(
      PAPER_GPUS.map((gpus) => [
        gpus,
        new Map(SYSTEMS.map((system) => [system, timesOf({ ...calibrated, gpus }, system)])),
      ]),
    );
    return {
      outcome: outcomeOf(ratios),
      headline: sentence(setting, ratios),
      tables: [
        headline(setting, ratios),
        timesTable(setting, times, [calibrated.gpus], settings.workloads, true),
        rangeTable(ratios),
        gpusTable(ratios),
        timesTable(setting, times, PAPER_GPUS, settings.workloads, false),
      ],
      figures: [
        speedupFigure(setting, ratios),
        timesFigure(setting, times, settings.workloads),
        gpusFigure(ratios),
      ],
      device: null,
      notes: notesOf(setting, ratios, draws),
    };
  },
});

/** `Slipstream over XDL`; readings of one figure are told apart. */
function ratioLabel({ slower, faster }: Pick<HeldOut, "slower" | "faster">): string {
  return `${label(faster)} over ${label(slower)}`;
}

function label(system: string): string {
  return SYSTEM_LABELS[system as PaperSystem];
}

/** A column a workload. */
function workloadColumns<T>(
  digits: number,
  of: (line: T) => Readonly<Record<WorkloadName, number>>,
) {
  return WORKLOAD_NAMES.map((name) =>
    numberColumn<T>(workloadLabel(name), digits, (line) => of(line)[name])
  );
}

function headline(setting: PaperSetting, { rows, open }: PaperRatios): ResultTable {
  const title = `Speedup on a model of the paper's machine (${
    machineLabel(setting, setting.calibrated.gpus)
  }), mean of RM1 to RM4`;
  const lines = [
    ...rows.map(({ heldOut, ...row }) => ({ ...row, of: heldOut, published: heldOut.published })),
    ...open.map((row) => ({ ...row, of: row, published: null, error: null })),
  ];
  return tableOf({ title, origin: "predicted", short: true }, lines, [
    plainColumn("speedup", ({ of }) => ratioLabel(of)),
    {
      name: "published",
      origin: "published",
      format: String,
      cell: ({ published }) => published,
    },
    numberColumn("predicted", 2, ({ calibrated }) => calibrated.mean),
    plainColumn("range", ({ range: { low, high } }) => `${low.toFixed(2)} to ${high.toFixed(2)}`),
    {
      name: "error, %",
      format: signed(1),
      cell: ({ error }) => error === null ? null : 100 * error,
    },
    ...workloadColumns<typeof lines[number]>(2, ({ calibrated }) => calibrated.byWorkload),
  ]);
}

function timesTable(
  setting: PaperSetting,
  times: Times,
  numbers: readonly number[],
  workloads: readonly WorkloadName[],
  short: boolean,
): ResultTable {
  const one = numbers.length === 1;
  const title = `Time of an epoch on that machine, ${
    one ? `${numbers[0]} GPUs` : "by GPUs"
  }, minutes:seconds (seconds in files)`;
  const lines = numbers.flatMap((gpus) => workloads.map((workload) => ({ gpus, workload })));
  type Line = typeof lines[number];
  return tableOf({ title, origin: "predicted", short }, lines, [
    ...(one ? [] : [plainColumn<Line>("GPUs", ({ gpus }) => gpus)]),
    plainColumn("workload", ({ workload }) => workloadLabel(workload)),
    countColumn(
      "inputs",
      ({ workload }) => setting.calibrated.workloads[workload].header.dataset.train_inputs,
    ),
    ...SYSTEMS.map((system) => ({
      name: SYSTEM_LABELS[system],
      format: formatClock,
      cell: ({ gpus, workload }: Line) => times.get(gpus)!.get(system)![workload] / 1000,
    })),
  ]);
}

function rangeTable({ rows, readings }: PaperRatios): ResultTable {
  const title =
    "Speedup by workload, with the 5, 50 and 95 % points of the draws, and before calibration";
  const lines = [...rows, ...readings].flatMap((row) => [
    ...WORKLOAD_NAMES.map((name) => ({
      row,
      of: workloadLabel(name),
      uncalibrated: row.uncalibrated.byWorkload[name],
      calibrated: row.calibrated.byWorkload[name],
      range: row.ranges[name],
    })),
    {
      row,
      of: "mean",
      uncalibrated: row.uncalibrated.mean,
      calibrated: row.calibrated.mean,
      range: row.range,
    },
  ]);
  return tableOf({ title, origin: "predicted" }, lines, [
    plainColumn("speedup", ({ row }) => ratioLabel(row.heldOut)),
    plainColumn("workload", ({ of }) => of),
    numberColumn("uncalibrated", 3, ({ uncalibrated }) => uncalibrated),
    numberColumn("calibrated", 3, ({ calibrated }) => calibrated),
    numberColumn("5 %", 3, ({ range }) => range.low),
    numberColumn("50 %", 3, ({ range }) => range.median),
    numberColumn("95 %", 3, ({ range }) => range.high),
  ]);
}

function gpusTable({ byGpus, rows }: PaperRatios): ResultTable {
  const lines = byGpus.flatMap(({ gpus, ratios }) =>
    ratios.map((ratio, i) => ({ ...ratio, gpus, row: rows[i]! }))
  );
  return tableOf({ title: "Speedup by GPUs, 1024 inputs each", origin: "predicted" }, lines, [
    plainColumn("GPUs", ({ gpus }) => gpus),
    plainColumn("speedup", ({ row }) => ratioLabel(row.heldOut)),
    ...workloadColumns<typeof lines[number]>(3, ({ byWorkload }) => byWorkload),
    numberColumn("mean", 3, ({ mean }) => mean),
  ]);
}

function speedupFigure(setting: PaperSetting, { rows }: PaperRatios): Figure {
  return {
    name: "speedup",
    title: "Speedup of Slipstream, as the paper reports it",
    caption: `Time of an epoch under the other system over that with Slipstream, on ${
      machineLabel(setting, setting.calibrated.gpus)
    }; ranges hold 90 % of the draws. The paper's abstract gives means alone.`,
    panels: rows.map(({ calibrated, ranges, range, heldOut }) => {
      const predicted = [
        ...WORKLOAD_NAMES.map((name) => ({
          x: workloadLabel(name),
          y: calibrated.byWorkload[name],
          ...endsOf(ranges[name]),
        })),
        { x: "mean", y: calibrated.mean, ...endsOf(range) },
      ];
      const data = [
        ...dataOf("predicted", predicted.map((datum) => ({ ...datum, series: "predicted" }))),
        ...dataOf("published", [{ x: "mean", y: heldOut.published, series: "published" }]),
      ];
      return categoryPanel("bars", "speedup", data, {
        title: ratioLabel(heldOut),
        rules: [{ y: 1, label: "no gain" }],
      });
    }),
  };
}

/** The ends of an interval alone. */
function endsOf({ low, high }: { readonly low: number; readonly high: number }) {
  return { low, high };
}

function timesFigure(
  setting: PaperSetting,
  times: Times,
  workloads: readonly WorkloadName[],
): Figure {
  const { gpus } = setting.calibrated;
  return {
    name: "epoch-times",
    secondary: true,
    title: "Time of an epoch by system",
    caption: `Minutes an epoch of each workload at its published size takes on ${
      machineLabel(setting, gpus)
    }, by the model.`,
    panels: workloads.map((name) => {
      const data = SYSTEMS.map((system) => ({
        x: SYSTEM_LABELS[system],
        y: times.get(gpus)!.get(system)![name] / 60_000,
        series: "predicted",
      }));
      const title = workloadLabel(name);
      return categoryPanel("bars", "minutes an epoch", dataOf("predicted", data), { title });
    }),
  };
}

function gpusFigure({ byGpus, rows }: PaperRatios): Figure {
  return {
    name: "speedup-gpus",
    secondary: true,
    title: "Speedup by number of GPUs",
    caption:
      "Each GPU trains 1024 inputs of a minibatch, so that more GPUs make larger minibatches; the scalars stay those calibrated on 4 GPUs.",
    panels: rows.map((row, i): Panel => ({
      title: ratioLabel(row.heldOut),
      mark: "lines",
      x: { label: "GPUs" },
      y: { label: "speedup" },
      data: dataOf(
        "predicted",
        [...WORKLOAD_NAMES, "mean" as const].flatMap((name) =>
          byGpus.map(({ gpus, ratios }) => ({
            x: gpus,
            y: name === "mean" ? ratios[i]!.mean : ratios[i]!.byWorkload[name],
            series: name === "mean" ? name : workloadLabel(name),
          }))
        ),
      ),
      rules: [{ y: row.heldOut.published, label: "published mean" }],
    })),
  };
}

/** Whether the four published speedups are found. */
function outcomeOf({ rows, mape }: PaperRatios): Outcome {
  const inside = rows.filter(({ heldOut: { published }, range: { low, high } }) =>
    published >= low && published <= high
  );
  const said = rows.map(({ heldOut, calibrated }) =>
    `${ratioLabel(heldOut)} ${calibrated.mean.toFixed(2)} (published ${heldOut.published})`
  );
  return {
    state: inside.length === rows.length
      ? "reproduced"
      : inside.length > 0
      ? "reproduced in part"
      : "not reproduced",
    why:
      `${inside.length} of ${rows.length} published speedups lie within their range on a model of the paper's machine: ${
        said.join(", ")
      }; the mean error is ${percent(mape.calibrated)}, and nothing was measured on that machine`,
  };
}

/** What skipping gains where rows lie on the host, and what having all rows on the GPUs gains. */
function sentence(setting: PaperSetting, { rows, open }: PaperRatios): string {
  const said = (slower: PaperSystem): string => {
    const row = rows.find(({ heldOut }) => heldOut.slower === slower)!;
    return `${row.calibrated.mean.toFixed(2)} times as fast as ${
      label(slower)
    } (published: ${row.heldOut.published})`;
  };
  const onGpus = open.find(({ slower, faster }) =>
    slower === "gpu-only" && faster === "slipstream"
  );
  return `By a model of the paper's machine (${
    machineLabel(setting, setting.calibrated.gpus)
  }) Slipstream trains ${said("fae")} and ${said("pytorch-hybrid")}${
    onGpus === undefined
      ? ""
      : `; where all rows fit the GPUs, keeping them there is faster still, ${
        (1 / onGpus.calibrated.mean).toFixed(1)
      } times`
  }`;
}

/** What the numbers mean, all derived from them. */
function notesOf(
  { registration }: PaperSetting,
  { rows, readings, mape, nulls, met }: PaperRatios,
  draws: number,
): string[] {
  const { protocol, calibration } = registration;
  const between = ({ low, high }: Range) => `${low.toFixed(2)} to ${high.toFixed(2)}`;
  const outside = rows.filter(({ heldOut: { published }, range: { low, high } }) =>
    published < low || published > high
  );
  const leaning = rows.map(leaningOf).reduce((a, b) => a.factor >= b.factor ? a : b);
  const [division] = nulls.models;
  return [
    "Nothing here was measured on the paper's machine: the times are those of a model of it, replaying counted epochs of statistical twins of the four data sets at their published sizes",
    `Parameters: registered. Numbers of the other systems' software (${
      calibration.map(({ parameter }) => parameter).join(", ")
    }) were set so that the model meets published ratios of FAE and Hotline over RM1 to RM3; no ratio of Slipstream and nothing of RM4 set any number, and all were committed before a ratio was computed with them. It is the third registration: what the first and the second had predicted was known`,
    `Mean error over the four published ratios: ${
      percent(mape.calibrated)
    }; with those numbers as they start, ${percent(mape.uncalibrated)}`,
    `Ranges hold 90 % of ${draws} draws of the machine's and the software's numbers within their ranges and of the published ratios that set the calibrated ones, which disagree with each other by 8 to 17 %; they are no confidence intervals`,
    outside.length === 0
      ? "All four published figures lie within their ranges"
      : `Ranges that leave the published figure out: ${
        outside.map(({ heldOut, range }) =>
          `${ratioLabel(heldOut)}, published ${heldOut.published} and predicted ${between(range)}`
        ).join("; ")
      }`,
    `Other readings of the same figures: ${
      readings.map(({ heldOut, calibrated, range }) =>
        `${ratioLabel(heldOut)} ${calibrated.mean.toFixed(2)} (${
          between(range)
        }), published ${heldOut.published}`
      ).join("; ")
    }`,
    met.fae
      ? `Against FAE the model errs ${
        percent(nulls.modelFaeError)
      }, and dividing by the share of inputs that is kept errs ${percent(division!.faeError)}`
      : `Against FAE a division does better than the model: 1 / (share of inputs kept) errs ${
        percent(division!.faeError)
      }, the model ${percent(nulls.modelFaeError)}`,
    `Over all four ratios the model errs ${percent(mape.calibrated)}; without any machine ${
      nulls.models.map(({ name, mape }) => `${name} errs ${percent(mape)}`).join(", ")
    }. What the machine adds to the best of these: ${
      (100 * nulls.machineAdds).toFixed(1)
    } percentage points`,
    `The mean of ${ratioLabel(leaning.row.heldOut)} leans on ${workloadLabel(leaning.workload)}: ${
      leaning.row.calibrated.byWorkload[leaning.workload].toFixed(2)
    } there, ${leaning.row.calibrated.mean.toFixed(2)} in the mean`,
    `The share of hot inputs that is skipped after the window, ${protocol.drop_share}, is the artifact's default; what skipping costs in accuracy these numbers do not show`,
    "Loading, evaluation and profiling of access counts are outside the times; copies of hot rows and Slipstream's own work are inside",
  ];
}

/** The workload whose ratio is furthest above the mean. */
function leaningOf(
  row: RatioRow,
): { readonly row: RatioRow; readonly workload: WorkloadName; readonly factor: number } {
  const { byWorkload, mean } = row.calibrated;
  const workload = WORKLOAD_NAMES.reduce((a, b) => byWorkload[a] >= byWorkload[b] ? a : b);
  return { row, workload, factor: byWorkload[workload] / mean };
}

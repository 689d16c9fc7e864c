/**
 * What the gain hangs on: the drop share, the window, hot inputs and hot memory, the minibatch, the GPUs and the link.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import { formatCount } from "../../core/format.ts";
import type { WorkloadName } from "../../data/twin/workloads.ts";
import { CountCache } from "../../sim/count_cache.ts";
import { type CountOptions, countTraces } from "../../sim/counts.ts";
import { meanOf } from "../../sim/paper/evaluate.ts";
import type { PaperSetting } from "../../sim/paper/setting.ts";
import { recount } from "../../sim/recount.ts";
import { type AxisName, sweep, type SweepRow } from "../../sim/sweep.ts";
import { hotInputShare } from "../../sim/variants.ts";
import { condense, type CountedTrace, countTraceRuns } from "../../sim/work.ts";
import { calculatedEpochs, epochTable } from "../calculator.ts";
import { countColumn, numberColumn, plainColumn, tableOf } from "../columns.ts";
import {
  defineExperiment,
  type Findings,
  type ResultTable,
  type SettingsOf,
} from "../experiment.ts";
import type { Figure, Panel } from "../../figures/figure.ts";
import { occasionally } from "../occasionally.ts";
import {
  gpuNumbers,
  machineLabel,
  predictedSetting,
  SYSTEM_LABELS,
  workloadLabel,
} from "../paper_machine.ts";
import { dataOf } from "../panels.ts";

/** What is varied. */
interface Varied {
  readonly axis: AxisName;
  readonly title: string;
  readonly values: readonly number[];
  readonly log?: boolean;
}

const VARIED: readonly Varied[] = [
  {
    axis: "drop",
    title: "hot inputs skipped after the window (D), share",
    values: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
  },
  {
    axis: "window",
    title: "window, share of the hot minibatches",
    values: [0.01, 0.03, 0.05, 0.1, 0.2, 0.4],
  },
  { axis: "hot_share", title: "hot inputs, share of all", values: [0.4, 0.5, 0.6, 0.7, 0.8, 0.9] },
  {
    axis: "batch_per_gpu",
    title: "inputs a minibatch and GPU",
    values: [256, 512, 1024, 2048, 4096],
    log: true,
  },
  { axis: "gpus", title: "GPUs", values: [1, 2, 4] },
  { axis: "link.generation", title: "generation of PCIe", values: [3, 4, 5] },
];

const OVER = ["fae", "pytorch-hybrid"] as const;
const SYSTEMS = ["slipstream", ...OVER] as const;

/** Hot memories at published size, in mebibytes. */
const MEMORIES = [64, 128, 256, 512, 1024] as const;

/** A reduced count: hot rows of fewer inputs need less memory. */
const REDUCED = {
  /** RM1's histories take minutes to draw. */
  workloads: ["rm2", "rm3", "rm4"] as readonly WorkloadName[],
  inputs: 200_000,
  mebibytes: [1, 4, 16, 64] as readonly number[],
  batch: 1024,
  warmup: 4,
};
/** The least count that runs. */
const SMOKE = {
  workloads: ["rm4"] as readonly WorkloadName[],
  inputs: 20_000,
  mebibytes: [1, 4] as readonly number[],
  batch: 64,
  warmup: 4,
};

const FLAGS = ["workloads", "inputs", "machine"] as const;
type OwnSettings = SettingsOf<typeof FLAGS[number]>;

/** Ratios at one value of one axis. */
interface Point {
  readonly workload: WorkloadName;
  readonly value: number;
  /** Seconds an epoch by system. */
  readonly seconds: Readonly<Record<typeof SYSTEMS[number], number>>;
}

/** A point of hot memory. */
interface MemoryPoint extends Point {
  readonly inputs: number;
  /** Share of the inputs that are hot with this memory. */
  readonly hot: number;
}

/** An axis and its points. */
interface Swept {
  readonly varied: Varied;
  readonly points: readonly Point[];
}

/** Sweeps. */
export const sensitivityExperiment = defineExperiment({
  name: "sensitivity",
  summary: "What the gain hangs on: drop share, window, hot memory, minibatch, GPUs, link",
  title: "What the gain hangs on",
  suite: "default",
  flags: FLAGS,
  async run(settings): Promise<Findings> {
    const setting = await predictedSetting(settings);
    const swept: Swept[] = [];
    for (const one of VARIED) {
      const all = one.axis === "gpus" ? gpuNumbers(setting) : one.values;
      const values = settings.smoke ? [...new Set([all[0]!, all.at(-1)!])] : all;
      const varied = { ...one, values };
      settings.say(`sweeping ${one.axis}`);
      swept.push({ varied, points: await sweepAxis(setting, varied, settings.workloads) });
      settings.signal.throwIfAborted();
    }
    const epochs = await calculatedEpochs(setting, settings.workloads, settings.signal);
    const refused: string[] = [];
    const memory = await sweepMemory(setting, settings, refused);
    return {
      calculator: epochs,
      tables: [
        rangeTable(setting, swept),
        pointTable(swept),
        memoryTable(memory),
        epochTable(epochs, setting.calibrated.drop),
      ],
      figures: OVER.map((over) => figure(setting, over, swept, memory)),
      device: null,
      notes: [
        "Each axis moves alone; everything else is as in the speedup experiment, whose calibrated numbers stay as they are",
        "Accuracy is not in these times: a larger drop share is always quicker, and what it costs only training tells",
        "The window's length changes how many minibatches nothing is skipped in; that it also changes which rows are found stale is not modelled, since the drop share is held",
        "Alpha, how many of an input's rows must be stale before it is skipped, is missing here: it changes which inputs are skipped and, where the drop share can be reached, not how many; deno task bench choices measures what it does to accuracy",
        "Sweeps take the mean minibatch of each kind, which changes times by less than a thousandth",
        ...memoryNotes(settings, memory),
        ...refused,
      ],
    };
  },
});

function memoryNotes({ full }: OwnSettings, memory: readonly MemoryPoint[]): string[] {
  const [first] = memory;
  if (first === undefined) {
    return ["Hot memory was not varied: none of these workloads was counted"];
  }
  return [
    full
      ? "Hot memory was counted again over the twins at their published sizes; rows that the profile's sample of inputs does not meet stay cold, so that memory beyond the others changes nothing"
      : `Hot memory was counted over ${
        formatCount(first.inputs)
      } inputs of a twin, all of them profiled: fewer rows are met than in a whole epoch and less memory holds them, so that its values are not those of the paper's machine; deno task bench sensitivity --full counts all inputs`,
  ];
}

async function sweepAxis(
  { calibrated }: PaperSetting,
  { axis, values }: Varied,
  workloads: readonly WorkloadName[],
): Promise<Point[]> {
  const rows = await sweep({
    traces: workloads.map((name) => ({ name, trace: calibrated.workloads[name] })),
    machines: [calibrated.machine],
    systems: SYSTEMS,
    axes: [{ name: axis, values }],
    gpus: calibrated.gpus,
    batchPerGpu: calibrated.batchPerGpu,
    // Traces skip the protocol's share of their own accord, of systems that skip.
    drop: calibrated.drop,
    parameters: calibrated.parameters,
  });
  return workloads.flatMap((workload) =>
    values.map((value): Point => ({
      workload,
      value,
      seconds: secondsOf(rows.filter((row) => row.trace === workload && row.values[0] === value)),
    }))
  );
}

function secondsOf(rows: readonly SweepRow[]): Point["seconds"] {
  return Object.fromEntries(
    rows.map(({ system, epoch_ms }) => [system, epoch_ms / 1000]),
  ) as Point["seconds"];
}

/** Hot memory decides which inputs are hot, so that twins are counted again. */
async function sweepMemory(
  { calibrated }: PaperSetting,
  settings: OwnSettings,
  refused: string[],
): Promise<MemoryPoint[]> {
  const reduced = settings.smoke ? SMOKE : REDUCED;
  const counted: { name: WorkloadName; mebibytes: number; trace: CountedTrace }[] = [];
  for (const name of settings.workloads) {
    if (!settings.full && !reduced.workloads.includes(name)) continue;
    const mebibytes = settings.full ? MEMORIES : reduced.mebibytes;
    const tell = occasionally(settings.say);
    const hooks = {
      onProgress: (done: number, total: number) =>
        tell(`${name}: ${(100 * done / total).toFixed(0)} % of ${total} inputs counted`),
      signal: settings.signal,
    };
    try {
      const traces = settings.full
        ? await recount(name, calibrated.workloads[name], mebibytes, {
          ...hooks,
          cache: new CountCache(),
        })
        : await countReduced(
          name,
          { ...reduced, inputs: settings.inputs ?? reduced.inputs },
          hooks,
        );
      counted.push(
        ...traces.map((trace, i) => ({ name, mebibytes: mebibytes[i]!, trace })),
      );
    } catch (error) {
      // The other workloads' counts, hours at full size, stay.
      if (!(error instanceof UserError) || settings.signal.aborted) throw error;
      refused.push(`Hot memory of ${workloadLabel(name)} is left out. ${error.message}`);
    }
  }
  if (counted.length === 0) return [];
  const key = ({ name, mebibytes }: typeof counted[number]) => `${name} ${mebibytes}`;
  const rows = await sweep({
    traces: counted.map((one) => ({ name: key(one), trace: one.trace })),
    machines: [calibrated.machine],
    systems: SYSTEMS,
    axes: [],
    gpus: calibrated.gpus,
    batchPerGpu: calibrated.batchPerGpu,
    drop: calibrated.drop,
    parameters: calibrated.parameters,
  });
  return counted.map((one): MemoryPoint => ({
    workload: one.name,
    value: one.mebibytes,
    inputs: one.trace.header.dataset.train_inputs,
    hot: hotInputShare(one.trace),
    seconds: secondsOf(rows.filter(({ trace }) => trace === key(one))),
  }));
}

async function countReduced(
  twin: WorkloadName,
  { inputs, mebibytes, batch, warmup }: typeof REDUCED,
  hooks: Pick<CountOptions, "onProgress" | "signal">,
): Promise<CountedTrace[]> {
  const traces = await countTraces(
    { ...hooks, twin, inputs, batch, warmup, profileEvery: 1 },
    mebibytes.map((mib) => mib * 2 ** 20),
  );
  return traces.map((trace) => condense(countTraceRuns(trace)));
}

function ratio({ seconds }: Point, over: typeof OVER[number]): number {
  return seconds[over] / seconds.slipstream;
}

function rangeTable(setting: PaperSetting, swept: readonly Swept[]): ResultTable {
  const title =
    `Slipstream's mean speedup when one thing moves from the first value to the last (else ${
      machineLabel(setting, setting.calibrated.gpus)
    })`;
  const first = ({ varied: { values } }: Swept): number => values[0]!;
  const last = ({ varied: { values } }: Swept): number => values.at(-1)!;
  const mean = (points: readonly Point[], over: typeof OVER[number], value: number) =>
    meanOf(points.filter((point) => point.value === value).map((point) => ratio(point, over)));
  return tableOf({ title, origin: "predicted" }, swept, [
    plainColumn("what moves", ({ varied }) => varied.title),
    plainColumn("from", first),
    plainColumn("to", last),
    ...OVER.flatMap((over) =>
      ([["from", first], ["to", last]] as const).map(([end, valueOf]) =>
        numberColumn<Swept>(
          `over ${SYSTEM_LABELS[over]}, ${end}`,
          2,
          (one) => mean(one.points, over, valueOf(one)),
        )
      )
    ),
  ]);
}

/** Columns that points share. */
const RATIO_COLUMNS = [
  ...OVER.map((over) =>
    numberColumn<Point>(`over ${SYSTEM_LABELS[over]}`, 3, (point) => ratio(point, over))
  ),
  ...SYSTEMS.map((system) =>
    numberColumn<Point>(`${SYSTEM_LABELS[system]}, s`, 2, ({ seconds }) => seconds[system])
  ),
];

function pointTable(swept: readonly Swept[]): ResultTable {
  const title = "Speedup and time of an epoch at each value";
  const lines = swept.flatMap(({ varied: { axis }, points }) =>
    points.map((point) => ({ ...point, axis }))
  );
  return tableOf({ title, origin: "predicted" }, lines, [
    plainColumn("axis", ({ axis }) => axis),
    plainColumn("value", ({ value }) => value),
    plainColumn("workload", ({ workload }) => workloadLabel(workload)),
    ...RATIO_COLUMNS,
  ]);
}

function memoryTable(points: readonly MemoryPoint[]): ResultTable {
  const title = "Speedup and time of an epoch by hot memory, twins counted again for each";
  return tableOf({ title, origin: "predicted" }, points, [
    plainColumn("workload", ({ workload }) => workloadLabel(workload)),
    countColumn("inputs", ({ inputs }) => inputs),
    plainColumn("hot memory, MiB", ({ value }) => value),
    numberColumn("hot inputs, %", 1, ({ hot }) => 100 * hot),
    ...RATIO_COLUMNS,
  ]);
}

function figure(
  setting: PaperSetting,
  over: typeof OVER[number],
  swept: readonly Swept[],
  memory: readonly MemoryPoint[],
): Figure {
  const { registration: { protocol }, calibrated: { machine, gpus } } = setting;
  const data = (points: readonly Point[]) =>
    dataOf(
      "predicted",
      points.map((point) => ({
        x: point.value,
        y: ratio(point, over),
        series: workloadLabel(point.workload),
      })),
    );
  const panel = (title: string, log: boolean, points: readonly Point[]): Panel => ({
    title,
    mark: "lines",
    // The title says it.
    x: { label: "", scale: log ? "log" : "linear" },
    y: { label: "speedup" },
    data: data(points),
  });
  return {
    name: `over-${over}`,
    secondary: over !== OVER[0],
    title: `Slipstream over ${SYSTEM_LABELS[over]} when one thing varies`,
    caption: `Ratio of the times of an epoch on ${
      machineLabel(setting, setting.calibrated.gpus)
    }, by the model. In each panel one thing varies; the others are D = ${protocol.drop_share}, a window of 0.03 (0.05 for RM1), ${protocol.batch_per_gpu} inputs a GPU, ${gpus} GPUs and PCIe ${machine.link.generation}.`,
    panels: [
      ...swept.map(({ varied: { title, log = false }, points }) => panel(title, log, points)),
      ...memory.length === 0 ? [] : [panel("hot memory, MiB", true, memory)],
    ],
  };
}

/**
 * Bytes that training moves over the link and to memory, and how many of them skipping saves.
 *
 * @module
 */

import type { WorkloadName } from "../../data/twin/workloads.ts";
import type { PaperSetting } from "../../sim/paper/setting.ts";
import type { MovedBytes } from "../../sim/simulate.ts";
import { type ColumnOf, figureColumn, numberColumn, plainColumn, tableOf } from "../columns.ts";
import { defineExperiment, type Findings, type ResultTable } from "../experiment.ts";
import type { Figure } from "../../figures/figure.ts";
import {
  machineLabel,
  machineTitle,
  percentRange,
  predictedSetting,
  simulatePaper,
  SYSTEM_LABELS,
  workloadLabel,
} from "../paper_machine.ts";
import { categoryPanel, dataOf } from "../panels.ts";

const SYSTEMS = ["pytorch-hybrid", "fae", "slipstream", "hotline", "slipstream-hotline"] as const;
type System = typeof SYSTEMS[number];

/** Ways that bytes take, as people call them. */
const WAYS: Readonly<Record<Exclude<keyof MovedBytes, "network">, string>> = {
  upload: "link, up",
  download: "link, down",
  peer: "GPU to GPU",
  host_memory: "host memory",
  gpu_memory: "GPU memory",
};
const WAY_NAMES = Object.keys(WAYS) as readonly (keyof typeof WAYS)[];

/** A system that skips and what it is compared with. */
const PAIRS: readonly { readonly system: System; readonly over: System }[] = [
  { system: "slipstream", over: "fae" },
  { system: "slipstream", over: "pytorch-hybrid" },
  { system: "slipstream-hotline", over: "hotline" },
];

/** Bytes an epoch by workload and system. */
type Traffic = ReadonlyMap<WorkloadName, ReadonlyMap<System, MovedBytes>>;

/** Counts bytes. */
export const trafficExperiment = defineExperiment({
  name: "traffic",
  summary: "Bytes over the link and to memory in an epoch, and the share that skipping saves",
  title: "Link and memory traffic saved",
  suite: "default",
  flags: ["workloads", "machine"],
  async run(settings): Promise<Findings> {
    const setting = await predictedSetting(settings);
    settings.say("simulating an epoch of each workload");
    const traffic: Traffic = new Map(
      settings.workloads.map((workload) => [
        workload,
        new Map(SYSTEMS.map((system) => {
          settings.signal.throwIfAborted();
          const { bytes, epochs } = simulatePaper(setting, workload, system);
          const entries = WAY_NAMES.map((way) => [way, bytes[way] / epochs] as const);
          return [system, Object.fromEntries(entries) as unknown as MovedBytes];
        })),
      ]),
    );
    return {
      tables: [
        shortTable(setting, traffic),
        savedTable(traffic),
        bytesTable(setting, traffic),
      ],
      figures: [bytesFigure(setting, traffic), savedFigure(setting, traffic)],
      device: null,
      notes: notesOf(traffic),
    };
  },
});

/** Bytes over the link, both ways. */
function link({ upload, download }: MovedBytes): number {
  return upload + download;
}

/** Share saved against another system; null where it moves none. */
function saved(bytes: number, before: number): number | null {
  return before === 0 ? null : 1 - bytes / before;
}

/** The bytes of a workload by system. */
interface WorkloadTraffic {
  readonly workload: WorkloadName;
  readonly bySystem: ReadonlyMap<System, MovedBytes>;
}

const WORKLOAD_COLUMN: ColumnOf<WorkloadTraffic> = plainColumn(
  "workload",
  ({ workload }) => workloadLabel(workload),
);

function byWorkload(traffic: Traffic): WorkloadTraffic[] {
  return [...traffic].map(([workload, bySystem]) => ({ workload, bySystem }));
}

function shortTable(setting: PaperSetting, traffic: Traffic): ResultTable {
  const title = `Bytes an epoch that Slipstream saves on a model of ${machineTitle(setting)}, %`;
  const over = (
    before: "fae" | "pytorch-hybrid",
    name: string,
    of: (bytes: MovedBytes) => number,
  ) =>
    numberColumn<WorkloadTraffic>(
      `${name}, of ${SYSTEM_LABELS[before]}'s`,
      1,
      ({ bySystem }) => savedPercent(of(bySystem.get("slipstream")!), of(bySystem.get(before)!)),
    );
  return tableOf({ title, origin: "predicted", short: true }, byWorkload(traffic), [
    WORKLOAD_COLUMN,
    over("pytorch-hybrid", "link", link),
    over("pytorch-hybrid", "host memory", ({ host_memory }) => host_memory),
    over("fae", "link", link),
    over("fae", "host memory", ({ host_memory }) => host_memory),
    over("fae", "GPU memory", ({ gpu_memory }) => gpu_memory),
  ]);
}

function savedPercent(bytes: number, before: number): number | null {
  const share = saved(bytes, before);
  return share === null ? null : 100 * share;
}

/** A share that is far below zero says less than how many times as many bytes move. */
const LEAST_PERCENT = -100;

function savedText(bytes: number, before: number): string {
  const percent = savedPercent(bytes, before);
  if (percent === null) return "";
  return percent < LEAST_PERCENT
    ? `${(bytes / before).toFixed(0)} times as many`
    : percent.toFixed(1);
}

function savedTable(traffic: Traffic): ResultTable {
  const title = "Share of the bytes an epoch that skipping saves, %; below zero it moves more";
  const lines = byWorkload(traffic).flatMap((one) => PAIRS.map((pair) => ({ ...one, ...pair })));
  const column = (name: string, of: (bytes: MovedBytes) => number) =>
    figureColumn<typeof lines[number]>(
      name,
      ({ bySystem, system, over }) => savedText(of(bySystem.get(system)!), of(bySystem.get(over)!)),
    );
  return tableOf({ title, origin: "predicted" }, lines, [
    WORKLOAD_COLUMN,
    plainColumn("system", ({ system }) => SYSTEM_LABELS[system]),
    plainColumn("against", ({ over }) => SYSTEM_LABELS[over]),
    column("link", link),
    column("GPU to GPU", ({ peer }) => peer),
    column("host memory", ({ host_memory }) => host_memory),
    column("GPU memory", ({ gpu_memory }) => gpu_memory),
  ]);
}

function bytesTable(setting: PaperSetting, traffic: Traffic): ResultTable {
  const title = `Gigabytes an epoch, ${setting.calibrated.gpus} GPUs together`;
  const lines = byWorkload(traffic).flatMap((one) =>
    [...one.bySystem].map(([system, bytes]) => ({ ...one, system, bytes }))
  );
  return tableOf({ title, origin: "predicted" }, lines, [
    WORKLOAD_COLUMN,
    plainColumn("system", ({ system }) => SYSTEM_LABELS[system]),
    ...WAY_NAMES.map((way) =>
      numberColumn<typeof lines[number]>(WAYS[way], 2, ({ bytes }) => bytes[way] / 1e9)
    ),
  ]);
}

function bytesFigure(setting: PaperSetting, traffic: Traffic): Figure {
  const ways: readonly [way: string, of: (bytes: MovedBytes) => number][] = [
    ["over the link", link],
    ["to and from host memory", ({ host_memory }) => host_memory],
    ["to and from GPU memory", ({ gpu_memory }) => gpu_memory],
  ];
  return {
    name: "bytes",
    title: "Bytes an epoch by system",
    caption: `Gigabytes that an epoch moves on ${
      machineLabel(setting, setting.calibrated.gpus)
    }, all GPUs together.`,
    panels: ways.map(([way, of]) => {
      const data = SYSTEMS.flatMap((system) =>
        [...traffic].map(([workload, bySystem]) => ({
          x: workloadLabel(workload),
          y: of(bySystem.get(system)!) / 1e9,
          series: SYSTEM_LABELS[system],
        }))
      );
      // Each way has a scale of its own.
      return categoryPanel("bars", `GB ${way} an epoch`, dataOf("predicted", data));
    }),
  };
}

function savedFigure(setting: PaperSetting, traffic: Traffic): Figure {
  const ways: readonly [series: string, of: (bytes: MovedBytes) => number][] = [
    ["link", link],
    ["host memory", ({ host_memory }) => host_memory],
    ["GPU memory", ({ gpu_memory }) => gpu_memory],
  ];
  return {
    name: "saved",
    secondary: true,
    title: "Share of the bytes that skipping saves",
    caption: `Of the bytes an epoch moves under FAE or the hybrid baseline, on ${
      machineLabel(setting, setting.calibrated.gpus)
    }. Below zero it moves more; memory of the GPUs, of which the hybrid baseline uses hardly any, has no bar against it.`,
    panels: PAIRS.filter(({ system }) => system === "slipstream").map(({ system, over }) => {
      const data = ways.flatMap(([series, of]) =>
        [...traffic].flatMap(([workload, bySystem]) => {
          const y = savedPercent(of(bySystem.get(system)!), of(bySystem.get(over)!));
          return y === null || y < LEAST_PERCENT ? [] : [{ x: workloadLabel(workload), y, series }];
        })
      );
      return categoryPanel("bars", "% saved", dataOf("predicted", data), {
        title: `${SYSTEM_LABELS[system]} against ${SYSTEM_LABELS[over]}`,
        rules: [{ y: 0, label: "" }],
      });
    }),
  };
}

function notesOf(traffic: Traffic): string[] {
  const range = (of: (bytes: MovedBytes) => number, { system, over }: typeof PAIRS[number]) => {
    const shares = [...traffic.values()].flatMap((bySystem) => {
      const share = saved(of(bySystem.get(system)!), of(bySystem.get(over)!));
      return share === null ? [] : [share];
    });
    return percentRange(shares);
  };
  const [overFae, overHybrid] = PAIRS;
  return [
    `Against FAE skipping saves ${range(link, overFae!)} of the bytes over the link and ${
      range(({ gpu_memory }) => gpu_memory, overFae!)
    } of those to GPU memory; against the hybrid baseline, FAE's gain included, ${
      range(link, overHybrid!)
    } over the link`,
    "Exact: inputs, lookups and cold lookups of every minibatch, counted over the twins at their published sizes, and from them what all but Hotline send over the link",
    "Modelled: numbers of different rows are means over sampled minibatches regrouped to four GPUs' minibatches, the skipped share is the artifact's default, and memory bytes are what each operation must read and write, caches left out",
    "No calibrated number enters: bytes depend on counts and shapes, not on rates",
    "Slipstream skips hot inputs, whose rows lie on the GPUs: it saves their traffic to GPU memory, their indices over the link and their all-reduces; cold inputs, which move most of the bytes over the link and to host memory, are all trained",
    "Where skipping moves more bytes to host memory, it is the search and the classification, which read the ids of the hot inputs; a byte a row says whether it is stale, and stays in the last-level cache",
  ];
}

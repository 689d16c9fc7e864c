/**
 * Bytes that training moves over the link and to memory, and how many of them skipping saves.
 *
 * @module
 */

import type { WorkloadName } from "../../data/twin/workloads.ts";
import { loadPaperSetting, type PaperSetting } from "../../sim/paper/setting.ts";
import type { MovedBytes } from "../../sim/simulate.ts";
import { numberColumn } from "../columns.ts";
import type { Experiment, Findings, ResultTable, Settings } from "../experiment.ts";
import type { Figure, Panel } from "../figure.ts";
import {
  machineLabel,
  percentRange,
  simulatePaper,
  SYSTEM_LABELS,
  workloadLabel,
} from "../paper_machine.ts";

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
export const trafficExperiment: Experiment = {
  name: "traffic",
  summary: "Bytes over the link and to memory in an epoch, and the share that skipping saves",
  title: "Link and memory traffic saved",
  suite: "default",
  async run(settings: Settings): Promise<Findings> {
    const setting = await loadPaperSetting();
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
};

/** Bytes over the link, both ways. */
function link({ upload, download }: MovedBytes): number {
  return upload + download;
}

/** Share saved against another system; null where it moves none. */
function saved(bytes: number, before: number): number | null {
  return before === 0 ? null : 1 - bytes / before;
}

function shortTable(setting: PaperSetting, traffic: Traffic): ResultTable {
  const over = (
    before: "fae" | "pytorch-hybrid",
    of: (bytes: MovedBytes) => number,
    name: string,
  ) => ({
    column: numberColumn(`${name}, of ${SYSTEM_LABELS[before]}'s`, 1),
    cell: (bySystem: ReadonlyMap<System, MovedBytes>) =>
      share(saved(of(bySystem.get("slipstream")!), of(bySystem.get(before)!))),
  });
  const gpu = ({ gpu_memory }: MovedBytes) => gpu_memory;
  const host = ({ host_memory }: MovedBytes) => host_memory;
  const cells = [
    over("pytorch-hybrid", link, "link"),
    over("pytorch-hybrid", host, "host memory"),
    over("fae", link, "link"),
    over("fae", host, "host memory"),
    over("fae", gpu, "GPU memory"),
  ];
  return {
    title: `Bytes an epoch that Slipstream saves on a model of the paper's machine (${
      machineLabel(setting, setting.calibrated.gpus)
    }), %`,
    origin: "predicted",
    short: true,
    columns: [{ name: "workload" }, ...cells.map(({ column }) => column)],
    rows: [...traffic].map(([workload, bySystem]) => [
      workloadLabel(workload),
      ...cells.map(({ cell }) => cell(bySystem)),
    ]),
  };
}

function share(value: number | null): number | null {
  return value === null ? null : 100 * value;
}

function savedTable(traffic: Traffic): ResultTable {
  return {
    title: "Share of the bytes an epoch that skipping saves, %; below zero it moves more",
    origin: "predicted",
    columns: [
      { name: "workload" },
      { name: "system" },
      { name: "against" },
      ...["link", "GPU to GPU", "host memory", "GPU memory"].map((name) => numberColumn(name, 1)),
    ],
    rows: [...traffic].flatMap(([workload, bySystem]) =>
      PAIRS.map(({ system, over }) => {
        const [now, before] = [bySystem.get(system)!, bySystem.get(over)!];
        return [
          workloadLabel(workload),
          SYSTEM_LABELS[system],
          SYSTEM_LABELS[over],
          share(saved(link(now), link(before))),
          share(saved(now.peer, before.peer)),
          share(saved(now.host_memory, before.host_memory)),
          share(saved(now.gpu_memory, before.gpu_memory)),
        ];
      })
    ),
  };
}

function bytesTable(setting: PaperSetting, traffic: Traffic): ResultTable {
  return {
    title: `Gigabytes an epoch, ${setting.calibrated.gpus} GPUs together`,
    origin: "predicted",
    columns: [
      { name: "workload" },
      { name: "system" },
      ...WAY_NAMES.map((way) => (numberColumn(WAYS[way], 2))),
    ],
    rows: [...traffic].flatMap(([workload, bySystem]) =>
      [...bySystem].map(([system, bytes]) => [
        workloadLabel(workload),
        SYSTEM_LABELS[system],
        ...WAY_NAMES.map((way) => bytes[way] / 1e9),
      ])
    ),
  };
}

function bytesFigure(setting: PaperSetting, traffic: Traffic): Figure {
  const ways: readonly [title: string, of: (bytes: MovedBytes) => number][] = [
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
    panels: ways.map(([title, of]): Panel => ({
      title,
      mark: "bars",
      x: { label: "" },
      y: { label: "GB an epoch" },
      data: SYSTEMS.flatMap((system) =>
        [...traffic].map(([workload, bySystem]) => ({
          x: workloadLabel(workload),
          y: of(bySystem.get(system)!) / 1e9,
          series: SYSTEM_LABELS[system],
          origin: "predicted" as const,
        }))
      ),
    })),
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
    title: "Share of the bytes that skipping saves",
    caption: `Of the bytes an epoch moves under FAE or the hybrid baseline, on ${
      machineLabel(setting, setting.calibrated.gpus)
    }. Below zero it moves more.`,
    panels: PAIRS.filter(({ system }) => system === "slipstream").map((
      { system, over },
    ): Panel => ({
      title: `${SYSTEM_LABELS[system]} against ${SYSTEM_LABELS[over]}`,
      mark: "bars",
      x: { label: "" },
      y: { label: "% saved" },
      data: ways.flatMap(([series, of]) =>
        [...traffic].flatMap(([workload, bySystem]) => {
          const part = saved(of(bySystem.get(system)!), of(bySystem.get(over)!));
          return part === null ? [] : [{
            x: workloadLabel(workload),
            y: 100 * part,
            series,
            origin: "predicted" as const,
          }];
        })
      ),
      rules: [{ y: 0, label: "" }],
    })),
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

/**
 * What everything else stands on: models, data sets, and the machine that the simulator assumes.
 *
 * @module
 */

import { WORKLOAD_NAMES, type WorkloadName } from "../../data/twin/workloads.ts";
import type { Datum, Figure, Panel } from "../../figures/figure.ts";
import { loadMachine, type MachineDocument, type Quantity } from "../../sim/machine.ts";
import { loadPaperSetting, type PaperSetting } from "../../sim/paper/setting.ts";
import { hotInputShare } from "../../sim/variants.ts";
import { PRESETS } from "../../train/model/presets.ts";
import { countColumn, figureColumn, numberColumn, plainColumn, tableOf } from "../columns.ts";
import { defineExperiment, type Findings, type ResultTable } from "../experiment.ts";
import { workloadLabel } from "../paper_machine.ts";

/** Beside the paper's machine, for scale. */
const TODAY = "h100x8";

/** Tells what is assumed. */
export const settingExperiment = defineExperiment({
  name: "setting",
  summary: "Models and data sets in one table, and the machine that the simulator assumes",
  title: "Models, data sets and the assumed machine",
  suite: "default",
  flags: [],
  async run(): Promise<Findings> {
    const setting = await loadPaperSetting(), today = await loadMachine(TODAY);
    return {
      tables: [modelTable(setting), machineTable(setting.document)],
      figures: [machineFigure([setting.document, today])],
      device: null,
      notes: [
        "Tables have the rows of the published data sets, ids of Criteo Terabyte modulo 10,000,000; hot inputs are counted over the twins at their published sizes with the most used rows in 256 MiB",
        "Every number of the machine has a source in its file, and a range where sources disagree; deno task simulate run --help says how another machine is given",
      ],
    };
  },
});

function modelTable({ calibrated: { workloads } }: PaperSetting): ResultTable {
  const preset = (name: WorkloadName) => PRESETS[name];
  const rows = (name: WorkloadName): number =>
    preset(name).tableRows.reduce((sum, some) => sum + some, 0);
  const header = (name: WorkloadName) => workloads[name].header;
  const title = "Models and data sets";
  return tableOf({ title, origin: "published", short: false }, WORKLOAD_NAMES, [
    plainColumn("workload", workloadLabel),
    plainColumn("model", (name) => preset(name).title),
    countColumn("training inputs", (name) => header(name).dataset.train_inputs),
    countColumn("dense features", (name) => preset(name).dense),
    countColumn("tables", (name) => preset(name).tableRows.length),
    countColumn("rows", rows),
    countColumn("floats a row", (name) => preset(name).dim),
    numberColumn("GB of rows", 2, (name) => 4 * rows(name) * preset(name).dim / 1e9),
    countColumn("lookups an input", (name) => header(name).lookups_per_input),
    figureColumn("bottom MLP", (name) => preset(name).bottom.join("-")),
    figureColumn("top MLP", (name) => preset(name).top.join("-")),
    numberColumn("hot inputs, %", 1, (name) => 100 * hotInputShare(workloads[name]), "generated"),
  ]);
}

/** Rates in one unit, by what moves or computes. */
const RATES: readonly (readonly [
  title: string,
  unit: string,
  scale: number,
  of: Readonly<Record<string, (machine: MachineDocument) => Quantity>>,
])[] = [
  ["How fast bytes move", "GB/s", 1, {
    "host memory, random rows": ({ cpu }) => cpu.dram_random_gb_s,
    "host memory, streamed": ({ cpu }) => cpu.dram_stream_gb_s,
    "link to a GPU, pinned": ({ link }) => link.pinned_upload_gb_s,
    "link to a GPU, pageable": ({ link }) => link.pageable_gb_s,
    "GPU to GPU": ({ peer }) => peer.bandwidth_gb_s,
    "memory of a GPU": ({ gpu }) => gpu.memory_gb_s,
  }],
  ["How fast is computed", "TFLOP/s in float32", 1e-3, {
    "all processors": ({ cpu }) => cpu.gflop_s,
    "one GPU": ({ gpu }) => gpu.gflop_s,
  }],
];

function machineFigure(machines: readonly MachineDocument[]): Figure {
  return {
    name: "machine",
    title: "The assumed machine",
    caption: `${machines[0]!.title}; whiskers are the ranges within which numbers are drawn. ${
      machines[1]!.name
    } beside it is a machine of today.`,
    panels: RATES.map(([title, unit, scale, of]): Panel => ({
      title,
      mark: "points",
      x: { label: "" },
      y: { label: unit, scale: "log" },
      data: Object.entries(of).flatMap(([x, quantity]) =>
        machines.map((machine) => datumOf(machine, x, quantity(machine), scale))
      ),
    })),
  };
}

function datumOf(
  { name }: MachineDocument,
  x: string,
  { value, low, high }: Quantity,
  scale: number,
): Datum {
  return {
    ...{ x, y: scale * value, series: name, origin: "published" },
    ...(low === undefined || high === undefined ? {} : { low: scale * low, high: scale * high }),
  };
}

/** Sections of a machine whose numbers are told. */
const SECTIONS = ["cpu", "link", "gpu", "peer", "framework"] as const;

function machineTable(machine: MachineDocument): ResultTable {
  const lines = SECTIONS.flatMap((section) =>
    Object.entries<Quantity | undefined>({ ...machine[section] }).flatMap(([field, quantity]) =>
      quantity === undefined ? [] : [{ name: `${section}.${field}`, ...quantity }]
    )
  );
  const title = `Every number of ${machine.name} and its source`;
  return tableOf({ title, origin: "published" }, lines, [
    plainColumn("number", ({ name }) => name),
    figureColumn("value", ({ value }) => value.toLocaleString("en-US")),
    figureColumn(
      "range",
      ({ low, high }) => low === undefined || high === undefined ? "" : `${low} to ${high}`,
    ),
    plainColumn("from", ({ kind }) => kind),
    plainColumn("source", ({ source }) => source),
  ]);
}

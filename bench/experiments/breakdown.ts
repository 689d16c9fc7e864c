/**
 * Where the time of an iteration goes on the paper's machine, under the hybrid baseline, FAE and Slipstream.
 *
 * @module
 */

import type { WorkloadName } from "../../data/twin/workloads.ts";
import type { PaperSetting } from "../../sim/paper/setting.ts";
import type { SimulationResult } from "../../sim/simulate.ts";
import type { Stage } from "../../train/stages.ts";
import { type ColumnOf, numberColumn, plainColumn, tableOf } from "../columns.ts";
import { defineExperiment, type Findings, type Outcome, type ResultTable } from "../experiment.ts";
import type { Figure } from "../../figures/figure.ts";
import {
  gpuNumbers,
  isPaperMachine,
  machineLabel,
  machineTitle,
  percentRange,
  predictedSetting,
  simulatePaper,
  SYSTEM_LABELS,
  workloadLabel,
} from "../paper_machine.ts";
import { categoryPanel, dataOf } from "../panels.ts";

/** Systems beside each other, the baseline first. */
const SYSTEMS = ["pytorch-hybrid", "fae", "slipstream"] as const;
const BASELINE = SYSTEMS[0];

/** Groups of stages, in the order of an iteration. */
const GROUPS = [
  "lookups",
  "link",
  "MLPs",
  "row updates",
  "dense updates, all-reduce",
  "training loop",
  "copies of hot rows",
  "Slipstream's blocks",
  "evaluation",
] as const;
type Group = typeof GROUPS[number];

/** Where a stage belongs; every stage has a group, so that none is lost. */
const GROUP_OF: Readonly<Record<Stage, Group>> = {
  "prepare": "training loop",
  "gather": "lookups",
  "upload": "link",
  "forward": "MLPs",
  "interact": "MLPs",
  "backward": "MLPs",
  "download": "link",
  "update-rows": "row updates",
  "update-dense": "dense updates, all-reduce",
  "allreduce": "dense updates, all-reduce",
  "sync-hot": "copies of hot rows",
  "snapshot": "Slipstream's blocks",
  "search": "Slipstream's blocks",
  "classify": "Slipstream's blocks",
  "evaluate": "evaluation",
};

/** What kind of resource keeps time, for people. */
const RESOURCES = {
  cpu: "CPU cores",
  dram: "host memory",
  host: "launching threads",
  up: "link, up",
  down: "link, down",
  gpu: "GPUs",
  peer: "GPU to GPU",
} as const;

/** One simulated epoch, with names. */
interface Broken {
  readonly workload: WorkloadName;
  readonly system: typeof SYSTEMS[number];
  readonly gpus: number;
  readonly result: SimulationResult;
}

/** Breaks an iteration down. */
export const breakdownExperiment = defineExperiment({
  name: "breakdown",
  summary: "Where an iteration of the hybrid baseline goes on a model of the paper's machine",
  title: "Where an iteration of the hybrid baseline goes (Figure 2)",
  suite: "default",
  flags: ["workloads", "machine"],
  async run(settings): Promise<Findings> {
    const setting = await predictedSetting(settings);
    const { gpus } = setting.calibrated;
    const numbers = settings.smoke ? [gpus] : gpuNumbers(setting);
    settings.say("simulating an epoch of each workload");
    const all = numbers.flatMap((gpus) =>
      settings.workloads.flatMap((workload) =>
        SYSTEMS.map((system): Broken => {
          settings.signal.throwIfAborted();
          return { workload, system, gpus, result: simulatePaper(setting, workload, system, gpus) };
        })
      )
    );
    const shown = all.filter((one) => one.gpus === gpus);
    return {
      ...(isPaperMachine(setting) ? { outcome: outcomeOf(shown) } : {}),
      tables: [
        groupTable(setting, shown.filter(({ system }) => system === BASELINE)),
        groupTable(setting, shown),
        stageTable(all),
        resourceTable(all),
      ],
      figures: [
        figure(setting, shown, {
          name: "shares",
          title: "Share of an epoch by what it goes into (Figure 2)",
          unit: "% of an epoch",
          of: ({ share }) => 100 * share,
        }),
        figure(setting, shown, {
          name: "milliseconds",
          title: "Time of a minibatch by what it goes into",
          unit: "ms a minibatch",
          of: ({ ms }) => ms,
          secondary: true,
        }),
      ],
      device: null,
      notes: notesOf(setting, shown),
    };
  },
});

/** A part of an epoch. */
interface Part {
  /** Of all exposed time. */
  readonly share: number;
  /** Exposed milliseconds, an epoch's over its minibatches. */
  readonly ms: number;
}

/** Exposed time of an epoch by group. The shares of all groups sum to 1. */
export function groupsOf(result: SimulationResult): ReadonlyMap<Group, Part> {
  const sums = new Map<Group, number>();
  for (const [stage, { exposed_ms }] of Object.entries(result.stages)) {
    const group = GROUP_OF[stage as Stage];
    sums.set(group, (sums.get(group) ?? 0) + exposed_ms);
  }
  const all = [...sums.values()].reduce((a, b) => a + b, 0);
  return new Map(
    GROUPS.filter((group) => sums.has(group)).map((group) => [group, {
      share: sums.get(group)! / all,
      ms: sums.get(group)! / result.minibatches,
    }]),
  );
}

/** Mean of all that an epoch takes over its minibatches. */
function minibatchMs({ epoch_ms, epochs, minibatches }: SimulationResult): number {
  return epoch_ms * epochs / minibatches;
}

/** Columns that say which epoch a line is of. */
const GPUS_COLUMN: ColumnOf<Broken> = plainColumn("GPUs", ({ gpus }) => gpus);
const WORKLOAD_COLUMN: ColumnOf<Broken> = plainColumn(
  "workload",
  ({ workload }) => workloadLabel(workload),
);
const SYSTEM_COLUMN: ColumnOf<Broken> = plainColumn(
  "system",
  ({ system }) => SYSTEM_LABELS[system],
);

function groupTable(setting: PaperSetting, all: readonly Broken[]): ResultTable {
  const groups = GROUPS.filter((group) => all.some(({ result }) => groupsOf(result).has(group)));
  const one = all.every(({ system }) => system === BASELINE);
  const title = `Where an iteration of ${one ? "the hybrid baseline" : "each system"} goes (${
    machineLabel(setting, setting.calibrated.gpus)
  }), % of its time`;
  return tableOf({ title, origin: "predicted", short: one }, all, [
    WORKLOAD_COLUMN,
    ...one ? [] : [SYSTEM_COLUMN],
    numberColumn("ms a minibatch", 2, ({ result }) => minibatchMs(result)),
    ...groups.map((group) =>
      numberColumn<Broken>(
        group,
        1,
        ({ result }) => 100 * (groupsOf(result).get(group)?.share ?? 0),
      )
    ),
  ]);
}

function stageTable(all: readonly Broken[]): ResultTable {
  const title = "By stage: exposed time decides the end, hidden time is behind something else";
  const lines = all.flatMap((one) =>
    Object.entries(one.result.stages).map(([stage, times]) => ({ ...one, stage, times }))
  );
  return tableOf({ title, origin: "predicted" }, lines, [
    GPUS_COLUMN,
    WORKLOAD_COLUMN,
    SYSTEM_COLUMN,
    plainColumn("group", ({ stage }) => GROUP_OF[stage as Stage]),
    plainColumn("stage", ({ stage }) => stage),
    numberColumn(
      "exposed, ms a minibatch",
      4,
      ({ times, result }) => times.exposed_ms / result.minibatches,
    ),
    numberColumn(
      "hidden, ms a minibatch",
      4,
      ({ times, result }) => times.hidden_ms / result.minibatches,
    ),
    numberColumn(
      "of the time, %",
      2,
      ({ times, result }) => 100 * times.exposed_ms / (result.epoch_ms * result.epochs),
    ),
  ]);
}

/** Exposed time by kind of resource, those of all GPUs together. */
function resourceTable(all: readonly Broken[]): ResultTable {
  const kinds = Object.keys(RESOURCES) as (keyof typeof RESOURCES)[];
  const title = "By what does the work, % of the time";
  return tableOf({ title, origin: "predicted" }, all, [
    GPUS_COLUMN,
    WORKLOAD_COLUMN,
    SYSTEM_COLUMN,
    ...kinds.map((kind) =>
      numberColumn<Broken>(RESOURCES[kind], 1, ({ result }) => 100 * resourceShare(result, kind))
    ),
  ]);
}

/** Share of the time that one kind of resource decides. */
function resourceShare(result: SimulationResult, kind: keyof typeof RESOURCES): number {
  const exposed = Object.entries(result.resources).reduce(
    (sum, [name, { exposed_ms }]) => name.split(":")[0] === kind ? sum + exposed_ms : sum,
    0,
  );
  return exposed / (result.epoch_ms * result.epochs);
}

function figure(
  setting: PaperSetting,
  all: readonly Broken[],
  { name, title, unit, of, secondary = false }: {
    readonly secondary?: boolean;
    readonly name: string;
    readonly title: string;
    readonly unit: string;
    readonly of: (part: Part) => number;
  },
): Figure {
  return {
    name,
    title,
    caption: `Exposed time of an epoch on ${
      machineLabel(setting, setting.calibrated.gpus)
    }, by the model; what is hidden behind something else is not in it.`,
    panels: SYSTEMS.map((system) => {
      const data = all.filter((one) => one.system === system).flatMap(({ workload, result }) =>
        [...groupsOf(result)].map(([group, part]) => ({
          x: workloadLabel(workload),
          y: of(part),
          series: group,
        }))
      );
      const title = SYSTEM_LABELS[system];
      return categoryPanel("stacked", unit, dataOf("predicted", data), { title });
    }),
    secondary,
  };
}

/** The published figure's numbers are not known, so that nothing can be set against them. */
function outcomeOf(all: readonly Broken[]): Outcome {
  const shares = all.filter(({ system }) => system === BASELINE).map(({ result }) => {
    const groups = groupsOf(result);
    return (groups.get("lookups")?.share ?? 0) + (groups.get("row updates")?.share ?? 0);
  });
  return {
    state: "not tested",
    why:
      `the numbers of the published figure are not known here; by the model looking rows up and updating them takes ${
        percentRange(shares)
      } of the hybrid baseline's time`,
  };
}

function notesOf(setting: PaperSetting, all: readonly Broken[]): string[] {
  const range = (
    system: typeof SYSTEMS[number],
    of: (result: SimulationResult) => number,
  ) => {
    const shares = all.filter((one) => one.system === system).map(({ result }) => of(result));
    return percentRange(shares);
  };
  const group = (name: Group) => (result: SimulationResult) =>
    groupsOf(result).get(name)?.share ?? 0;
  const host = (result: SimulationResult) =>
    resourceShare(result, "cpu") + resourceShare(result, "dram");
  return [
    isPaperMachine(setting)
      ? "Predicted for the paper's machine, not measured; the numbers of the published figure are not known here, so that nothing stands beside them"
      : `Predicted for ${machineTitle(setting)}, not measured`,
    `Of the hybrid baseline's time ${
      range(BASELINE, group("lookups"))
    } goes into looking rows up, ${range(BASELINE, group("row updates"))} into updating them and ${
      range(BASELINE, group("link"))
    } over the link; CPU cores and host memory, which do nothing else there, decide ${
      range(BASELINE, host)
    } of it`,
    `Under FAE CPU cores and host memory decide ${range("fae", host)}, under Slipstream ${
      range("slipstream", host)
    }: it leaves out hot minibatches alone, so that cold ones weigh more in what is left`,
    `Slipstream's snapshots, search and classification take ${
      range("slipstream", group("Slipstream's blocks"))
    } of its time`,
    "MLPs hold the interaction and, of the CPU's work, the gradients of rows, which belong to the way back as they do in the trainer",
    `What the CPU's lookups and updates cost rests on ${
      setting.registration.calibration[0]!.parameter
    }, which a published ratio of other systems set and no measurement of that machine`,
  ];
}

/**
 * The paper's ratios on machines that it does not have: predicted with the same registered costs of software, with ranges, and
 * with nothing published to set them against.
 *
 * @module
 */

import { UserError } from "../core/errors.ts";
import { formatClock } from "../core/format.ts";
import type { WorkloadName } from "../data/twin/workloads.ts";
import { loadGpuMachine, type MachineDocument, machineOf } from "../sim/machine.ts";
import { loadParameterSet, type ParameterSet } from "../sim/parameter_sets.ts";
import { OPEN_PAIRS } from "../sim/paper/ratios.ts";
import { loadPaperSetting, type PaperSetting } from "../sim/paper/setting.ts";
import { rangesOf } from "../sim/ranges.ts";
import { simulate, type SimulateOptions } from "../sim/simulate.ts";
import type { Range } from "../sim/uncertainty.ts";
import { figureColumn, plainColumn, tableOf } from "./columns.ts";
import type { Findings, ResultTable, Settings } from "./experiment.ts";
import { type PaperSystem, SYSTEM_LABELS, workloadLabel } from "./paper_machine.ts";
import { categoryPanel, dataOf } from "./panels.ts";

/** Draws of a range, and those of a smoke run. */
const DRAWS = 40, SMOKE_DRAWS = 3;

/** A ratio of times on one machine, by workload; null where one of both systems has no room for the rows. */
interface Line {
  readonly machine: MachineDocument;
  readonly slower: PaperSystem;
  readonly faster: PaperSystem;
  readonly byWorkload: ReadonlyMap<WorkloadName, Speedup | null>;
}

/** One ratio. */
interface Speedup {
  readonly ratio: number;
  readonly range: Range;
  /** Time of an epoch under the faster system, in seconds. */
  readonly seconds: number;
}

/**
 * Predicts the ratios on some machines, each with all of its GPUs.
 *
 * @throws {UserError} One of them is no machine.
 */
export async function speedupElsewhere(
  settings: Pick<Settings, "machine" | "workloads" | "smoke" | "say" | "signal">,
): Promise<Findings> {
  const machines: MachineDocument[] = [];
  for (const name of new Set(settings.machine)) machines.push(await loadGpuMachine(name));
  const setting = await loadPaperSetting(), set = await loadParameterSet("registered");
  const pairs = [...setting.registration.held_out, ...OPEN_PAIRS];
  const lines = machines.flatMap((machine) => {
    settings.say(`predicting ${machine.name}`);
    return pairs.map(({ slower, faster }): Line => {
      settings.signal.throwIfAborted();
      const pair = [slower, faster] as [PaperSystem, PaperSystem];
      const byWorkload = settings.workloads.map((workload) =>
        [
          workload,
          speedupOf(setting, set, machine, workload, pair, settings.smoke ? SMOKE_DRAWS : DRAWS),
        ] as const
      );
      return { machine, slower: pair[0], faster: pair[1], byWorkload: new Map(byWorkload) };
    });
  });
  return {
    tables: [speedupTable(lines, settings.workloads), timeTable(lines, settings.workloads)],
    figures: machines.map((machine) => ({
      name: `speedup-${machine.name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}`,
      title: `Speedups on ${machine.name}`,
      caption:
        "Time of an epoch under the other system over that of the system named first; ranges hold 90 % of the draws.",
      panels: [categoryPanel(
        "points",
        "speedup",
        dataOf(
          "predicted",
          lines.filter((line) => line.machine === machine).flatMap(({ byWorkload, ...line }) =>
            [...byWorkload].flatMap(([workload, found]) =>
              found === null ? [] : [{
                x: labelOf(line),
                y: found.ratio,
                low: found.range.low,
                high: found.range.high,
                series: workloadLabel(workload),
              }]
            )
          ),
        ),
        { rules: [{ y: 1, label: "no gain" }] },
      )],
    })),
    device: null,
    notes: [
      `Nothing here was measured on these machines, and nothing of them is published: the times are those of models, replaying counted epochs of twins of the four data sets at their published sizes, with the parameters that were registered for the paper's machine; ranges hold 90 % of ${DRAWS} draws`,
      "Empty where the rows of a workload do not fit the GPUs",
    ],
  };
}

function speedupOf(
  { calibrated: { workloads, batchPerGpu, drop } }: PaperSetting,
  set: ParameterSet,
  document: MachineDocument,
  workload: WorkloadName,
  pair: readonly [slower: PaperSystem, faster: PaperSystem],
  draws: number,
): Speedup | null {
  const options = pair.map((system): SimulateOptions => ({
    ...{ system, batchPerGpu, drop, machine: machineOf(document) },
    trace: workloads[workload],
    gpus: document.gpu.count.value,
    parameters: set.parameters,
  }));
  try {
    const [slower, faster] = options.map((one) => simulate(one).epoch_ms) as [number, number];
    const [, { speedup }] = rangesOf(options, { document, set, drop: true }, draws) as [
      unknown,
      { speedup: Range },
    ];
    return { ratio: slower / faster, range: speedup, seconds: faster / 1000 };
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
}

function labelOf({ slower, faster }: Pick<Line, "slower" | "faster">): string {
  return `${SYSTEM_LABELS[faster]} over ${SYSTEM_LABELS[slower]}`;
}

function speedupTable(lines: readonly Line[], workloads: readonly WorkloadName[]): ResultTable {
  const text = (found: Speedup | null): string =>
    found === null
      ? ""
      : `${found.ratio.toFixed(2)} (${found.range.low.toFixed(2)} … ${
        found.range.high.toFixed(2)
      })`;
  return tableOf(
    { title: "Speedup with all GPUs, 1024 inputs each", origin: "predicted", short: true },
    lines,
    [
      plainColumn("machine", ({ machine }) => machine.name),
      plainColumn("speedup", labelOf),
      ...workloads.map((workload) =>
        figureColumn<Line>(
          workloadLabel(workload),
          ({ byWorkload }) => text(byWorkload.get(workload)!),
        )
      ),
    ],
  );
}

function timeTable(lines: readonly Line[], workloads: readonly WorkloadName[]): ResultTable {
  const first = lines.filter(({ machine, faster }, i) =>
    lines.findIndex((one) => one.machine === machine && one.faster === faster) === i
  );
  return tableOf(
    { title: "Time of an epoch, minutes:seconds (seconds in files)", origin: "predicted" },
    first,
    [
      plainColumn("machine", ({ machine }) => machine.name),
      plainColumn("system", ({ faster }) => SYSTEM_LABELS[faster]),
      ...workloads.map((workload) => ({
        name: workloadLabel(workload),
        format: formatClock,
        cell: ({ byWorkload }: Line) => byWorkload.get(workload)?.seconds ?? null,
      })),
    ],
  );
}

/**
 * The time of a run on machines that it was not had on: its minibatches, as they were trained, through the simulator.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import { loadGpuMachine, type MachineDocument, machineOf } from "../../sim/machine.ts";
import { MinibatchMemo } from "../../sim/memo.ts";
import { loadParameterSet, type ParameterSet } from "../../sim/parameter_sets.ts";
import { loadPaperSetting } from "../../sim/paper/setting.ts";
import { type DrawnSetting, drawSetting } from "../../sim/ranges.ts";
import { simulateWith } from "../../sim/simulate.ts";
import { type Range, rangeOf } from "../../sim/uncertainty.ts";
import { runTrace } from "../../sim/recorded_run.ts";
import type { CountedTrace } from "../../sim/work.ts";
import { findPlan, type PlanName } from "../../train/plan/plans.ts";
import type { Cost } from "./frontier.ts";
import type { StudyResult } from "./store.ts";
import { isLog } from "./workload.ts";

/** Where rows are: in the memory of the host, hot ones on the GPUs as well, as in the paper; or all of them on the GPUs. */
type Rows = "host" | "gpus";

/** A machine, and where the rows are on it. */
export interface SimulatedPlace {
  /** For tables: `4 x V100, rows in host memory`. */
  readonly title: string;
  readonly document: MachineDocument;
  /** Costs of the systems' software. */
  readonly set: ParameterSet;
  readonly gpus: number;
  readonly rows: Rows;
}

/** Machines of today. */
const CURRENT = [
  { machine: "h100x8", label: "H100", rows: "host" },
  { machine: "h100x8", label: "H100", rows: "gpus" },
  { machine: "b200x8", label: "B200", rows: "gpus" },
] as const;

/**
 * The paper's machine and some of today, or those that are asked for, with all of their GPUs.
 *
 * @param machines Names, or files that end in `.json`.
 * @throws {UserError} One of them is no machine.
 */
export async function simulatedPlaces(
  machines: readonly string[] = [],
): Promise<SimulatedPlace[]> {
  const set = await loadParameterSet("registered");
  const placeOn = (document: MachineDocument, gpus: number, rows: Rows, label: string) => ({
    ...{ document, set, gpus, rows },
    title: `${label}, rows ${rows === "host" ? "in host memory" : "on the GPUs"}`,
  });
  const places: SimulatedPlace[] = [];
  for (const machine of new Set(machines)) {
    const document = await loadGpuMachine(machine), gpus = document.gpu.count.value;
    const label = `${document.name} (${gpus === 1 ? "1 GPU" : `${gpus} GPUs`})`;
    places.push(placeOn(document, gpus, "host", label), placeOn(document, gpus, "gpus", label));
  }
  if (machines.length > 0) return places;
  const { calibrated: { gpus }, document } = await loadPaperSetting();
  places.push(placeOn(document, gpus, "host", `${gpus} x V100`));
  for (const { machine, label, rows } of CURRENT) {
    const document = await loadGpuMachine(machine), gpus = document.gpu.count.value;
    places.push(placeOn(document, gpus, rows, `${gpus} x ${label}`));
  }
  return places;
}

/** Simulated time on a place as a cost of runs, each of which is simulated once. */
export function simulatedCost(place: SimulatedPlace, name = "simulated"): Cost {
  const known = new Map<object, number | null>();
  return {
    name,
    title: `simulated time on ${place.title}`,
    saved: `time saved on ${place.title.split(",")[0]} (simulated)`,
    unit: "s",
    origin: "predicted",
    of: (run) => {
      if (!known.has(run)) known.set(run, simulatedSeconds(run, place));
      return known.get(run)!;
    },
  };
}

/** What the simulator takes of a run: mean minibatches by epoch, kind and whether they are full. */
export function countedTraceOf(run: StudyResult): CountedTrace {
  return runTrace(run, isLog(run.workload) ? run.workload : `twin:${run.workload}`);
}

/**
 * Seconds of training that a run would take; minibatches of as many inputs on each GPU as it had in one, of which parts count as
 * parts. Null where the place has no system for its plan, or no room for its rows.
 */
export function simulatedSeconds(run: StudyResult, place: SimulatedPlace): number | null {
  return secondsOf(run, place)?.(settingOf(place)) ?? null;
}

/** A place as it is, nothing drawn. */
function settingOf({ document, set: { parameters } }: SimulatedPlace): DrawnSetting {
  return { machine: machineOf(document), parameters, drop: undefined };
}

/** Seconds of a run by what is drawn of a place; null where it cannot be simulated there. */
function secondsOf(
  run: StudyResult,
  { gpus, rows, ...place }: SimulatedPlace,
): ((drawn: DrawnSetting, memo?: MinibatchMemo) => number) | null {
  const chosen = systemOf(run, rows);
  if (chosen === null) return null;
  const { system, trace } = chosen;
  // So many times as many minibatches, of which no group leaves one that is not full.
  const times = {
    ...trace,
    runs: trace.runs.map(({ record, times }) => ({ record, times: gpus * times })),
  };
  const seconds = ({ machine, parameters }: DrawnSetting, memo?: MinibatchMemo): number => {
    const of = (some: CountedTrace) => {
      const options = { system, machine, gpus, parameters, trace: some };
      const { epoch_ms, epochs, extras_ms } = simulateWith(options, memo);
      const extras = Object.values(extras_ms).reduce((sum, ms) => sum + ms, 0);
      return { extras, minibatches: epochs * epoch_ms - extras };
    };
    return (of(times).minibatches / gpus + of(trace).extras) / 1000;
  };
  try {
    seconds(settingOf({ gpus, rows, ...place }));
  } catch (error) {
    // Rows that do not fit the GPUs, on this machine or any draw of it.
    if (error instanceof UserError) return null;
    throw error;
  }
  return seconds;
}

/** A share of time that is saved, and 90 % of what it is over draws of all that is uncertain. */
export interface SavedShare extends Range {
  /** With every number in the middle of its range. */
  readonly share: number;
}

/** A place with what is uncertain of it drawn, each draw the same for all runs; a run is simulated once. */
export class DrawnPlace {
  readonly #place: SimulatedPlace;
  /** As it is, then the draws. */
  readonly #settings: readonly { readonly drawn: DrawnSetting; readonly memo: MinibatchMemo }[];
  readonly #known = new Map<StudyResult, readonly number[] | null>();

  /** @param draws How many. */
  constructor(place: SimulatedPlace, draws: number) {
    this.#place = place;
    const drawing = { document: place.document, set: place.set, drop: false };
    const all = [
      settingOf(place),
      ...Array.from({ length: draws }, (_, i) => drawSetting(drawing, undefined, i)),
    ];
    this.#settings = all.map((drawn) => ({ drawn, memo: new MinibatchMemo(drawn.machine) }));
  }

  /**
   * Which share of the time of other runs some runs would save.
   *
   * @param pairs A run and the one that it is set against, by seed.
   * @returns Null where one of them cannot be simulated there.
   */
  saving(
    pairs: readonly (readonly [run: StudyResult, other: StudyResult])[],
  ): SavedShare | null {
    const times = pairs.map((pair) => pair.map((run) => this.#secondsOf(run)));
    if (times.length === 0 || times.flat().includes(null)) return null;
    const sum = (side: number, i: number) =>
      times.reduce((total, pair) => total + pair[side]![i]!, 0);
    const [share, ...drawn] = this.#settings.map((_, i) => 1 - sum(0, i) / sum(1, i));
    return { share: share!, ...rangeOf(drawn) };
  }

  #secondsOf(run: StudyResult): readonly number[] | null {
    let known = this.#known.get(run);
    if (known === undefined) {
      const seconds = secondsOf(run, this.#place);
      known = seconds === null
        ? null
        : this.#settings.map(({ drawn, memo }) => seconds(drawn, memo));
      this.#known.set(run, known);
    }
    return known;
  }
}

/** The system that trains as a run's plan did, and the trace that it takes. */
function systemOf(
  run: StudyResult,
  rows: Rows,
): { readonly system: string; readonly trace: CountedTrace } | null {
  const plan = findPlan(run.plan.name as PlanName);
  const trace = countedTraceOf(run);
  if (plan.decides && !plan.freezes) {
    return { system: rows === "host" ? "slipstream" : "slipstream-gpu-only", trace };
  }
  if (plan.freezes) return rows === "host" ? { system: "freeze", trace } : null;
  // Systems without skipping would train again what a control dropped.
  const trained = {
    ...trace,
    runs: trace.runs.map(({ record, times }) => ({
      times,
      record: { ...record, skipped_inputs: 0 },
    })),
  };
  if (rows === "gpus") return { system: "gpu-only", trace: trained };
  return { system: plan.segregates ? "fae" : "pytorch-hybrid", trace: trained };
}

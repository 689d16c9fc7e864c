/**
 * The time of a run on machines that it was not had on: its minibatches, as they were trained, through the simulator.
 *
 * @module
 */

import { loadMachine, type Machine, machineOf } from "../../sim/machine.ts";
import { loadParameterSet, type ParameterSet } from "../../sim/parameter_sets.ts";
import { loadPaperSetting } from "../../sim/paper/setting.ts";
import { simulate } from "../../sim/simulate.ts";
import { type CountedTrace, meanRun } from "../../sim/work.ts";
import { findPlan, type PlanName } from "../../train/plan/plans.ts";
import { TRACE_SCHEMA_VERSION, type TraceHeader } from "../../train/trace/schema.ts";
import type { Cost } from "./frontier.ts";
import type { StudyResult } from "./store.ts";
import { isLog } from "./workload.ts";

/** A machine, and where the rows are on it. */
export interface SimulatedPlace {
  /** For tables: `4 x V100, rows in host memory`. */
  readonly title: string;
  /** Of the systems' software, by name: `registered`. */
  readonly parameterSet: string;
  readonly machine: Machine;
  readonly gpus: number;
  readonly parameters: ParameterSet["parameters"];
  readonly rows: "host" | "gpus";
}

/** Machines of today. On those with rows in host memory hot ones are on the GPUs as well, as in the paper. */
const CURRENT = [
  { machine: "h100x8", label: "H100", gpus: 8, rows: "host" },
  { machine: "h100x8", label: "H100", gpus: 8, rows: "gpus" },
  { machine: "b200x8", label: "B200", gpus: 8, rows: "gpus" },
] as const;

/** The paper's machine, and some of today. */
export async function simulatedPlaces(): Promise<SimulatedPlace[]> {
  const { calibrated, document } = await loadPaperSetting();
  const { name, parameters } = await loadParameterSet("registered");
  const common = { parameterSet: name, parameters };
  const places: SimulatedPlace[] = [{
    ...common,
    title: titleOf("V100", calibrated.gpus, "host"),
    machine: machineOf(document),
    gpus: calibrated.gpus,
    rows: "host",
  }];
  for (const { machine, label, gpus, rows } of CURRENT) {
    places.push({
      ...common,
      title: titleOf(label, gpus, rows),
      machine: machineOf(await loadMachine(machine)),
      gpus,
      rows,
    });
  }
  return places;
}

/** Simulated time on a place as a cost of runs, each of which is simulated once. */
export function simulatedCost(place: SimulatedPlace, name = "simulated"): Cost {
  const known = new Map<object, number | null>();
  return {
    name,
    title: `simulated time on ${place.title}`,
    saved: `time on ${place.title.split(",")[0]}, simulated,`,
    unit: "s",
    origin: "predicted",
    of: (run) => {
      if (!known.has(run)) known.set(run, simulatedSeconds(run, place));
      return known.get(run)!;
    },
  };
}

function titleOf(gpu: string, gpus: number, rows: SimulatedPlace["rows"]): string {
  return `${gpus} x ${gpu}, rows ${rows === "host" ? "in host memory" : "on the GPUs"}`;
}

/** What the simulator takes of a run: mean minibatches by epoch, kind and whether they are full. */
export function countedTraceOf(run: StudyResult): CountedTrace {
  const { work, plan, batch, optimizer, placement, dataset_hash, train_inputs, workload } = run;
  const header: TraceHeader = {
    schema: "slipstream.trace",
    schema_version: TRACE_SCHEMA_VERSION,
    origin: "run",
    model: work.model,
    optimizer: optimizer as TraceHeader["optimizer"],
    batch,
    lookups_per_input: work.lookups_per_input,
    dataset: {
      hash: dataset_hash,
      format: isLog(workload) ? workload : `twin:${workload}`,
      train_inputs,
    },
    plan,
    placement,
    device: null,
    host: null,
    environment: run.environment,
    stage_resolution: "minibatch",
  };
  return {
    header,
    runs: work.minibatches.map((sums) => meanRun(sums, header)),
    ...(work.copies === null ? {} : { copies: work.copies }),
  };
}

/**
 * Seconds of training that a run would take; minibatches of as many inputs on each GPU as it had in one, of which parts count as
 * parts. Null where the place has no system for its plan.
 */
export function simulatedSeconds(run: StudyResult, place: SimulatedPlace): number | null {
  const chosen = systemOf(run, place.rows);
  if (chosen === null) return null;
  const { machine, gpus, parameters } = place, { system, trace } = chosen;
  const of = (some: CountedTrace) => {
    const { epoch_ms, epochs, extras_ms } = simulate({
      ...{ system, machine, gpus, parameters },
      trace: some,
    });
    const extras = Object.values(extras_ms).reduce((sum, ms) => sum + ms, 0);
    return { extras, minibatches: epochs * epoch_ms - extras };
  };
  // So many times as many minibatches, of which no group leaves one that is not full.
  const runs = trace.runs.map(({ record, times }) => ({ record, times: gpus * times }));
  return (of({ ...trace, runs }).minibatches / gpus + of(trace).extras) / 1000;
}

/** The system that trains as a run's plan did, and the trace that it takes. */
function systemOf(
  run: StudyResult,
  rows: SimulatedPlace["rows"],
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

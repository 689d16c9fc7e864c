/**
 * Where rows lie and which inputs are trained, measured on this machine beside what its machine file predicts: times, bytes
 * over the link, copies of hot rows, the three blocks, stages.
 *
 * @module
 */

import { checkpoint } from "../../core/events.ts";
import { summarise } from "../../core/statistics.ts";
import { openPlaced, type Placement } from "../../train/model/placement.ts";
import type { PresetName } from "../../train/model/presets.ts";
import type { PlanName } from "../../train/plan/plans.ts";
import type { MinibatchRecord } from "../../train/trace/schema.ts";
import { type ComparedBlock, compareTrials } from "../../sim/validate/compare.ts";
import type { Configuration } from "../../sim/validate/configurations.ts";
import { Datasets, runTrial, type Trial } from "../../sim/validate/trial.ts";
import { countColumn, numberColumn, plainColumn, tableOf } from "../columns.ts";
import {
  defineExperiment,
  type Findings,
  type ResultTable,
  type Sample,
  type SettingsOf,
} from "../experiment.ts";
import { measuredMachine } from "../measured_machine.ts";
import { timeSample } from "../samples.ts";

const FLAGS = ["device", "threads", "batch", "rounds", "workloads"] as const;
type OwnSettings = SettingsOf<typeof FLAGS[number]>;

/** Rows beside the MLPs, rows on the host, and both: with every plan that is trained so. */
const PLACED: readonly (readonly [Placement, PlanName])[] = [
  ["device", "baseline"],
  ["device", "fae"],
  ["device", "slipstream"],
  ["hybrid", "baseline"],
  ["hot", "fae"],
  ["hot", "slipstream"],
];
const BATCH = 2048, MINIBATCHES = 60;
const SMOKE_BATCH = 16;
/** Every plan has one decision and the least that a window takes, so that more rounds add little. */
const ROUNDS = 3;

/** A placement and a plan of a workload, measured and predicted. */
interface Placed {
  readonly configuration: Configuration;
  readonly trials: readonly Trial[];
  readonly compared: ReturnType<typeof compareTrials>;
}

/** Placements and plans, measured beside their prediction. */
export const placementsExperiment = defineExperiment({
  name: "placements",
  summary:
    "Placements and plans on this machine beside their prediction: time, link bytes, hot copies, blocks, stages",
  title: "Placements and plans, measured beside their prediction",
  suite: "never",
  flags: FLAGS,
  async run(settings): Promise<Findings> {
    const { machine, device, how } = await measuredMachine(
      settings,
      "deno task bench placements",
    );
    const placed = await measureAll(machine.runtime!, settings);
    return {
      tables: [iterations(placed), traffic(placed), blocks(placed), stages(placed)],
      samples: samplesOf(placed),
      device,
      notes: [
        how,
        "Times are predicted from the machine file and the counts of each run's own minibatches, never from its times; measured is the median over minibatches of a kind, bytes and blocks are medians over rounds",
        "Inputs are of twins that train once; half of the rows met are hot",
        ...device.isFallbackAdapter
          ? [`${device.name} is a software adapter: its times say nothing of a GPU`]
          : [],
      ],
    };
  },
});

async function measureAll(
  rates: Parameters<typeof compareTrials>[0],
  { workloads, batch, rounds, smoke, say, signal }: OwnSettings,
): Promise<Placed[]> {
  const size = smoke ? SMOKE_BATCH : batch[0] ?? BATCH;
  const configurations = workloads.flatMap((workload) =>
    PLACED.map(([placement, plan]) => configure(workload, placement, plan, size))
  );
  const { device: kind, threads, wide } = rates.fingerprint;
  using placed = await openPlaced("hot", { device: kind, threads, wide, stageTimes: true });
  const { device, host } = placed;
  const datasets = new Datasets();
  const trials = configurations.map((): Trial[] => []);
  // In turn, so that what disturbs one round falls on all of them.
  for (let round = 0; round < (smoke ? 1 : Math.min(rounds, ROUNDS)); round++) {
    for (const [i, configuration] of configurations.entries()) {
      await checkpoint(signal);
      say(`round ${round + 1}: ${configuration.name}`);
      trials[i]!.push(await runTrial(device, host!, configuration, datasets, signal));
    }
  }
  return configurations.map((configuration, i) => ({
    configuration,
    trials: trials[i]!,
    compared: compareTrials(rates, configuration, trials[i]!),
  }));
}

function configure(
  preset: PresetName,
  placement: Placement,
  plan: PlanName,
  batch: number,
): Configuration {
  return {
    name: `${preset}, ${placement}, ${plan}`,
    preset,
    placement,
    plan,
    batch,
    steps: plan === "baseline" ? MINIBATCHES : 0,
    // Of a twin six sevenths train.
    inputs: Math.ceil(MINIBATCHES * batch * 7 / 6),
  };
}

function iterations(placed: readonly Placed[]): ResultTable {
  const title = "Time of a minibatch";
  const lines = placed.flatMap(({ configuration, compared }) =>
    compared.minibatches.map((one) => ({ ...one, batch: configuration.batch }))
  );
  return tableOf({ title, short: true }, lines, [
    plainColumn("run", ({ configuration }) => configuration),
    plainColumn("minibatches", ({ kind }) => kind),
    numberColumn("measured, ms", 3, ({ measured }) => measured),
    numberColumn("predicted, ms", 3, ({ predicted }) => predicted, "predicted"),
    numberColumn("error, %", 1, ({ error }) => Number.isFinite(error) ? 100 * error : null),
    countColumn("samples/s", ({ batch, measured }) => 1000 * batch / measured),
  ]);
}

/** Means a minibatch, and what is moved beside them in a whole run. */
function traffic(placed: readonly Placed[]): ResultTable {
  const title = "Whole runs: time, and bytes between host and device";
  const lines = placed.map(({ configuration, trials }) => {
    const of = (sum: (records: readonly MinibatchRecord[]) => number): number =>
      summarise(trials.map(({ records }) => sum(records))).median;
    const total = (key: "upload_bytes" | "download_bytes" | "sync_bytes" | "skipped_inputs") =>
      of((records) => records.reduce((sum, record) => sum + record[key], 0));
    return {
      name: configuration.name,
      seconds: of((records) => records.reduce((sum, { wall_ms }) => sum + wall_ms / 1000, 0)),
      minibatches: of((records) => records.length),
      skipped: total("skipped_inputs"),
      upload: total("upload_bytes"),
      download: total("download_bytes"),
      copies: of((records) => records.filter(({ sync_bytes }) => sync_bytes > 0).length),
      copied: total("sync_bytes"),
    };
  });
  return tableOf({ title }, lines, [
    plainColumn("run", ({ name }) => name),
    countColumn("minibatches", ({ minibatches }) => minibatches),
    countColumn("inputs skipped", ({ skipped }) => skipped),
    numberColumn("time, s", 3, ({ seconds }) => seconds),
    numberColumn("to the device, MB", 1, ({ upload }) => upload / 1e6),
    numberColumn("to the host, MB", 1, ({ download }) => download / 1e6),
    countColumn("copies of hot rows", ({ copies }) => copies),
    numberColumn("copied, MB", 1, ({ copied }) => copied / 1e6),
  ]);
}

function blocks(placed: readonly Placed[]): ResultTable {
  const title = "Beside the minibatches: copies of hot rows, snapshots, the search for a threshold";
  const lines: readonly ComparedBlock[] = placed.flatMap(({ compared }) => compared.blocks);
  return tableOf({ title }, lines, [
    plainColumn("run", ({ configuration }) => configuration),
    plainColumn("block", ({ block }) => block),
    numberColumn("measured, ms a run", 3, ({ measured }) => measured),
    numberColumn("predicted, ms a run", 3, ({ predicted }) => predicted, "predicted"),
  ]);
}

function stages(placed: readonly Placed[]): ResultTable {
  const lines = placed.flatMap(({ compared }) =>
    compared.minibatches.flatMap(({ configuration, kind, stages: found }) =>
      Object.entries(found).map(([stage, times]) => ({ configuration, kind, stage, ...times }))
    )
  );
  return tableOf({ title: "By stage, ms a minibatch" }, lines, [
    plainColumn("run", ({ configuration }) => configuration),
    plainColumn("minibatches", ({ kind }) => kind),
    plainColumn("stage", ({ stage }) => stage),
    numberColumn("measured, ms", 3, ({ measured }) => measured),
    numberColumn("predicted, ms", 3, ({ predicted }) => predicted, "predicted"),
  ]);
}

function samplesOf(placed: readonly Placed[]): Sample[] {
  return placed.flatMap(({ compared }) =>
    compared.minibatches.map(({ configuration, kind, rounds }) =>
      timeSample(`${configuration}/${kind}`, "ms", rounds)
    )
  );
}

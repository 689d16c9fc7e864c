/**
 * The training loop fed by a twin and by a prepared log: what the main thread does a step, and what it waits for.
 *
 * @module
 */

import { checkpoint } from "../core/events.ts";
import { summarise } from "../core/statistics.ts";
import { sum } from "../core/sum.ts";
import { openDataset } from "../data/open.ts";
import { openTwin } from "../data/twin/open.ts";
import type { Dataset } from "../data/types.ts";
import type { Device } from "../kernels/types.ts";
import type { PresetName } from "../train/model/presets.ts";
import { setUpRun } from "../train/run/setup.ts";
import type { TrainResult } from "../train/run/trainer.ts";
import type { Stage } from "../train/stages.ts";
import { type ColumnOf, countColumn, numberColumn, plainColumn, tableOf } from "./columns.ts";
import { writeCriteoText } from "./criteo_text.ts";
import type { ResultTable, Sample, SettingsOf } from "./experiment.ts";
import { timeSample, valueSample } from "./samples.ts";

const BATCH = 2048;
/** Steps a round: enough on a GPU to fill the ring and see what the loop settles at. */
const GPU_STEPS = 200, CPU_STEPS = 8;
const MOST_ROUNDS = 3;
/** Of the twin's tables: large enough that lookups seldom meet, small enough for any GPU. */
const MOST_ROWS = 1_000_000;
/** Bytes of a row of Criteo's text, about. */
const TEXT_BYTES = 240;
/** Stages that the host books. */
const HOST_STAGES: ReadonlySet<Stage> = new Set(["prepare", "upload", "evaluate"]);

/** What a step came to, as a mean over a round. */
export interface StepFigures {
  readonly stepMs: number;
  readonly mainMs: number;
  /** 0 where the device does not tell. */
  readonly deviceMs: number;
  readonly awaited: number;
  readonly workers: number;
}

/** One source, its figures by round. */
interface Fed {
  readonly source: string;
  readonly rounds: readonly StepFigures[];
}

/** What the loop is run on. */
export interface FedRun {
  readonly dataset: Dataset;
  readonly model: PresetName;
  /** Inputs a minibatch. */
  readonly batch: number;
  readonly steps: number;
  readonly rounds: number;
  readonly signal: AbortSignal;
}

/** Runs the loop on each source. */
export async function measureFeed(
  device: Device,
  { smoke, rounds, say, signal }: Pick<SettingsOf<"rounds">, "smoke" | "rounds" | "say" | "signal">,
): Promise<{ table: ResultTable; samples: Sample[] }> {
  const batch = smoke ? 32 : BATCH;
  const onCpu = device.info.kind === "cpu" || device.info.isFallbackAdapter;
  const steps = smoke ? 3 : onCpu ? CPU_STEPS : GPU_STEPS;
  // Six of seven inputs train.
  const inputs = Math.ceil((steps + 1) * batch * 7 / 6);
  const folder = await Deno.makeTempDir({ prefix: "slipstream-bench-" });
  const fed: Fed[] = [];
  try {
    const sources: readonly (readonly [name: string, open: () => Promise<Dataset>])[] = [
      ["twin of RM2", () => openTwin({ twin: "rm2", inputs, maxIndexRange: MOST_ROWS })],
      ["prepared log", () => openLog(folder, inputs)],
    ];
    for (const [source, open] of sources) {
      say(`Training from a ${source}`);
      using dataset = await open();
      const about = { model: "rm2", batch, steps, signal } as const;
      const most = Math.min(rounds, MOST_ROUNDS);
      const figures = await runFed(device, { dataset, ...about, rounds: most });
      fed.push({ source, rounds: figures });
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  return { table: tableOfFed(fed, batch, onCpu), samples: fed.flatMap(samplesOf) };
}

/** Trains some steps in each round, the weights going on from round to round. */
export async function runFed(
  device: Device,
  { dataset, model, batch, steps, rounds, signal }: FedRun,
): Promise<StepFigures[]> {
  using run = await setUpRun({
    data: dataset,
    model,
    // Of few inputs as many passes as the steps take, all minibatches full.
    training: {
      batch,
      maxSteps: steps,
      epochs: Math.ceil(steps / Math.max(1, Math.floor(dataset.count("train") / batch))),
      lastBatch: "drop",
    },
    device: { open: { device, host: null } },
  });
  await run.model.initialise(1);
  const figures: StepFigures[] = [];
  for (let round = 0; round < rounds; round++) {
    await checkpoint(signal);
    const { awaitedMappings } = device.counters;
    let awaited = 0;
    const result = await run.train({}, {
      onStep: () => {
        // Before the readings at the end, which the loop waits for.
        awaited = device.counters.awaitedMappings - awaitedMappings;
      },
    });
    figures.push(figuresOf(result, awaited));
  }
  return figures;
}

async function openLog(folder: string, inputs: number): Promise<Dataset> {
  const path = `${folder}/log.txt`;
  await writeCriteoText(path, inputs * TEXT_BYTES);
  return await openDataset({ data: [path], cacheDirectory: `${folder}/cache` });
}

function figuresOf(
  { steps, trainMs, waitedMs, stagesMs, prepareWorkers }: TrainResult,
  awaited: number,
): StepFigures {
  const onDevice = Object.entries(stagesMs)
    .filter(([stage]) => !HOST_STAGES.has(stage as Stage))
    .map(([, ms]) => ms);
  return {
    stepMs: trainMs / steps,
    mainMs: (trainMs - waitedMs) / steps,
    deviceMs: sum(onDevice) / steps,
    awaited: awaited / steps,
    workers: prepareWorkers,
  };
}

function tableOfFed(fed: readonly Fed[], batch: number, onCpu: boolean): ResultTable {
  return tableOf(
    {
      title: `The loop with its inputs, minibatches of ${batch}: the threads that prepare them ` +
        "and the main thread" + (onCpu ? ", which computes too" : ""),
    },
    fed,
    [
      plainColumn("inputs from", ({ source }) => `a ${source}`),
      ...stepColumns<Fed>(() => batch),
    ],
  );
}

/** Medians over the rounds, by what a step takes. */
export function stepColumns<T extends { readonly rounds: readonly StepFigures[] }>(
  batchOf: (item: T) => number,
): ColumnOf<T>[] {
  const median = (of: (figures: StepFigures) => number) => ({ rounds }: T): number =>
    summarise(rounds.map(of)).median;
  const stepMs = median((figures) => figures.stepMs);
  return [
    plainColumn("threads that prepare", ({ rounds }) => rounds[0]!.workers),
    countColumn("samples/s", (item) => 1000 * batchOf(item) / stepMs(item)),
    numberColumn("ms a step", 2, stepMs),
    numberColumn("main thread ms a step", 2, median(({ mainMs }) => mainMs)),
    numberColumn("device ms a step", 2, (item) => median(({ deviceMs }) => deviceMs)(item) || null),
    numberColumn("awaited mappings a step", 3, median(({ awaited }) => awaited)),
  ];
}

function samplesOf({ source, rounds }: Fed): Sample[] {
  return [
    timeSample(`${source}/step`, "ms", rounds.map(({ stepMs }) => stepMs)),
    timeSample(`${source}/main thread`, "ms a step", rounds.map(({ mainMs }) => mainMs)),
    valueSample(
      `${source}/awaited mappings`,
      "mappings a step",
      rounds.map(({ awaited }) => awaited),
    ),
  ];
}

/**
 * The default experiment: train RM2's widths on generated clicks and say how fast and how good.
 *
 * @module
 */

import { checkpoint } from "../../core/events.ts";
import { formatCount } from "../../core/format.ts";
import { summarise, type Summary } from "../../core/statistics.ts";
import { openSynthetic } from "../../data/synthetic.ts";
import type { Dataset } from "../../data/types.ts";
import { openDevice } from "../../kernels/open.ts";
import type { Device } from "../../kernels/types.ts";
import { PRESETS } from "../../train/model/presets.ts";
import type { RunOptions } from "../../train/run/options.ts";
import { runTraining } from "../../train/run/run_training.ts";
import { setUpRun } from "../../train/run/setup.ts";
import type { Stage } from "../../train/stages.ts";
import { deviceNote } from "../device_note.ts";
import { countColumn, intervalColumn, numberColumn, plainColumn, tableOf } from "../columns.ts";
import {
  defineExperiment,
  type Findings,
  type ResultTable,
  type Sample,
  type SettingsOf,
} from "../experiment.ts";
import { measureFeed } from "../feed_speed.ts";
import { timeSample, valueSample } from "../samples.ts";
import { readMinibatches, StepRunner } from "../steps.ts";

const BATCHES = [1024, 2048, 4096];
const STEPS = 10;
/** Small minibatches and Adagrad: learns the most from few inputs. */
const QUALITY = { batch: 128, optimizer: "adagrad", learningRate: 0.01 } as const;

const FLAGS = ["device", "threads", "batch", "rounds"] as const;
type OwnSettings = SettingsOf<typeof FLAGS[number]>;

/** Training throughput, stages and quality on this machine. */
export const trainExperiment = defineExperiment({
  name: "train",
  summary: "Train RM2's widths on generated clicks: speed at several minibatch sizes, stages, AUC",
  title: "Training speed on this machine",
  suite: "full",
  flags: FLAGS,
  async run(settings): Promise<Findings> {
    const { device, reason } = await openDevice({ ...settings, stageTimes: true });
    using _ = device;
    using dataset = openSynthetic({ inputs: settings.smoke ? 1000 : 200_000 });
    settings.say(`Device: ${device.info.kind}, ${device.info.name} (${reason})`);
    const { speed, stages, samples } = await measureSpeed(device, dataset, settings);
    const feed = await measureFeed(device, settings);
    const quality = await measureQuality(device, dataset, settings);
    return {
      tables: [speed, stages, feed.table, quality.table],
      samples: [...samples, ...feed.samples, ...quality.samples],
      device: deviceNote(device.info),
      notes: device.info.isFallbackAdapter
        ? [`${device.info.name} is a software adapter: its results hold, its speed says nothing`]
        : [],
    };
  },
});

/** Steps of one size of minibatches. */
interface Timed {
  readonly size: number;
  /** Milliseconds a step, by round. */
  readonly ms: Summary;
  /** Of a step. */
  readonly flops: number;
  /** Kernels that a step launches. */
  readonly dispatches: number;
}

/** RM2 on a data set and a device that are open. */
function onDevice(device: Device, dataset: Dataset): RunOptions {
  return { data: dataset, model: "rm2", device: { open: { device, host: null } } };
}

async function measureSpeed(
  device: Device,
  dataset: Dataset,
  { batch, smoke, rounds, say, signal }: OwnSettings,
): Promise<{ speed: ResultTable; stages: ResultTable; samples: Sample[] }> {
  const preset = PRESETS.rm2;
  const batches = batch.length > 0 ? batch : smoke ? [64] : BATCHES;
  const steps = smoke ? 1 : STEPS;
  const timed: Timed[] = [];
  const samples: Sample[] = [];
  let stages: ResultTable | null = null;
  for (const size of batches) {
    say(`Timing minibatches of ${size}`);
    using run = await setUpRun({
      ...onDevice(device, dataset),
      training: { batch: size },
    });
    const { model } = run;
    await model.initialise(1);
    const minibatches = await readMinibatches(dataset, size, smoke ? 1 : 8);
    const runner = new StepRunner(model, minibatches, preset.learningRate);
    await runner.run(steps);
    const times: number[] = [];
    const booked = new Map<string, number[]>();
    let dispatches = 0;
    for (let round = 0; round < rounds; round++) {
      await checkpoint(signal);
      const run = await runner.run(steps);
      times.push(run.ms / steps);
      dispatches = run.dispatches / steps;
      for (const [stage, ms] of Object.entries(run.stages)) {
        booked.set(stage, [...booked.get(stage) ?? [], ms / steps]);
      }
    }
    samples.push(timeSample(`minibatch ${size}/step`, "ms", times));
    const ms = summarise(times);
    const flops = model.trainProgram(size).costs.reduce((sum, cost) => sum + cost.flops, 0);
    timed.push({ size, ms, flops, dispatches });
    stages ??= stageTable(size, ms.median, booked);
  }
  return {
    speed: tableOf(
      {
        title:
          `Training RM2's widths by SGD on ${device.info.name}, ${device.info.threads} threads`,
      },
      timed,
      [
        plainColumn("minibatch", ({ size }) => size),
        numberColumn("ms a step, median", 2, ({ ms }) => ms.median),
        numberColumn("p90", 2, ({ ms }) => ms.p90),
        intervalColumn("95 % interval", ({ ms }) => ms.interval),
        countColumn("samples/s", ({ size, ms }) => 1000 * size / ms.median),
        numberColumn("GFLOP/s", 1, ({ flops, ms }) => flops / ms.median / 1e6),
        countColumn("dispatches a step", ({ dispatches }) => dispatches),
      ],
    ),
    stages: stages!,
    samples,
  };
}

function stageTable(
  size: number,
  stepMs: number,
  booked: ReadonlyMap<Stage | string, readonly number[]>,
): ResultTable {
  const title = `Where the time of a step goes, minibatches of ${size}`;
  const medians = [...booked].map(([stage, times]) => ({ stage, ms: summarise(times).median }));
  return tableOf({ title }, medians.toSorted((a, b) => b.ms - a.ms), [
    plainColumn("stage", ({ stage }) => stage),
    numberColumn("ms, median", 3, ({ ms }) => ms),
    numberColumn("share of the step, %", 1, ({ ms }) => 100 * ms / stepMs),
  ]);
}

async function measureQuality(
  device: Device,
  dataset: Dataset,
  { smoke, say, signal }: OwnSettings,
): Promise<{ table: ResultTable; samples: Sample[] }> {
  say("Training for quality");
  const { batch, learningRate } = QUALITY;
  const { metrics, throughput } = await runTraining({
    ...onDevice(device, dataset),
    training: {
      ...QUALITY,
      seed: 1,
      // A software adapter takes minutes for what a device does in seconds.
      maxSteps: smoke ? 2 : device.info.isFallbackAdapter ? 20 : 0,
    },
    evaluation: { batch: 1024 },
  }, { signal });
  signal.throwIfAborted();
  const bayes = dataset.bayes!;
  const title = `Quality after ${
    formatCount(throughput.samples)
  } generated inputs: Adagrad, learning rate ${learningRate}, minibatches of ${batch}`;
  const predictions = [
    { of: "the trained DLRM", ...metrics! },
    { of: "the true probabilities", ...bayes },
  ];
  const table = tableOf({ title }, predictions, [
    plainColumn("predictions of", ({ of }) => of),
    numberColumn("AUC", 5, ({ auc }) => auc),
    numberColumn("log-loss", 5, ({ logloss }) => logloss),
  ]);
  const sample = (name: string, better: Sample["better"], value: number | null): Sample[] =>
    value === null ? [] : [valueSample(name, name, [value], better)];
  return {
    table,
    samples: [
      ...sample("AUC", "higher", metrics!.auc),
      ...sample("log-loss", "lower", metrics!.logloss),
    ],
  };
}

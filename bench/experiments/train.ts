/**
 * The default experiment: train RM2's widths on generated clicks and say how fast and how good.
 *
 * @module
 */

import { checkpoint } from "../../core/events.ts";
import { fixed, formatCount } from "../../core/format.ts";
import { summarise } from "../../core/statistics.ts";
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
import type { Experiment, Findings, ResultTable, Sample, Settings } from "../experiment.ts";
import { readMinibatches, StepRunner } from "../steps.ts";

const BATCHES = [1024, 2048, 4096];
const STEPS = 10;
/** Small minibatches and Adagrad: learns the most from few inputs. */
const QUALITY = { batch: 128, optimizer: "adagrad", learningRate: 0.01 } as const;

/** Training throughput, stages and quality on this machine. */
export const trainExperiment: Experiment = {
  name: "train",
  summary: "Train RM2's widths on generated clicks: speed at several minibatch sizes, stages, AUC",
  title: "Training speed on this machine",
  suite: "full",
  async run(settings: Settings): Promise<Findings> {
    const { device, reason } = await openDevice(settings);
    using _ = device;
    using dataset = openSynthetic({ inputs: settings.smoke ? 1000 : 200_000 });
    settings.say(`Device: ${device.info.kind}, ${device.info.name} (${reason})`);
    const { speed, stages, samples } = await measureSpeed(device, dataset, settings);
    const quality = await measureQuality(device, dataset, settings);
    return {
      tables: [speed, stages, quality.table],
      samples: [...samples, ...quality.samples],
      device: deviceNote(device.info),
      notes: device.info.isFallbackAdapter
        ? [`${device.info.name} is a software adapter: its results hold, its speed says nothing`]
        : [],
    };
  },
};

/** RM2 on a data set and a device that are open. */
function onDevice(device: Device, dataset: Dataset): RunOptions {
  return { data: dataset, model: "rm2", device: { open: { device, host: null } } };
}

async function measureSpeed(
  device: Device,
  dataset: Dataset,
  { batch, smoke, rounds, say, signal }: Settings,
): Promise<{ speed: ResultTable; stages: ResultTable; samples: Sample[] }> {
  const preset = PRESETS.rm2;
  const batches = batch.length > 0 ? batch : smoke ? [64] : BATCHES;
  const steps = smoke ? 1 : STEPS;
  const rows: (string | number)[][] = [];
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
    for (let round = 0; round < rounds; round++) {
      await checkpoint(signal);
      const run = await runner.run(steps);
      times.push(run.ms / steps);
      for (const [stage, ms] of Object.entries(run.stages)) {
        booked.set(stage, [...booked.get(stage) ?? [], ms / steps]);
      }
    }
    samples.push({
      name: `minibatch ${size}/step`,
      unit: "ms",
      better: "lower",
      timing: true,
      values: times,
    });
    const { median, p90, interval } = summarise(times);
    const flops = model.trainProgram(size).costs.reduce((sum, cost) => sum + cost.flops, 0);
    rows.push([
      size,
      median,
      p90,
      `${interval[0].toFixed(2)} … ${interval[1].toFixed(2)}`,
      1000 * size / median,
      flops / median / 1e6,
    ]);
    stages ??= stageTable(size, median, booked);
  }
  return {
    speed: {
      title: `Training RM2's widths by SGD on ${device.info.name}, ${device.info.threads} threads`,
      columns: [
        { name: "minibatch" },
        { name: "ms a step, median", format: fixed(2) },
        { name: "p90", format: fixed(2) },
        { name: "95 % interval", align: "right" },
        { name: "samples/s", format: formatCount },
        { name: "GFLOP/s", format: fixed(1) },
      ],
      rows,
    },
    stages: stages!,
    samples,
  };
}

function stageTable(
  size: number,
  stepMs: number,
  booked: ReadonlyMap<Stage | string, readonly number[]>,
): ResultTable {
  const medians = [...booked].map(([stage, times]): [string, number] => [
    stage,
    summarise(times).median,
  ]);
  return {
    title: `Where the time of a step goes, minibatches of ${size}`,
    columns: [
      { name: "stage" },
      { name: "ms, median", format: fixed(3) },
      { name: "share of the step, %", format: fixed(1) },
    ],
    rows: medians.toSorted((a, b) => b[1] - a[1]).map(([stage, ms]) => [
      stage,
      ms,
      100 * ms / stepMs,
    ]),
  };
}

async function measureQuality(
  device: Device,
  dataset: Dataset,
  { smoke, say, signal }: Settings,
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
  const table: ResultTable = {
    title: `Quality after ${
      formatCount(throughput.samples)
    } generated inputs: Adagrad, learning rate ${learningRate}, minibatches of ${batch}`,
    columns: [
      { name: "predictions of" },
      { name: "AUC", format: fixed(5) },
      { name: "log-loss", format: fixed(5) },
    ],
    rows: [
      ["the trained DLRM", metrics!.auc, metrics!.logloss],
      ["the true probabilities", bayes.auc, bayes.logloss],
    ],
  };
  const sample = (name: string, better: Sample["better"], value: number | null): Sample[] =>
    value === null ? [] : [{ name, unit: name, better, timing: false, values: [value] }];
  return {
    table,
    samples: [
      ...sample("AUC", "higher", metrics!.auc),
      ...sample("log-loss", "lower", metrics!.logloss),
    ],
  };
}

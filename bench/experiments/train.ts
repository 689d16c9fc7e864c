/**
 * The default experiment: train RM2's widths on generated clicks and say how good and how fast.
 *
 * @module
 */

import { openSynthetic } from "../../data/synthetic.ts";
import { openDevice } from "../../kernels/open.ts";
import type { Device } from "../../kernels/types.ts";
import { Dlrm } from "../../train/dlrm.ts";
import { optimizerOf } from "../../train/options.ts";
import { PRESETS, resolveShape } from "../../train/presets.ts";
import { train } from "../../train/trainer.ts";
import type { Experiment, Findings, ResultTable, Settings } from "../experiment.ts";
import { summarise } from "../statistics.ts";
import { readMinibatches, StepRunner } from "../steps.ts";

const BATCHES = [1024, 2048, 4096];
const STEPS = 10;

/** Training throughput, stages and quality on this machine. */
export const trainExperiment: Experiment = {
  name: "train",
  summary: "Train RM2's widths on generated clicks: speed at several minibatch sizes, stages, AUC",
  async run(settings: Settings): Promise<Findings> {
    const { device, reason } = await openDevice(settings);
    try {
      settings.say(`Device: ${device.info.kind}, ${device.info.name} (${reason})`);
      return await onDevice(device, settings);
    } finally {
      device.dispose();
    }
  },
};

async function onDevice(device: Device, settings: Settings): Promise<Findings> {
  const { smoke, say, signal, rounds } = settings;
  const preset = PRESETS.rm2;
  const dataset = await openSynthetic({ inputs: smoke ? 1000 : 200_000 });
  const shape = resolveShape(preset, dataset.schema);
  const optimizer = optimizerOf(preset.optimizer);
  const batches = settings.batch.length > 0 ? settings.batch : smoke ? [64] : BATCHES;
  const speed: (string | number)[][] = [];
  for (const batch of batches) {
    signal.throwIfAborted();
    say(`Timing minibatches of ${batch}`);
    const model = new Dlrm(device, shape, { optimizer, maxBatch: batch });
    try {
      await model.initialise(1);
      const runner = new StepRunner(
        model,
        await readMinibatches(dataset, batch, smoke ? 1 : 8),
        preset.learningRate,
      );
      const steps = smoke ? 1 : STEPS;
      await runner.run(steps);
      const times: number[] = [];
      for (let round = 0; round < rounds; round++) {
        signal.throwIfAborted();
        times.push((await runner.run(steps)).ms / steps);
      }
      const { median, p90, interval } = summarise(times);
      const flops = model.trainProgram(batch).costs.reduce((sum, cost) => sum + cost.flops, 0);
      speed.push([
        batch,
        median,
        p90,
        `${interval[0].toFixed(2)} … ${interval[1].toFixed(2)}`,
        1000 * batch / median,
        flops / median / 1e6,
      ]);
    } finally {
      model.dispose();
    }
  }

  say("Training for quality");
  const batch = batches[0]!;
  const model = new Dlrm(device, shape, { optimizer, maxBatch: batch });
  let quality: ResultTable, stages: ResultTable;
  try {
    await model.initialise(1);
    const run = await train(model, dataset, {
      batch,
      epochs: 1,
      seed: 1,
      shuffle: true,
      schedule: { base: preset.learningRate, warmupSteps: 0, decayStartStep: 0, decaySteps: 0 },
      evalEvery: 0,
      evalBatch: batch,
      maxSteps: smoke ? 2 : 0,
      signal,
    });
    signal.throwIfAborted();
    const { metrics } = run.evaluations.at(-1)!;
    const bayes = dataset.bayes!;
    quality = {
      title: `Quality after ${run.samples} generated inputs, one epoch, minibatches of ${batch}`,
      columns: [{ name: "predictions" }, { name: "AUC", format: five }, {
        name: "log-loss",
        format: five,
      }],
      rows: [
        ["trained DLRM", metrics.auc, metrics.logloss],
        ["true probabilities", bayes.auc, bayes.logloss],
      ],
    };
    const total = run.trainMs;
    stages = {
      title: "Where the time of a step goes",
      columns: [{ name: "stage" }, { name: "ms a step", format: three }, {
        name: "share of the step, %",
        format: one,
      }],
      rows: Object.entries(run.stagesMs).filter(([stage]) => stage !== "evaluate")
        .toSorted((a, b) => b[1] - a[1])
        .map(([stage, ms]) => [stage, ms / run.steps, 100 * ms / total]),
    };
  } finally {
    model.dispose();
    dataset.close();
  }
  return {
    tables: [
      {
        title: `Training RM2's widths on ${device.info.name}`,
        columns: [
          { name: "minibatch" },
          { name: "ms a step, median", format: two },
          { name: "p90", format: two },
          { name: "95 % interval", align: "right" },
          { name: "samples/s", format: whole },
          { name: "GFLOP/s", format: one },
        ],
        rows: speed,
      },
      stages,
      quality,
    ],
    notes: device.info.isFallbackAdapter
      ? [`${device.info.name} is a software adapter: its results hold, its speed says nothing`]
      : [],
  };
}

const whole = (x: number): string => x.toFixed(0);
const one = (x: number): string => x.toFixed(1);
const two = (x: number): string => x.toFixed(2);
const three = (x: number): string => x.toFixed(3);
const five = (x: number): string => x.toFixed(5);

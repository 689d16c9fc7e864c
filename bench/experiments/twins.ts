/**
 * How near each model comes, on its twin, to the best that is possible.
 *
 * @module
 */

import { formatCount } from "../../core/format.ts";
import type { Cell } from "../../core/table.ts";
import { isHistories, loadAnyTwin } from "../../data/twin/open.ts";
import type { PresetName } from "../../train/model/presets.ts";
import type { ResultDocument } from "../../train/run/result.ts";
import { runTraining } from "../../train/run/run_training.ts";
import { deviceNote } from "../device_note.ts";
import type { DeviceNote, Experiment, Findings, Settings } from "../experiment.ts";

const INPUTS = 100_000;
/** Small minibatches learn the most from so many inputs. */
const BATCH = 256;
/** Inputs a forward pass of an evaluation. */
const EVAL_BATCH = 2048;
/** The choice is made with other draws of the twin and other initial weights than the result. */
const SEEDS = { choice: 2, result: 1 };
/** The part of the inputs that each choice is tried on. */
const CHOICE_SHARE = 1 / 8;
const CHOICES = [["adagrad", 0.01], ["adagrad", 0.03], ["adagrad", 0.1], ["sgd", 0.1], [
  "sgd",
  0.5,
]] as const;
/** Of the twin with tables of 12.9 GB: ids of its six largest are folded, which leaves the popular ones as they are. */
const FOLDED: Readonly<Partial<Record<PresetName, number>>> = { rm3: 1_000_000 };
/** Ids of a smoke run, whose tables are to take no time. */
const SMOKE_IDS = 1000;
/** A shipped twin's inputs that train, as a share of all, are at least this. */
const TRAIN_SHARE = 6 / 7;

/** Trains every preset on its twin. */
export const twinsExperiment: Experiment = {
  name: "twins",
  summary: "Train each workload's model on its twin: AUC beside the best possible",
  title: "What a DLRM learns of the twins",
  suite: "never",
  async run(settings: Settings): Promise<Findings> {
    const { workloads, smoke, say, signal } = settings;
    const inputs = smoke ? 512 : settings.inputs ?? INPUTS;
    const choices = smoke ? CHOICES.slice(0, 1) : CHOICES;
    const rows: Cell[][] = [], tried: Cell[][] = [];
    let device: DeviceNote | null = null;
    for (const workload of workloads) {
      let best: { choice: typeof CHOICES[number]; auc: number } | null = null;
      for (const choice of choices) {
        const few = Math.max(256, Math.round(inputs * CHOICE_SHARE));
        say(`${workload}: trying ${choice.join(" ")} on ${formatCount(few)} inputs`);
        const { metrics } = await trainOn(workload, choice, few, SEEDS.choice, settings);
        signal.throwIfAborted();
        const auc = metrics?.auc ?? 0;
        tried.push([workload, ...choice, auc]);
        if (best === null || auc > best.auc) best = { choice, auc };
      }
      const { choice } = best!;
      say(`${workload}: training on ${formatCount(inputs)} inputs with ${choice.join(" ")}`);
      const result = await trainOn(workload, choice, inputs, SEEDS.result, settings);
      signal.throwIfAborted();
      device ??= deviceNote(result.device);
      const parameters = await loadAnyTwin(workload);
      const known = isHistories(parameters) ? null : parameters.clicks;
      rows.push([
        workload,
        choice.join(" "),
        result.throughput.samples,
        result.metrics?.auc ?? null,
        result.metrics?.logloss ?? null,
        known?.learnableAuc ?? null,
        known?.bayes.auc ?? null,
        known?.bayes.logloss ?? null,
        result.throughput.train_ms / 60_000,
      ]);
    }
    const four = (x: number): string => x.toFixed(4);
    return {
      tables: [{
        title: `Models on their twins, minibatches of ${settings.batch[0] ?? BATCH}`,
        columns: [
          { name: "twin" },
          { name: "optimizer" },
          { name: "inputs", format: formatCount },
          { name: "AUC", format: four },
          { name: "log-loss", format: four },
          { name: "learnable AUC", format: four },
          { name: "Bayes AUC", format: four },
          { name: "Bayes log-loss", format: four },
          { name: "training, min", format: (x) => x.toFixed(1) },
        ],
        rows,
      }, {
        title: "Optimizers tried on an eighth of the inputs, with seeds of their own",
        columns: [
          { name: "twin" },
          { name: "optimizer" },
          { name: "learning rate" },
          { name: "AUC", format: four },
        ],
        rows: tried,
      }],
      device,
      notes: [
        "AUC and log-loss on the test split, which training never sees",
        "Learnable: of the true effects of rows that two million inputs show at least 20 times; Bayes: of the true " +
        "probabilities. Of sequences neither is known",
        ...workloads.flatMap((workload) =>
          FOLDED[workload] === undefined
            ? []
            : [`Ids of ${workload} are taken modulo ${formatCount(FOLDED[workload])}`]
        ),
      ],
    };
  },
};

async function trainOn(
  workload: PresetName,
  [optimizer, learningRate]: typeof CHOICES[number],
  inputs: number,
  seed: number,
  { device, threads, wide, batch: [batch = BATCH], smoke, signal }: Settings,
): Promise<ResultDocument> {
  return await runTraining({
    data: {
      source: `twin:${workload}:${Math.ceil(inputs / TRAIN_SHARE)}`,
      seed,
      maxIndexRange: smoke ? SMOKE_IDS : FOLDED[workload],
    },
    model: workload,
    training: { optimizer, learningRate, batch, seed, maxSteps: Math.ceil(inputs / batch) },
    device: { kind: device, threads, wide },
    evaluation: { batch: EVAL_BATCH },
  }, { signal });
}

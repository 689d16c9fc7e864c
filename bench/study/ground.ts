/**
 * What all runs of one workload, size and seed stand on: the twin's inputs in memory, the model's shape, and the hot set.
 *
 * @module
 */

import { formatCount } from "../../core/format.ts";
import { materialise } from "../../data/materialised.ts";
import { openTwin } from "../../data/twin/open.ts";
import type { Dataset } from "../../data/types.ts";
import type { ModelShape } from "../../train/model/models.ts";
import { findHotSet, type HotSet, segregate, type Segregation } from "../../train/plan/hot_set.ts";
import { type PresetName, resolveShape } from "../../train/model/presets.ts";
import type { Settings } from "../experiment.ts";
import { type LogSettings, openLogOf } from "./logs.ts";
import { hotRowShare } from "./settings.ts";
import { planOfVariant, variantOf } from "./variants.ts";
import { isLog, presetOf, type StudyWorkload } from "./workload.ts";

/** Of most twins' inputs six sevenths train. */
const TRAIN_SHARE = 6 / 7;

/** Inputs and what a plan knows of them beforehand. */
export interface Ground {
  readonly dataset: Dataset;
  readonly shape: ModelShape;
  /** In proportion to the paper's, see `hotRowShare`. */
  readonly hotMemoryMib: number;
  readonly hotSet: HotSet;
  readonly segregation: Segregation;
}

/** Opens a twin of which so many inputs train, within a thousandth: how many do depends on the workload's split. */
export async function openTraining(
  workload: PresetName,
  inputs: number,
  seed: number,
): Promise<Dataset> {
  const all = Math.ceil(inputs / TRAIN_SHARE);
  const twin = await openTwin({ twin: workload, inputs: all, seed });
  const count = twin.count("train");
  if (Math.abs(count / inputs - 1) < 1e-3) return twin;
  twin.close();
  return await openTwin({ twin: workload, inputs: Math.round(all * inputs / count), seed });
}

/** Draws the inputs of a workload into memory, ids numbered as they come. */
async function drawWorkload(
  workload: PresetName,
  inputs: number,
  seed: number,
  { say, signal }: Pick<Settings, "say" | "signal">,
): Promise<Dataset> {
  say(`${workload}, seed ${seed}: drawing ${formatCount(inputs)} inputs`);
  const twin = await openTraining(workload, inputs, seed);
  try {
    return await materialise(twin, { vocabulary: "seen", signal });
  } finally {
    twin.close();
  }
}

/** The workload's model with the tables of its data, and of a log with as many dense features as it has. */
function shapeOf(workload: StudyWorkload, { schema }: Dataset): ModelShape {
  const preset = presetOf(workload);
  return resolveShape(
    preset,
    schema,
    isLog(workload) ? { bottom: [schema.dense.length, ...preset.bottom.slice(1)] } : {},
  );
}

/** Draws the inputs and finds hot rows and hot inputs. */
export async function openGround(
  workload: StudyWorkload,
  inputs: number,
  seed: number,
  settings: Pick<Settings, "say" | "signal"> & LogSettings,
): Promise<Ground> {
  const dataset = isLog(workload)
    ? await openLogOf(workload, settings)
    : await drawWorkload(workload, inputs, seed, settings);
  const shape = shapeOf(workload, dataset);
  const rows = shape.tableRows.reduce((sum, n) => sum + n, 0);
  const hotMemoryMib = hotRowShare(workload) * rows * 4 * shape.dim / 2 ** 20;
  const options = planOfVariant(variantOf("fae"), hotMemoryMib);
  const hotSet = await findHotSet(dataset, options, shape.tableRows, shape.dim, seed);
  const order = { kind: "shuffled", seed, epoch: 0 } as const;
  const segregation = await segregate(dataset, order, hotSet.rows);
  return { dataset, shape, hotMemoryMib, hotSet, segregation };
}

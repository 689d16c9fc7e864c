/**
 * What all runs of one workload, size and seed stand on: the twin's inputs in memory, the model's shape, and the hot set.
 *
 * @module
 */

import { formatCount } from "../../core/format.ts";
import { materialise } from "../../data/materialised.ts";
import { openTwin } from "../../data/twin/open.ts";
import type { Dataset, Order } from "../../data/types.ts";
import type { ModelShape } from "../../train/model/models.ts";
import { findHotSet, type HotSet, segregate, type Segregation } from "../../train/plan/hot_set.ts";
import { type PresetName, PRESETS, resolveShape } from "../../train/model/presets.ts";
import type { Settings } from "../experiment.ts";
import { hotRowShare } from "./settings.ts";
import { type TwinSettings, twinWords } from "./sizes.ts";
import { planOfVariant, variantOf } from "./variants.ts";

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

/** Which inputs. */
export interface GroundKey {
  readonly workload: PresetName;
  /** How many train. */
  readonly inputs: number;
  readonly seed: number;
  readonly twin?: TwinSettings;
}

/** Opens a twin of which so many inputs train, within a thousandth: how many do depends on the workload's split. */
export async function openTraining({ workload, inputs, seed, twin }: GroundKey): Promise<Dataset> {
  const options = { ...twin, twin: workload, seed };
  const all = Math.ceil(inputs / TRAIN_SHARE);
  const dataset = await openTwin({ ...options, inputs: all });
  const count = dataset.count("train");
  if (Math.abs(count / inputs - 1) < 1e-3) return dataset;
  dataset.close();
  return await openTwin({ ...options, inputs: Math.round(all * inputs / count) });
}

/** Draws the inputs of a workload into memory, ids numbered as they come. */
async function drawWorkload(
  key: GroundKey,
  { say, signal }: Pick<Settings, "say" | "signal">,
): Promise<Dataset> {
  const { workload, seed, inputs } = key;
  say(`${workload}${twinWords(key.twin)}, seed ${seed}: drawing ${formatCount(inputs)} inputs`);
  const twin = await openTraining(key);
  try {
    return await materialise(twin, { vocabulary: "seen", signal });
  } finally {
    twin.close();
  }
}

/** Whether inputs are shuffled before they are trained: not if popularity drifts, so that they stand in the order of time. */
export function shuffles({ twin }: Pick<GroundKey, "twin">): boolean {
  return twin?.driftDays === undefined;
}

/** Draws the inputs and finds hot rows and hot inputs. */
export async function openGround(
  key: GroundKey,
  settings: Pick<Settings, "say" | "signal">,
): Promise<Ground> {
  const { workload, seed } = key;
  const dataset = await drawWorkload(key, settings);
  const shape = resolveShape(PRESETS[workload], dataset.schema);
  const rows = shape.tableRows.reduce((sum, n) => sum + n, 0);
  const hotMemoryMib = hotRowShare(workload) * rows * 4 * shape.dim / 2 ** 20;
  const options = planOfVariant(variantOf("fae"), hotMemoryMib);
  const hotSet = await findHotSet(dataset, options, shape.tableRows, shape.dim, seed);
  const order: Order = shuffles(key)
    ? { kind: "shuffled", seed, epoch: 0 }
    : { kind: "sequential" };
  const segregation = await segregate(dataset, order, hotSet.rows);
  return { dataset, shape, hotMemoryMib, hotSet, segregation };
}

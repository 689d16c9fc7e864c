/**
 * What all runs of one workload, size and seed stand on: the twin's inputs in memory, the model's shape, and the hot set.
 *
 * @module
 */

import { formatBytes, formatClock, formatCount } from "../../core/format.ts";
import { drawnBytes, MOST_CACHED_BYTES, openDrawn } from "../../data/drawn/cache.ts";
import { materialise } from "../../data/materialised.ts";
import { SPLITS } from "../../data/split.ts";
import { openTwin } from "../../data/twin/open.ts";
import type { Dataset, Order } from "../../data/types.ts";
import type { ModelShape } from "../../train/model/models.ts";
import { findHotSet, type HotSet, segregate, type Segregation } from "../../train/plan/hot_set.ts";
import { type PresetName, resolveShape } from "../../train/model/presets.ts";
import type { Settings } from "../experiment.ts";
import { MINUTE_MS, occasionally } from "../occasionally.ts";
import { type LogSettings, openLogOf } from "./logs.ts";
import { passHooks } from "./pass_progress.ts";
import { hotRowShare } from "./settings.ts";
import { type TwinSettings, twinWords } from "./twin_settings.ts";
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

/** Which inputs. */
export interface GroundKey {
  readonly workload: StudyWorkload;
  /** How many train. */
  readonly inputs: number;
  readonly seed: number;
  readonly twin?: TwinSettings;
}

/** Which inputs of a twin. */
type TwinKey = GroundKey & { readonly workload: PresetName };

/** Opens a twin of which so many inputs train, within a thousandth: how many do depends on the workload's split. */
export async function openTraining({ workload, inputs, seed, twin }: TwinKey): Promise<Dataset> {
  const options = { ...twin, twin: workload, seed };
  const all = Math.ceil(inputs / TRAIN_SHARE);
  const dataset = await openTwin({ ...options, inputs: all });
  const count = dataset.count("train");
  if (Math.abs(count / inputs - 1) < 1e-3) return dataset;
  dataset.close();
  return await openTwin({ ...options, inputs: Math.round(all * inputs / count) });
}

/** Inputs of so many bytes are drawn into memory, more into a file, which processes that train beside each other share. */
const IN_MEMORY_BYTES = 2 * 2 ** 30;
/** Folder of the files. */
const INPUTS_CACHE = ".cache/inputs";
/** Fewer inputs are drawn sooner than threads are started. */
const FEW = 100_000;

/** What of the settings drawing hangs on. */
type DrawSettings = Pick<Settings, "say" | "signal" | "threads">;

/** Draws the inputs of a workload, ids numbered as they come. */
async function drawWorkload(
  key: TwinKey,
  { say, signal, threads: wanted }: DrawSettings,
): Promise<Dataset> {
  const { workload, seed, inputs } = key;
  const what = `${workload}${twinWords(key.twin)}, seed ${seed}`;
  const twin = await openTraining(key);
  const threads = inputs < FEW ? 1 : wanted ?? navigator.hardwareConcurrency;
  try {
    if (drawnBytes(twin) <= IN_MEMORY_BYTES) {
      say(`${what}: drawing ${formatCount(inputs)} inputs`);
      return await materialise(twin, { vocabulary: "seen", threads, signal });
    }
    return await openDrawn(twin, {
      ...{ cacheDirectory: INPUTS_CACHE, threads, signal },
      onStart: (bytes) =>
        say(
          `${what}: drawing ${formatCount(inputs)} inputs into ${INPUTS_CACHE}, ${
            formatBytes(bytes)
          } (the folder is kept below ${formatBytes(MOST_CACHED_BYTES)})`,
        ),
      onProgress: drawingProgress(what, twin, say),
      onWait: () => say(`${what}: another process draws the inputs; waiting`),
    });
  } finally {
    twin.close();
  }
}

/** Says once a minute how much is drawn. */
function drawingProgress(
  what: string,
  dataset: Dataset,
  say: (line: string) => void,
): (done: number) => void {
  const total = SPLITS.reduce((sum, split) => sum + dataset.count(split), 0);
  const begun = performance.now(), tell = occasionally(say, MINUTE_MS);
  return (done) => {
    const left = (performance.now() - begun) * (total - done) / done / 1000;
    tell(`${what}: ${(100 * done / total).toFixed(1)} % drawn, about ${formatClock(left)} left`);
  };
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

/** The order in which inputs are trained: shuffled, unless popularity drifts, so that they stand in the order of time. */
export function orderOf({ seed, twin }: Pick<GroundKey, "seed" | "twin">): Order {
  return twin?.driftDays === undefined
    ? { kind: "shuffled", seed, epoch: 0 }
    : { kind: "sequential" };
}

/** Draws the inputs and finds hot rows and hot inputs. */
export async function openGround(
  key: GroundKey,
  settings: DrawSettings & LogSettings,
): Promise<Ground> {
  const { workload, seed } = key;
  const dataset = isLog(workload)
    ? await openLogOf(workload, settings)
    : await drawWorkload({ ...key, workload }, settings);
  const shape = shapeOf(workload, dataset);
  const rows = shape.tableRows.reduce((sum, n) => sum + n, 0);
  const hotMemoryMib = hotRowShare(workload) * rows * 4 * shape.dim / 2 ** 20;
  const options = planOfVariant(variantOf("fae"), hotMemoryMib);
  const hooks = passHooks(key, settings);
  const hotSet = await findHotSet(dataset, options, shape.tableRows, shape.dim, seed, hooks);
  const segregation = await segregate(dataset, orderOf(key), hotSet.rows, hooks);
  return { dataset, shape, hotMemoryMib, hotSet, segregation };
}

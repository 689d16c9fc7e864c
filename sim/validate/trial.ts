/**
 * One run of the trainer that is to be predicted.
 *
 * @module
 */

import { materialise } from "../../data/materialised.ts";
import { openTwin } from "../../data/twin/open.ts";
import type { Dataset, Order, Reader, Split } from "../../data/types.ts";
import type { Device } from "../../kernels/types.ts";
import type { ModelShape } from "../../train/model/models.ts";
import { firstInputs } from "../../train/plan/first_inputs.ts";
import type { PlanDocument } from "../../train/plan/document.ts";
import { PRESETS, resolveShape } from "../../train/model/presets.ts";
import { setUpRun } from "../../train/run/setup.ts";
import type { MinibatchRecord } from "../../train/trace/schema.ts";
import { RecordList } from "../runtime/record_list.ts";
import type { Configuration } from "./configurations.ts";

/** What a run left behind. */
export interface Trial {
  readonly shape: ModelShape;
  readonly plan: PlanDocument;
  readonly records: readonly MinibatchRecord[];
}

/** Seed of the data sets: calibration draws others. */
const SEED = 4;
/** Share of the rows met that are hot. */
const HOT_SHARE = 0.5;
/** Test inputs: what a run ends with is not what is predicted. */
const TEST_INPUTS = 256;

/** Data sets in memory by twin and size: drawn once for all rounds. */
export class Datasets {
  readonly #known = new Map<string, Promise<Dataset>>();

  /** Draws one, or gives the one that was drawn. */
  get(twin: string, inputs: number, signal?: AbortSignal): Promise<Dataset> {
    const key = `${twin} ${inputs}`;
    let known = this.#known.get(key);
    if (known === undefined) {
      known = draw(twin, inputs, signal);
      this.#known.set(key, known);
    }
    return known;
  }
}

async function draw(name: string, inputs: number, signal?: AbortSignal): Promise<Dataset> {
  const twin = await openTwin({ twin: name, inputs, seed: SEED });
  const dataset = await materialise(twin, { vocabulary: "seen", signal });
  const { schema, hash, notes, bayes } = dataset;
  return {
    ...{ schema, hash, notes, bayes },
    count: (split: Split): number => {
      const count = dataset.count(split);
      return split === "train" ? count : Math.min(TEST_INPUTS, count);
    },
    reader: (split: Split, order: Order): Reader => {
      const reader = dataset.reader(split, order);
      return split === "train" ? reader : firstInputs(reader, TEST_INPUTS);
    },
    close: () => dataset.close(),
    [Symbol.dispose]: () => dataset.close(),
  };
}

/** Runs the trainer once. */
export async function runTrial(
  device: Device,
  host: Device,
  configuration: Configuration,
  datasets: Datasets,
  signal?: AbortSignal,
): Promise<Trial> {
  const { preset, shape: overrides = {}, placement, plan } = configuration;
  const { batch, steps, inputs } = configuration;
  const dataset = await datasets.get(preset, inputs, signal);
  const { dim, tableRows } = resolveShape(PRESETS[preset], dataset.schema, overrides);
  const rows = tableRows.reduce((sum, n) => sum + n, 0);
  const hooks = { signal };
  using run = await setUpRun({
    data: dataset,
    model: { preset, shape: overrides },
    training: { batch, seed: SEED, learningRate: 0.01, maxSteps: steps, lastBatch: "keep" },
    plan: {
      name: plan,
      hotMemoryMib: HOT_SHARE * 4 * dim * rows / 2 ** 20,
      profile: 1,
      schedule: "cold-then-hot",
    },
    device: { placement, open: { device, host } },
    evaluation: { batch: TEST_INPUTS },
  }, hooks);
  await run.model.initialise(SEED);
  const list = new RecordList();
  const result = await run.train({ trace: list });
  signal?.throwIfAborted();
  return { shape: run.shape, plan: result.plan, records: list.records };
}

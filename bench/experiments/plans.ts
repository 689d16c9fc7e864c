/**
 * What skipping saves on this machine: the hybrid baseline, FAE and Slipstream in turn, with the stages that explain it.
 *
 * @module
 */

import { formatCount } from "../../core/format.ts";
import type { Cell } from "../../core/table.ts";
import { materialise } from "../../data/materialised.ts";
import { openTwin } from "../../data/twin/open.ts";
import type { Dataset } from "../../data/types.ts";
import { createModel } from "../../train/models.ts";
import { optimizerOf } from "../../train/options.ts";
import { openPlaced, type PlacedDevices, type Placement } from "../../train/placement.ts";
import { findHotSet, type HotSet } from "../../train/plan/hot_set.ts";
import { type PresetName, PRESETS, resolveShape } from "../../train/presets.ts";
import { train, type TrainResult } from "../../train/trainer.ts";
import type { Experiment, Findings, ResultTable, Settings } from "../experiment.ts";
import { summarise } from "../statistics.ts";
import { hotShare, WORKLOADS } from "../study/settings.ts";
import { planOfVariant, variantOf } from "../study/variants.ts";

const INPUTS = 500_000, SMOKE_INPUTS = 24_000;
/** Of a twin's inputs six sevenths train. */
const TRAIN_SHARE = 6 / 7;
const SEED = 1;

/** What is timed: a variant of the study and where its rows lie. */
const TIMED: readonly {
  readonly name: string;
  readonly variant: string;
  readonly placement: Placement;
}[] = [
  { name: "hybrid", variant: "baseline", placement: "hybrid" },
  { name: "fae", variant: "fae", placement: "hot" },
  { name: "slipstream, D = 0.30", variant: "slipstream-30", placement: "hot" },
];

/** Times plans against each other. */
export const plansExperiment: Experiment = {
  name: "plans",
  summary: "What skipping saves here: time of the hybrid baseline, FAE and Slipstream, by stage",
  title: "What skipping saves on this machine",
  suite: "default",
  async run(settings: Settings): Promise<Findings> {
    const tables: ResultTable[] = [];
    const notes: string[] = [
      "Training alone, medians over the rounds, the plans in turn; profiling and telling hot from cold inputs are left out, " +
      "as the paper does, and have a column of their own",
    ];
    for (const workload of settings.workloads) {
      tables.push(...await timeWorkload(workload, settings, notes));
    }
    return { tables, notes };
  },
};

async function timeWorkload(
  workload: PresetName,
  settings: Settings,
  notes: string[],
): Promise<ResultTable[]> {
  const inputs = settings.smoke ? SMOKE_INPUTS : settings.inputs ?? INPUTS;
  settings.say(`${workload}: drawing ${formatCount(inputs)} inputs`);
  const twin = await openTwin({
    twin: workload,
    inputs: Math.ceil(inputs / TRAIN_SHARE),
    seed: SEED,
  });
  const dataset = await materialise(twin, { vocabulary: "seen", signal: settings.signal });
  twin.close();
  const shape = resolveShape(PRESETS[workload], dataset.schema);
  const rows = shape.tableRows.reduce((sum, n) => sum + n, 0);
  const hotMemoryMib = Math.max(1, hotShare(workload) * rows * 4 * shape.dim / 2 ** 20);
  const options = planOfVariant(variantOf("fae"), hotMemoryMib);
  const hotSet = await findHotSet(dataset, options, shape.tableRows, shape.dim, SEED);
  const placed = await openPlaced("hot", settings);
  const runs = new Map<string, TrainResult[]>(TIMED.map(({ name }) => [name, []]));
  try {
    for (let round = 0; round < settings.rounds; round++) {
      for (const timed of TIMED) {
        settings.say(`${workload}, round ${round + 1} of ${settings.rounds}: ${timed.name}`);
        runs.get(timed.name)!.push(
          await runOnce(workload, dataset, hotSet, hotMemoryMib, placed, timed, settings),
        );
        settings.signal.throwIfAborted();
      }
    }
  } finally {
    placed.dispose();
  }
  const hot = runs.get("fae")![0]!.plan.hot!;
  const share = hot.hot_inputs / (hot.hot_inputs + hot.cold_inputs);
  if (placed.device.info.isFallbackAdapter) {
    notes.push(`${placed.device.info.name} is a software adapter: its times say nothing of a GPU`);
  }
  // The loop's time holds the pass that tells hot inputs from cold ones; the rest of the preparation came before it.
  const trainingMs = ({ trainMs, plan }: TrainResult): number =>
    plan.hot === null ? trainMs : trainMs - (plan.preparation_ms - hotSet.ms);
  const seconds = (name: string): number[] =>
    runs.get(name)!.map((result) => trainingMs(result) / 1000);
  const stages = [
    ...new Set([...runs.values()].flat().flatMap(({ stagesMs }) => Object.keys(stagesMs))),
  ]
    .filter((stage) => stage !== "evaluate");
  const median = (values: readonly number[]): number => summarise(values).median;
  return [{
    title: `${workload}, ${formatCount(inputs)} inputs, ${
      (100 * share).toFixed(1)
    } % hot, on ${placed.device.info.name}`,
    columns: [
      { name: "plan" },
      ...[
        "training, s",
        "time of fae over its",
        "time of hybrid over its",
        "minibatches",
        "skipped, % of hot",
        "three blocks, % of training",
        "preparation, s",
      ]
        .map((name) => ({ name, align: "right" as const })),
    ],
    rows: TIMED.map(({ name }): Cell[] => {
      const own = runs.get(name)!;
      const ratio = (of: string): string =>
        median(seconds(of).map((s, i) => s / seconds(name)[i]!)).toFixed(3);
      const blocks = own.map((result) => {
        const { snapshot = 0, search = 0, classify = 0 } = result.stagesMs;
        return 100 * (snapshot + search + classify) / trainingMs(result);
      });
      const { plan, steps } = own[0]!;
      return [
        name,
        median(seconds(name)).toFixed(2),
        ratio("fae"),
        ratio("hybrid"),
        formatCount(steps),
        plan.hot === null ? "" : (100 * plan.skipped_inputs / plan.hot.hot_inputs).toFixed(1),
        plan.decisions.length === 0 ? "" : median(blocks).toFixed(2),
        plan.hot === null
          ? ""
          : (median(own.map((run) => run.plan.preparation_ms)) / 1000).toFixed(2),
      ];
    }),
  }, {
    title: `${workload}: seconds by stage`,
    columns: [
      { name: "stage" },
      ...TIMED.map(({ name }) => ({ name, align: "right" as const })),
    ],
    rows: stages.map((stage): Cell[] => [
      stage,
      ...TIMED.map(({ name }) =>
        median(runs.get(name)!.map(({ stagesMs }) => (stagesMs[stage as "forward"] ?? 0) / 1000))
          .toFixed(3)
      ),
    ]),
  }];
}

async function runOnce(
  workload: PresetName,
  dataset: Dataset,
  hotSet: HotSet,
  hotMemoryMib: number,
  { device, host }: PlacedDevices,
  { variant, placement }: typeof TIMED[number],
  settings: Settings,
): Promise<TrainResult> {
  const { optimizer, learningRate, batch } = WORKLOADS[workload];
  const size = settings.batch[0] ?? batch;
  const shape = resolveShape(PRESETS[workload], dataset.schema);
  const model = createModel(device, shape, {
    optimizer: optimizerOf(optimizer),
    maxBatch: Math.max(size, 2048),
    host,
    hotRows: placement === "hot" ? hotSet.rows.rows : null,
  });
  try {
    await model.initialise(SEED);
    return await train(model, dataset, {
      batch: size,
      epochs: 1,
      seed: SEED,
      shuffle: true,
      lastBatch: "drop",
      schedule: { base: learningRate, warmupSteps: 0, decayStartStep: 0, decaySteps: 0 },
      evalEvery: 0,
      evalBatch: 2048,
      maxSteps: 0,
      plan: planOfVariant(variantOf(variant), hotMemoryMib),
      hotSet,
      placement,
      signal: settings.signal,
    });
  } finally {
    model.dispose();
  }
}

/** Small runs of plans whose every step can be worked out by hand. */

import { RandomStream } from "../../../core/random.ts";
import { idLayout } from "../../../data/id_layout.ts";
import { RowReader } from "../../../data/row_reader.ts";
import type { Dataset, DatasetSchema, Inputs, Order, Reader, Split } from "../../../data/types.ts";
import type { Device, Optimizer } from "../../../kernels/types.ts";
import { Dlrm } from "../../../train/model/dlrm.ts";
import { readMatrix } from "../../../train/model/matrices.ts";
import type { HostBatch, Model, Route, Step } from "../../../train/model/model.ts";
import type { Placement } from "../../../train/model/placement.ts";
import { chooseHotRows } from "../../../train/plan/hot_rows.ts";
import type { HotSet } from "../../../train/plan/hot_set.ts";
import { PLAN_DEFAULTS, type PlanOptions } from "../../../train/plan/options.ts";
import { Tbsm } from "../../../train/model/tbsm.ts";
import type { Normalisation } from "../../../train/model/tower.ts";
import type { MinibatchRecord } from "../../../train/trace/schema.ts";
import { train, type TrainOptions, type TrainResult } from "../../../train/run/trainer.ts";
import { openReferenceDevice } from "../../kernels/reference_device.ts";

/** Bags of a table: lookups at most, and whether there may be fewer. */
export interface ToyBags {
  readonly lookups: number;
  readonly variable: boolean;
}

/**
 * Inputs by their ids: an id a table, of sequences an id a step of each table, of bags one a place. Dense column 0 is the
 * input's number.
 */
export function arrayDataset(
  tableRows: readonly number[],
  inputs: readonly (readonly number[])[],
  steps?: number,
  bags?: readonly ToyBags[],
): Dataset {
  const schema: DatasetSchema = {
    format: "worked out by hand",
    dense: ["number"],
    tables: tableRows.map((rows, t) => ({ name: `T${t}`, rows, ...bags?.[t] })),
    ...(steps === undefined ? {} : { steps }),
  };
  const S = steps ?? 1;
  const { each, firsts } = idLayout(schema);
  const count = (split: Split): number =>
    split === "train" ? inputs.length : split === "test" ? 4 : 0;
  return {
    schema,
    hash: "1".repeat(64),
    notes: [],
    bayes: null,
    count,
    reader(split: Split, order: Order): Reader {
      return new RowReader(schema, order, {
        count: count(split),
        write(row: number, into: Inputs, b: number, size: number): void {
          const ids = inputs[row]!;
          for (let s = 0; s < S; s++) into.dense[b * S + s] = row;
          for (let t = 0; t < tableRows.length; t++) {
            const to = firsts[t]! * size + b * each[t]!;
            for (let l = 0; l < each[t]!; l++) into.ids[to + l] = ids[firsts[t]! + l]!;
          }
          into.labels[b] = row % 2;
        },
      });
    },
    close(): void {},
    [Symbol.dispose](): void {},
  };
}

/** A hot set of these rows, by table. */
export function hotSetOf(tableRows: readonly number[], hot: readonly number[][]): HotSet {
  const counts = tableRows.map((rows, t) =>
    Uint32Array.from({ length: rows }, (_, row) => Number(hot[t]!.includes(row)))
  );
  const rows = chooseHotRows(counts, { budgetBytes: 2 ** 20, dim: 4, keepUntouched: false });
  return { rows, profiled: 1, memoryBytes: 2 ** 20, ms: 0 };
}

/** A minibatch that was trained. */
export interface Trained {
  readonly inputs: number[];
  readonly route: Route;
  readonly rate: number;
  /** Flat rows of the full tables that were updated. */
  readonly rows: number[];
  /** What each input weighed; null for 1 each. */
  readonly weights: number[] | null;
}

/** Notes what is trained. With `moves` nothing is computed: each updated row's first number goes up by its move. */
export function recordTraining(model: Model, moves?: readonly number[]): Trained[] {
  const trained: Trained[] = [];
  const steps = model instanceof Tbsm ? model.shape.steps : 1;
  const real = model.trainStep.bind(model);
  model.trainStep = async (batch: HostBatch, step: Step, route: Route = "full") => {
    const { unique, uniqueRows } = batch.lookups;
    const updated = uniqueRows.slice(0, unique);
    trained.push({
      inputs: Array.from({ length: batch.size }, (_, b) => batch.dense[b * steps]!),
      route,
      rate: step.learningRate,
      weights: batch.weights === undefined ? null : [...batch.weights],
      rows: Array.from(updated, (row) => route === "hot" ? model.hot!.flatRows[row]! : row),
    });
    if (moves === undefined) return await real(batch, step, route);
    const tables = route === "hot" ? model.hot!.tables : model.tables;
    for (const [u, row] of updated.entries()) {
      const values = await tables.readRows(row, 1);
      values[0]! += moves[trained.at(-1)!.rows[u]!]!;
      await tables.writeRows(row, values);
    }
  };
  return trained;
}

/** A run by hand. */
export interface ToyRun {
  readonly tableRows: readonly number[];
  readonly inputs: readonly (readonly number[])[];
  readonly hot: readonly number[][];
  readonly steps?: number;
  readonly bags?: readonly ToyBags[];
  readonly plan: Partial<PlanOptions>;
  readonly placement?: Placement;
  /** Holds rows in host memory; the device itself by default. */
  readonly host?: Device;
  readonly moves?: readonly number[];
  readonly optimizer?: Optimizer;
  readonly normalisation?: Normalisation;
  readonly more?: Partial<TrainOptions>;
}

export interface ToyOutcome {
  readonly result: TrainResult;
  readonly trained: Trained[];
  readonly records: MinibatchRecord[];
  /** Everything of the model that training changes, but the second copy of hot rows. */
  readonly numbers: Float32Array[];
}

/** The model of a run, on a device. */
export function toyModel(device: Device, run: ToyRun): Model {
  const { tableRows, steps, placement = "device", optimizer = { kind: "sgd" } } = run;
  const twoCopies = placement === "hot";
  const options = {
    normalisation: run.normalisation ?? "none",
    optimizer,
    maxBatch: 8,
    host: twoCopies || placement === "hybrid" ? run.host ?? device : null,
    hotRows: twoCopies ? hotSetOf(tableRows, run.hot).rows.rows : null,
  };
  const F = tableRows.length + 1;
  const width = 4 + F * (F - 1) / 2;
  const lookups = run.bags === undefined ? {} : { lookups: run.bags.map((bags) => bags.lookups) };
  return steps === undefined
    ? new Dlrm(device, { tableRows, ...lookups, dim: 4, bottom: [1, 4], top: [width, 1] }, options)
    : new Tbsm(device, {
      ...{ tableRows, dim: 4, bottom: [1, 4], top: [width, 5], steps },
      ...{ attention: [steps - 1, steps - 1], final: [10, 1] },
    }, options);
}

/** The options of a run. */
export function toyOptions(run: ToyRun, records: MinibatchRecord[]): TrainOptions {
  return {
    batch: 2,
    epochs: 1,
    seed: 1,
    shuffle: false,
    schedule: { base: 0.1, warmupSteps: 0, decayStartStep: 0, decaySteps: 0 },
    evalEvery: 0,
    evalBatch: 4,
    maxSteps: 0,
    plan: { ...PLAN_DEFAULTS, schedule: "cold-then-hot", rate: 50, watch: 0, ...run.plan },
    hotSet: hotSetOf(run.tableRows, run.hot),
    placement: run.placement ?? "device",
    trace: {
      add: (record) => void records.push(record),
      snapshot: () => new Map(),
      restore: () => {},
    },
    ...run.more,
  };
}

/** Runs it on the reference device, or one that is given. */
export async function runToy(run: ToyRun, on?: Device): Promise<ToyOutcome> {
  const device = on ?? await openReferenceDevice();
  try {
    const model = toyModel(device, run);
    try {
      // Moved by hand, rows start at 0, so that sums are exact.
      if (run.moves === undefined) await model.initialise(3);
      const trained = recordTraining(model, run.moves);
      const records: MinibatchRecord[] = [];
      const dataset = arrayDataset(run.tableRows, run.inputs, run.steps, run.bags);
      const result = await train(model, dataset, toyOptions(run, records));
      return { result, trained, records, numbers: await allNumbers(model) };
    } finally {
      model.dispose();
    }
  } finally {
    if (on === undefined) device.dispose();
  }
}

/** Rows: of table 0 a, b and the cold 2; of table 1 c, d and the cold 2. A letter an input. */
const LETTERS: Readonly<Record<string, readonly number[]>> = {
  P: [0, 0],
  Q: [0, 1],
  R: [1, 0],
  S: [1, 1],
  X: [2, 0],
  Y: [0, 2],
};
/** The same for sequences of three steps whose table 0 names one user throughout: their 2nd smallest is as P's to S's. */
const SEQUENCES: Readonly<Record<string, readonly number[]>> = {
  P: [0, 0, 0, 0, 0, 0],
  Q: [0, 0, 0, 1, 1, 1],
  R: [1, 1, 1, 0, 1, 0],
  S: [1, 1, 1, 1, 0, 1],
  X: [2, 2, 2, 0, 0, 0],
  Y: [0, 0, 0, 1, 2, 1],
};

/** A run of inputs by letters; hot rows are a, b, c and d. */
export function lettersRun(
  letters: string,
  sequences: boolean,
  rest: Omit<ToyRun, "tableRows" | "inputs" | "hot" | "steps">,
): ToyRun {
  const table = sequences ? SEQUENCES : LETTERS;
  return {
    tableRows: [3, 3],
    inputs: [...letters.replaceAll(" ", "")].map((letter) => table[letter]!),
    hot: [[0, 1], [0, 1]],
    ...(sequences ? { steps: 3 } : {}),
    ...rest,
  };
}

/** Inputs drawn at random, of which about three in four are hot; hot are the first rows of each table. */
export function drawnRun(
  sequences: boolean,
  count: number,
  rest: Omit<ToyRun, "tableRows" | "inputs" | "hot" | "steps">,
): ToyRun {
  const random = new RandomStream(7, "synthetic");
  const tableRows = [6, 4, 9], steps = sequences ? 3 : 1;
  let p = 0;
  return {
    tableRows,
    inputs: Array.from(
      { length: count },
      () =>
        tableRows.flatMap((rows) =>
          Array.from({ length: steps }, () => Math.floor(random.uniform(p++) ** 4 * rows))
        ),
    ),
    // Sequences are hot as a whole only where nearly all rows are.
    hot: sequences ? [[0, 1, 2, 3, 4], [0, 1, 2], [0, 1, 2, 3, 4, 5]] : [[0, 1, 2], [0, 1], [
      0,
      1,
      2,
      3,
    ]],
    ...(sequences ? { steps } : {}),
    ...rest,
  };
}

/** Weights, then optimizer state and running statistics of a model. */
export async function allNumbers(model: Model): Promise<Float32Array[]> {
  const { device, tables, parameters, buffers } = model;
  const matrices = [
    ...parameters.flatMap(({ value, state }) => state === null ? [value] : [value, state]),
    ...buffers.map(({ value }) => value),
  ];
  const numbers = [await tables.readRows(0, tables.totalRows)];
  numbers.push(await tables.readState(0, tables.totalRows));
  for (const matrix of matrices) numbers.push(await readMatrix(device, matrix));
  return numbers;
}

/** Plans with many turns in few minibatches. */
export const PLANS = {
  fae: { name: "fae" },
  "fae interleaved": { name: "fae", schedule: "interleaved" },
  "slipstream without warm-up": { name: "slipstream", warmup: 0, window: 4 },
  "slipstream interleaved, waking": {
    name: "slipstream",
    schedule: "interleaved",
    warmup: 1,
    window: 4,
    snapshots: 4,
    criterion: "net-over-path",
    wakeEvery: 3,
  },
  "skip-hot": { name: "skip-hot" },
  "skip-cold": { name: "skip-cold" },
  "random-drop": { name: "random-drop", warmup: 1, window: 3 },
  freeze: { name: "freeze", schedule: "interleaved", warmup: 0, window: 3, wakeEvery: 4 },
  "slipstream-cold": {
    name: "slipstream-cold",
    schedule: "interleaved",
    warmup: 1,
    window: 3,
    criterion: "per-root-access",
    change: "mean",
    snapshots: 3,
  },
  "fae within a budget": { name: "fae", schedule: "interleaved", budget: 0.8 },
  "baseline on the newest": { name: "baseline", budget: 0.7, budgetOf: "last" },
  "fae on the newest": { name: "fae", schedule: "interleaved", budget: 0.7, budgetOf: "last" },
  popularity: {
    name: "slipstream",
    schedule: "interleaved",
    warmup: 1,
    window: 4,
    criterion: "popularity",
    wakeEvery: 3,
  },
  "InfoBatch": {
    name: "slipstream",
    schedule: "interleaved",
    warmup: 1,
    window: 3,
    drop: 0.6,
    skipProbability: 0.5,
    rescale: true,
    finish: 0.2,
  },
  "annealed, waking": {
    name: "slipstream",
    warmup: 0.1,
    window: 3,
    anneal: "rise",
    combine: "mean",
    wakeEvery: 5,
  },
  "fae on fewer negatives": {
    name: "fae",
    schedule: "interleaved",
    negatives: 0.5,
    correction: "weights",
  },
  "slipstream on fewer negatives": { name: "slipstream", warmup: 1, window: 3, negatives: 0.6 },
  "random-drop, annealed and weighed": {
    name: "random-drop",
    warmup: 1,
    window: 2,
    anneal: "fall",
    rescale: true,
  },
  "Adagrad's sums": { name: "slipstream", warmup: 2, criterion: "adagrad", wakeEvery: 3 },
} as const satisfies Readonly<Record<string, Partial<PlanOptions>>>;

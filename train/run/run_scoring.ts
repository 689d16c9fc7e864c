/**
 * Scores inputs with a trained model: metrics, and a probability for each input.
 *
 * @module
 */

import { checkOutputFile, STANDARD_OUTPUT, writeOutput } from "../../core/outputs.ts";
import { UserError } from "../../core/errors.ts";
import { formatCount } from "../../core/format.ts";
import { isArrayFormat } from "../../data/arrays/formats.ts";
import type { TableKeys } from "../../data/table_keys.ts";
import type { Dataset } from "../../data/types.ts";
import type { DeviceInfo } from "../../kernels/types.ts";
import type { ModelShape, ShapeDocument } from "../model/models.ts";
import { documentShape, isTbsm, shapeDocument, shapeOverrides } from "../model/models.ts";
import { openPlaced, type PlacedDevices, placeOn } from "../model/placement.ts";
import { PRESETS, resolveShape } from "../model/presets.ts";
import { checkDenseColumns, readSavedModel } from "../weights/weights.ts";
import { BatchSource } from "./batches.ts";
import { openRunData } from "./data.ts";
import { evaluate } from "./evaluate.ts";
import type { RunHooks } from "./hooks.ts";
import type { Metrics } from "./metrics.ts";
import { createPlacedModel, fillModel, keysOf } from "./model.ts";
import { dataNotes } from "./notes.ts";
import { type DeviceSettings, isDataset, type Optional, type RunOptions } from "./options.ts";
import { createScoresFile } from "./scores_file.ts";
import { resolveRun } from "./settings.ts";

/** What is scored, with which weights, and what is written. */
export interface ScoringOptions {
  /** Folder of the weights, as a run writes it. */
  readonly weights: string;
  /**
   * What is scored: all inputs of a log in the order of its files. For Taobao (whose log is split by users), generated data
   * and an open data set, only the test split.
   */
  readonly data: RunOptions["data"];
  /** Where it runs. */
  readonly device?:
    | Optional<Pick<DeviceSettings, "kind" | "threads" | "wide" | "open">>
    | undefined;
  /** Inputs in a minibatch, at most; 16,384 by default. */
  readonly batch?: number | undefined;
  /** What is written. */
  readonly outputs?:
    | {
      /** File for the scores: Parquet if its name ends in `.parquet`, else CSV. */
      readonly scores?: string | null | undefined;
      /** File for the document that `runScoring` gives, as JSON. */
      readonly result?: string | null | undefined;
    }
    | undefined;
}

/** Grows when a member changes its meaning or goes. */
export const SCORING_SCHEMA_VERSION = 1;

/** What scoring gives. */
export interface ScoringDocument {
  /** Which kind of document this is. */
  readonly schema: "slipstream.scoring";
  /** Which version of it. */
  readonly schema_version: typeof SCORING_SCHEMA_VERSION;
  /** Folder of the weights. */
  readonly weights: string;
  /** What was scored. */
  readonly dataset: {
    readonly hash: string;
    readonly format: string;
    readonly inputs: number;
    readonly notes: readonly string[];
    readonly bayes: Dataset["bayes"];
  };
  /** The shape of the model. */
  readonly model: ShapeDocument;
  /** Where the arithmetic ran. */
  readonly device: DeviceInfo;
  /** Over all inputs; null where they have no labels. */
  readonly metrics: Metrics | null;
}

/** The callbacks of scoring, and how to stop it. */
export type ScoringHooks = Pick<RunHooks, "onNote" | "onPreparation" | "signal"> & {
  /** Called a few times a second with the inputs scored. */
  readonly onScored?: ((done: number, total: number) => void) | undefined;
};

const DEFAULT_BATCH = 16_384;
const REPORT_MS = 250;

/**
 * Scores inputs with a model that a run has saved. Nothing is trained, and the device has no room for gradients or optimizer
 * state.
 *
 * @throws {UserError} The folder has no model, the data do not fit it, or a file cannot be written.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { openSynthetic, runScoring, runTraining } from "@slipstream/slipstream";
 *
 * const folder = await Deno.makeTempDir();
 * using clicks = openSynthetic({ inputs: 7_000, tableRows: [100, 20, 5] });
 * await runTraining({
 *   data: clicks,
 *   model: { preset: "rm2", shape: { dim: 8, bottom: [13, 32, 8], top: [16, 1] } },
 *   device: { kind: "cpu" },
 *   outputs: { weights: `${folder}/model` },
 * });
 * const { metrics } = await runScoring({
 *   weights: `${folder}/model`,
 *   data: clicks,
 *   device: { kind: "cpu" },
 *   outputs: { scores: `${folder}/scores.csv` },
 * });
 * console.log(`AUC ${metrics?.auc}`);
 * // A line of names, and one an input that tests.
 * const lines = (await Deno.readTextFile(`${folder}/scores.csv`)).trim().split("\n");
 * assert.equal(lines.length, 1 + metrics!.count);
 * await Deno.remove(folder, { recursive: true });
 * ```
 * @category Training
 */
export async function runScoring(
  options: ScoringOptions,
  hooks: ScoringHooks = {},
): Promise<ScoringDocument> {
  const { weights, outputs = {} } = options;
  const scoresPath = outputs.scores ?? null, resultPath = outputs.result ?? null;
  checkOutputFile("outputs.scores", scoresPath);
  if (resultPath !== STANDARD_OUTPUT) checkOutputFile("outputs.result", resultPath);
  const saved = await readSavedModel(weights);
  const shape = documentShape(saved);
  const { data, training, model: { preset, normalisation } } = resolveRun({
    data: options.data,
    model: {
      preset: isTbsm(shape) ? "rm1" : "rm2",
      shape: shapeOverrides(shape),
      normalisation: saved.normalisation,
    },
    training: { optimizer: "sgd" },
    evaluation: { batch: options.batch },
  });
  using owned = new DisposableStack();
  const chosen = { preset, shape: shapeOverrides(shape), normalisation, weights };
  const { dataset } = owned.use(
    await openRunData(data, chosen, training.seed, hooks, true, saved.scales),
  );
  dataNotes(dataset).forEach((line) => hooks.onNote?.(line));
  const keys = await keysOf(dataset, data);
  const matched = keys && saved.vocabulary ? keys : null;
  if (matched === null && !isDataset(data)) checkNumbering(dataset, weights);
  checkFits(dataset, shape, weights, matched);
  if (!isDataset(data)) checkDenseColumns(weights, saved.dense, dataset.schema.dense);
  const labelled = dataset.schema.labelled !== false;
  if (!labelled && scoresPath === null) {
    throw new UserError(
      `Cannot evaluate on ${dataset.schema.format}: it has no labels, so its inputs can only be scored`,
    );
  }
  const count = dataset.count("test");
  if (count === 0) throw new UserError(`Cannot score ${dataset.schema.format}: it has no inputs`);
  const batch = Math.min(count, options.batch ?? DEFAULT_BATCH);
  const devices = owned.use(await openDevices(options.device ?? {}));
  const { device } = devices;
  hooks.onNote?.(`Device: ${device.info.kind}, ${device.info.name} (${devices.reason})`);
  // Rows that are matched by id are as many as the log has ids.
  const tables = dataset.schema.tables.map(({ rows }, t) =>
    matched?.[t]?.ids ? rows : shape.tableRows[t]!
  );
  const resolved = resolveShape(PRESETS[preset], dataset.schema, { ...chosen.shape, tables });
  const model = owned.use(createPlacedModel(devices, resolved, {
    placement: "device",
    maxBatch: batch,
    maxTrainBatch: 0,
    optimizer: training.optimizer,
    normalisation,
    hotSet: null,
  }));
  const { optimizer } = training;
  await fillModel(model, { weights, optimizer, seed: null, keys, unknown: "rare" }, hooks);
  await using scores = scoresPath === null ? null : await createScoresFile(scoresPath, labelled);
  const reader = dataset.reader("test", { kind: "sequential" });
  const source = new BatchSource(reader, dataset.schema, model.tables.rows, batch);
  let reported = 0;
  const metrics = await evaluate(
    model,
    source,
    batch,
    (done) => {
      const now = performance.now();
      if (now - reported < REPORT_MS && done < count) return;
      reported = now;
      hooks.onScored?.(done, count);
    },
    hooks.signal,
    scores === null ? undefined : (logits, labels) => scores.add(logits, labels),
  );
  await scores?.commit();
  const { hash, notes, bayes, schema: { format } } = dataset;
  const document: ScoringDocument = {
    schema: "slipstream.scoring",
    schema_version: SCORING_SCHEMA_VERSION,
    weights,
    dataset: { hash, format, inputs: count, notes, bayes },
    model: shapeDocument(resolved),
    device: device.info,
    metrics: labelled ? metrics : null,
  };
  if (resultPath !== null) {
    await writeOutput(resultPath, `${JSON.stringify(document, null, 2)}\n`);
  }
  return document;
}

async function openDevices(
  { kind = "auto", threads = null, wide = false, open = null }: NonNullable<
    ScoringOptions["device"]
  >,
): Promise<PlacedDevices> {
  if (open !== null) return placeOn(open, "device");
  return await openPlaced("device", { device: kind, threads, wide });
}

/**
 * Refuses logs whose ids are numbered in order of first appearance where the folder does not say which ids its rows are:
 * another log numbers them differently, and its lookups would silently go to the rows of other ids.
 */
function checkNumbering({ schema: { format } }: Dataset, weights: string): void {
  if (isArrayFormat(format) || format === "synthetic" || format.startsWith("twin-")) return;
  throw new UserError(
    `Cannot score a log of the format ${format} with the weights in ${weights}: its ids are numbered as they appear in it, and nothing says which rows of the weights they are`,
  );
}

/** Rewords an error about the shape, which would name flags, in terms of weights and log. */
function checkFits(
  { schema }: Dataset,
  shape: ModelShape,
  weights: string,
  matched: readonly TableKeys[] | null,
): void {
  const fail = (what: string): never => {
    throw new UserError(`Cannot score ${schema.format} with the weights in ${weights}: ${what}`);
  };
  const { tables, dense, steps } = schema;
  const wantedSteps = isTbsm(shape) ? shape.steps : undefined;
  if (steps !== wantedSteps) {
    fail(
      `the inputs are ${
        steps === undefined ? "single" : `sequences of ${steps} steps`
      }, and the model takes ${
        wantedSteps === undefined ? "single ones" : `sequences of ${wantedSteps}`
      }`,
    );
  }
  if (dense.length !== shape.bottom[0]) {
    fail(`the inputs have ${dense.length} dense columns, and the model takes ${shape.bottom[0]}`);
  }
  if (tables.length !== shape.tableRows.length) {
    fail(`the inputs have ${tables.length} tables, and the model ${shape.tableRows.length}`);
  }
  for (const [t, { name, rows }] of tables.entries()) {
    if (!matched?.[t]?.ids && rows > shape.tableRows[t]!) {
      fail(
        `table ${name} has ${formatCount(rows)} ids in the log and ${
          formatCount(shape.tableRows[t]!)
        } rows in the model`,
      );
    }
  }
}

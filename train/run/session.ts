/**
 * A whole training run, from a data set to a result document: what `deno task train` does and an import can do too.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import { counted, formatBytes, formatCount } from "../../core/format.ts";
import { checkOutputFile, checkOutputFolder } from "../../core/outputs.ts";
import { openDataset } from "../../data/open.ts";
import { readSchema } from "../../data/schema/read_schema.ts";
import type { PreparationProgress } from "../../data/source_scan.ts";
import type { Dataset } from "../../data/types.ts";
import type { Device } from "../../kernels/types.ts";
import { openCheckpoints } from "../checkpoint/checkpoints.ts";
import type { Model } from "../model/model.ts";
import { createModel, isTbsm, type ModelShape, shapeDocument } from "../model/models.ts";
import type { TrainCommand } from "../command/options.ts";
import { openPlaced } from "../model/placement.ts";
import { loadPlan } from "../plan/criterion_file.ts";
import { findHotSet, type HotSet, type PassProgress } from "../plan/hot_set.ts";
import { checkPlan, inputShapeOf } from "../plan/options.ts";
import { findPlan } from "../plan/plans.ts";
import {
  countParameters,
  type DlrmPreset,
  PRESETS,
  resolveShape,
  type ShapeOverrides,
} from "../model/presets.ts";
import { buildResult, type Json, type ResultDocument, writeResult } from "./result.ts";
import { SafetensorsFile } from "../weights/safetensors.ts";
import { startTrace, traceHeader } from "../trace/session.ts";
import {
  type TimedEvaluation,
  train,
  TrainingFailure,
  type TrainOptions,
  type TrainProgress,
  type TrainResult,
} from "./trainer.ts";
import { loadWeightsById, saveWeights, WEIGHTS_FILE } from "../weights/weights.ts";

/** What a run tells while it goes, and how it is stopped. */
export interface SessionHooks {
  /** One line for people: data set, device and why, model. */
  readonly onNote?: (line: string) => void;
  /** While raw files are prepared. */
  readonly onPreparation?: (progress: PreparationProgress) => void;
  /** While a plan looks at the data set. */
  readonly onPass?: (progress: PassProgress) => void;
  /** While training and evaluating. */
  readonly onProgress?: (progress: TrainProgress) => void;
  /** After each evaluation; `final` for that at the end. */
  readonly onEvaluation?: (evaluation: TimedEvaluation, final: boolean) => void;
  /** When the run has ended, before anything of it is written: what cannot be written is not lost on who looks on. */
  readonly onResult?: (result: ResultDocument) => void;
  /** Ends the run after the step at hand, or the preparation at once. */
  readonly signal?: AbortSignal;
}

/** Rows that a generated table has at most: enough to be skewed, few enough to be learned from 100,000 inputs. */
const SYNTHETIC_ROWS = 10_000;

/**
 * Opens data set and device, builds the model, trains, evaluates, and writes what the command asks for.
 *
 * @throws {UserError} What a person can mend. A run that failed on the way (a loss that is not finite) has written its
 * result document before it throws.
 */
export async function runTraining(
  given: TrainCommand,
  hooks: SessionHooks = {},
): Promise<ResultDocument> {
  const startedAt = new Date();
  const command = { ...given, plan: await loadPlan(given.plan) };
  checkOutputFile("--json", command.json);
  checkOutputFile("--trace", command.trace);
  checkOutputFolder("--save", command.save);
  checkOutputFolder("--checkpoint", command.checkpoint);
  // Preparing may take hours, so a folder that cannot be used is found out first.
  const store = await openCheckpoints(command, hooks.onNote);
  if (command.init !== null && command.resume === null) {
    SafetensorsFile.open(`${command.init}/${WEIGHTS_FILE}`).close();
  }
  const dataset = await openData(command, hooks);
  try {
    const shape = resolveShape(
      PRESETS[command.model],
      dataset.schema,
      ownShape(command, dataset.schema.dense.length),
    );
    describeData(dataset, hooks);
    const { plan, epochs } = command;
    checkPlan(plan, epochs, inputShapeOf(dataset.schema));
    const hotSet = await findHot(dataset, shape, command, hooks);
    const { device, host, reason, dispose } = await openPlaced(command.placement, {
      device: command.device,
      threads: command.threads,
      wide: command.wide,
    });
    try {
      describeRun(shape, command, device, reason, hooks);
      const model = buildModel(device, host, hotSet, shape, command);
      try {
        const resume = await store?.restore(model, dataset) ?? null;
        if (resume !== null) hooks.onNote?.(resume.note);
        else if (command.init === null) await model.initialise(command.seed);
        else await initialiseFrom(model, dataset, command, command.init, hooks);
        const trace = await startTrace(command);
        const document = (
          run: Omit<TrainResult, "ended">,
          ended: "completed" | "interrupted" | { readonly failed: string },
        ): ResultDocument =>
          buildResult({
            configuration: command as unknown as Json,
            dataset,
            shape,
            device: device.info,
            host: host === null || host === device ? null : host.info,
            counters: device.counters,
            run,
            ended,
            startedAt,
            finishedAt: new Date(),
          });
        /** Writes what is asked for of a run, whole or cut short; a file that cannot be written costs no other. */
        const finish = async (result: ResultDocument, save = false): Promise<void> => {
          const writing: (() => Promise<void>)[] = [];
          if (command.json !== null) writing.push(() => writeResult(command.json!, result));
          if (trace !== null) writing.push(() => trace.write(traceHeader(result, command)));
          if (save && command.save !== null) {
            writing.push(async () =>
              await saveWeights(
                model,
                {
                  model: isTbsm(shape) ? "tbsm" : "dlrm",
                  ...shapeDocument(shape),
                  optimizer: command.optimizer,
                },
                command.save!,
                await dataset.keys?.() ?? null,
              )
            );
          }
          const failures: unknown[] = [];
          for (const write of writing) await write().catch((error) => failures.push(error));
          if (failures.length > 0) throw failures[0];
        };
        let result: ResultDocument;
        try {
          const run = await train(model, dataset, {
            ...loopOptions(command),
            ...pick(hooks),
            hotSet,
            trace: trace?.recorder ?? null,
            checkpoint: store?.policy(model, dataset) ?? null,
            resume: resume?.state ?? null,
          });
          result = document(run, run.ended);
        } catch (error) {
          if (error instanceof TrainingFailure) {
            await finish(document(error.run, { failed: error.message }));
          }
          throw error;
        }
        hooks.onResult?.(result);
        await finish(result, true);
        return result;
      } finally {
        model.dispose();
      }
    } finally {
      dispose();
    }
  } finally {
    dataset.close();
  }
}

/** The hot set of a plan that has one. */
async function findHot(
  dataset: Dataset,
  shape: ModelShape,
  command: TrainCommand,
  hooks: SessionHooks,
): Promise<HotSet | null> {
  const { plan, seed } = command;
  if (!findPlan(plan.name).segregates) return null;
  const hotSet = await findHotSet(dataset, plan, shape.tableRows, shape.dim, seed, {
    ...(hooks.onPass === undefined ? {} : { onPass: hooks.onPass }),
    ...(hooks.signal === undefined ? {} : { signal: hooks.signal }),
  });
  const { rows, profiled, memoryBytes } = hotSet;
  hooks.onNote?.(
    `Hot rows: the ${formatCount(rows.total)} most used, each looked up at least ${
      counted(rows.leastAccesses, "time")
    } in ${formatCount(profiled)} profiled inputs; they take ${
      formatBytes(4 * shape.dim * rows.total)
    } of the ${formatBytes(memoryBytes)} of --hot-memory`,
  );
  if (rows.note !== null) hooks.onNote?.(`  ${rows.note}`);
  return hotSet;
}

/** What of a command the loop takes. */
function loopOptions(command: TrainCommand): TrainOptions {
  const { batch, epochs, seed, shuffle, schedule, evalEvery, evalBatch, maxSteps } = command;
  const { plan, lastBatch, placement } = command;
  return {
    ...{ batch, epochs, seed, shuffle, schedule, evalEvery, evalBatch, maxSteps },
    ...{ plan, lastBatch, placement },
  };
}

async function openData(command: TrainCommand, hooks: SessionHooks): Promise<Dataset> {
  const limit = command.limit === null ? {} : { limit: command.limit };
  if (command.data.kind === "synthetic") {
    const preset = PRESETS[command.model];
    if ("attention" in preset) {
      throw new UserError(
        `Cannot use --data synthetic with --model ${preset.name}: it generates single inputs and the model takes sequences of time steps, so give Taobao's log or a twin of it`,
        2,
      );
    }
    return await openDataset({
      data: [],
      format: "synthetic",
      ...limit,
      synthetic: {
        denseColumns: command.shape.bottom?.[0] ?? preset.dense,
        tableRows: syntheticRows(preset, command),
        seed: command.seed,
        ...(command.data.inputs === null ? {} : { inputs: command.data.inputs }),
      },
    });
  }
  return await openDataset({
    data: command.data.kind === "twin" ? [command.data.source] : command.data.paths,
    format: command.format === "auto" ? undefined : command.format,
    schema: command.schema === null ? undefined : await readSchema(command.schema),
    ...(command.test.length === 0 ? {} : { test: command.test }),
    ...(command.validation.length === 0 ? {} : { validation: command.validation }),
    ...limit,
    maxIndexRange: command.maxIndRange ?? 0,
    minCount: command.minCount,
    seed: command.dataSeed,
    leak: command.leak,
    badRows: command.badRows,
    cacheDirectory: command.cache,
    onProgress: hooks.onPreparation,
    signal: hooks.signal,
  });
}

/** A log of one's own has its own number of dense columns, which the preset's bottom MLP then begins with. */
function ownShape({ schema, shape, model }: TrainCommand, dense: number): ShapeOverrides {
  if (schema === null || shape.bottom !== undefined) return shape;
  const { bottom, dim } = PRESETS[model];
  return { ...shape, bottom: [dense, ...bottom.slice(1, -1), shape.dim ?? dim] };
}

/** A generated data set fills the tables that are asked for; by default the preset's, capped. */
function syntheticRows(preset: DlrmPreset, command: TrainCommand): readonly number[] {
  const { tables } = command.shape;
  if (tables === "published") return preset.tableRows;
  if (tables !== undefined && tables !== "data") return tables;
  return preset.tableRows.map((rows) => Math.min(rows, SYNTHETIC_ROWS));
}

/** Shapes have been agreed on, so what the device refuses is their size. */
function buildModel(
  device: Device,
  host: Device | null,
  hotSet: HotSet | null,
  shape: ModelShape,
  command: TrainCommand,
): Model {
  const { optimizer, batch, evalBatch, normalisation, placement } = command;
  try {
    return createModel(device, shape, {
      optimizer,
      maxBatch: Math.max(batch, evalBatch),
      host,
      hotRows: placement === "hot" ? hotSet!.rows.rows : null,
      normalisation,
    });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UserError(`${error.message}; try a smaller --batch, --test-batch or --tables`);
  }
}

async function initialiseFrom(
  model: Model,
  dataset: Dataset,
  command: TrainCommand,
  folder: string,
  hooks: SessionHooks,
): Promise<void> {
  // Rows of ids that the folder does not have begin as in a new model.
  await model.initialise(command.seed);
  const keys = await dataset.keys?.() ?? null;
  const { withState, matched, fresh } = await loadWeightsById(
    model,
    command.optimizer,
    folder,
    keys,
  );
  const { kind } = command.optimizer;
  hooks.onNote?.(
    withState
      ? `Weights and ${kind} state from ${folder}`
      : `Weights from ${folder}${kind === "sgd" ? "" : `; the ${kind} state starts at zero`}`,
  );
  if (matched === "ids") {
    hooks.onNote?.(`  Rows are matched by id; ${counted(fresh, "row")} of new ids start afresh`);
  } else if (matched === "number" && keys !== null) {
    hooks.onNote?.("  Rows are matched by number, because the folder does not say what they are");
  }
}

/** Before anything looks at the data. */
function describeData(dataset: Dataset, { onNote }: SessionHooks): void {
  if (onNote === undefined) return;
  const { schema } = dataset;
  const ids = schema.tables.reduce((sum, table) => sum + table.rows, 0);
  onNote(
    `Data: ${schema.format}, ${formatCount(dataset.count("train"))} inputs to train on, ` +
      `${formatCount(dataset.count("test"))} to test on; ` +
      `${schema.steps === undefined ? "" : `${schema.steps} time steps of `}` +
      `${counted(schema.dense.length, "dense column")}, ` +
      `${schema.tables.length} categorical with ${formatCount(ids)} ids`,
  );
  for (const note of dataset.notes) onNote(`  ${note}`);
}

function describeRun(
  shape: ModelShape,
  command: TrainCommand,
  device: Device,
  reason: string,
  { onNote }: SessionHooks,
): void {
  if (onNote === undefined) return;
  const { plan, placement } = command;
  const { dense, embedding } = countParameters(shape);
  const rows = shape.tableRows.reduce((sum, n) => sum + n, 0);
  onNote(
    `Model: ${command.model}, bottom ${shape.bottom.join("-")}, top ${shape.top.join("-")}, ` +
      (isTbsm(shape)
        ? `attention ${shape.attention.join("-")}, final ${shape.final.join("-")}, `
        : "") +
      `${formatCount(rows)} embedding rows of ${shape.dim}; ` +
      `${formatCount(dense + embedding)} parameters (${formatBytes(4 * (dense + embedding))})`,
  );
  onNote(`Device: ${device.info.kind}, ${device.info.name} (${reason})`);
  onNote(
    `Plan: ${findPlan(plan.name).name}${
      plan.mode === "artifact" ? " as the artifact" : ""
    }; placement of embedding rows: ${placement}`,
  );
}

/** The hooks of the loop, without the absent ones. */
function pick(
  hooks: SessionHooks,
): Pick<SessionHooks, "onPass" | "onProgress" | "onEvaluation" | "signal"> {
  const { onPass, onProgress, onEvaluation, signal } = hooks;
  return {
    ...(onPass === undefined ? {} : { onPass }),
    ...(onProgress === undefined ? {} : { onProgress }),
    ...(onEvaluation === undefined ? {} : { onEvaluation }),
    ...(signal === undefined ? {} : { signal }),
  };
}

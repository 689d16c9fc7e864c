/**
 * A whole training run, from a data set to a result document: what commands, benches and scripts all call.
 *
 * @module
 */

import { openCheckpoints } from "../checkpoint/checkpoints.ts";
import { openEventLog, type StartedRun } from "../events/event_log.ts";
import { type RunTrace, startTrace } from "../trace/session.ts";
import { SafetensorsFile } from "../weights/safetensors.ts";
import { WEIGHTS_FILE } from "../weights/weights.ts";
import { configurationOf } from "./configuration.ts";
import type { RunHooks } from "./hooks.ts";
import { fillModel, keysOf } from "./model.ts";
import type { RunOptions, RunSettings } from "./options.ts";
import { checkOutputs, writeOutputs } from "./outputs.ts";
import { buildResult, type Json, type ResultDocument, type ResultInput } from "./result.ts";
import { settleRun } from "./settings.ts";
import { type RunSetup, setUpRun } from "./setup.ts";
import { TrainingFailure } from "./trainer.ts";

/**
 * Opens data set and device, builds the model, trains, evaluates, and writes the files that the options name.
 *
 * @throws {UsageError} Options that are wrong or contradict each other; names the field.
 * @throws {UserError} Anything else that the user can fix. A run that fails while training, for example with a loss that is
 * not finite, writes its result document before it throws.
 * @category Training
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { runTraining } from "@slipstream/slipstream";
 *
 * const { metrics, throughput } = await runTraining({
 *   data: "synthetic:7000",
 *   model: { preset: "rm2", shape: { dim: 4, bottom: [13, 8, 4], top: [8, 1], tables: Array(26).fill(50) } },
 *   training: { batch: 64, maxSteps: 50 },
 *   device: { kind: "cpu", threads: 2 },
 * });
 * assert.equal(throughput.steps, 50);
 * console.log(`AUC ${metrics!.auc}`);
 * ```
 */
export async function runTraining(
  options: RunOptions,
  hooks: RunHooks = {},
): Promise<ResultDocument> {
  const startedAt = new Date();
  const settings = await settleRun(options);
  checkOutputs(settings.outputs);
  const { weights } = settings.model;
  // Preparing may take hours, so the checkpoint folder is checked first.
  const configuration = configurationOf(settings);
  using checkpoints = await openCheckpoints(settings.checkpoints, configuration, hooks.onNote);
  if (weights !== null && settings.checkpoints.resume === null) {
    SafetensorsFile.open(`${weights}/${WEIGHTS_FILE}`).close();
  }
  using setup = await setUpRun(settings, hooks);
  const { model, dataset } = setup;
  const resume = await checkpoints?.restore(model, dataset) ?? null;
  if (resume === null) {
    const { optimizer, seed } = settings.training;
    const keys = weights === null ? undefined : await keysOf(dataset, settings.data);
    await fillModel(model, { weights, optimizer, seed, keys }, hooks);
  } else hooks.onNote?.(resume.note);
  const trace = await startTrace(settings.outputs.trace);
  using events = await openEventLog(
    settings.outputs.events,
    startedRun(setup, configuration, resume !== null),
    hooks.onWarning,
  );
  if (events !== null && resume !== null) {
    hooks.onNote?.(`Events go on in ${settings.outputs.events}`);
  }
  const ending = new RunEnding(settings, configuration, setup, trace, startedAt, hooks);
  try {
    const run = await setup.train({
      trace: trace?.recorder ?? null,
      checkpoint: checkpoints?.policy(model, dataset) ?? null,
      resume: resume?.state ?? null,
    }, events?.hooks(hooks));
    const result = ending.document(run, run.ended);
    events?.end(result);
    // The result is shown even if it cannot be written.
    await ending.write(result, true).finally(() => hooks.onResult?.(result));
    return result;
  } catch (error) {
    if (error instanceof TrainingFailure) {
      const result = ending.document(error.run, { failed: error.message });
      events?.end(result);
      await ending.write(result, false);
    }
    throw error;
  }
}

function startedRun(
  { dataset, devices }: RunSetup,
  configuration: Json,
  resumed: boolean,
): StartedRun {
  const { schema } = dataset;
  return {
    resumed,
    configuration,
    dataset: {
      format: schema.format,
      train_inputs: dataset.count("train"),
      test_inputs: dataset.count("test"),
      tables: schema.tables.map(({ name }) => name),
    },
    device: devices.device.info.name,
  };
}

/** What is made of a run at its end. */
class RunEnding {
  readonly #settings: RunSettings;
  readonly #configuration: Json;
  readonly #setup: RunSetup;
  readonly #trace: RunTrace | null;
  readonly #startedAt: Date;
  readonly #hooks: RunHooks;

  constructor(
    settings: RunSettings,
    configuration: Json,
    setup: RunSetup,
    trace: RunTrace | null,
    startedAt: Date,
    hooks: RunHooks,
  ) {
    this.#settings = settings;
    this.#configuration = configuration;
    this.#setup = setup;
    this.#trace = trace;
    this.#startedAt = startedAt;
    this.#hooks = hooks;
  }

  document(run: ResultInput["run"], ended: ResultInput["ended"]): ResultDocument {
    const { dataset, shape, devices: { device, host } } = this.#setup;
    return buildResult({
      configuration: this.#configuration,
      dataset,
      shape,
      device: device.info,
      host: host === null || host === device ? null : host.info,
      counters: device.counters,
      run,
      ended,
      startedAt: this.#startedAt,
      finishedAt: new Date(),
    });
  }

  /** Writes the files that the options name; the weights only if they are not ruined. */
  async write(result: ResultDocument, weights: boolean): Promise<void> {
    const { outputs, training, device } = this.#settings;
    const { model, shape, dataset } = this.#setup;
    const { optimizer, batch } = training, { normalisation } = this.#settings.model;
    await writeOutputs(outputs, {
      result,
      trace: this.#trace,
      traced: {
        ...{ optimizer: optimizer.kind, batch, normalisation },
        placement: device.placement,
      },
      weights: weights
        ? {
          ...{ model, shape, optimizer, normalisation },
          keys: () => keysOf(dataset, this.#settings.data),
          scales: dataset.scales,
          dense: dataset.schema.dense,
        }
        : null,
    }, this.#hooks);
  }
}

/**
 * Checkpoints of a run: weights, optimizer state and running statistics together with the state of the loop, and the
 * options that the run was started with.
 *
 * @module
 */

import { resolve } from "../../core/node.ts";
import { reworded, UsageError, UserError } from "../../core/errors.ts";
import { formatBytes, formatCount } from "../../core/format.ts";
import { checkOutputFolder } from "../../core/outputs.ts";
import type { Dataset } from "../../data/types.ts";
import { CheckpointStore } from "./store.ts";
import type { Model } from "../model/model.ts";
import { settingsOf } from "../run/configuration.ts";
import type { CheckpointSettings, RunSettings } from "../run/options.ts";
import type { Json } from "../run/result.ts";
import { restoreRun, saveRun } from "./run_tensors.ts";
import type { TrainState } from "../run/state.ts";
import type { CheckpointPolicy } from "../run/trainer.ts";

/** Grows when what a run's checkpoint holds changes; another version is refused. */
const RUN_CHECKPOINT_VERSION = 1;

/** What a run's checkpoint says besides its tensors. */
interface RunDocument {
  readonly kind: "slipstream.train";
  readonly version: number;
  readonly command: Json;
  readonly dataset_hash: string;
  readonly state: Json;
}

/** The run whose newest checkpoint is in a folder. */
export interface StoredRun {
  /** The options it was started with. */
  readonly settings: RunSettings;
  readonly step: number;
}

/** Where a run's checkpoints are. */
interface RunCheckpoints extends Disposable {
  /** Loads the checkpoint to go on from into the model; null where the run starts anew. */
  restore(
    model: Model,
    dataset: Dataset,
  ): Promise<{ readonly state: TrainState; readonly note: string } | null>;
  /** How the loop keeps its state; null if it does not. */
  policy(model: Model, dataset: Dataset): CheckpointPolicy | null;
}

/**
 * The options of the run whose checkpoints are in a folder.
 *
 * @throws {UserError} There is none, or the newest cannot be used.
 */
export async function readStoredRun(folder: string): Promise<StoredRun> {
  const store = await openStore(folder, false);
  using checkpoint = await store.load();
  const document = checkDocument(checkpoint.document, checkpoint.path);
  const { step } = document.state as unknown as { step: number };
  return { settings: settingsOf(document.command, checkpoint.path), step };
}

/**
 * Opens the folders for checkpoints that the settings name; null if they name none.
 *
 * @param configuration The run's settings as checkpoints hold them.
 * @throws {UserError} A folder cannot be used, or holds another run.
 */
export async function openCheckpoints(
  { folder, every, resume }: CheckpointSettings,
  configuration: Json,
  onNote?: (line: string) => void,
): Promise<RunCheckpoints | null> {
  checkOutputFolder("checkpoints.folder", folder);
  if (folder === null && resume === null) return null;
  const saving = folder === null ? null : await openStore(folder, true);
  const same = resume !== null && folder !== null && resolve(resume) === resolve(folder);
  if (saving !== null && !same && (await saving.names()).length > 0) {
    saving[Symbol.dispose]();
    throw new UsageError((option) =>
      `Cannot use ${
        option("checkpoints.folder")
      } ${folder}: it holds checkpoints of another run; go on with it by ${
        option("checkpoints.resume")
      } ${folder}, or choose another folder`
    );
  }
  return {
    [Symbol.dispose]() {
      saving?.[Symbol.dispose]();
    },
    async restore(model, dataset) {
      if (resume === null) return null;
      const store = await openStore(resume, false);
      using loaded = await store.load();
      const document = checkDocument(loaded.document, loaded.path);
      if (document.dataset_hash !== dataset.hash) {
        throw new UserError(
          `Cannot resume from ${loaded.path}: it was made on another data set (hash ${
            document.dataset_hash.slice(0, 12)
          }…, and that given has ${dataset.hash.slice(0, 12)}…)`,
        );
      }
      const { step } = document.state as unknown as { step: number };
      return {
        state: await restoreRun(model, loaded.tensors, document.state),
        note: `Resuming from ${loaded.path}, after step ${formatCount(step)}`,
      };
    },
    policy(model, dataset) {
      if (saving === null) return null;
      return {
        every,
        async save(state) {
          const { step } = state.document as unknown as { step: number };
          const document: RunDocument = {
            kind: "slipstream.train",
            version: RUN_CHECKPOINT_VERSION,
            command: { ...configuration as Readonly<Record<string, Json>>, resume: null },
            dataset_hash: dataset.hash,
            state: state.document,
          };
          const { path, bytes } = await saveRun(saving, document, model, state).catch(
            async (error) => {
              throw await withAdvice(error, saving);
            },
          );
          onNote?.(`Checkpoint after step ${formatCount(step)} in ${path}, ${formatBytes(bytes)}`);
        },
      };
    },
  };
}

/** The error of a checkpoint that could not be saved, with what to do. */
async function withAdvice(error: unknown, store: CheckpointStore): Promise<unknown> {
  if (!(error instanceof UserError)) return error;
  using last = await store.latest().catch(() => null);
  const whole = last?.name ?? null;
  return reworded(error, (message, option) => {
    const advice = whole === null
      ? `nothing of the run has been kept: make room, or choose another ${
        option("checkpoints.folder")
      }, and start again`
      : `${whole} is whole: make room and go on from it by ${
        option("checkpoints.resume")
      } ${store.folder}`;
    return `${message}; ${advice}`;
  });
}

async function openStore(folder: string, create: boolean): Promise<CheckpointStore> {
  return await CheckpointStore.open(folder, {
    create,
    lock: create,
    choose: (name, option) =>
      `${option("checkpoints.resume")} after removing those newer than ${name}`,
  });
}

function checkDocument(value: Json, path: string): RunDocument {
  const document = value as unknown as Partial<RunDocument> | null;
  if (document?.kind !== "slipstream.train") {
    throw new UserError(`Cannot resume from ${path}: it is no checkpoint of a training run`);
  }
  if (document.version !== RUN_CHECKPOINT_VERSION) {
    throw new UserError(
      `Cannot resume from ${path}: it is of version ${document.version}, and ${RUN_CHECKPOINT_VERSION} is needed`,
    );
  }
  return document as RunDocument;
}

/**
 * Checkpoints of a run: weights, optimizer state and running statistics together with the state of the loop, and the
 * options that the run was started with.
 *
 * @module
 */

import { resolve } from "node:path";
import { UserError } from "../core/errors.ts";
import { formatBytes, formatCount } from "../core/format.ts";
import type { Dataset } from "../data/types.ts";
import { CheckpointStore } from "./checkpoint/store.ts";
import type { Model } from "./model.ts";
import type { TrainCommand } from "./options.ts";
import type { Json } from "./result.ts";
import type { SafetensorsFile, TensorSource, WritableDtype } from "./safetensors.ts";
import type { StateTensors, TrainState } from "./state.ts";
import type { StateArray } from "./plan/driver.ts";
import type { CheckpointPolicy } from "./trainer.ts";
import { loadStateTensors, loadWeightTensors, stateTensors, weightTensors } from "./weights.ts";

/** Grows when what a run's checkpoint holds changes; another version is refused. */
export const RUN_CHECKPOINT_VERSION = 1;

/** Where tensors of the model, of its optimizer, of its second copy of hot rows and of the loop stand in the file. */
const WEIGHTS = "weights.", OPTIMIZER = "optimizer.", HOT_STATE = "hot.state", RUN = "run.";

/** What a run's checkpoint says besides its tensors. */
interface RunDocument {
  readonly kind: "slipstream.train";
  readonly version: number;
  readonly command: Json;
  readonly dataset_hash: string;
  readonly state: Json;
}

/** The run that a folder's newest checkpoint is of. */
export interface StoredRun {
  /** The options it was started with. */
  readonly command: TrainCommand;
  readonly step: number;
}

/** Where a run's checkpoints are. */
export interface RunCheckpoints {
  /** Loads the checkpoint to go on from into the model; null where the run starts anew. */
  restore(
    model: Model,
    dataset: Dataset,
  ): Promise<{ readonly state: TrainState; readonly note: string } | null>;
  /** How the loop is to keep its state; null where it is not. */
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
  return { command: document.command as unknown as TrainCommand, step };
}

/**
 * Opens what the command asks for; null if it is nothing.
 *
 * @throws {UserError} A folder cannot be used, or holds another run.
 */
export async function openCheckpoints(
  command: TrainCommand,
  onNote?: (line: string) => void,
): Promise<RunCheckpoints | null> {
  const { checkpoint, resume, checkpointEvery } = command;
  if (checkpoint === null && resume === null) return null;
  const saving = checkpoint === null ? null : await openStore(checkpoint, true);
  const same = resume !== null && checkpoint !== null && resolve(resume) === resolve(checkpoint);
  if (saving !== null && !same && (await saving.names()).length > 0) {
    throw new UserError(
      `Cannot use --checkpoint ${checkpoint}: it holds checkpoints of another run; go on with it by --resume ${checkpoint}, or choose another folder`,
      2,
    );
  }
  return {
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
      await loadWeightTensors(model, loaded.tensors, WEIGHTS);
      await loadStateTensors(model, loaded.tensors, OPTIMIZER);
      await loadHotState(model, loaded.tensors);
      const { step } = document.state as unknown as { step: number };
      return {
        state: { document: document.state, tensors: readTensors(loaded.tensors) },
        note: `Resuming from ${loaded.path}, after step ${formatCount(step)}`,
      };
    },
    policy(model, dataset) {
      if (saving === null) return null;
      return {
        every: checkpointEvery,
        async save(state) {
          const { step } = state.document as unknown as { step: number };
          const document: RunDocument = {
            kind: "slipstream.train",
            version: RUN_CHECKPOINT_VERSION,
            command: { ...command, resume: null } as unknown as Json,
            dataset_hash: dataset.hash,
            state: state.document,
          };
          const { path, bytes } = await saving.save(
            `step-${`${step}`.padStart(9, "0")}`,
            document as unknown as Json,
            [
              ...prefixed(WEIGHTS, weightTensors(model)),
              ...prefixed(OPTIMIZER, stateTensors(model)),
              ...hotState(model),
              ...[...state.tensors].map(([name, data]) => arrayTensor(RUN + name, data)),
            ],
          ).catch(async (error) => {
            throw await withAdvice(error, saving);
          });
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
  const advice = last === null
    ? "nothing of the run has been kept: make room, or choose another --checkpoint, and start again"
    : `${last.name} is whole: make room and go on from it by --resume ${store.folder}`;
  return new UserError(`${error.message}; ${advice}`, error.status);
}

async function openStore(folder: string, create: boolean): Promise<CheckpointStore> {
  return await CheckpointStore.open(folder, {
    create,
    choose: (name) => `--resume after removing those newer than ${name}`,
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

/** State of the second copy of hot rows, which the original keeps apart from that of the full tables. */
function hotState({ hot }: Model): TensorSource[] {
  if (hot === null || hot.stateFloats === 0) return [];
  const { tables, stateFloats } = hot;
  return [{
    name: HOT_STATE,
    dtype: "F32",
    shape: [tables.totalRows, stateFloats],
    async *chunks() {
      const step = 1 << 16;
      for (let start = 0; start < tables.totalRows; start += step) {
        yield await tables.readState(start, Math.min(step, tables.totalRows - start));
      }
    },
  }];
}

async function loadHotState({ hot }: Model, file: SafetensorsFile): Promise<void> {
  if (hot === null || hot.stateFloats === 0) return;
  const { tables, stateFloats } = hot;
  const step = 1 << 16;
  for (let start = 0; start < tables.totalRows; start += step) {
    const count = Math.min(step, tables.totalRows - start);
    await tables.writeState(
      start,
      file.readFloats(HOT_STATE, start * stateFloats, count * stateFloats),
    );
  }
}

function prefixed(prefix: string, tensors: readonly TensorSource[]): TensorSource[] {
  return tensors.map((tensor) => ({
    name: prefix + tensor.name,
    dtype: tensor.dtype,
    shape: tensor.shape,
    chunks: () => tensor.chunks(),
  }));
}

function arrayTensor(
  name: string,
  data: StateArray,
): TensorSource {
  const dtype: WritableDtype = data instanceof Float32Array
    ? "F32"
    : data instanceof Uint32Array
    ? "U32"
    : data instanceof Float64Array
    ? "F64"
    : "U8";
  return { name, dtype, shape: [data.length], chunks: () => [data] };
}

function readTensors(file: SafetensorsFile): StateTensors {
  const tensors = new Map<string, StateArray>();
  for (const [name, { dtype, shape }] of file.tensors) {
    if (!name.startsWith(RUN)) continue;
    const data = file.readElements(
      name,
      dtype as "F32" | "U32" | "F64" | "U8",
      0,
      shape.reduce((product, n) => product * n, 1),
    );
    tensors.set(name.slice(RUN.length), data);
  }
  return tensors;
}

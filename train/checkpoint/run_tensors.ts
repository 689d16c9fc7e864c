/**
 * Everything of a run between two minibatches as the tensors of a checkpoint: weights, optimizer state, the state of the
 * second copy of hot rows, and the loop's arrays.
 *
 * @module
 */

import type { CheckpointStore, SavedCheckpoint } from "./store.ts";
import type { Model } from "../model/model.ts";
import type { StateArray } from "../plan/driver.ts";
import type { Json } from "../run/result.ts";
import type { SafetensorsFile, TensorSource, WritableDtype } from "../weights/safetensors.ts";
import type { StateTensors, TrainState } from "../run/state.ts";
import {
  loadStateTensors,
  loadWeightTensors,
  stateTensors,
  weightTensors,
} from "../weights/weights.ts";

/** Where tensors of the model, of its optimizer, of its second copy of hot rows and of the loop stand in the file. */
const WEIGHTS = "weights.", OPTIMIZER = "optimizer.", HOT_STATE = "hot.state", RUN = "run.";

/** The tensors of a run; those of the model are read while they are written. */
function runTensors(model: Model, state: TrainState): TensorSource[] {
  return [
    ...prefixed(WEIGHTS, weightTensors(model)),
    ...prefixed(OPTIMIZER, stateTensors(model)),
    ...hotState(model),
    ...[...state.tensors].map(([name, data]) => arrayTensor(RUN + name, data)),
  ];
}

/** Saves a run under its step, with a document that says what it is of. */
export function saveRun(
  store: CheckpointStore,
  document: { readonly state: Json },
  model: Model,
  state: TrainState,
): Promise<SavedCheckpoint> {
  const { step } = state.document as unknown as { step: number };
  return store.save(
    `step-${`${step}`.padStart(9, "0")}`,
    document as unknown as Json,
    runTensors(model, state),
  );
}

/** Puts the model back as it was, and gives the state of the loop whose document this is. */
export async function restoreRun(
  model: Model,
  file: SafetensorsFile,
  document: Json,
): Promise<TrainState> {
  await loadWeightTensors(model, file, WEIGHTS);
  await loadStateTensors(model, file, OPTIMIZER);
  await loadHotState(model, file);
  return { document, tensors: readTensors(file) };
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

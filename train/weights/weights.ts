/**
 * A model's weights and optimizer state in a folder: two safetensors files and a JSON file, named as in the
 * model's `state_dict`, so that PyTorch and NumPy open them.
 *
 * @module
 */

import { fs } from "../../core/deno.ts";
import { UserError } from "../../core/errors.ts";
import { fileError, syncFolder, writeFileWhole } from "../../core/files.ts";
import { formatSealed, readJsonFileIfThere } from "../../core/json_file.ts";
import { tryLock } from "../../core/lock.ts";
import {
  checkSchema,
  listOf,
  numberFrom,
  objectOf,
  objectWith,
  oneOf,
  orNull,
  recordOf,
  type Schema,
  text,
  wholeFrom,
} from "../../core/schema.ts";
import type { ColumnScale, ColumnScales } from "../../data/standardise.ts";
import { keysHash, type TableKeys } from "../../data/table_keys.ts";
import { stateFloats } from "../../kernels/embedding/record.ts";
import type { Device, Matrix, Optimizer } from "../../kernels/types.ts";
import { readMatrix, writeMatrix } from "../model/matrices.ts";
import type { Model } from "../model/model.ts";
import { type Normalisation, NORMALISATIONS } from "../model/tower.ts";
import type { ShapeDocument } from "../model/models.ts";
import { OPTIMIZER_NAMES } from "../model/optimizers.ts";
import { SafetensorsFile, type TensorSource, writeSafetensors } from "./safetensors.ts";
import { checkSeal, writeSealed } from "./seal.ts";
import {
  mapRows,
  readVocabulary,
  type RowMap,
  VOCABULARY_FILE,
  vocabularyTensors,
} from "./vocabulary.ts";

/** Weights: `bot_l.0.weight`, …, `emb_l.0.weight`, … (of a TBSM after `dlrm.`); opens with `safetensors.torch.load_file`. */
export const WEIGHTS_FILE = "model.safetensors";
/** Adagrad accumulators under the names of their weights; without tensors for SGD. */
export const STATE_FILE = "optimizer.safetensors";
/** Shape, optimizer and schema version. */
export const MODEL_FILE = "model.json";

/** Metadata key of the optimizer state: the checksum of the weights that it belongs to. */
const WEIGHTS_KEY = "weights_sha256";
/** `model.json` takes some kilobytes. */
const MOST_DOCUMENT_BYTES = 16e6;

/** Folders in which weights are written before they have their names, and the file that is locked meanwhile. */
const STAGING_PREFIX = "save-", STAGING_LOCK = "save.lock";

/** Version of the folder's layout. */
export const WEIGHTS_SCHEMA_VERSION = 1;

/** What `model.json` says. */
export interface ModelDocument extends ShapeDocument {
  /** Version of the folder's layout; another one is refused. */
  readonly schema_version: typeof WEIGHTS_SCHEMA_VERSION;
  /** Kind of model. */
  readonly model: "dlrm" | "tbsm";
  /** Checksum of the weights that it was saved with; absent of older versions. */
  readonly weights_sha256?: string;
  /** Optimizer that the saved state belongs to; the state is loaded only into the same kind. */
  readonly optimizer: Optimizer;
  /** How features are normalised; absent for `none`. */
  readonly normalisation?: Normalisation;
  /**
   * What the rows stand for: the ids in `vocabulary.safetensors`, which have this hash; null if rows stand for their own
   * numbers (generated data). Absent if that is not known.
   */
  readonly vocabulary?: { readonly sha256: string } | null;
  /** What standardised columns of the training inputs were scaled by; absent where there are none. */
  readonly scales?: ColumnScales;
  /** The dense columns of the training inputs, in order; absent of older versions. */
  readonly dense?: readonly string[];
}

/** How the rows of the tables were found in a folder of weights. */
export interface LoadedWeights {
  /** Whether the optimizer state was loaded. */
  readonly withState: boolean;
  /** `number`: row by row, because the folder does not say what they stand for, or they stand for their own numbers. */
  readonly matched: "number" | "same ids" | "ids";
  /** Rows of ids that the folder does not have. */
  readonly unknown: number;
}

/** Which ids the rows of a model stand for, and what happens to rows of ids that the folder does not have. */
export interface RowMatching {
  /** Null if rows stand for their own numbers; undefined if it is not known. */
  readonly keys: readonly TableKeys[] | null | undefined;
  /** `kept` as the model was initialised, or as the row of `rare` ids where the folder has one. Default `kept`. */
  readonly unknown?: "kept" | "rare" | undefined;
}

/** What of a folder's document tells which model to make, and what its rows stand for. */
export type SavedModel =
  & ShapeDocument
  & Pick<ModelDocument, "schema_version" | "normalisation" | "vocabulary" | "scales" | "dense">;

const WIDTHS = listOf(wholeFrom(1), 1);

/** Floats moved at a time. */
const CHUNK_FLOATS = 1 << 20;

/**
 * Writes weights, optimizer state and description. Older files in the folder stay until all three are complete, so that a
 * full disk neither loses them nor leaves weights beside optimizer state that belongs to others.
 *
 * @param keys The ids that the rows stand for; null if a row stands for its own number; undefined if it is not known.
 * @throws {UserError} The folder cannot be written.
 * @category Models
 */
export async function saveWeights(
  model: Model,
  document: Omit<ModelDocument, "schema_version" | "vocabulary">,
  folder: string,
  keys?: readonly TableKeys[] | null,
): Promise<void> {
  const { device } = model;
  const metadata = { format: "pt", schema_version: String(WEIGHTS_SCHEMA_VERSION) };
  const withIds = keys !== undefined && keys !== null;
  const saved = [WEIGHTS_FILE, STATE_FILE, ...(withIds ? [VOCABULARY_FILE] : []), MODEL_FILE];
  await device.sync();
  let staging = folder;
  try {
    await fs.mkdir(folder, { recursive: true });
    await removeLeftovers(folder);
    staging = await fs.makeTempDir({ dir: folder, prefix: STAGING_PREFIX, suffix: ".tmp" });
    using _lock = await tryLock(`${staging}/${STAGING_LOCK}`);
    try {
      const weights = `${staging}/${WEIGHTS_FILE}`, state = `${staging}/${STATE_FILE}`;
      const seal = await writeSealed(weights, weightTensors(model), metadata);
      await writeSealed(state, stateTensors(model), { ...metadata, [WEIGHTS_KEY]: seal });
      if (withIds) {
        const ids = vocabularyTensors(keys);
        const described = { ...metadata, ...ids.metadata };
        await writeSafetensors(`${staging}/${VOCABULARY_FILE}`, ids.tensors, described);
      }
      const full: ModelDocument = {
        schema_version: WEIGHTS_SCHEMA_VERSION,
        ...document,
        weights_sha256: seal,
        ...(keys === undefined
          ? {}
          : { vocabulary: keys === null ? null : { sha256: keysHash(keys) } }),
      };
      await writeFileWhole(`${staging}/${MODEL_FILE}`, formatSealed(full));
      for (const name of saved) {
        await fs.rename(`${staging}/${name}`, `${folder}/${name}`);
      }
      await syncFolder(folder);
    } finally {
      await fs.remove(staging, { recursive: true });
    }
  } catch (error) {
    const known = fileError("save weights to", folder, error);
    // The error names the folder that the user gave, not the temporary one inside it.
    throw known instanceof UserError
      ? new UserError(known.message.replaceAll(staging, folder))
      : known;
  }
}

/** Removes what a killed process left: a folder whose lock nobody holds. */
async function removeLeftovers(folder: string): Promise<void> {
  for await (const { name, isDirectory } of fs.readDir(folder)) {
    if (!isDirectory || !name.startsWith(STAGING_PREFIX) || !name.endsWith(".tmp")) continue;
    const path = `${folder}/${name}`;
    using lock = await tryLock(`${path}/${STAGING_LOCK}`);
    if (lock !== null) await fs.remove(path, { recursive: true });
  }
}

/** A model's weights and running statistics, under their names. */
export function weightTensors(model: Model): TensorSource[] {
  const { device, parameters, buffers, tables } = model;
  return [
    ...parameters.map((p) => ofMatrix(device, p.name, p.shape, p.value)),
    ...buffers.map((b) => ofMatrix(device, b.name, [b.value.cols], b.value)),
    ...tables.rows.map((_, t) => ofTable(model, t, tables.dim, tables.readRows.bind(tables))),
  ];
}

/** A model's optimizer state, under the names of its weights; none for SGD. */
export function stateTensors(model: Model): TensorSource[] {
  const { device, parameters, tables } = model;
  const perRow = stateFloats(tables.optimizer, tables.dim);
  if (perRow === 0) return [];
  return [
    ...parameters.map((p) => ofMatrix(device, p.name, p.shape, p.state!)),
    ...tables.rows.map((_, t) => ofTable(model, t, perRow, tables.readState.bind(tables))),
  ];
}

/**
 * Loads weights and running statistics that are in a file under their names behind a prefix.
 *
 * @throws {UserError} One is missing or of another shape; checked before anything is changed.
 */
export async function loadWeightTensors(
  model: Model,
  file: SafetensorsFile,
  prefix = "",
): Promise<void> {
  const { device, parameters, buffers, tables } = model;
  checkTensors(file, model, tables.dim, prefix, true);
  for (const p of parameters) loadMatrix(device, file, prefix + p.name, p.value);
  for (const b of buffers) loadMatrix(device, file, prefix + b.name, b.value);
  for (let t = 0; t < tables.rows.length; t++) {
    await loadRows(model, file, t, tables.dim, tables.writeRows.bind(tables), prefix);
  }
}

/** Loads optimizer state as {@linkcode loadWeightTensors} does weights; nothing for SGD. */
export async function loadStateTensors(
  model: Model,
  file: SafetensorsFile,
  prefix = "",
): Promise<void> {
  const { device, parameters, tables } = model;
  const perRow = stateFloats(tables.optimizer, tables.dim);
  if (perRow === 0) return;
  checkTensors(file, model, perRow, prefix, false);
  for (const p of parameters) loadMatrix(device, file, prefix + p.name, p.state!);
  for (let t = 0; t < tables.rows.length; t++) {
    await loadRows(model, file, t, perRow, tables.writeState.bind(tables), prefix);
  }
}

/**
 * Loads a folder into a model of the same shape. The optimizer state is loaded if the folder's optimizer is the
 * model's; otherwise it stays zero.
 *
 * @returns Whether the optimizer state was loaded.
 * @throws {UserError} A file is missing, broken or of another shape. The model may then be half loaded and must not be
 * used.
 * @category Models
 */
export async function loadWeights(
  model: Model,
  optimizer: Optimizer,
  folder: string,
): Promise<boolean> {
  const document = await readDocument(folder);
  return await load(model, optimizer, folder, document, null);
}

/**
 * Loads a folder into a model for a data set, row by id where the folder and the data set say what their rows stand for: the
 * tables may have other rows than the saved ones.
 *
 * @throws {UserError} As of {@linkcode loadWeights}, and if the ids of a table mean something else in the folder.
 */
export async function loadWeightsById(
  model: Model,
  optimizer: Optimizer,
  folder: string,
  { keys, unknown: otherwise = "kept" }: RowMatching,
): Promise<LoadedWeights> {
  const document = await readDocument(folder);
  const vocabulary = document?.vocabulary;
  const byNumber = async (matched: "number" | "same ids"): Promise<LoadedWeights> => {
    const withState = await load(model, optimizer, folder, document, null);
    return { withState, matched, unknown: 0 };
  };
  if (vocabulary === undefined || keys === undefined) return await byNumber("number");
  if (vocabulary === null && keys === null) return await byNumber("number");
  if (vocabulary === null || keys === null) {
    throw new UserError(
      `Cannot use the weights in ${folder}: their rows stand for ${
        vocabulary === null
          ? "those of generated data, and the data are a log"
          : "the ids of a log, and the data are generated"
      }`,
    );
  }
  const { rows } = model.tables, saved = savedTableRows(model, folder);
  const same = keysHash(keys) === vocabulary.sha256 && saved.every((count, t) => count === rows[t]);
  if (same) return await byNumber("same ids");
  const before = readVocabulary(folder, vocabulary.sha256);
  const maps = mapRows({ keys: before, rows: saved }, { keys, rows }, folder, otherwise);
  const withState = await load(model, optimizer, folder, document, maps);
  const unknown = maps.reduce((sum, map) => sum + map.unknown, 0);
  return { withState, matched: "ids", unknown };
}

/** Rows of the saved tables. */
function savedTableRows({ tableNames }: Model, folder: string): number[] {
  using weights = SafetensorsFile.open(`${folder}/${WEIGHTS_FILE}`);
  return tableNames.map((name) => weights.info(name).shape[0] ?? 0);
}

/** Loads a folder; of tables with a map, rows by it. */
async function load(
  model: Model,
  optimizer: Optimizer,
  folder: string,
  document: ReadDocument | null,
  maps: readonly RowMap[] | null,
): Promise<boolean> {
  const { tables, device } = model;
  const perRow = stateFloats(tables.optimizer, tables.dim);
  const withState = perRow > 0 && document?.optimizer.kind === optimizer.kind;
  using weights = SafetensorsFile.open(`${folder}/${WEIGHTS_FILE}`);
  using state = withState ? SafetensorsFile.open(`${folder}/${STATE_FILE}`) : null;
  // Everything is checked before anything is changed, the device's memory too.
  const seal = await checkSeal(weights);
  const wanted = document?.weights_sha256 ?? null;
  if (wanted !== null && wanted !== seal) {
    throw new UserError(
      `Cannot use ${weights.path}: its checksum is missing or not the one in ${MODEL_FILE}; copy the folder anew, or remove ${MODEL_FILE} to load the weights as they are`,
    );
  }
  if (state !== null) {
    await checkSeal(state);
    checkBelongs(state, seal, weights.path);
  }
  const tableRows = maps?.map(({ savedRows }) => savedRows) ?? tables.rows;
  checkTensors(weights, model, tables.dim, "", true, tableRows);
  checkNoOthers(weights, model);
  if (state !== null) {
    checkTensors(state, model, perRow, "", false, tableRows);
    checkNoOthers(state, model);
  }
  await device.sync();
  if (maps === null) {
    await loadWeightTensors(model, weights);
    if (state !== null) await loadStateTensors(model, state);
    return withState;
  }
  for (const p of model.parameters) loadMatrix(device, weights, p.name, p.value);
  for (const b of model.buffers) loadMatrix(device, weights, b.name, b.value);
  const read = tables.readRows.bind(tables), write = tables.writeRows.bind(tables);
  for (const [t, map] of maps.entries()) {
    await loadMapped(model, weights, t, tables.dim, map, read, write);
  }
  if (state === null) return withState;
  for (const p of model.parameters) loadMatrix(device, state, p.name, p.state!);
  const readState = tables.readState.bind(tables), writeState = tables.writeState.bind(tables);
  for (const [t, map] of maps.entries()) {
    await loadMapped(model, state, t, perRow, map, readState, writeState);
  }
  return withState;
}

/** Loads the rows of a table by a map; the others stay. Rows that stood side by side are read together. */
async function loadMapped(
  model: Model,
  file: SafetensorsFile,
  t: number,
  width: number,
  { from }: RowMap,
  read: (start: number, count: number) => Promise<Float32Array>,
  write: (start: number, data: Float32Array) => Promise<void>,
): Promise<void> {
  const first = model.tables.rowOffsets[t]!, name = model.tableNames[t]!;
  for (const [start, count] of rowRanges(model, t, Math.max(1, Math.floor(CHUNK_FLOATS / width)))) {
    const rows = await read(start, count);
    for (let r = 0; r < count;) {
      const source = from[start - first + r] ?? -1;
      let run = 1;
      if (source < 0) {
        r++;
        continue;
      }
      while (r + run < count && from[start - first + r + run] === source + run) run++;
      rows.set(file.readFloats(name, source * width, run * width), r * width);
      r += run;
    }
    await write(start, rows);
  }
}

/**
 * Throws if an optimizer state belongs to other weights. Where neither file is this project's, or both are of a version
 * without checksums, nothing is known.
 */
function checkBelongs(state: SafetensorsFile, seal: string | null, weights: string): void {
  const wanted = state.metadata.get(WEIGHTS_KEY) ?? null;
  if (wanted !== seal) {
    throw new UserError(
      `Cannot use ${state.path}: it is the optimizer state of other weights than ${weights}; remove it and ${MODEL_FILE} to begin with a fresh state`,
    );
  }
}

/** Throws unless the file holds the model's tensors. */
function checkTensors(
  file: SafetensorsFile,
  model: Model,
  width: number,
  prefix: string,
  withBuffers: boolean,
  tableRows: readonly number[] = model.tables.rows,
): void {
  const { parameters, buffers, tableNames } = model;
  for (const p of parameters) file.info(prefix + p.name, "F32", p.shape);
  if (withBuffers) { for (const b of buffers) file.info(prefix + b.name, "F32", [b.value.cols]); }
  tableRows.forEach((rows, t) => file.info(prefix + tableNames[t]!, "F32", [rows, width]));
}

/** Throws if the file holds others than the model's tensors: a surplus one means that another model was saved. */
function checkNoOthers(file: SafetensorsFile, { parameters, buffers, tableNames }: Model): void {
  const known = new Set([
    ...parameters.map((p) => p.name),
    ...buffers.map((b) => b.name),
    ...tableNames,
  ]);
  for (const name of file.tensors.keys()) {
    if (!known.has(name)) {
      throw new UserError(
        `Cannot use ${file.path}: it holds tensor ${name}, which the model does not have`,
      );
    }
  }
}

const VOCABULARY = orNull(objectOf<{ readonly sha256: string }>({ sha256: text }));

const SCALES = recordOf<ColumnScale>(
  objectOf<ColumnScale>({ mean: numberFrom(-Infinity), deviation: numberFrom(0) }),
);

type ReadDocument = Pick<
  ModelDocument,
  "schema_version" | "optimizer" | "weights_sha256" | "vocabulary" | "scales" | "dense"
>;

const DOCUMENT: Schema<ReadDocument> = objectWith<ReadDocument>(
  {
    schema_version: oneOf([WEIGHTS_SCHEMA_VERSION]),
    optimizer: objectWith<Optimizer>({ kind: oneOf(OPTIMIZER_NAMES) }),
  },
  { weights_sha256: text, vocabulary: VOCABULARY, scales: SCALES, dense: listOf(text) },
);

/** `model.json`; null where there is none, as in a folder made elsewhere (PyTorch, NumPy), which may hold weights alone. */
async function readDocument(folder: string): Promise<ReadDocument | null> {
  const path = `${folder}/${MODEL_FILE}`, cannot = `Cannot read ${path}`;
  const options = { cannot, mostBytes: MOST_DOCUMENT_BYTES, seal: "optional" } as const;
  const value = await readJsonFileIfThere(path, options);
  return value === null ? null : checkSchema(DOCUMENT, value.json, cannot);
}

/**
 * What a folder says of the inputs that its weights were trained on: the dense columns, and what standardised ones were
 * scaled by.
 *
 * @throws {UserError} `model.json` is of no model of this version.
 */
export async function readTrainedInputs(
  folder: string,
): Promise<Pick<ModelDocument, "scales" | "dense">> {
  return await readDocument(folder) ?? {};
}

/**
 * Checks that the weights of a folder find the dense columns where they were in training.
 *
 * @param trained Those of the training inputs; undefined where they are not known.
 * @param found Those of the data set.
 * @throws {UserError} They are others, or in another order.
 */
export function checkDenseColumns(
  folder: string,
  trained: readonly string[] | undefined,
  found: readonly string[],
): void {
  if (trained === undefined || trained.join() === found.join()) return;
  throw new UserError(
    `Cannot use ${folder}: its dense columns are ${trained.join(", ")}, and those of the data are ${
      found.join(", ")
    }`,
  );
}

/** What a folder says of its model. */
const SAVED_MODEL: Schema<SavedModel> = objectWith<SavedModel>(
  {
    schema_version: oneOf([WEIGHTS_SCHEMA_VERSION]),
    table_rows: WIDTHS,
    dim: wholeFrom(1),
    bottom: WIDTHS,
    top: WIDTHS,
  },
  {
    lookups: WIDTHS,
    steps: wholeFrom(1),
    attention: WIDTHS,
    final: WIDTHS,
    normalisation: oneOf(NORMALISATIONS),
    vocabulary: VOCABULARY,
    scales: SCALES,
    dense: listOf(text),
  },
);

/**
 * The shape of the model in a folder, and how it normalises.
 *
 * @throws {UserError} There is no `model.json`, or it is of no model of this version.
 */
export async function readSavedModel(folder: string): Promise<SavedModel> {
  const path = `${folder}/${MODEL_FILE}`, cannot = `Cannot read ${path}`;
  const options = { cannot, mostBytes: MOST_DOCUMENT_BYTES, seal: "optional" } as const;
  const value = await readJsonFileIfThere(path, options);
  if (value === null) {
    throw new UserError(
      `Cannot score with ${folder}: it has no ${MODEL_FILE}, which says what the shape of the model is`,
    );
  }
  return checkSchema(SAVED_MODEL, value.json, cannot);
}

function ofTable(
  model: Model,
  t: number,
  width: number,
  read: (start: number, count: number) => Promise<Float32Array>,
): TensorSource {
  const rowsAtOnce = Math.max(1, Math.floor(CHUNK_FLOATS / model.tables.dim));
  return {
    name: model.tableNames[t]!,
    dtype: "F32",
    shape: [model.tables.rows[t]!, width],
    async *chunks() {
      for (const [start, count] of rowRanges(model, t, rowsAtOnce)) yield await read(start, count);
    },
  };
}

function ofMatrix(
  device: Device,
  name: string,
  shape: readonly number[],
  matrix: Matrix,
): TensorSource {
  return {
    name,
    dtype: "F32",
    shape,
    async *chunks() {
      yield await readMatrix(device, matrix);
    },
  };
}

function loadMatrix(device: Device, file: SafetensorsFile, name: string, matrix: Matrix): void {
  writeMatrix(device, matrix, file.readFloats(name, 0, matrix.rows * matrix.cols));
}

async function loadRows(
  model: Model,
  file: SafetensorsFile,
  t: number,
  width: number,
  write: (start: number, data: Float32Array) => Promise<void>,
  prefix: string,
): Promise<void> {
  const first = model.tables.rowOffsets[t]!;
  for (const [start, count] of rowRanges(model, t, Math.max(1, Math.floor(CHUNK_FLOATS / width)))) {
    await write(
      start,
      file.readFloats(prefix + model.tableNames[t]!, (start - first) * width, count * width),
    );
  }
}

/** Flat rows of a table in pieces: [first, count] each. */
function* rowRanges(model: Model, t: number, atOnce: number): Generator<[number, number]> {
  const { rows, rowOffsets } = model.tables;
  for (let at = 0; at < rows[t]!; at += atOnce) {
    yield [rowOffsets[t]! + at, Math.min(atOnce, rows[t]! - at)];
  }
}

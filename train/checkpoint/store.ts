/**
 * Checkpoints in a folder: each a folder of its own that appears when it is complete, checked when it is loaded.
 * Knows nothing of what is saved.
 *
 * ```text
 * runs/a/step-00001000/checkpoint.json      what it is, SHA-256 of the other file, the owner's document
 * runs/a/step-00001000/state.safetensors    the owner's tensors
 * runs/a/step-00002000/…
 * ```
 *
 * @module
 */

import { fs } from "../../core/deno.ts";
import { dirname, resolve } from "../../core/node.ts";
import { type OptionNaming, reworded, UserError } from "../../core/errors.ts";
import { fileError, Sha256, writeFileWhole } from "../../core/files.ts";
import { tryLock } from "../../core/lock.ts";
import type { Json } from "../run/result.ts";
import {
  elementBytes,
  SafetensorsFile,
  type TensorArrays,
  type TensorSource,
  type WritableDtype,
  writeSafetensors,
} from "../weights/safetensors.ts";
import {
  CHECKPOINT_SCHEMA_VERSION,
  type CheckpointDocument,
  DOCUMENT_FILE,
  formatDocument,
  STATE_FILE,
} from "./document.ts";
import {
  checkName,
  type CheckpointEntry,
  exists,
  isComplete,
  listCheckpoints,
  publish,
  removeCheckpoint,
  stagingName,
  tidy,
} from "./folder.ts";

/** How the user chooses a checkpoint by its name. */
type Choose = (name: string, option: OptionNaming) => string;

/** How a folder of checkpoints is used. */
export interface CheckpointStoreOptions {
  /** Complete checkpoints that are kept, 1 or more; 2 by default. */
  readonly keep?: number;
  /**
   * True (the default), for saving: a missing folder is made, and leftovers of a killed process are removed at once. False,
   * for loading: a missing folder is refused, and nothing is removed before the first save.
   */
  readonly create?: boolean;
  /** Whether no other process may save to the folder until the store is disposed of; false by default. */
  readonly lock?: boolean;
  /** How the user chooses a checkpoint by its name, for messages; `load("step-1")` by default. */
  readonly choose?: Choose;
}

/** A checkpoint that was saved. */
export interface SavedCheckpoint {
  /** Its folder. */
  readonly path: string;
  /** Bytes of its tensors' file. */
  readonly bytes: number;
}

/** A checkpoint that was checked and is open: what it gives is what was saved. */
export class Checkpoint implements Disposable {
  /** Name it was saved under. */
  readonly name: string;
  /** Its folder. */
  readonly path: string;
  /** When it was saved: ISO 8601, UTC. */
  readonly savedAt: string;
  /** The owner's document. */
  readonly document: Json;
  /** The owner's tensors, to be read in pieces. */
  readonly tensors: SafetensorsFile;

  /** Joins what was checked. The file belongs to the checkpoint from now on. */
  constructor(name: string, path: string, document: CheckpointDocument, tensors: SafetensorsFile) {
    this.name = name;
    this.path = path;
    this.savedAt = document.saved_at;
    this.document = document.document;
    this.tensors = tensors;
  }

  /**
   * Reads a whole tensor.
   *
   * @throws {UserError} There is none of this name and dtype, or the file has become shorter.
   */
  read<D extends WritableDtype>(name: string, dtype: D): TensorArrays[D] {
    const { byteLength } = this.tensors.info(name, dtype);
    return this.tensors.readElements(name, dtype, 0, byteLength / elementBytes(dtype));
  }

  /** Closes the file. */
  close(): void {
    this.tensors.close();
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** Name of the file that a process locks while it saves to a folder. */
const LOCK_FILE = "checkpoints.lock";

/** A folder of checkpoints. One process at a time may save to it. */
export class CheckpointStore implements Disposable {
  /** Where the checkpoints lie. */
  readonly folder: string;
  readonly #keep: number;
  readonly #choose: Choose;
  /** Checkpoints that were found damaged and must not be counted as kept. */
  readonly #damaged = new Set<string>();

  readonly #lock: Disposable | null;

  private constructor(folder: string, keep: number, choose: Choose, lock: Disposable | null) {
    this.#lock = lock;
    this.folder = folder;
    this.#keep = keep;
    this.#choose = choose;
  }

  /**
   * Opens a folder and puts in order what a killed process left in it.
   *
   * @throws {UserError} The folder cannot be made, read or changed; it is missing and `create` is false; or another process
   * saves to it.
   * @throws {RangeError} `keep` is no whole number above 0.
   */
  static async open(
    folder: string,
    { keep = 2, create = true, lock = false, choose = (name) => `load(${JSON.stringify(name)})` }:
      CheckpointStoreOptions = {},
  ): Promise<CheckpointStore> {
    if (!Number.isSafeInteger(keep) || keep < 1) {
      throw new RangeError(`Cannot keep ${keep} checkpoints: it must be a whole number above 0`);
    }
    try {
      if (create) {
        await fs.mkdir(folder, { recursive: true });
      } else if (!(await fs.stat(folder)).isDirectory) {
        throw new UserError(
          `Cannot load a checkpoint from ${folder}: it is a file, and must be the folder that checkpoints were saved to`,
        );
      }
    } catch (error) {
      if (!create && error instanceof fs.errors.NotFound) {
        throw new UserError(
          `Cannot load a checkpoint from ${folder}: there is no such folder; give the one that checkpoints were saved to`,
        );
      }
      throw fileError(create ? "save checkpoints to" : "read", folder, error);
    }
    const locked = lock ? await lockStore(folder) : null;
    try {
      await tidy(folder, create);
    } catch (error) {
      locked?.[Symbol.dispose]();
      throw error;
    }
    return new CheckpointStore(folder, keep, choose, locked);
  }

  /** Lets other processes save to the folder. */
  [Symbol.dispose](): void {
    this.#lock?.[Symbol.dispose]();
  }

  /** Names of the checkpoints, newest first, damaged ones included. */
  async names(): Promise<string[]> {
    return (await listCheckpoints(this.folder)).map(({ name }) => name);
  }

  /**
   * Saves a checkpoint, whole or not at all, as the newest; then removes all but the last `keep` complete ones. Both
   * files and their folder are on the disk before the checkpoint has its name; one of the same name is replaced.
   *
   * @param name Letters, digits, `-` and `_`.
   * @param document What its owner wants to know beside the tensors.
   * @param tensors Asked for one after the other, wider elements first, piece by piece.
   * @throws {UserError} It cannot be written, or old ones cannot be removed; the checkpoints before it are as they were.
   * @throws {TypeError | RangeError} The name or a tensor is not what was announced.
   */
  async save(
    name: string,
    document: Json,
    tensors: readonly TensorSource[],
  ): Promise<SavedCheckpoint> {
    checkName(name);
    const path = `${this.folder}/${name}`;
    const staging = stagingName(name);
    const stagingPath = `${this.folder}/${staging}`;
    let bytes = 0;
    try {
      await tidy(this.folder, true);
      const before = await listCheckpoints(this.folder);
      await fs.mkdir(stagingPath);
      const hash = new Sha256();
      await writeSafetensors(`${stagingPath}/${STATE_FILE}`, byWidth(tensors), {}, (piece) => {
        hash.update(piece);
        bytes += piece.length;
      });
      const full: CheckpointDocument = {
        schema: "slipstream.checkpoint",
        schema_version: CHECKPOINT_SCHEMA_VERSION,
        sequence: 1 + Math.max(0, ...before.map((entry) => entry.document?.sequence ?? 0)),
        older: before.map((entry) => entry.name),
        saved_at: new Date().toISOString(),
        files: { [STATE_FILE]: { bytes, sha256: hash.hex() } },
        document,
      };
      await writeFileWhole(`${stagingPath}/${DOCUMENT_FILE}`, formatDocument(full));
      await publish(this.folder, staging, name);
    } catch (error) {
      await fs.remove(stagingPath, { recursive: true }).catch(() => {});
      throw await this.#saveError(error, path, stagingPath);
    }
    this.#damaged.delete(name);
    await this.#prune();
    return { path, bytes };
  }

  /**
   * The newest undamaged checkpoint, checked and open; null if there is none. Damaged ones are passed over; `load` throws
   * for them.
   *
   * @throws {UserError} The folder cannot be read.
   */
  async latest(): Promise<Checkpoint | null> {
    return await this.#firstGood(await listCheckpoints(this.folder));
  }

  /**
   * Checks a checkpoint, all of it, and opens it. Reads its files once for that, in pieces.
   *
   * @param name Which one; by default the newest.
   * @throws {UserError} There is none, or it is cut short, changed, or of another version; the message names one that is
   * good, if there is one.
   */
  async load(name?: string): Promise<Checkpoint> {
    const entries = await listCheckpoints(this.folder);
    const wanted = name === undefined ? entries[0] : entries.find((entry) => entry.name === name);
    if (wanted === undefined) throw await this.#noneError(name, entries);
    try {
      return await this.#verify(wanted);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      const advice = await this.#advice(entries, wanted);
      throw reworded(error, (message, option) => message + advice(option));
    }
  }

  /** What to do instead of loading a checkpoint that is damaged, as the end of a sentence. */
  async #advice(
    entries: readonly CheckpointEntry[],
    damaged: CheckpointEntry,
  ): Promise<(option: OptionNaming) => string> {
    const at = entries.indexOf(damaged);
    using before = await this.#firstGood(entries.slice(at + 1));
    if (before !== null) {
      const { name } = before;
      return (option) =>
        `; the last good one before it is ${name}: choose it with ${this.#choose(name, option)}`;
    }
    using after = await this.#firstGood(entries.slice(0, at).reverse());
    if (after !== null) {
      const { name } = after;
      return (option) =>
        `; a newer one, ${name}, is good: choose it with ${this.#choose(name, option)}`;
    }
    return () => "; no other checkpoint in its folder is good, so the run must start again";
  }

  async #firstGood(entries: readonly CheckpointEntry[]): Promise<Checkpoint | null> {
    for (const entry of entries) {
      try {
        return await this.#verify(entry);
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
      }
    }
    return null;
  }

  /** Opens a checkpoint whose every byte is as it was saved. */
  async #verify({ name, path, document, problem }: CheckpointEntry): Promise<Checkpoint> {
    const refuse = (reason: string): never => {
      this.#damaged.add(name);
      throw new UserError(`Cannot load checkpoint ${path}: ${reason}`);
    };
    if (document === null) return refuse(problem!);
    const saved = document.files[STATE_FILE]!;
    const statePath = `${path}/${STATE_FILE}`;
    let size: number;
    try {
      ({ size } = await fs.stat(statePath));
    } catch (error) {
      if (error instanceof fs.errors.NotFound) return refuse(`${STATE_FILE} is missing`);
      throw fileError("read", statePath, error);
    }
    if (size !== saved.bytes) {
      refuse(
        `${STATE_FILE} ${
          size < saved.bytes ? "is cut short" : "was changed"
        }: it has ${size} bytes and had ${saved.bytes}`,
      );
    }
    let tensors: SafetensorsFile;
    try {
      tensors = SafetensorsFile.open(statePath);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return refuse(
        `${STATE_FILE} cannot be read: ${error.message.replace(`Cannot read ${statePath}: `, "")}`,
      );
    }
    try {
      const hash = new Sha256();
      await tensors.readWhole((bytes) => hash.update(bytes));
      if (hash.hex() !== saved.sha256) {
        refuse(`${STATE_FILE} was changed: its SHA-256 is not that of what was saved`);
      }
      return new Checkpoint(name, path, document, tensors);
    } catch (error) {
      tensors.close();
      throw error;
    }
  }

  async #prune(): Promise<void> {
    let complete = 0;
    for (const entry of await listCheckpoints(this.folder)) {
      if (complete >= this.#keep) {
        // What cannot be read may be another's.
        if (entry.document !== null) await removeCheckpoint(entry.path);
      } else if (!this.#damaged.has(entry.name) && await isComplete(entry)) {
        complete++;
      }
    }
  }

  async #noneError(
    name: string | undefined,
    entries: readonly CheckpointEntry[],
  ): Promise<UserError> {
    const { folder } = this;
    if (entries.length === 0) {
      const single = await exists(`${folder}/${DOCUMENT_FILE}`);
      const advice = single
        ? `it is a single checkpoint; give the folder it lies in, ${dirname(resolve(folder))}`
        : "there is none in it; give the folder that checkpoints were saved to";
      return new UserError(`Cannot load a checkpoint from ${folder}: ${advice}`);
    }
    return new UserError(
      `Cannot load checkpoint ${folder}/${name}: there is none of that name, but ${
        entries.map((entry) => entry.name).join(", ")
      }`,
    );
  }

  /** Rewords an error with the names that the user knows. */
  async #saveError(error: unknown, path: string, stagingPath: string): Promise<unknown> {
    const gone = !await exists(this.folder).catch(() => true);
    const known = fileError("save checkpoint", path, error);
    if (!(known instanceof UserError)) return known;
    if (gone) {
      return new UserError(
        `Cannot save checkpoint ${path}: the folder ${this.folder} is no longer there`,
      );
    }
    return reworded(known, (message) => message.replaceAll(stagingPath, path));
  }
}

async function lockStore(folder: string): Promise<Disposable> {
  const lock = await tryLock(`${folder}/${LOCK_FILE}`);
  if (lock === null) {
    throw new UserError(
      `Cannot save checkpoints to ${folder}: another run is saving to it; wait for its end or choose another folder`,
    );
  }
  return lock;
}

/** Wider elements first, so that all data begin at multiples of their width. */
function byWidth(tensors: readonly TensorSource[]): TensorSource[] {
  return tensors.toSorted((a, b) => elementBytes(b.dtype) - elementBytes(a.dtype));
}

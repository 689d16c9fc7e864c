/**
 * Which arrays of which files make up each part of a log: a day, or a split.
 *
 * @module
 */

import { fs } from "../../core/deno.ts";
import { UserError } from "../../core/errors.ts";
import { readFully } from "../../core/files.ts";
import type { TextFile } from "../text_source.ts";
import type { Split } from "../types.ts";
import { ArrayFile, type ArrayPlace } from "./array_file.ts";
import {
  type ArrayFormatName,
  dayOf,
  MLPERF_COLUMNS,
  MLPERF_ROW_BYTES,
  namedSplit,
  torchrecDay,
} from "./formats.ts";
import { isNpy } from "./npy.ts";
import { isZip, readZip, unpackMember, type ZipMember } from "./zip.ts";

/** Some adjacent columns of an array. */
export interface Columns {
  readonly array: ArrayFile;
  readonly first: number;
  readonly count: number;
}

/** A part whose arrays are open. */
export interface OpenPart {
  readonly rows: number;
  readonly labels: Columns;
  readonly dense: Columns;
  /** One array with a column a table, or an array a table with a column a lookup. */
  readonly ids: readonly Columns[];
  /** Ids of each table where the file says so, else null. */
  readonly counts: Float64Array | null;
}

/** A part of a log: rows that lie side by side in the same files. */
export interface ArrayPart {
  /** For messages. */
  readonly name: string;
  /** What its name says. */
  readonly split: Split | null;
  readonly day: number | null;
  readonly files: readonly TextFile[];
  /** Opens its arrays. */
  open(opener: ArrayOpener): Promise<OpenPart>;
}

/** What some files hold. */
export interface ArrayLog {
  readonly format: ArrayFormatName;
  /** In the order in which their rows are taken. */
  readonly parts: readonly ArrayPart[];
  /** A file with the number of ids of each table, which holds for all parts. */
  readonly counts: TextFile | null;
  /** Every file once. */
  readonly files: readonly TextFile[];
}

/** Opens arrays of files and of archives, of which deflated members are first unpacked; closes and removes all at the end. */
export class ArrayOpener implements AsyncDisposable {
  readonly #folder: string;
  readonly #signal: AbortSignal | undefined;
  readonly #open: ArrayFile[] = [];
  readonly #unpacked: string[] = [];
  #number = 0;

  /** @param folder Where members are unpacked. */
  constructor(folder: string, signal?: AbortSignal) {
    this.#folder = folder;
    this.#signal = signal;
  }

  /** An array of the `.npy` format. */
  async npy(place: ArrayPlace): Promise<ArrayFile> {
    return this.#keep(await ArrayFile.openNpy(place));
  }

  /** Rows of elements and nothing else. */
  async raw(place: ArrayPlace, ...shape: ["i4", number]): Promise<ArrayFile> {
    return this.#keep(await ArrayFile.openRaw(place, ...shape));
  }

  /** An array of an archive. */
  async member(file: TextFile, members: readonly ZipMember[], array: string): Promise<ArrayFile> {
    const member = members.find(({ name }) => name === `${array}.npy`);
    if (member === undefined) {
      throw new UserError(`Cannot read ${file.path}: it has no array ${array}`);
    }
    const name = `${array} of ${file.path}`;
    if (member.stored) {
      await unpackMember(file.path, member, null, this.#signal);
      return await this.npy({
        path: file.path,
        name,
        offset: member.offset,
        bytes: member.bytes,
      });
    }
    const path = `${this.#folder}/unpacked-${this.#number++}.npy`;
    this.#unpacked.push(path);
    await unpackMember(file.path, member, path, this.#signal);
    return await this.npy({ path, name });
  }

  #keep(array: ArrayFile): ArrayFile {
    this.#open.push(array);
    return array;
  }

  /** Closes the arrays and removes what was unpacked. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const array of this.#open.splice(0)) array[Symbol.dispose]();
    for (const path of this.#unpacked.splice(0)) {
      await fs.remove(path).catch((error) => {
        if (!(error instanceof fs.errors.NotFound)) throw error;
      });
    }
  }
}

/**
 * What files hold, by their names and first bytes; null where the first of them is no array of a known kind.
 *
 * @throws UserError if only some of them are, or they do not belong together.
 */
export async function findArrayLog(files: readonly TextFile[]): Promise<ArrayLog | null> {
  const kinds: Kind[] = [];
  for (const file of files) kinds.push(await kindOf(file));
  const known = kinds.filter((kind) => kind.kind !== "counts" && kind.kind !== "other");
  if (known.length === 0) return null;
  const format = formatOf(known[0]!);
  for (const [i, kind] of kinds.entries()) {
    if (kind.kind === "counts" || (kind.kind !== "other" && formatOf(kind) === format)) continue;
    throw new UserError(
      `Cannot read ${files[i]!.path} beside ${
        files[kinds.indexOf(known[0]!)]!.path
      }: it is no file of the format ${format}`,
    );
  }
  const counts = files.filter((_, i) => kinds[i]!.kind === "counts");
  if (counts.length > 1) {
    throw new UserError(
      `Cannot read ${counts[1]!.path} beside ${counts[0]!.path}: both give counts of ids`,
    );
  }
  const parts = format === "torchrec-npy"
    ? torchrecParts(files, kinds)
    : files.flatMap((file, i): ArrayPart[] => {
      const kind = kinds[i]!;
      return kind.kind === "dlrm"
        ? [dlrmPart(file, kind.members)]
        : kind.kind === "mlperf"
        ? [mlperfPart(file)]
        : [];
    });
  return { format, parts: inOrder(parts), counts: counts[0] ?? null, files };
}

/** The counts of a file of them. */
export async function readCounts(file: TextFile, opener: ArrayOpener): Promise<Float64Array> {
  return await numbersOf(await opener.member(file, await readZip(file.path), "counts"));
}

type Kind =
  | { readonly kind: "dlrm" | "multi-hot" | "counts"; readonly members: readonly ZipMember[] }
  | { readonly kind: "npy" | "mlperf" | "other" };

function formatOf({ kind }: Kind): ArrayFormatName {
  return kind === "dlrm" ? "dlrm-npz" : kind === "mlperf" ? "mlperf-binary" : "torchrec-npy";
}

async function kindOf(file: TextFile): Promise<Kind> {
  if (file.container !== "arrays") return { kind: "other" };
  const head = new Uint8Array(8);
  {
    using handle = await fs.open(file.path);
    await readFully(handle, head);
  }
  if (isNpy(head)) {
    if (torchrecDay(file.path) !== null) return { kind: "npy" };
    throw new UserError(
      `Cannot read ${file.path}: an array by itself is read as torchrec names it, ` +
        "day_0_dense.npy, day_0_sparse.npy or day_0_labels.npy",
    );
  }
  if (isZip(head)) {
    const members = await readZip(file.path);
    const names = new Set(members.map(({ name }) => name.replace(/\.npy$/, "")));
    if (["X_int", "X_cat", "y"].every((name) => names.has(name))) return { kind: "dlrm", members };
    if (torchrecDay(file.path) !== null && names.has("0")) return { kind: "multi-hot", members };
    if (names.has("counts")) return { kind: "counts", members };
    throw new UserError(
      `Cannot read ${file.path}: its arrays are ${
        [...names].slice(0, 5).join(", ")
      } where DLRM has X_int, X_cat and y, and day_N_sparse_multi_hot.npz has 0, 1, …`,
    );
  }
  if (file.bytes % MLPERF_ROW_BYTES !== 0) {
    throw new UserError(
      `Cannot read ${file.path}: it has ${file.bytes} bytes, which is no multiple of the ` +
        `${MLPERF_ROW_BYTES} of a row of MLPerf's binary (label, 13 integers, 26 ids, int32 each)`,
    );
  }
  return { kind: "mlperf" };
}

/** As in DLRM's data_utils.py: X_int int32 (rows × columns), X_cat int32 (rows × tables), y int32, counts int32 (tables). */
function dlrmPart(file: TextFile, members: readonly ZipMember[]): ArrayPart {
  return {
    name: file.name,
    split: null,
    day: dayOf(file.name),
    files: [file],
    async open(opener) {
      const labels = whole(await opener.member(file, members, "y"));
      const dense = whole(await opener.member(file, members, "X_int"));
      const ids = whole(await opener.member(file, members, "X_cat"));
      const counts = members.some(({ name }) => name === "counts.npy")
        ? await numbersOf(await opener.member(file, members, "counts"))
        : null;
      return checked({ labels, dense, ids: [ids], counts });
    },
  };
}

/** As in DLRM's data_loader_terabyte.py. */
function mlperfPart(file: TextFile): ArrayPart {
  return {
    name: file.name,
    split: namedSplit(file.name),
    day: null,
    files: [file],
    async open(opener) {
      const array = await opener.raw({ path: file.path, name: file.path }, "i4", MLPERF_COLUMNS);
      const columns = (first: number, count: number): Columns => ({ array, first, count });
      return checked({
        labels: columns(0, 1),
        dense: columns(1, 13),
        ids: [columns(14, 26)],
        counts: null,
      });
    },
  };
}

/** As in torchrec's criteo.py; DLRM-v2 has the ids of a day in an archive, an array of rows × lookups for each table. */
function torchrecParts(files: readonly TextFile[], kinds: readonly Kind[]): ArrayPart[] {
  type Role = NonNullable<ReturnType<typeof torchrecDay>>["role"];
  const days = new Map<string, Partial<Record<Role, { file: TextFile; kind: Kind }>>>();
  for (const [i, file] of files.entries()) {
    if (kinds[i]!.kind === "counts") continue;
    const { stem, role } = torchrecDay(file.path)!;
    const key = file.absolutePath.slice(0, -file.name.length) + stem;
    const day = days.get(key) ?? {};
    if (day[role] !== undefined) {
      throw new UserError(
        `Cannot read ${file.path} beside ${day[role].file.path}: both are the ${role} of one day`,
      );
    }
    day[role] = { file, kind: kinds[i]! };
    days.set(key, day);
  }
  return [...days.values()].map((day): ArrayPart => {
    const { labels, dense, sparse } = day as Required<typeof day>;
    return {
      name: dense.file.name,
      split: null,
      day: dayOf(torchrecDay(dense.file.path)!.stem),
      files: [dense.file, sparse.file, labels.file],
      async open(opener) {
        const npy = async ({ path }: TextFile) => whole(await opener.npy({ path, name: path }));
        const ids: Columns[] = [];
        if (sparse.kind.kind === "multi-hot") {
          const { members } = sparse.kind;
          for (let t = 0; members.some(({ name }) => name === `${t}.npy`); t++) {
            ids.push(whole(await opener.member(sparse.file, members, String(t))));
          }
        } else ids.push(await npy(sparse.file));
        return checked({
          labels: await npy(labels.file),
          dense: await npy(dense.file),
          ids,
          counts: null,
        });
      },
    };
  });
}

function whole(array: ArrayFile): Columns {
  return { array, first: 0, count: array.columns };
}

function checked(part: Omit<OpenPart, "rows">): OpenPart {
  const { labels, dense, ids } = part;
  const { rows } = labels.array;
  for (const { array } of [dense, ...ids]) {
    if (array.rows === rows) continue;
    throw new UserError(
      `Cannot read ${array.name}: it has ${array.rows} rows and ${labels.array.name} has ${rows}`,
    );
  }
  if (labels.count !== 1) {
    throw new UserError(`Cannot read ${labels.array.name}: it has ${labels.count} columns, not 1`);
  }
  return { ...part, rows };
}

async function numbersOf(array: ArrayFile): Promise<Float64Array> {
  const numbers = new Float64Array(array.rows * array.columns);
  await array.read(0, array.rows, numbers);
  return numbers;
}

/** By split where names tell it, else by day where all names have one, else as given. */
function inOrder(parts: readonly ArrayPart[]): ArrayPart[] {
  if (parts.length > 1 && parts.every(({ split }) => split !== null)) {
    const order: readonly (Split | null)[] = ["train", "test", "validation"];
    return parts.toSorted((a, b) => order.indexOf(a.split) - order.indexOf(b.split));
  }
  if (parts.every(({ day }) => day !== null)) return parts.toSorted((a, b) => a.day! - b.day!);
  return [...parts];
}

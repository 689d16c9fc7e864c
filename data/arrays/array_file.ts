/**
 * Arrays of numbers in files, read by ranges of rows.
 *
 * @module
 */

import { fs } from "../../core/deno.ts";
import { UserError } from "../../core/errors.ts";
import { fileError, readFully } from "../../core/files.ts";
import { decodeNumbers, NPY_HEAD_BYTES, NPY_TYPES, type NpyType, parseNpyHeader } from "./npy.ts";

/** Where an array is, and how it is called in messages. */
export interface ArrayPlace {
  readonly path: string;
  /** Its name in messages: `day_0_dense.npy`, `X_cat of kaggle.npz`. */
  readonly name: string;
  /** First byte of it in the file. Default 0. */
  readonly offset?: number;
  /** Bytes of it, header and all. Default: as far as the file goes. */
  readonly bytes?: number;
}

/** A matrix of numbers in an open file; an array of one dimension is a column. */
export class ArrayFile implements Disposable {
  readonly rows: number;
  readonly columns: number;
  /** Element type. */
  readonly type: NpyType;
  readonly name: string;
  readonly #file: Deno.FsFile;
  /** The file it is read from. */
  readonly path: string;
  /** First byte of the first element. */
  readonly #start: number;
  readonly #fortranOrder: boolean;
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0);

  private constructor(
    file: Deno.FsFile,
    place: ArrayPlace,
    array: {
      readonly type: NpyType;
      readonly rows: number;
      readonly columns: number;
      readonly start: number;
      readonly fortranOrder: boolean;
    },
  ) {
    this.#file = file;
    this.path = place.path;
    this.name = place.name;
    this.rows = array.rows;
    this.columns = array.columns;
    this.type = array.type;
    this.#start = array.start;
    this.#fortranOrder = array.fortranOrder;
  }

  /**
   * Opens an array of the `.npy` format.
   *
   * @throws UserError if it is no array of numbers with one or two dimensions, or is cut short.
   */
  static async openNpy(place: ArrayPlace): Promise<ArrayFile> {
    const fail = (reason: string): never => {
      throw new UserError(`Cannot read ${place.name}: ${reason}`);
    };
    const { path, offset = 0 } = place;
    return await withFile(path, async (file, size) => {
      const bytes = place.bytes ?? size - offset;
      const head = new Uint8Array(Math.min(NPY_HEAD_BYTES, bytes));
      await file.seek(offset, fs.SeekMode.Start);
      await readFully(file, head);
      const header = parseNpyHeader(head);
      if (typeof header === "string") return fail(header);
      const { type, shape, fortranOrder, headerBytes } = header;
      if (shape.length < 1 || shape.length > 2) {
        fail(`it has ${shape.length} dimensions, not rows and columns`);
      }
      const [rows, columns = 1] = shape as [number, number?];
      const expected = headerBytes + rows * columns * NPY_TYPES[type];
      if (!Number.isSafeInteger(expected)) fail(`its shape is ${shape.join(" × ")}`);
      if (bytes < expected) {
        fail(
          `it is cut short: ${bytes} bytes where ${shape.join(" × ")} elements take ${expected}`,
        );
      }
      const start = offset + headerBytes;
      return new ArrayFile(file, place, {
        ...{ type, rows, columns, start },
        fortranOrder: fortranOrder && columns > 1,
      });
    });
  }

  /** Opens a file that holds only rows of elements. The caller must refuse an incomplete row at its end. */
  static async openRaw(place: ArrayPlace, type: NpyType, columns: number): Promise<ArrayFile> {
    return await withFile(place.path, (file, size) => {
      const rows = Math.floor(size / (columns * NPY_TYPES[type]));
      return Promise.resolve(
        new ArrayFile(file, place, { type, rows, columns, start: 0, fortranOrder: false }),
      );
    });
  }

  /** Bytes of the file up to the end of the first `rows` rows. */
  usedBytes(rows: number): number {
    const columns = this.columns, size = NPY_TYPES[this.type];
    const last = this.#fortranOrder ? (columns - 1) * this.rows + rows : columns * rows;
    return this.#start + size * last;
  }

  /** Reads rows [from, to) to `into`, row by row. */
  async read(from: number, to: number, into: Float64Array): Promise<void> {
    const { columns, rows } = this;
    if (!this.#fortranOrder) {
      await this.#readRun(from * columns, (to - from) * columns, into, 0, 1);
      return;
    }
    for (let j = 0; j < columns; j++) {
      await this.#readRun(j * rows + from, to - from, into, j, columns);
    }
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }

  async #readRun(
    first: number,
    count: number,
    into: Float64Array,
    at: number,
    stride: number,
  ): Promise<void> {
    const size = NPY_TYPES[this.type], length = size * count;
    if (this.#bytes.length < length) this.#bytes = new Uint8Array(length);
    const bytes = this.#bytes.subarray(0, length);
    try {
      await this.#file.seek(this.#start + size * first, fs.SeekMode.Start);
      if (await readFully(this.#file, bytes) !== length) {
        throw new UserError(`Cannot read ${this.name}: it became shorter while it was read`);
      }
    } catch (error) {
      throw fileError("read", this.path, error);
    }
    decodeNumbers(this.type, bytes, into, at, stride);
  }
}

async function withFile(
  path: string,
  body: (file: Deno.FsFile, size: number) => Promise<ArrayFile>,
): Promise<ArrayFile> {
  let file: Deno.FsFile | null = null;
  try {
    file = await fs.open(path);
    return await body(file, (await file.stat()).size);
  } catch (error) {
    file?.close();
    throw fileError("read", path, error);
  }
}

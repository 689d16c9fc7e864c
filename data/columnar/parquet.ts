/**
 * Parquet files, one row group at a time. The library is loaded when the first such file is read.
 *
 * @module
 */

import { fs } from "../../core/deno.ts";
import { UserError } from "../../core/errors.ts";
import { fileError, readFully } from "../../core/files.ts";
import type { ColumnMetaData, FileMetaData } from "../../core/npm/hyparquet.ts";
import { printable } from "../../core/printable.ts";
import type { ColumnarFile } from "./file.ts";
import type { ColumnChunk } from "./parquet_pages.ts";

type Library = typeof import("../../core/npm/hyparquet.ts");

/** Rows of a row group; writers have some hundred thousand. */
const MAX_GROUP_ROWS = 2 ** 31;

/**
 * Opens a Parquet file; of its columns only those that are asked for are read. Snappy, gzip, brotli, zstd and lz4 are
 * unpacked. Memory is that of one column of a row group at a time.
 *
 * @throws UserError if it is damaged, or written in a way that the library cannot read.
 */
export async function openParquet(path: string): Promise<ColumnarFile> {
  const library = await import("../../core/npm/hyparquet.ts");
  const { Pages } = await import("./parquet_pages.ts");
  const refuse = (error: unknown): never => {
    if (error instanceof UserError) throw error;
    const known = fileError("read", path, error);
    if (known instanceof UserError) throw known;
    const { message } = error as Error;
    // The library finds no member where the description lacks it.
    const what = error instanceof TypeError ? `it is damaged (${message})` : message;
    throw new UserError(`Cannot read ${path} as Parquet: ${printable(what)}`);
  };
  try {
    const pages = new Pages();
    const bytes = (await fs.stat(path)).size;
    /** Columns of all row groups by the places where they begin. */
    const chunks = new Map<number, ColumnChunk[]>();
    const file = {
      byteLength: bytes,
      slice: async (start: number, end = bytes): Promise<ArrayBuffer> => {
        const buffer = await readRange(path, start, end);
        for (const chunk of chunks.get(start) ?? []) pages.check(buffer, chunk);
        return buffer;
      },
    };
    await checkEnd(path, bytes);
    const metadata = await library.parquetMetadataAsync(file, { geoparquet: false });
    findChunks(library, metadata, bytes, chunks);
    return {
      names: namesOf(metadata),
      async *groups() {
        const { compressors } = pages;
        const scan = await library.parquetScan({
          file,
          metadata,
          compressors,
          useOffsetIndex: false,
        })
          .catch(refuse);
        let rowStart = 0;
        for (const group of metadata.row_groups) {
          const rows = Number(group.num_rows), start = rowStart;
          rowStart += rows;
          yield {
            rows,
            async read(column: string) {
              const range = { column, rowStart: start, rowEnd: start + rows };
              // The library throws at once what is wrong with a range, and rejects what is wrong with a page.
              const values = await (async () => await scan.readColumn(range))().catch(refuse);
              if (values.length !== rows) {
                throw new UserError(
                  `Cannot read ${path} as Parquet: column ${column} has ${values.length} values in a group of ${rows} rows`,
                );
              }
              return values;
            },
          };
        }
      },
    };
  } catch (error) {
    return refuse(error);
  }
}

/** A Parquet file ends as it begins, with PAR1; without that it is cut short, or its writer has not closed it. */
async function checkEnd(path: string, bytes: number): Promise<void> {
  const end = bytes < 12 ? "" : decoder.decode(await readRange(path, bytes - 4, bytes));
  if (end === "PARE") throw new RangeError("it is encrypted");
  if (end !== "PAR1") {
    throw new RangeError(
      "it does not end with PAR1, so it is cut short or was not written to its end",
    );
  }
}

const decoder = new TextDecoder();

/** Bytes [start, end) of a file. */
async function readRange(path: string, start: number, end: number): Promise<ArrayBuffer> {
  if (!(start >= 0 && end >= start)) throw new RangeError(`it has no bytes ${start} to ${end}`);
  using file = await fs.open(path);
  await file.seek(start, fs.SeekMode.Start);
  const bytes = new Uint8Array(end - start);
  const read = await readFully(file, bytes);
  if (read < bytes.length) throw new RangeError("it is cut short");
  return bytes.buffer;
}

/** The names of the columns, of lists and structures those of the whole. */
function namesOf({ schema }: FileMetaData): string[] {
  const [root, ...elements] = schema;
  const names: string[] = [];
  // The elements of the schema tree stand in depth-first order; only the root's children are columns.
  for (let at = 0, left = root?.num_children ?? 0; left > 0; left--) {
    names.push(elements[at]!.name);
    at = behind(elements, at);
  }
  return names;
}

/** The place behind an element of the schema and all that is in it. */
function behind(
  elements: readonly { readonly num_children?: number | undefined }[],
  at: number,
): number {
  let next = at + 1;
  for (let left = elements[at]!.num_children ?? 0; left > 0; left--) next = behind(elements, next);
  return next;
}

/**
 * Notes where the columns of all row groups lie.
 *
 * @throws {Error} One lies outside of the file, or its rows are not those of its group.
 */
function findChunks(
  { parquetSchema, getTreePath, getMaxDefinitionLevel, getMaxRepetitionLevel }: Library,
  metadata: FileMetaData,
  bytes: number,
  chunks: Map<number, ColumnChunk[]>,
): void {
  const tree = parquetSchema(metadata);
  for (const { num_rows, columns } of metadata.row_groups) {
    const rows = Number(num_rows);
    if (!(rows >= 0 && rows <= MAX_GROUP_ROWS)) {
      throw new RangeError(`it has a group of ${rows} rows`);
    }
    const names = new Set<string>();
    for (const { meta_data: column } of columns) {
      if (column === undefined) throw new RangeError("it has a column without a description");
      const name = column.path_in_schema.join(".");
      // The library would read both, and wait for one.
      if (names.has(name)) throw new RangeError(`it has column ${name} twice`);
      names.add(name);
      const path = getTreePath(tree, column.path_in_schema);
      const repetition = getMaxRepetitionLevel(path), values = Number(column.num_values);
      if (repetition === 0 ? values !== rows : !(values >= rows && values <= MAX_GROUP_ROWS)) {
        throw new RangeError(
          `column ${path[1]?.element.name} has ${values} values in ${rows} rows`,
        );
      }
      const start = startOf(column);
      if (!(start >= 0 && start + Number(column.total_compressed_size) <= bytes)) {
        throw new RangeError(`column ${path[1]?.element.name} lies outside of it`);
      }
      const element = path.at(-1)!.element;
      chunks.set(start, [...chunks.get(start) ?? [], {
        codec: column.codec,
        type: column.type,
        values,
        unpackedBytes: Number(column.total_uncompressed_size),
        levels: { definition: getMaxDefinitionLevel(path), repetition },
        typeLength: element.type_length ?? 0,
      }]);
    }
  }
}

/** Where the library begins to read a column. */
function startOf({ dictionary_page_offset, data_page_offset }: ColumnMetaData): number {
  return Number(dictionary_page_offset || data_page_offset);
}

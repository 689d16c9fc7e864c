/**
 * Parquet files, one row group at a time. The library is loaded when the first such file is read.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import { printable } from "../../core/printable.ts";
import type { ColumnarFile } from "./file.ts";

/**
 * Opens a Parquet file; of its columns only those that are asked for are read. Snappy, gzip, brotli, zstd and lz4 are
 * unpacked. Memory is that of one column of a row group at a time.
 *
 * @throws UserError if it is damaged, or written in a way that the library cannot read.
 */
export async function openParquet(path: string): Promise<ColumnarFile> {
  const { asyncBufferFromFile, compressors, parquetMetadataAsync, parquetScan } = await import(
    "../../core/npm/hyparquet.ts"
  );
  const refuse = (error: unknown): never => {
    if (error instanceof Deno.errors.NotFound || error instanceof UserError) throw error;
    throw new UserError(`Cannot read ${path} as Parquet: ${printable((error as Error).message)}`);
  };
  try {
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(file);
    const [root, ...elements] = metadata.schema;
    // The elements of the schema tree stand in depth-first order; only the roots' children are columns.
    const names: string[] = [];
    for (let at = 0, left = root?.num_children ?? 0; left > 0; left--) {
      names.push(elements[at]!.name);
      at = behind(elements, at);
    }
    return {
      names,
      async *groups() {
        const scan = await parquetScan({ file, metadata, compressors }).catch(refuse);
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

/** The place behind an element of the schema and all that is in it. */
function behind(
  elements: readonly { readonly num_children?: number | undefined }[],
  at: number,
): number {
  let next = at + 1;
  for (let left = elements[at]!.num_children ?? 0; left > 0; left--) next = behind(elements, next);
  return next;
}

/**
 * Arrow IPC files and streams, Feather of version 2 among them. The library is loaded when the first such file is read.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import { formatBytes } from "../../core/format.ts";
import { readBounded } from "../../core/json_file.ts";
import { printable } from "../../core/printable.ts";
import type { ColumnarFile } from "./file.ts";

/** The whole file is in memory while it is read. */
const MAX_BYTES = 2 ** 31;

/**
 * Opens an Arrow file, which is held in memory as a whole.
 *
 * @throws UserError if it is compressed, damaged, or has more than 2 GiB.
 */
export async function openArrow(path: string, bytes: number): Promise<ColumnarFile> {
  if (bytes > MAX_BYTES) {
    throw new UserError(
      `Cannot read ${path}: an Arrow file is held in memory, and it has ${
        formatBytes(bytes)
      } where ${formatBytes(MAX_BYTES)} are the most; write it as Parquet`,
    );
  }
  const { tableFromIPC } = await import("../../core/npm/flechette.ts");
  // The library looks at parts of a file when they are asked for, and throws whatever it stumbles over.
  const attempt = <T>(body: () => T): T => {
    try {
      return body();
    } catch (error) {
      const { message } = error as Error;
      throw new UserError(
        message.includes("compression")
          ? `Cannot read ${path}: its columns are compressed; write it uncompressed, or as Parquet`
          : `Cannot read ${path} as Arrow: ${printable(message)}`,
      );
    }
  };
  const content = await readBounded(path, MAX_BYTES);
  const table = attempt(() => tableFromIPC(content, { useBigInt: true }));
  // A row takes a bit of each column at least.
  if (!(table.numRows >= 0 && table.numRows <= 8 * content.length)) {
    throw new UserError(
      `Cannot read ${path} as Arrow: it claims ${table.numRows} rows in ${
        formatBytes(content.length)
      }`,
    );
  }
  return {
    names: table.names.map(String),
    async *groups() {
      yield {
        rows: table.numRows,
        read: (column) =>
          Promise.resolve().then(() => attempt(() => table.getChild(column)!.toArray())),
      };
    },
  };
}

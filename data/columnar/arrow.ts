/**
 * Arrow IPC files and streams, Feather of version 2 among them. The library is loaded when the first such file is read.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import { formatBytes } from "../../core/format.ts";
import { readBounded } from "../../core/json_file.ts";
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
  const read = () => {
    try {
      return tableFromIPC(content, { useBigInt: true });
    } catch (error) {
      const { message } = error as Error;
      throw new UserError(
        message.includes("compression")
          ? `Cannot read ${path}: its columns are compressed; write it uncompressed, or as Parquet`
          : `Cannot read ${path} as Arrow: ${message}`,
      );
    }
  };
  const content = await readBounded(path, MAX_BYTES);
  const table = read();
  return {
    names: table.names.map(String),
    async *groups() {
      yield {
        rows: table.numRows,
        read: (column) => Promise.resolve(table.getChild(column)!.toArray()),
      };
    },
  };
}

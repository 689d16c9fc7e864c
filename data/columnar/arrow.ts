/**
 * Arrow IPC files and streams, Feather of version 2 among them. The library is loaded when the first such file is read.
 *
 * @module
 */

import { checkArrowBounds, checkStreamBounds, isArrowFile } from "../../core/arrow/bounds.ts";
import { UserError } from "../../core/errors.ts";
import { formatBytes } from "../../core/format.ts";
import { readBounded } from "../../core/json_file.ts";
import { printable } from "../../core/printable.ts";
import { checkColumn } from "./arrow_columns.ts";
import { unpackArrow } from "./arrow_unpack.ts";
import type { ColumnarFile } from "./file.ts";

/** The whole file is in memory while it is read. */
const MAX_BYTES = 2 ** 31;

/**
 * Opens an Arrow file, which is held in memory as a whole.
 *
 * @throws UserError if it is damaged, or has more than 2 GiB, unpacked too.
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
      const message = printable((error as Error).message);
      // What the library says of a view that lies outside is of no use to anyone.
      const outside = /outside the bounds|out of bounds|Invalid typed array/i.test(message);
      throw new UserError(
        `Cannot read ${path} as Arrow: ${
          outside ? "it is cut short, or its parts do not lie where it says" : message
        }`,
      );
    }
  };
  const content = await readBounded(path, MAX_BYTES);
  const table = attempt(() => {
    const whole = unpackArrow(content, MAX_BYTES);
    const rows = isArrowFile(whole) ? checkArrowBounds(whole) : checkStreamBounds(whole);
    const found = tableFromIPC(whole, { useBigInt: true, useDate: true });
    if (found.numRows !== rows) {
      throw new RangeError(`it has ${found.numRows} rows and not ${rows}`);
    }
    return found;
  });
  return {
    names: table.names.map(String),
    async *groups() {
      yield {
        rows: table.numRows,
        read: (column) =>
          Promise.resolve().then(() =>
            attempt(() => {
              const child = table.getChild(column)!;
              checkColumn(child);
              const values = child.toArray();
              if (values.length === table.numRows) return values;
              throw new RangeError(
                `column ${column} has ${values.length} values in ${table.numRows} rows`,
              );
            })
          ),
      };
    },
  };
}

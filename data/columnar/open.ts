/**
 * Opens files of columns by their containers.
 *
 * @module
 */

import type { TextFile } from "../text_source.ts";
import { openArrow } from "./arrow.ts";
import type { ColumnarFile } from "./file.ts";
import { openParquet } from "./parquet.ts";

/** Opens a Parquet or Arrow file. */
export function openColumnar(file: TextFile): Promise<ColumnarFile> {
  return file.container === "arrow" ? openArrow(file.path, file.bytes) : openParquet(file.path);
}

/** The names of the columns of a Parquet or Arrow file. */
export async function readColumnNames(file: TextFile): Promise<readonly string[]> {
  return (await openColumnar(file)).names;
}

/**
 * Which format the files of a log have.
 *
 * @module
 */

import { UsageError, UserError } from "../core/errors.ts";
import { isArrayFormat } from "./arrays/formats.ts";
import { findArrayLog } from "./arrays/parts.ts";
import type { PreparationOptions } from "./manifest.ts";
import type { OpenOptions } from "./open.ts";
import { recognise } from "./recognise.ts";
import type { TextFile } from "./text_source.ts";

/** The format of some files, and what their columns mean where that is not what the format's own layout says. */
export interface ChosenFormat extends Pick<PreparationOptions, "format" | "schema" | "events"> {
  /** How it was chosen, for messages. */
  readonly chosen: string;
}

/**
 * Chooses the format: of arrays by their names and first bytes; of anything else as its schema says, as asked, or by its
 * content.
 *
 * @throws UserError for files that are not of the format that is asked for, or of none.
 */
export async function chooseFormat(
  files: readonly TextFile[],
  { format, schema, test, minCount = 0 }: Pick<
    OpenOptions,
    "format" | "schema" | "test" | "minCount"
  > = {},
): Promise<ChosenFormat> {
  if (format === "synthetic") throw new RangeError("Cannot prepare generated inputs");
  const { path } = files[0]!;
  const arrays = await findArrayLog(files);
  if (arrays === null) {
    if (schema !== undefined) {
      return { format: "schema", schema, events: null, chosen: "as its schema says" };
    }
    if (format === undefined || !isArrayFormat(format)) return await recognise(files, format);
    throw new UserError(
      `Cannot read ${path} as ${format}: it is no array that this format has`,
    );
  }
  if (format !== undefined && format !== arrays.format) {
    throw new UserError(
      `Cannot read ${path} as ${format}: it is of the format ${arrays.format}`,
    );
  }
  const refuse = (what: string, reason: string): never => {
    throw new UsageError(
      `Cannot open ${path} with ${what}: ${reason.replace("FORMAT", arrays.format)}`,
    );
  };
  if (schema !== undefined) {
    refuse("a schema", "it is of the format FORMAT, whose columns are known");
  }
  if (test !== undefined) {
    refuse("files that test", "the names of the files say which test in the format FORMAT");
  }
  if (minCount > 0) {
    refuse(`a minimum count of ${minCount}`, "ids of the format FORMAT are used as they are");
  }
  const chosen = "recognised by names and first bytes";
  return { format: arrays.format, schema: null, events: null, chosen };
}

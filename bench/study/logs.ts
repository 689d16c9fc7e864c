/**
 * Logs of the user's own as workloads of a study. All seeds train on the same inputs, split as the schema says; initial weights
 * and order are the seed's.
 *
 * @module
 */

import { UsageError, UserError } from "../../core/errors.ts";
import { formatBytes, formatCount } from "../../core/format.ts";
import { openDataset } from "../../data/open.ts";
import { readSchema } from "../../data/schema/read_schema.ts";
import type { Dataset } from "../../data/types.ts";
import type { Settings } from "../experiment.ts";
import { PREPARED_FOLDER } from "../folder_names.ts";
import { occasionally } from "../occasionally.ts";
import { type LogName, logName, studyLabel } from "./workload.ts";

/** Where a log lies. */
export type LogSettings =
  & Pick<Settings, "signal" | "out">
  & Partial<Pick<Settings, "data" | "schema" | "say">>
  & {
    /** The first rows alone, so many; all where absent or null. */
    readonly limit?: number | null;
  };

/** A log that has been opened. */
export interface OpenedLog {
  readonly workload: LogName;
  readonly dataset: Dataset;
}

/**
 * Opens the log of `--data`, which is prepared the first time; null where none is given.
 *
 * @throws {UserError} It cannot be read, or its inputs are sequences.
 */
export async function openLog(
  { data = [], schema = null, limit = null, out, signal, say = () => {} }: LogSettings,
): Promise<OpenedLog | null> {
  if (data.length === 0) return null;
  const tell = occasionally(say);
  const dataset = await openDataset({
    data,
    ...(schema === null ? {} : { schema: await readSchema(schema) }),
    ...(limit === null ? {} : { limit }),
    cacheDirectory: `${out}/${PREPARED_FOLDER}`,
    signal,
    onProgress: ({ stage, bytes, totalBytes, rows }) =>
      tell(
        stage === "preparing"
          ? `prepared ${formatCount(rows)} rows, ${formatBytes(bytes)} of ${
            formatBytes(totalBytes)
          }`
          : `${stage} ${data[0]}`,
      ),
  });
  const workload = logName(data[0]!, dataset.hash), { steps } = dataset.schema;
  if (steps !== undefined) {
    dataset.close();
    throw new UserError(
      `Cannot train on ${
        studyLabel(workload)
      }: its inputs are sequences of ${steps} time steps, and a log is trained here with RM2, which takes single inputs`,
    );
  }
  return { workload, dataset };
}

/**
 * Opens the log of a workload.
 *
 * @throws {UsageError} No log is given, or another one.
 */
export async function openLogOf(
  workload: LogName,
  settings: LogSettings,
): Promise<Dataset> {
  const opened = await openLog(settings);
  if (opened?.workload === workload) return opened.dataset;
  opened?.dataset.close();
  throw new UsageError(
    `Cannot train on ${workload}: ${
      opened === null ? "its files are missing" : `the files given are ${opened.workload}`
    }; give its files with --data, and --schema where it has one`,
  );
}

/** What a study must know of the log before it is trained on; null where none is given. */
export async function lookAtLog(
  settings: LogSettings,
): Promise<{ readonly workload: LogName; readonly inputs: number } | null> {
  const opened = await openLog(settings);
  if (opened === null) return null;
  const { workload, dataset } = opened;
  const inputs = dataset.count("train");
  dataset.close();
  return { workload, inputs };
}

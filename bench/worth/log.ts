/**
 * The log that is asked about: as many of its rows as are read, and whether anything can be said of them.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import { formatCount } from "../../core/format.ts";
import { type Profile, profileDataset } from "../../data/profile.ts";
import type { Dataset } from "../../data/types.ts";
import { type LogSettings, openLog } from "../study/logs.ts";
import { hotRowShare } from "../study/settings.ts";
import { type LogName, presetOf, studyLabel } from "../study/workload.ts";

/** The first rows, which tell how fast this machine trains them. */
const FIRST_ROWS = 60_000;
/** Fewest inputs that train and that test, and fewest of these with either label. */
const LEAST_TRAIN = 1000, LEAST_TEST = 100, LEAST_OF_A_LABEL = 10;
/** Inputs that are profiled at most. */
const PROFILED = 200_000;

/** A log, or its first rows. */
export interface AskedLog {
  readonly workload: LogName;
  /** As sentences call it: `log my`. */
  readonly label: string;
  /** Rows that are read; null for all. */
  readonly limit: number | null;
  /** Inputs of the training split, of the test split, and of both with those that validate. */
  readonly train: number;
  readonly test: number;
  readonly all: number;
}

/** The first rows of the log; all of it where it has no more than these. */
export async function openFirst(settings: LogSettings): Promise<AskedLog> {
  return await openRows(settings, FIRST_ROWS);
}

/** So many rows of the log; all of it where it has no more. */
export async function openRows(settings: LogSettings, limit: number): Promise<AskedLog> {
  if (limit === Infinity) return await lookAt(settings, null);
  const cut = await lookAt(settings, limit);
  // A log that has no more rows is opened as other experiments open it, so that they find what was trained.
  return cut.all < limit ? await lookAt(settings, null) : cut;
}

async function lookAt(settings: LogSettings, limit: number | null): Promise<AskedLog> {
  const { workload, dataset } = (await openLog({ ...settings, limit }))!;
  using _closed = dataset;
  const [train, test] = [dataset.count("train"), dataset.count("test")];
  return {
    ...{ workload, limit, train, test, label: studyLabel(workload) },
    all: train + test + dataset.count("validation"),
  };
}

/**
 * Profiles the inputs that train, with the memory for hot rows that the study gives them.
 *
 * @throws {UserError} Too few inputs train or test, or all that test have one label.
 */
export async function profileLog(
  { workload, label, limit }: AskedLog,
  settings: LogSettings,
): Promise<Profile> {
  const { dataset } = (await openLog({ ...settings, limit }))!;
  using _closed = dataset;
  checkCounts(dataset, label);
  const { signal } = settings, { dim } = presetOf(workload);
  const test = await profileDataset(dataset, { split: "test", budgetsMib: [], dim, signal });
  checkLabels(test, label);
  const rows = dataset.schema.tables.reduce((sum, table) => sum + table.rows, 0);
  const train = dataset.count("train");
  return await profileDataset(dataset, {
    ...{ split: "train", dim, signal },
    budgetsMib: [hotRowShare(workload) * rows * 4 * dim / 2 ** 20],
    ...(train > PROFILED ? { sample: PROFILED } : {}),
  });
}

function checkCounts(dataset: Dataset, label: string): void {
  const [train, test] = [dataset.count("train"), dataset.count("test")];
  if (train >= LEAST_TRAIN && test >= LEAST_TEST) return;
  throw new UserError(
    `Cannot ask whether skipping is worth it on ${label}: ${
      formatCount(train)
    } of its inputs train and ${formatCount(test)} test; at least ${
      formatCount(LEAST_TRAIN)
    } and ${LEAST_TEST} are needed`,
  );
}

function checkLabels({ labelRate, inputs }: Profile, label: string): void {
  const ones = Math.round(labelRate.value * inputs), zeros = inputs - ones;
  if (Math.min(ones, zeros) >= LEAST_OF_A_LABEL) return;
  throw new UserError(
    `Cannot ask whether skipping is worth it on ${label}: of the ${
      formatCount(inputs)
    } inputs that test ${formatCount(ones)} have label 1 and ${
      formatCount(zeros)
    } label 0; accuracy takes at least ${LEAST_OF_A_LABEL} of each`,
  );
}

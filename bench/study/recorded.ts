/**
 * Recorded runs: a folder of results that were had before, kept with the project, one document a run. Tables made of them say
 * so, and they are never mixed with runs that were made here.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { UserError } from "../../core/errors.ts";
import { fileError, makeFolder, writeFileWhole } from "../../core/files.ts";
import { formatSealed, readJsonFile } from "../../core/json_file.ts";
import {
  checkSchema,
  documentOf,
  objectWith,
  orNull,
  type Schema,
  text,
} from "../../core/schema.ts";
import { twinWords } from "./twin_settings.ts";
import { deviceEnding, runName, STUDY_RESULT, type StudyKey, type StudyResult } from "./store.ts";

/** The project's own records. */
export const RECORDS_FOLDER: string = import.meta.url.startsWith("file:")
  ? fileURLToPath(new URL("../recorded", import.meta.url))
  : "bench/recorded";

/** Grows when a member beside the run's result changes its meaning or goes. */
const RECORD_SCHEMA_VERSION = 1;

/** A record takes some 10 kB; rows that are watched, more. */
const MOST_BYTES = 16e6;

/** How a run was recorded. */
export interface Recording {
  /** Words that make the run again. */
  readonly command: string;
  /** When it was recorded, which is when it ended unless an earlier command trained it: ISO 8601, UTC. */
  readonly recorded_at: string;
  /**
   * What else ran on the machine meanwhile, in words; {@linkcode ALONE} where nothing did, null where nobody said. Times of runs
   * that were not alone are left out of tables.
   */
  readonly beside: string | null;
}

/** What `beside` is of a run that had the machine to itself. */
export const ALONE = "nothing";

/** A document of the folder. */
interface RecordDocument {
  readonly schema: "slipstream.recorded-run";
  readonly schema_version: typeof RECORD_SCHEMA_VERSION;
  readonly recording: Recording;
  readonly run: StudyResult;
}

/** A run and how it was recorded. */
export interface RecordedRun extends StudyResult {
  readonly recording: Recording;
}

const RECORD: Schema<RecordDocument> = documentOf<RecordDocument>(
  {
    schema: "slipstream.recorded-run",
    version: RECORD_SCHEMA_VERSION,
    otherwise: "; remove it to record the run again",
  },
  objectWith<RecordDocument>({
    recording: objectWith<Recording>({ command: text, recorded_at: text, beside: orNull(text) }),
    run: STUDY_RESULT,
  }),
);

/**
 * Where a run's record lies in a folder.
 *
 * @param device What computed it, as the run's conditions say: each device has records of its own.
 */
export function recordPath(folder: string, key: StudyKey, device: string): string {
  return `${folder}/${recordName(key, device)}`;
}

function recordName(key: StudyKey, device: string): string {
  return `${runName(key)}${deviceEnding(device)}.json`;
}

/** Whether a run of a device has been recorded. */
export async function isRecorded(
  folder: string,
  key: StudyKey,
  device: string,
): Promise<boolean> {
  try {
    return (await Deno.stat(recordPath(folder, key, device))).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw fileError("read", folder, error);
  }
}

/**
 * Records a run.
 *
 * @throws {UserError} It has been recorded before: a record is never replaced.
 */
export async function writeRecord(
  folder: string,
  run: StudyResult,
  recording: Recording,
): Promise<void> {
  await makeFolder(folder);
  const { device } = run.conditions;
  const path = recordPath(folder, run, device);
  if (await isRecorded(folder, run, device)) {
    throw new UserError(
      `Cannot record ${path}: the run has been recorded before, and a record is never replaced`,
    );
  }
  const document: RecordDocument = {
    schema: "slipstream.recorded-run",
    schema_version: RECORD_SCHEMA_VERSION,
    recording,
    run,
  };
  await writeFileWhole(path, formatSealed(document, 0));
}

/**
 * Reads a record.
 *
 * @throws {UserError} It cannot be read, is no record of this version, was changed, or lies under another run's name.
 */
export async function readRecord(path: string): Promise<RecordedRun> {
  const cannot = `Cannot use record ${path}`;
  const { run, recording } = checkSchema(
    RECORD,
    await readJsonFile(path, {
      cannot,
      mostBytes: MOST_BYTES,
      seal: "required",
      otherwise: "; remove it to record the run again",
    }),
    cannot,
  );
  const name = recordName(run, run.conditions.device);
  if (!path.endsWith(`/${name}`)) {
    throw new UserError(`${cannot}: it is of the run ${runName(run)}, whose record is ${name}`);
  }
  return { ...run, recording };
}

/** All runs of a folder by their names, none where there is no such folder. Throws a `UserError` for one that cannot be used. */
export async function readRecords(folder: string): Promise<RecordedRun[]> {
  const names: string[] = [];
  try {
    for await (const { name, isFile } of Deno.readDir(folder)) {
      if (isFile && name.endsWith(".json")) names.push(name);
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw fileError("read", folder, error);
  }
  const runs: RecordedRun[] = [];
  for (const name of names.sort()) runs.push(await readRecord(`${folder}/${name}`));
  return runs;
}

/** Runs of one workload, size, minibatch and device that may be compared. */
export interface RecordedStudy extends Pick<StudyKey, "workload" | "inputs" | "batch" | "twin"> {
  /** As the runs' conditions have it. */
  readonly device: string;
  readonly runs: readonly RecordedRun[];
}

/**
 * The studies among some runs, largest first. Runs whose bits are of an older version than others of their study are left
 * out: their inputs or kernels were others.
 */
export function studiesOf(runs: readonly RecordedRun[]): RecordedStudy[] {
  const groups = Map.groupBy(
    runs,
    ({ workload, inputs, batch, twin, conditions }) =>
      `${workload}${twinWords(twin)} ${inputs} ${batch} ${conditions.device}`,
  );
  return [...groups.values()].map((group): RecordedStudy => {
    const { workload, inputs, batch, twin, conditions: { device } } = group[0]!;
    const newest = Math.max(...group.map(({ conditions }) => conditions.bits_version));
    const own = group.filter(({ conditions }) => conditions.bits_version === newest);
    return {
      ...{ workload, inputs, batch, device, runs: own },
      ...(twin === undefined ? {} : { twin }),
    };
  }).sort((a, b) => b.inputs - a.inputs || b.runs.length - a.runs.length);
}

/** Those of some runs whose times mean something: made here, or recorded while nothing else ran. */
export function timedRuns<R extends StudyResult>(runs: readonly R[]): readonly R[] {
  return runs.filter((run) => {
    const { recording } = run as Partial<RecordedRun>;
    return recording === undefined || recording.beside === ALONE;
  });
}

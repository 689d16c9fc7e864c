/**
 * How far the suite of a folder is: `suite.json`.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import { writeFileWhole } from "../../core/files.ts";
import { formatSealed, parseSealed, readBoundedIfThere } from "../../core/json_file.ts";
import {
  anyObject,
  checkSchema,
  documentOf,
  flag,
  listOf,
  numberFrom,
  objectWith,
  oneOf,
  orNull,
  recordOf,
  type Schema,
  text,
  wholeFrom,
} from "../../core/schema.ts";
import { SUITE_FILE } from "../folder_names.ts";
import type { BenchDocument } from "../report.ts";

/** Grows when a member changes its meaning or goes. */
export const SUITE_SCHEMA_VERSION = 3;

/** An experiment that has come to an end. */
export interface SuiteStep {
  readonly name: string;
  /** Wall time. */
  readonly seconds: number;
  /** The error that ended it; null where it ended well. */
  readonly failure: string | null;
}

/** What `suite.json` holds. */
export interface SuiteState {
  readonly schema: "slipstream.suite";
  readonly schema_version: typeof SUITE_SCHEMA_VERSION;
  /** Of the documents of results beside it. */
  readonly results_version: number;
  /** Of what training runs come to; see `STUDY_BITS_VERSION`. */
  readonly bits_version: number;
  /** One that was killed is still `running`, and nobody has its lock. */
  readonly status: "running" | "interrupted" | "finished";
  /** Words that go on with it. */
  readonly command: string;
  readonly settings: BenchDocument["settings"];
  readonly project_version: string;
  readonly git_revision: string | null;
  /** Whether the code differed from that revision when it was last begun or gone on with; null where nobody knows. */
  readonly git_dirty: boolean | null;
  /** Names, in the order they run. */
  readonly experiments: readonly string[];
  readonly done: readonly SuiteStep[];
  /** Seconds that each experiment took in the last finished suite of the same settings on this folder; empty without one. */
  readonly expected_seconds: Readonly<Record<string, number>>;
  /** ISO 8601, UTC. */
  readonly started_at: string;
  /** When it was last written. */
  readonly updated_at: string;
}

/** What a folder says of its suite: nothing, something that cannot be gone on with, or where it is. */
export type FoundSuite = SuiteState | "none" | { readonly unreadable: string };

const STEP = objectWith<SuiteStep>({
  name: text,
  seconds: numberFrom(0),
  failure: orNull(text),
});

const STATE: Schema<SuiteState> = documentOf<SuiteState>(
  { schema: "slipstream.suite", version: SUITE_SCHEMA_VERSION },
  objectWith<SuiteState>({
    results_version: wholeFrom(0),
    bits_version: wholeFrom(0),
    status: oneOf(["running", "interrupted", "finished"]),
    command: text,
    settings: anyObject as Schema<SuiteState["settings"]>,
    project_version: text,
    git_revision: orNull(text),
    git_dirty: orNull(flag),
    experiments: listOf(text),
    done: listOf(STEP),
    expected_seconds: recordOf(numberFrom(0)),
    started_at: text,
    updated_at: text,
  }),
);

/** A suite's state takes some kilobytes. */
const MOST_BYTES = 16e6;

/**
 * Reads the state of a folder's suite.
 *
 * @throws {UserError} The file cannot be read.
 */
export async function readSuite(folder: string): Promise<FoundSuite> {
  const path = `${folder}/${SUITE_FILE}`;
  const bytes = await readBoundedIfThere(path, MOST_BYTES);
  if (bytes === null) return "none";
  const cannot = `Cannot read ${SUITE_FILE}`;
  try {
    return checkSchema(STATE, parseSealed(bytes, { cannot, seal: "required" }), cannot);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { unreadable: error.message };
  }
}

/** Writes it, with the time. */
export async function writeSuite(folder: string, state: SuiteState): Promise<void> {
  const now = { ...state, updated_at: new Date().toISOString() };
  await writeFileWhole(`${folder}/${SUITE_FILE}`, formatSealed(now));
}

/** Names of the experiments that failed. */
export function failedOf({ done }: SuiteState): string[] {
  return done.filter(({ failure }) => failure !== null).map(({ name }) => name);
}

/**
 * Why a folder's suite cannot be gone on with as `wanted`; null where it can: it was interrupted, or came to its end with
 * experiments that failed. Another revision of the code is no reason, since most change nothing that a suite measures.
 */
export function whyNot(found: SuiteState, wanted: SuiteState): string | null {
  const finished = found.status === "finished";
  if (finished && failedOf(found).length === 0) return "it holds a finished suite";
  const suite = finished ? "a suite with failures" : "an unfinished suite";
  if (found.results_version !== wanted.results_version) {
    return `it holds ${suite} with results of version ${found.results_version}, and ${wanted.results_version} is needed`;
  }
  if (found.project_version !== wanted.project_version) {
    return `it holds ${suite} of version ${found.project_version} of the project`;
  }
  if (found.bits_version !== wanted.bits_version) {
    return `it holds ${suite} whose training runs came to other bits than they do now`;
  }
  const names = new Set([...Object.keys(found.settings), ...Object.keys(wanted.settings)]);
  const other = [...names].filter((name) => found.settings[name] !== wanted.settings[name]);
  if (other.length > 0) {
    const pairs = other.map((name) => `${name} ${found.settings[name] ?? "by experiment"}`);
    return `it holds ${suite} of other settings (${pairs.join(", ")})`;
  }
  return null;
}

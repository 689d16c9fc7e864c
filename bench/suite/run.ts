/**
 * All experiments of a suite, one after another, each kept as soon as it ends.
 *
 * @module
 */

import { counted, formatClock } from "../../core/format.ts";
import { currentEnvironment } from "../../train/run/environment.ts";
import type { Experiment, Settings } from "../experiment.ts";
import { TRAINED_FOLDER } from "../folder_names.ts";
import { BENCH_SCHEMA_VERSION, type BenchDocument } from "../report.ts";
import { readResult, writeResult } from "../results.ts";
import { messageOf, runExperiment } from "../run_experiment.ts";
import { settingsNote } from "../settings_note.ts";
import { STUDY_BITS_VERSION } from "../study/store.ts";
import { ownSettings } from "../taken_flags.ts";
import { openFolder } from "./folder.ts";
import {
  failedOf,
  SUITE_SCHEMA_VERSION,
  type SuiteState,
  type SuiteStep,
  writeSuite,
} from "./state.ts";

/** How a suite is run. */
export interface SuiteOptions {
  /** In the order they run. */
  readonly experiments: readonly Experiment[];
  /** `out` is the folder; `say` is told of progress. */
  readonly settings: Settings;
  /** Whether the person named the workloads of `settings`. */
  readonly chosenWorkloads?: boolean;
  /** Words that run the suite again, and go on with it: `deno task bench --full`. */
  readonly command: string;
  /** Words that repeat one experiment. */
  readonly commandOf: (experiment: Experiment) => string;
  /** Makes the report of the folder anew. */
  readonly refresh: (folder: string) => Promise<void>;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
}

/** What a suite came to. */
export interface SuiteOutcome {
  /** One an experiment, in their order; fewer if it was interrupted. */
  readonly documents: readonly BenchDocument[];
  /** Whether `settings.signal` ended it. */
  readonly interrupted: boolean;
}

/** The report is made anew no more often, beside the end. */
const REFRESH_MS = 30_000;

/**
 * Runs a suite in a folder, going on with one of the same settings that was interrupted there or ended with failures: then
 * what failed runs again. An experiment that throws is kept as a document with its `failure`, and the others go on.
 *
 * @throws {UserError} Another suite is running in the folder, or the folder cannot be written: what is there stays.
 */
export async function runSuite(options: SuiteOptions): Promise<SuiteOutcome> {
  const { experiments, settings } = options;
  const { out: folder, say, signal } = settings;
  const fresh = freshState(options);
  const opened = await openFolder(folder, fresh, say);
  using _lock = opened.lock;
  const kept = opened.unfinished === null
    ? new Map<string, BenchDocument>()
    : await keptResults(folder, opened.unfinished, options);
  const state: SuiteState = opened.unfinished === null
    ? { ...fresh, expected_seconds: opened.expectedSeconds }
    : {
      ...fresh,
      started_at: opened.unfinished.started_at,
      expected_seconds: opened.unfinished.expected_seconds,
      done: opened.unfinished.done.filter(({ name }) => kept.has(name)),
    };
  if (opened.unfinished !== null) {
    say(goingOn(folder, opened.unfinished, state, experiments.length));
  }
  await writeSuite(folder, state);
  return await new SuiteRun(options, state, kept).run(signal);
}

/** A line on what is gone on with. */
function goingOn(folder: string, found: SuiteState, state: SuiteState, of: number): string {
  const { done, git_dirty, git_revision } = state;
  const parts = [`Going on with ${folder}: ${done.length} of ${of} done`];
  if (found.status === "finished") {
    parts.push(
      `what failed runs again (${failedOf(found).join(", ")})`,
      "name another folder with --out to begin anew",
    );
  }
  if (found.git_revision !== git_revision) {
    const [before, now] = [found.git_revision, git_revision].map((one) =>
      one?.slice(0, 7) ?? "unknown"
    );
    parts.push(`what is kept is of revision ${before} of the code, what follows of ${now}`);
  }
  if (found.git_dirty || git_dirty) {
    parts.push("the code has local changes, so that what is kept may be of other code");
  }
  return parts.join("; ");
}

function freshState({ experiments, settings, command }: SuiteOptions): SuiteState {
  const { project_version, git_revision, git_dirty } = currentEnvironment();
  const started_at = new Date().toISOString();
  return {
    schema: "slipstream.suite",
    schema_version: SUITE_SCHEMA_VERSION,
    results_version: BENCH_SCHEMA_VERSION,
    bits_version: STUDY_BITS_VERSION,
    status: "running",
    command,
    settings: settingsNote(settings),
    project_version,
    git_revision,
    git_dirty,
    experiments: experiments.map(({ name }) => name),
    done: [],
    expected_seconds: {},
    started_at,
    updated_at: started_at,
  };
}

/** Results of a suite to go on with that need not be had again: those that ended well, and were not replaced by another run. */
async function keptResults(
  folder: string,
  { done }: SuiteState,
  options: SuiteOptions,
): Promise<Map<string, BenchDocument>> {
  const kept = new Map<string, BenchDocument>();
  for (const { name, failure } of done) {
    const experiment = options.experiments.find((one) => one.name === name);
    if (failure !== null || experiment === undefined) continue;
    const workloads = workloadsOf(experiment, options);
    const settings = settingsNote(ownSettings(experiment, { ...options.settings, workloads }));
    const path = `${folder}/${name}.json`;
    let document: BenchDocument;
    try {
      document = await readResult(path);
    } catch {
      // Removed or damaged since: it runs again.
      continue;
    }
    const same = Object.entries(settings).every(([key, value]) => document.settings[key] === value);
    if (same && document.failure === null) kept.set(name, document);
  }
  return kept;
}

/** Workloads that an experiment takes in this suite. */
function workloadsOf(
  { suiteWorkloads }: Experiment,
  { settings, chosenWorkloads = false }: SuiteOptions,
): Settings["workloads"] {
  const all = settings.full || settings.smoke || chosenWorkloads || suiteWorkloads === undefined;
  return all ? settings.workloads : suiteWorkloads;
}

/** Training runs that a folder keeps. */
async function countRuns(folder: string): Promise<number> {
  let runs = 0;
  try {
    for await (const { name, isFile } of Deno.readDir(`${folder}/${TRAINED_FOLDER}`)) {
      if (isFile && name.endsWith(".json")) runs++;
    }
  } catch (error) {
    // Nothing has been trained yet.
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return runs;
}

class SuiteRun {
  readonly #options: SuiteOptions;
  readonly #documents: Map<string, BenchDocument>;
  readonly #now: () => number;
  readonly #begun: number;
  #state: SuiteState;
  #refreshed: number;

  constructor(options: SuiteOptions, state: SuiteState, kept: Map<string, BenchDocument>) {
    this.#options = options;
    this.#state = state;
    this.#documents = kept;
    this.#now = options.now ?? (() => performance.now());
    this.#begun = this.#refreshed = this.#now();
  }

  async run(signal: AbortSignal): Promise<SuiteOutcome> {
    const { experiments } = this.#options;
    let fresh = 0;
    try {
      for (const [i, experiment] of experiments.entries()) {
        if (this.#documents.has(experiment.name)) continue;
        signal.throwIfAborted();
        await this.#one(experiment, i);
        fresh++;
        if (this.#now() - this.#refreshed > REFRESH_MS && i + 1 < experiments.length) {
          await this.#refresh();
        }
      }
    } catch (error) {
      if (!signal.aborted) throw error;
      await this.#save("interrupted");
      if (fresh > 0) await this.#refresh();
      return { documents: this.#inOrder(), interrupted: true };
    }
    await this.#save("finished");
    await this.#refresh();
    return { documents: this.#inOrder(), interrupted: false };
  }

  async #one(experiment: Experiment, index: number): Promise<void> {
    const { settings, commandOf } = this.#options;
    const { name, title } = experiment;
    settings.say(
      `[${index + 1}/${this.#options.experiments.length}] ${name}: ${title} (${await this
        .#clock()})`,
    );
    const begun = this.#now();
    const workloads = workloadsOf(experiment, this.#options);
    const fewer = workloads.length < settings.workloads.length;
    const { document, error } = await runExperiment(
      experiment,
      {
        ...settings,
        workloads,
        say: (line) => settings.say(`  ${this.#gone(settings.full)}${line}`),
      },
      `${commandOf(experiment)}${fewer ? ` --workloads ${workloads.join(",")}` : ""}`,
    );
    if (error !== undefined) {
      settings.say(`  ${name} failed: ${messageOf(error)}`);
    }
    await writeResult(settings.out, document);
    this.#documents.set(name, document);
    const seconds = (this.#now() - begun) / 1000;
    const step: SuiteStep = { name, seconds, failure: document.failure };
    this.#state = { ...this.#state, done: [...this.#state.done, step] };
    await this.#save("running");
  }

  /** In front of every line of what takes hours. */
  #gone(shown: boolean): string {
    return shown ? `${formatClock((this.#now() - this.#begun) / 1000)}  ` : "";
  }

  /** Time gone; time left where an earlier suite tells, else how many training runs are kept, which take most of the time. */
  async #clock(): Promise<string> {
    const gone = (this.#now() - this.#begun) / 1000;
    const { experiments } = this.#options;
    const waiting = experiments.filter(({ name }) => !this.#documents.has(name));
    const expected = waiting.map(({ name }) => this.#state.expected_seconds[name]);
    const known = expected.every((seconds) => seconds !== undefined);
    const left = expected.reduce<number>((sum, seconds) => sum + (seconds ?? 0), 0);
    if (known) return `${formatClock(gone)} gone, about ${formatClock(left)} left`;
    const runs = await countRuns(this.#options.settings.out);
    const kept = runs === 0 ? "" : `, ${counted(runs, "training run")} kept`;
    return `${formatClock(gone)} gone${kept}`;
  }

  async #save(status: SuiteState["status"]): Promise<void> {
    this.#state = { ...this.#state, status };
    await writeSuite(this.#options.settings.out, this.#state);
  }

  async #refresh(): Promise<void> {
    await this.#options.refresh(this.#options.settings.out);
    this.#refreshed = this.#now();
  }

  #inOrder(): BenchDocument[] {
    return this.#options.experiments.flatMap(({ name }) => this.#documents.get(name) ?? []);
  }
}

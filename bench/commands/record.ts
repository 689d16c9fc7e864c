/**
 * `deno task bench record NAME … [flags]`: a queue of training runs. Each that ends leaves its record; what is interrupted goes
 * on with the same words; several processes share one queue.
 *
 * @module
 */

import { setPriority } from "node:os";
import { resolve } from "node:path";
import { UsageError, UserError } from "../../core/errors.ts";
import { makeFolder } from "../../core/files.ts";
import { type FlagTable, type FlagValues, formatHelp, parseFlags } from "../../core/flags.ts";
import { counted, formatClock, formatCount } from "../../core/format.ts";
import { interruptedStatus, interruptible } from "../../core/interrupt.ts";
import { checkOutputFolder } from "../../core/outputs.ts";
import { print, tell } from "../../core/streams.ts";
import { currentEnvironment } from "../../train/run/environment.ts";
import type { Experiment, Settings } from "../experiment.ts";
import { BENCH_FLAGS, commandLine, settingsOf } from "../flags.ts";
import { takenTable } from "../help.ts";
import { MINUTE_MS, occasionally } from "../occasionally.ts";
import { openGround } from "../study/ground.ts";
import { twinWords } from "../study/twin_settings.ts";
import { ALONE, isRecorded, RECORDS_FOLDER, writeRecord } from "../study/recorded.ts";
import type { SeedJob } from "../study/one_run.ts";
import { runSeed } from "../study/run_seed.ts";
import {
  currentPlace,
  type StudyKey,
  type StudyPlace,
  type StudyResult,
  StudyStore,
} from "../study/store.ts";
import { trainedFolder } from "../study/trained.ts";
import { loadVariant, type Variant, variantOf } from "../study/variants.ts";
import { lockFolder } from "../suite/lock.ts";
import { checkTaken } from "../taken_flags.ts";
import { refuseRecorded } from "./common.ts";
import { runLine, runsOfAll } from "./jobs.ts";

/** Flags of `bench record` beside those of the bench. */
export const RECORD_FLAGS = {
  ...BENCH_FLAGS,
  beside: {
    type: "string",
    valueName: "TEXT",
    group: "Experiment",
    defaultText: "not said",
    help:
      "What else runs on the machine, kept in the records; only times of runs beside which ran nothing enter tables",
  },
} as const satisfies FlagTable;

/** The lowest priority: whoever works at the machine comes first. */
const LOWEST_PRIORITY = 19;

/** Of a run at least this has to be trained before anything is said of what is left. */
const TELLING_SHARE = 0.01;

/**
 * Trains and records the runs that some experiments need and that are not recorded yet.
 *
 * @param experiments Those whose runs are wanted, of `all`.
 * @returns The exit status.
 * @throws {UsageError} An experiment trains nothing that is kept, or none takes a flag.
 */
export async function recordCommand(
  experiments: readonly Experiment[],
  all: readonly Experiment[],
  flags: readonly string[],
): Promise<number> {
  const { values, given, help } = parseFlags(RECORD_FLAGS, flags);
  if (help) {
    const takers = experiments.length === 0 ? all.filter(({ trains }) => trains) : experiments;
    print(formatHelp(takenTable(RECORD_FLAGS, takers), {
      command: "deno task bench",
      about:
        "Train the runs of experiments one after another at low priority, and keep a record of each; the same words go on, and more processes share the work",
      usage: "record NAME … [flags]",
    }));
    return 0;
  }
  if (experiments.length === 0) {
    throw new UsageError("Cannot record: name the experiments whose runs are to be trained");
  }
  const names = experiments.map(({ name }) => name);
  checkTaken(given, experiments, all, names.join(" and "));
  refuseRecorded(values, "record");
  checkOutputFolder("--out", values.out);
  checkOutputFolder("--records", values.records);
  const keys = await runsOfAll(experiments, values);
  checkRevision(values.records);
  const say = values.quiet ? () => {} : (line: string) => tell(line);
  lowerPriority(say);
  return await interruptible(async (signal) => {
    const again = commandLine(values, given.keys(), ["record", ...names]);
    const queue = await RecordQueue.open(values, settingsOf(values, { say, signal }));
    try {
      return await queue.run(keys, (key) => runLine(key, values, given)) === 0 ? 0 : 1;
    } catch (error) {
      if (!signal.aborted) throw error;
      tell(`Interrupted: what was trained is kept; go on with ${again}`);
      return interruptedStatus(signal);
    }
  });
}

/** Records of the project say at which revision they were had, which is nothing if the code had changed since. */
function checkRevision(folder: string): void {
  if (resolve(folder) !== resolve(RECORDS_FOLDER) || currentEnvironment().git_dirty !== true) {
    return;
  }
  throw new UserError(
    "Cannot record: the checkout has changes that are not committed, so that no revision says what was trained; commit them, or name a folder of your own with --records",
  );
}

function lowerPriority(say: (line: string) => void): void {
  try {
    setPriority(0, LOWEST_PRIORITY);
  } catch (error) {
    say(`The priority of this process stays as it is: ${(error as Error).message}`);
  }
}

/** A run of the queue. */
interface Entry {
  readonly key: StudyKey;
  /** With its criterion, where that is in a file. */
  readonly variant: Variant;
  /** Words that make the run again. */
  readonly command: string;
}

/** Runs in the order of a list, those of one seed together. */
class RecordQueue {
  readonly #values: FlagValues<typeof RECORD_FLAGS>;
  readonly #settings: Settings;
  readonly #store: StudyStore;
  readonly #device: string;
  readonly #begun = performance.now();
  /** Inputs of all runs that were to be trained when the queue was begun, and of those that are done with. */
  #total = 0;
  #done = 0;
  /** Inputs that this process has trained, and what that took. */
  #trained = 0;
  #trainedMs = 0;

  private constructor(
    values: FlagValues<typeof RECORD_FLAGS>,
    settings: Settings,
    place: StudyPlace,
  ) {
    this.#settings = settings;
    this.#values = values;
    this.#store = new StudyStore(trainedFolder(values.out), place);
    this.#device = place.conditions.device;
  }

  static async open(
    values: FlagValues<typeof RECORD_FLAGS>,
    settings: Settings,
  ): Promise<RecordQueue> {
    // One thread a run: two runs side by side train more than one on two threads.
    const own = { ...settings, threads: settings.threads ?? 1 };
    return new RecordQueue(values, own, await currentPlace(own));
  }

  /** Trains what is not recorded. Returns how many runs failed. */
  async run(keys: readonly StudyKey[], commandOf: (key: StudyKey) => string): Promise<number> {
    const { say } = this.#settings, { records, out } = this.#values;
    await makeFolder(out);
    using _lock = await lockFolder(out, "experiments");
    const waiting: Entry[] = [];
    for (const listed of keys) {
      const variant = await loadVariant(variantOf(listed.variant));
      const key = { ...listed, variant: variant.name };
      if (await isRecorded(records, key, this.#device)) continue;
      waiting.push({ key, variant, command: commandOf(listed) });
    }
    this.#total = waiting.reduce((sum, { key: { inputs } }) => sum + inputs, 0);
    say(
      `${counted(keys.length, "run")}: ${
        keys.length - waiting.length
      } recorded in ${records}, ${waiting.length} to train, ${formatCount(this.#total)} inputs`,
    );
    const came = { recorded: 0, left: 0, failed: 0 };
    for (const group of groupsOf(waiting)) {
      await using ground = new SharedGround(this.#values.threads ?? null);
      for (const entry of group) {
        this.#settings.signal.throwIfAborted();
        came[await this.#one(entry, ground.open)]++;
        this.#done += entry.key.inputs;
      }
    }
    if (came.left > 0) say(`${counted(came.left, "run")} left to other processes`);
    if (came.failed > 0) {
      tell(
        `error: Cannot record ${
          counted(came.failed, "run")
        }: the reasons are above; give the same command to try again`,
      );
    }
    return came.failed;
  }

  /** Trains and records a run, unless another process does. One that cannot be trained or recorded costs none of the others. */
  async #one(
    { key, variant, command }: Entry,
    open: typeof openGround,
  ): Promise<"recorded" | "left" | "failed"> {
    try {
      if (await isRecorded(this.#values.records, key, this.#device)) return "recorded";
      const onProgress = this.#progressOf(key)!;
      const job: SeedJob = { ...key, variants: [variant], busy: "leave", onProgress };
      const before = await this.#store.read(key);
      await runSeed(job, this.#store, this.#settings, open);
      const result = await this.#store.read(key);
      if (result === null) return "left";
      await this.#record(result, command, before !== null);
      return "recorded";
    } catch (error) {
      if (this.#settings.signal.aborted || !(error instanceof UserError)) throw error;
      tell(`error: ${key.workload}, seed ${key.seed}, ${key.variant} failed: ${error.message}`);
      return "failed";
    }
  }

  /** Records a run, unless another process of the queue has done it. Nobody else does it meanwhile. */
  async #record(result: StudyResult, command: string, trainedBefore: boolean): Promise<void> {
    const { records, beside: said = null } = this.#values;
    // What ran beside a run that an earlier command trained, this one does not know.
    const beside = trainedBefore && said === ALONE ? null : said;
    using _claim = await this.#store.claim(result, this.#settings);
    if (await isRecorded(records, result, this.#device)) return;
    await writeRecord(records, result, { command, recorded_at: new Date().toISOString(), beside });
  }

  /** Says now and then how far a run and the queue are. */
  #progressOf({ workload, inputs, seed, variant }: StudyKey): SeedJob["onProgress"] {
    const sometimes = occasionally(this.#settings.say, MINUTE_MS);
    let before: { at: number; share: number } | null = null;
    return ({ phase, step, totalSteps }) => {
      if (phase !== "train") return;
      const share = Math.min(1, step / Math.max(1, totalSteps)), at = performance.now();
      // What a run goes on from was trained by another process, and inputs are drawn before.
      if (before !== null) {
        this.#trained += inputs * Math.max(0, share - before.share);
        this.#trainedMs += at - before.at;
      }
      before = { at, share };
      const done = this.#done + share * inputs;
      const left = this.#trained < TELLING_SHARE * inputs
        ? ""
        : `, about ${
          formatClock(this.#trainedMs / 1000 * (this.#total - done) / this.#trained)
        } of training left`;
      sometimes(
        `${workload}, seed ${seed}, ${variant}: ${percent(share)} of the run, ${
          percent(done / this.#total)
        } of the queue, ${formatClock((at - this.#begun) / 1000)} gone${left}`,
      );
    };
  }
}

/** The inputs of one seed, opened for the first of its runs and closed with them. */
class SharedGround implements AsyncDisposable {
  /** Threads that draw inputs may be more than those that train: nothing is trained meanwhile. */
  readonly #threads: number | null;
  #ground: ReturnType<typeof openGround> | null = null;

  constructor(threads: number | null) {
    this.#threads = threads;
  }

  readonly open: typeof openGround = (key, settings) =>
    this.#ground ??= openGround(key, { ...settings, threads: this.#threads });

  async [Symbol.asyncDispose](): Promise<void> {
    // A ground that could not be had has nothing open.
    const ground = await this.#ground?.catch(() => null);
    ground?.dataset.close();
  }
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** Runs that stand on the same inputs, one group after another in the order of their first ones. */
function groupsOf(entries: readonly Entry[]): Entry[][] {
  const groups = Map.groupBy(
    entries,
    ({ key: { workload, inputs, batch, seed, twin } }) =>
      `${workload}${twinWords(twin)} ${inputs} ${batch} ${seed}`,
  );
  return [...groups.values()];
}

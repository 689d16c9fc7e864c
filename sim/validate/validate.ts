/**
 * Runs the trainer, and predicts each run from a machine file that calibration wrote.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import { openPlaced } from "../../train/model/placement.ts";
import { Bench } from "../calibrate/bench.ts";
import { fingerprintOf } from "../calibrate/calibrate.ts";
import { QUICK_GRIDS } from "../calibrate/cases.ts";
import { Watch } from "../calibrate/watch.ts";
import type { MachineDocument } from "../machine.ts";
import type { Fingerprint } from "../runtime/rates.ts";
import {
  type ComparedBlock,
  type ComparedMinibatch,
  compareTrials,
  judge,
  type Verdict,
} from "./compare.ts";
import { type Configuration, CONFIGURATIONS, QUICK_CONFIGURATIONS } from "./configurations.ts";
import { Datasets, runTrial, type Trial } from "./trial.ts";

/** Times that a run is made a round at most, and how long to wait for a quiet machine before each. */
const ATTEMPTS = 4, SETTLE_MS = 15_000;

/** A run, and whether the machine was quiet before and after it. */
interface WatchedTrial {
  readonly trial: Trial;
  readonly quiet: boolean;
}

/** How to validate. */
export interface ValidateOptions {
  /** The machine file, as `calibrate` wrote it; it is not changed. */
  readonly machine: MachineDocument;
  /** A few tiny runs, whose times are not meaningful. */
  readonly quick?: boolean | undefined;
  /** How many times all runs are made. Default 3, or 1 with `quick`. */
  readonly rounds?: number | undefined;
  /** Called before each run. */
  readonly onRun?: (done: number, total: number, name: string) => void;
  /** Called when a run is repeated because other programs were running. */
  readonly onDisturbed?: (name: string) => void;
  /** Called with each difference between this machine and the calibrated one. */
  readonly onWarning?: (line: string) => void;
  /** Ends it between two runs. */
  readonly signal?: AbortSignal | undefined;
}

/** What came of it. */
export interface Validation {
  /** The machine and software of the runs. */
  readonly fingerprint: Fingerprint;
  /** Differences between the machine of the file and this one. */
  readonly warnings: readonly string[];
  /** Runs that are left out because other programs were running each time they were made; null if that was not watched. */
  readonly disturbed: readonly string[] | null;
  /** What the machine's speed was compared with: its times at calibration, or its fastest times during the runs. */
  readonly reference: "calibration" | "runs";
  /** Kinds of minibatches of all runs. */
  readonly minibatches: readonly ComparedMinibatch[];
  /** What happened in addition to the minibatches. */
  readonly blocks: readonly ComparedBlock[];
  /** Errors of the predicted iteration times. */
  readonly verdict: Verdict;
}

/**
 * Validates a machine file on this machine: device, threads and kernels are the file's.
 *
 * @throws {UserError} The machine has no costs of the runtime, or they were measured with `--quick` and the runs are not.
 * @category Simulator: machines
 */
export async function validate(options: ValidateOptions): Promise<Validation> {
  const { machine, quick = false, rounds = quick ? 1 : 3, signal } = options;
  const rates = machine.runtime;
  if (rates === undefined) {
    throw new UserError(
      `Cannot validate machine ${machine.name}: it has no costs of this runtime, so give a file that calibrate wrote`,
    );
  }
  if (rates.quick && !quick) {
    throw new UserError(
      `Cannot validate machine ${machine.name}: it was calibrated with --quick, and its figures mean nothing`,
    );
  }
  const configurations = quick ? QUICK_CONFIGURATIONS : CONFIGURATIONS;
  const { device: kind, threads, wide } = rates.fingerprint;
  const { device, host: beside, dispose } = await openPlaced("hot", {
    device: kind,
    threads,
    wide,
    stageTimes: true,
  });
  const host = beside!;
  const datasets = new Datasets();
  const trials = configurations.map((): WatchedTrial[] => []);
  try {
    const here = fingerprintOf(device, host, wide);
    const warnings = differences(rates.fingerprint, here);
    for (const line of warnings) options.onWarning?.(line);
    using bench = quick ? null : new Bench(device, host, QUICK_GRIDS, false, signal);
    using watch = bench === null ? null : await Watch.open(bench, rates.reference ?? null);
    let done = 0;
    for (let round = 0; round < rounds; round++) {
      for (const [i, configuration] of configurations.entries()) {
        options.onRun?.(done++, rounds * configurations.length, configuration.name);
        const run = (): Promise<Trial> => runTrial(device, host, configuration, datasets, signal);
        const { name } = configuration;
        trials[i]!.push(
          watch === null
            ? { trial: await run(), quiet: true }
            : await undisturbed(run, watch, () => options.onDisturbed?.(name), signal),
        );
      }
    }
    const minibatches: ComparedMinibatch[] = [], blocks: ComparedBlock[] = [];
    const disturbed: string[] = [];
    configurations.forEach((configuration: Configuration, i) => {
      const quiet = trials[i]!.filter((one) => one.quiet).map(({ trial }) => trial);
      if (quiet.length === 0) {
        disturbed.push(configuration.name);
        return;
      }
      const compared = compareTrials(rates, configuration, quiet);
      minibatches.push(...compared.minibatches);
      blocks.push(...compared.blocks);
    });
    if (minibatches.length === 0) {
      throw new UserError(
        "Cannot validate: something else was at work whenever a run was made; try again when the machine is quiet",
      );
    }
    return {
      ...{ fingerprint: here, warnings, minibatches, blocks, verdict: judge(minibatches) },
      disturbed: watch === null ? null : disturbed,
      reference: rates.reference === undefined ? "runs" : "calibration",
    };
  } finally {
    dispose();
  }
}

/**
 * Makes a run when the machine is as quiet as it was when it was calibrated, and again while it was not so before and after.
 * Nothing is known of the run's times when that is decided.
 */
export async function undisturbed(
  run: () => Promise<Trial>,
  watch: Pick<Watch, "settle">,
  onDisturbed: () => void,
  signal?: AbortSignal,
): Promise<WatchedTrial> {
  for (let attempt = 1;; attempt++) {
    const before = await watch.settle(SETTLE_MS, signal);
    const trial = await run();
    const quiet = before && await watch.settle(0, signal);
    if (quiet || attempt === ATTEMPTS) return { trial, quiet };
    onDisturbed();
  }
}

/** What sets two machines apart, a line each. */
export function differences(file: Fingerprint, here: Fingerprint): string[] {
  return (Object.keys(file) as (keyof Fingerprint)[]).filter((name) => file[name] !== here[name])
    .map((name) =>
      `the file was measured with ${name} ${file[name]}, and here it is ${
        here[name]
      }: its times may not hold`
    );
}

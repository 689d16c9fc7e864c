/**
 * Runs the trainer, and predicts each run from a machine file that calibration wrote.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import { openDevice } from "../../kernels/open.ts";
import type { Device } from "../../kernels/types.ts";
import { fingerprintOf } from "../calibrate/calibrate.ts";
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

/** How to validate. */
export interface ValidateOptions {
  /** As `calibrate` wrote it. It is read and never changed. */
  readonly machine: MachineDocument;
  /** A few tiny runs, whose times mean nothing. */
  readonly quick?: boolean | undefined;
  /** Times that all runs are made, in turn. Default 3, 1 if quick. */
  readonly rounds?: number | undefined;
  /** Told before each run. */
  readonly onRun?: (done: number, total: number, name: string) => void;
  /** Told of what sets this machine apart from the one that was calibrated. */
  readonly onWarning?: (line: string) => void;
  /** Ends it between two runs. */
  readonly signal?: AbortSignal | undefined;
}

/** What came of it. */
export interface Validation {
  /** Of the machine that the runs were made on. */
  readonly fingerprint: Fingerprint;
  /** Differences between the machine of the file and this one. */
  readonly warnings: readonly string[];
  /** Kinds of minibatches of all runs. */
  readonly minibatches: readonly ComparedMinibatch[];
  /** What happened beside minibatches. */
  readonly blocks: readonly ComparedBlock[];
  /** Of iteration times. */
  readonly verdict: Verdict;
}

/**
 * Validates a machine file on this machine: device, threads and kernels are the file's.
 *
 * @throws {UserError} The machine has no costs of the runtime, or they were measured with `--quick` and the runs are not.
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
  const { device } = await openDevice({ device: kind, threads, wide });
  let host: Device = device;
  const datasets = new Datasets();
  const trials = configurations.map((): Trial[] => []);
  try {
    if (device.info.kind !== "cpu") {
      host = (await openDevice({ device: "cpu", threads, wide })).device;
    }
    const here = fingerprintOf(device, host, wide);
    const warnings = differences(rates.fingerprint, here);
    for (const line of warnings) options.onWarning?.(line);
    let done = 0;
    for (let round = 0; round < rounds; round++) {
      for (const [i, configuration] of configurations.entries()) {
        options.onRun?.(done++, rounds * configurations.length, configuration.name);
        trials[i]!.push(await runTrial(device, host, configuration, datasets, signal));
      }
    }
    const minibatches: ComparedMinibatch[] = [], blocks: ComparedBlock[] = [];
    configurations.forEach((configuration: Configuration, i) => {
      const compared = compareTrials(rates, configuration, trials[i]!);
      minibatches.push(...compared.minibatches);
      blocks.push(...compared.blocks);
    });
    return { fingerprint: here, warnings, minibatches, blocks, verdict: judge(minibatches) };
  } finally {
    if (host !== device) host.dispose();
    device.dispose();
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

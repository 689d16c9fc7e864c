/**
 * `deno task bench` without a name: the suite.
 *
 * @module
 */

import { UsageError } from "../../core/errors.ts";
import { interruptedStatus, interruptible } from "../../core/interrupt.ts";
import { checkOutputFolder } from "../../core/outputs.ts";
import { print, tell } from "../../core/streams.ts";
import type { Experiment, Settings } from "../experiment.ts";
import { type BenchValues, commandLine, settingsOf } from "../flags.ts";
import { outputColumns, shortText } from "../print.ts";
import { recordedExperiment } from "../recorded_experiment.ts";
import { readRecords } from "../study/recorded.ts";
import { runSuite } from "../suite/run.ts";
import { checkTaken, takenFlags } from "../taken_flags.ts";
import { refuseRecorded } from "./common.ts";
import { refreshReport } from "./report.ts";

/**
 * Runs the suite and prints its short version.
 *
 * @param given Keys of the flags that were given.
 * @returns The exit status: 1 where an experiment failed.
 */
export async function suiteCommand(
  all: readonly Experiment[],
  values: BenchValues,
  given: ReadonlyMap<string, string>,
  say: Settings["say"],
): Promise<number> {
  const experiments = all.filter(({ suite }) =>
    suite === "default" || values.full && suite === "full"
  );
  for (const key of ["json", "csv"] as const) {
    if (values[key] !== undefined) {
      throw new UsageError(
        `Cannot use --${key} without an experiment's name: the results of all lie in the folder of --out`,
      );
    }
  }
  checkTaken(given, experiments, all, "the experiments of this suite");
  refuseRecorded(values, "the suite");
  checkOutputFolder("--out", values.out);
  const command = commandLine(values, given.keys(), []);
  const shown = values.smoke ? experiments : await withRecords(all, experiments, values.records);
  let drawn = true;
  return await interruptible(async (signal) => {
    const { documents, interrupted } = await runSuite({
      experiments: shown,
      settings: settingsOf(values, { say, signal }),
      chosenWorkloads: given.has("workloads"),
      command,
      commandOf: (experiment) =>
        commandLine(
          values,
          takenFlags(given.keys(), [experiment]),
          experiment.words ?? [experiment.name],
        ),
      refresh: async (folder) => {
        drawn = await refreshReport(folder, say);
      },
    });
    if (interrupted) {
      tell(
        `Interrupted: ${documents.length} of ${shown.length} experiments are kept in ${values.out}, ` +
          `with what the next has trained; go on with ${command}`,
      );
      return interruptedStatus(signal);
    }
    print(shortText(documents, outputColumns()));
    print(
      `${
        drawn
          ? `Report  ${values.out}/report.html`
          : `Report  not made; once there is room: deno task bench report ${values.out}`
      }
Data    ${values.out}: of each experiment NAME.json, its tables as CSV and its figures as SVG
More    deno task bench NAME prints all tables of an experiment, deno task bench --help lists them`,
    );
    return drawn && documents.every(({ failure }) => failure === null) ? 0 : 1;
  });
}

/** The experiments that run, and in their places those of which the suite shows records, where there are any. */
async function withRecords(
  all: readonly Experiment[],
  experiments: readonly Experiment[],
  folder: string,
): Promise<Experiment[]> {
  const some = (await readRecords(folder)).length > 0;
  return all.flatMap((experiment) => [
    ...experiments.includes(experiment) ? [experiment] : [],
    ...some && experiment.suiteRecords ? [recordsOfAnyDevice(experiment)] : [],
  ]);
}

/** Where the suite computes says nothing of which records are shown. */
function recordsOfAnyDevice(experiment: Experiment): Experiment {
  const recorded = recordedExperiment(experiment);
  return {
    ...recorded,
    flags: recorded.flags.filter((flag) => flag !== "device"),
    fixed: { ...recorded.fixed, device: "auto" },
  };
}

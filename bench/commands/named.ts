/**
 * `deno task bench NAME …`: experiments by name, with all their tables.
 *
 * @module
 */

import { UsageError } from "../../core/errors.ts";
import { interruptedStatus, interruptible } from "../../core/interrupt.ts";
import { makeFolder } from "../../core/files.ts";
import { formatSealed } from "../../core/json_file.ts";
import { checkOutputFolder, writeOutput } from "../../core/outputs.ts";
import { print, tell } from "../../core/streams.ts";
import type { Experiment, Settings } from "../experiment.ts";
import { type BenchValues, commandLine, settingsOf } from "../flags.ts";
import { fullText, outputColumns } from "../print.ts";
import type { BenchDocument } from "../report.ts";
import { recordedExperiment } from "../recorded_experiment.ts";
import { readResult, writeResult } from "../results.ts";
import { messageOf, runExperiment } from "../run_experiment.ts";
import { lockFolder } from "../suite/lock.ts";
import { checkTaken, takenFlags } from "../taken_flags.ts";
import { claimTables, writeTables } from "./common.ts";
import { refreshReport } from "./report.ts";

/**
 * Runs some experiments. One that fails keeps its earlier result in the folder, and the others go on.
 *
 * @param experiments Those to run, of `all`.
 * @param given Spellings of the flags that were given, by key.
 * @returns The exit status.
 * @throws What the only one threw; a `UserError` where a suite is running in the folder.
 */
export async function namedCommand(
  experiments: readonly Experiment[],
  all: readonly Experiment[],
  values: BenchValues,
  given: ReadonlyMap<string, string>,
  say: Settings["say"],
): Promise<number> {
  const { out, json = null, csv = null } = values;
  for (const key of ["json", "csv"] as const) {
    if (values[key] !== undefined && experiments.length > 1) {
      throw new UsageError(
        `Cannot use --${key} with ${experiments.length} experiments: it takes one; the results of all lie in the folder of --out`,
      );
    }
  }
  const names = experiments.map(({ name }) => name);
  checkTaken(given, experiments, all, names.join(" and "));
  claimTables(values);
  checkOutputFolder("--out", out);
  return await interruptible(async (signal) => {
    const settings = settingsOf(values, { say, signal });
    const repeating = (some: readonly Experiment[]): string =>
      commandLine(
        values,
        takenFlags(given.keys(), some),
        some.map(({ name, words: [word] = [name] }) => word),
      );
    const asked = values.recorded ? experiments.map(recordedExperiment) : experiments;
    await makeFolder(out);
    using _lock = await lockFolder(out, "experiments");
    let status = 0, kept = 0, at = 0;
    try {
      for (const [i, experiment] of asked.entries()) {
        const { name, title } = experiment;
        at = i;
        if (experiments.length > 1) say(`[${i + 1}/${experiments.length}] ${name}: ${title}`);
        const command = repeating([experiment]);
        const { document, error } = await runExperiment(experiment, settings, command);
        if (error !== undefined) {
          if (experiments.length === 1) throw error;
          tell(`error: ${name} failed: ${messageOf(error)}`);
          status = 1;
          continue;
        }
        try {
          if (await keep(out, document, say)) kept++;
          if (json !== null) await writeOutput(json, formatSealed(document));
          if (csv !== null) await writeTables(csv, name, document.tables);
        } finally {
          print(fullText(document, outputColumns()));
        }
      }
    } catch (error) {
      if (!signal.aborted) throw error;
      if (kept > 0) await refreshReport(out, say);
      tell(`Interrupted: go on with ${repeating(asked.slice(at))}`);
      return interruptedStatus(signal);
    }
    if (kept > 0) {
      if (!await refreshReport(out, say)) return 1;
      say(`Kept in ${out}, with its report ${out}/report.html`);
    }
    return status;
  });
}

/** Writes a result into the folder; one of a smoke run replaces no other. Returns whether it did. */
async function keep(
  folder: string,
  document: BenchDocument,
  say: Settings["say"],
): Promise<boolean> {
  const path = `${folder}/${document.experiment}.json`;
  if (document.settings.scale === "smoke" && await isReal(path)) {
    say(`${path} stays as it is: a smoke run replaces no result`);
    return false;
  }
  await writeResult(folder, document);
  return true;
}

/** Whether a file is a result of anything but a smoke run. */
async function isReal(path: string): Promise<boolean> {
  try {
    return (await readResult(path)).settings.scale !== "smoke";
  } catch {
    return false;
  }
}

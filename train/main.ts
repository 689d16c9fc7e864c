/**
 * `deno task train`: parses the command line, calls `runTraining`, prints.
 *
 * @module
 */

import { runEntryPoint } from "../core/entry_point.ts";
import { interruptedStatus, interruptible, Interruption } from "../core/interrupt.ts";
import { claimOutputs, STANDARD_OUTPUT } from "../core/outputs.ts";
import { print, tell } from "../core/streams.ts";
import { readStoredRun } from "./checkpoint/checkpoints.ts";
import { parseTrainCommand } from "./command/choose_model.ts";
import { Display } from "./command/display.ts";
import { flagOf } from "./command/flag_names.ts";
import type { TrainCommandLine } from "./command/parse.ts";
import { resumedSettings } from "./command/resume.ts";
import { scoringSummary, summary, writtenLine } from "./command/summary.ts";
import type { RunSettings } from "./run/options.ts";
import { runScoring, type ScoringOptions } from "./run/run_scoring.ts";
import { runTraining } from "./run/run_training.ts";
import { TrainingFailure } from "./run/trainer.ts";

async function main(): Promise<number> {
  const line = await parseTrainCommand(Deno.args);
  if (line.kind === "help") {
    print(line.text);
    return 0;
  }
  const { quiet } = line;
  const say = quiet ? () => {} : (text: string) => tell(text);
  const display = new Display(quiet);
  if (line.kind === "score") {
    claimOutputs({ "--json": line.options.outputs?.result }, line);
    return await interruptible((signal) => score(line.options, display, signal), (by) => {
      display.note(`${by === "SIGINT" ? "Interrupted" : by}: ending; nothing is written`);
      return new Interruption(by, "Interrupted while scoring; nothing was written");
    });
  }
  const settings = await settingsOf(line, say);
  const { result, events } = settings.outputs;
  // What is a file of events' own is checked with the run's other outputs: it may be a pipe.
  const streamed = events === STANDARD_OUTPUT ? events : null;
  claimOutputs({ "--json": result, "--events": streamed }, line);
  return await interruptible((signal) => run(settings, display, say, signal), (by) => {
    display.note(
      by === "SIGINT"
        ? "Interrupted: ending cleanly; interrupt again to end at once"
        : `${by}: ending cleanly`,
    );
    return new Interruption(
      by,
      "Interrupted while preparing; the next run starts the preparation anew",
    );
  });
}

async function settingsOf(
  line: Extract<TrainCommandLine, { readonly kind: "train" | "resume" }>,
  say: (text: string) => void,
): Promise<RunSettings> {
  if (line.kind === "resume") {
    return resumedSettings((await readStoredRun(line.changes.folder)).settings, line.changes);
  }
  line.notes.forEach(say);
  return line.settings;
}

/** Scores and prints; returns the exit status. */
async function score(
  options: ScoringOptions,
  display: Display,
  signal: AbortSignal,
): Promise<number> {
  try {
    const document = await runScoring(options, {
      signal,
      onNote: (text) => display.note(text),
      onPreparation: (progress) => display.preparation(progress),
      onScored: (done, total) => display.scored(done, total),
    });
    display.close();
    display.print(scoringSummary(document));
    const { scores, result } = options.outputs ?? {};
    if (scores) display.print(`Scores in ${scores}`);
    if (result && result !== STANDARD_OUTPUT) display.print(`Result in ${result}`);
    return 0;
  } catch (error) {
    display.close();
    if (signal.aborted && error === signal.reason) return interruptedStatus(signal);
    throw error;
  }
}

/** Trains and prints; returns the exit status. */
async function run(
  settings: RunSettings,
  display: Display,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<number> {
  const { outputs, checkpoints } = settings;
  try {
    const files: string[] = [];
    const result = await runTraining(settings, {
      signal,
      onWarning: (warning) => display.warn(`warning: ${warning.tell(flagOf)}`),
      onWritten: (what, path) => {
        if (path !== STANDARD_OUTPUT) files.push(writtenLine(what, path));
      },
      onUnsaved: (error) => display.askForFolder(error.tell(flagOf)),
      onNote: (text) => display.note(text),
      onPreparation: (progress) => display.preparation(progress),
      onPass: (progress) => display.pass(progress),
      onProgress: (progress) => display.training(progress),
      onEvaluation: (evaluation, final) => display.evaluation(evaluation, final),
      onResult: (result) => {
        display.close();
        display.print(summary(result));
      },
    });
    files.forEach((line) => display.print(line));
    if (result.ended.how !== "interrupted") return 0;
    if (checkpoints.folder !== null) {
      tell(`To go on: deno task train --resume ${checkpoints.folder}`);
    }
    return interruptedStatus(signal);
  } catch (error) {
    display.close();
    if (error instanceof TrainingFailure && outputs.result !== null) {
      say(`What is known of the run is in ${outputs.result}`);
    }
    throw error;
  }
}

if (import.meta.main) await runEntryPoint(main, flagOf);

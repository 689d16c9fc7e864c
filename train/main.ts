/**
 * `deno task train`: parses the command line, calls `runTraining`, prints.
 *
 * @module
 */

import { UserError } from "../core/errors.ts";
import { counted, formatCount, formatDuration, formatSi } from "../core/format.ts";
import { INTERRUPTED, interruptible } from "../core/interrupt.ts";
import { Progress } from "../core/progress.ts";
import { formatTable } from "../core/table.ts";
import { detectTerminal } from "../core/terminal.ts";
import type { PreparationProgress } from "../data/source_scan.ts";
import type { Metrics } from "./run/metrics.ts";
import type { PassProgress } from "./plan/hot_set.ts";
import { planReport } from "./plan/report.ts";
import { readStoredRun } from "./checkpoint/checkpoints.ts";
import { parseTrainCommand } from "./command/choose_model.ts";
import { resumedCommand, type TrainCommand } from "./command/options.ts";
import type { ResultDocument } from "./run/result.ts";
import { runTraining } from "./run/session.ts";
import { type TimedEvaluation, TrainingFailure, type TrainProgress } from "./run/trainer.ts";

async function main(): Promise<number> {
  const line = await parseTrainCommand(Deno.args);
  if (line.kind === "help") {
    console.log(line.text);
    return 0;
  }
  const { command, notes } = line.kind === "train" ? line : {
    command: resumedCommand((await readStoredRun(line.changes.folder)).command, line.changes),
    notes: [],
  };
  const say = command.quiet ? () => {} : (text: string) => console.error(text);
  notes.forEach(say);
  const display = new Display(command.quiet);
  return await interruptible((signal) => run(command, display, say, signal), () => {
    display.note("Interrupted: ending cleanly; interrupt again to end at once");
    return new UserError("Interrupted");
  });
}

/** Trains and prints; returns the exit status. */
async function run(
  command: TrainCommand,
  display: Display,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<number> {
  try {
    const result = await runTraining(command, {
      signal,
      onNote: (text) => display.note(text),
      onPreparation: (progress) => display.preparation(progress),
      onPass: (progress) => display.pass(progress),
      onProgress: (progress) => display.training(progress),
      onEvaluation: (evaluation, final) => display.evaluation(evaluation, final),
      onResult: (result) => {
        display.close();
        if (!command.quiet) console.log(summary(result));
      },
    });
    if (!command.quiet) { for (const line of written(command)) console.log(line); }
    if (result.ended.how !== "interrupted") return 0;
    if (command.checkpoint !== null) {
      console.error(`To go on: deno task train --resume ${command.checkpoint}`);
    }
    return INTERRUPTED;
  } catch (error) {
    display.close();
    if (signal.aborted && error === signal.reason) {
      console.error("Interrupted while preparing; the next run starts the preparation anew");
      return INTERRUPTED;
    }
    if (error instanceof TrainingFailure && command.json !== null) {
      say(`What is known of the run is in ${command.json}`);
    }
    throw error;
  }
}

/** The progress lines of one run: one bar at a time. */
class Display {
  readonly #quiet: boolean;
  readonly #terminal = detectTerminal("stderr");
  #bar: Progress | null = null;
  #label = "";

  constructor(quiet: boolean) {
    this.#quiet = quiet;
  }

  note(text: string): void {
    if (this.#quiet) return;
    if (this.#bar === null) console.error(text);
    else this.#bar.print(text);
  }

  preparation({ stage, bytes, totalBytes, rows }: PreparationProgress): void {
    this.#show(stage === "waiting" ? "wait" : "prepare", totalBytes, "B")
      .update(bytes, { rows: formatCount(rows) });
  }

  pass({ pass, done, total }: PassProgress): void {
    this.#show(pass, total, "samples").update(done);
  }

  training({ phase, done, total, loss, fields }: TrainProgress): void {
    this.#show(phase, total, "samples")
      .update(done, { ...(loss === null ? {} : { loss: loss.toFixed(4) }), ...fields });
  }

  evaluation({ step, metrics }: TimedEvaluation, final: boolean): void {
    // The one after the last step is in the summary.
    if (final) return;
    this.note(
      `Step ${formatCount(step)}: AUC ${aucText(metrics)}, log-loss ${
        fixed(metrics.logloss, 5)
      }, accuracy ${fixed(metrics.accuracy, 4)}`,
    );
  }

  close(): void {
    this.#bar?.finish();
    this.#bar = null;
    this.#label = "";
  }

  #show(label: string, total: number, unit: string): Progress {
    if (this.#bar === null || this.#label !== label) {
      this.close();
      this.#label = label;
      this.#bar = new Progress({
        label,
        total,
        unit,
        terminal: this.#terminal,
        quiet: this.#quiet,
      });
    }
    return this.#bar;
  }
}

function fixed(value: number | null, digits: number): string {
  return value === null ? "undefined" : value.toFixed(digits);
}

/** What a person sees at the end. */
function summary(result: ResultDocument): string {
  const { throughput, ended, device, dataset } = result;
  const lines: string[] = [];
  const last = result.evaluations.at(-1);
  if (ended.how === "interrupted") {
    const known = last === undefined
      ? "not evaluated yet"
      : `metrics of step ${formatCount(last.step)}`;
    lines.push(`Interrupted after step ${formatCount(ended.step)}, ${known}\n`);
  }
  if (last !== undefined) lines.push(metricsTable(last.metrics, dataset.bayes));
  const plan = planReport(result.plan, result.dataset.tables.map((table) => table.name));
  if (plan !== "") lines.push(plan);
  const stages = Object.entries(result.stages_ms).filter(([stage]) => stage !== "evaluate");
  const steps = Math.max(1, throughput.steps);
  // Reading losses, bookkeeping, and the pass that tells hot inputs from cold ones.
  const rest = throughput.train_ms - stages.reduce((sum, [, ms]) => sum + ms, 0);
  lines.push(formatTable({
    columns: [{ name: "stage" }, { name: "ms a step", align: "right" }, {
      name: "share",
      align: "right",
    }],
    rows: [
      ...stages.toSorted((a, b) => b[1] - a[1]).map(([stage, ms]) => [
        stage,
        (ms / steps).toFixed(3),
        `${(100 * ms / throughput.train_ms).toFixed(1)} %`,
      ]),
      // Where stages overlap, as on a GPU, nothing is left over.
      ...(rest <= 0 ? [] : [[
        "other",
        (rest / steps).toFixed(3),
        `${(100 * rest / throughput.train_ms).toFixed(1)} %`,
      ]]),
      ["all", (throughput.train_ms / steps).toFixed(3), "100.0 %"],
    ],
  }));
  const rate = throughput.samples_per_second;
  lines.push(
    `${counted(throughput.samples, "sample")} in ${counted(throughput.steps, "step")}, ${
      formatDuration(throughput.train_ms / 1000)
    }: ${rate === null ? "-" : formatSi(rate)} samples/s on ${device.name}` +
      (device.kind !== "cpu" ? "" : `, ${counted(device.threads, "thread")}`) +
      (device.isFallbackAdapter ? " (a software adapter: its speed says nothing)" : ""),
  );
  return lines.join("\n");
}

/** Where files are, a line each. */
function written({ json, trace, save }: TrainCommand): string[] {
  return [
    ...(json === null ? [] : [`Result in ${json}`]),
    ...(trace === null ? [] : [`Trace in ${trace}`]),
    ...(save === null ? [] : [`Weights in ${save}`]),
  ];
}

/** The AUC, or why there is none. */
function aucText({ auc, count, label_rate }: Metrics): string {
  if (auc !== null) return auc.toFixed(5);
  return count === 0
    ? "undefined: there are no inputs"
    : `undefined: all labels are ${label_rate === 0 ? 0 : 1}`;
}

function metricsTable(metrics: Metrics, bayes: ResultDocument["dataset"]["bayes"]): string {
  const rows: [string, string][] = [
    ["test inputs", formatCount(metrics.count)],
    ["AUC", aucText(metrics)],
    ["log-loss", fixed(metrics.logloss, 5)],
    ["accuracy", fixed(metrics.accuracy, 5)],
    ["normalised entropy", fixed(metrics.normalised_entropy, 5)],
    ["calibration", fixed(metrics.calibration, 4)],
  ];
  if (bayes !== null) {
    rows.push(["AUC of the true probabilities", bayes.auc.toFixed(5)]);
    rows.push(["log-loss of the true probabilities", bayes.logloss.toFixed(5)]);
  }
  return formatTable({ columns: [{ name: "metric" }, { name: "value", align: "right" }], rows });
}

if (import.meta.main) {
  try {
    Deno.exitCode = await main();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    console.error(`error: ${error.message}`);
    Deno.exitCode = error.status;
  }
}

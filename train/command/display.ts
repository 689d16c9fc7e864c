/**
 * What is shown of a run while it goes.
 *
 * @module
 */

import { formatCount } from "../../core/format.ts";
import { Progress } from "../../core/progress.ts";
import { detectTerminal } from "../../core/terminal.ts";
import { print, tell } from "../../core/streams.ts";
import type { PreparationProgress } from "../../data/source_scan.ts";
import type { PassProgress } from "../plan/pass.ts";
import type { TimedEvaluation, TrainProgress } from "../run/trainer.ts";
import { formatAuc, formatMetric } from "./summary.ts";

/** The progress lines of one run: one bar at a time. */
export class Display {
  readonly #quiet: boolean;
  readonly #terminal = detectTerminal("stderr");
  #bar: Progress | null = null;
  #label = "";

  constructor(quiet: boolean) {
    this.#quiet = quiet;
  }

  /** Prints results, with `--quiet` too. */
  print(text: string): void {
    print(text);
  }

  /** Prints a message that is shown even with `--quiet`. */
  warn(text: string): void {
    if (this.#bar === null || this.#quiet) tell(text);
    else this.#bar.print(text);
  }

  /** On a terminal, asks for another folder for the weights; null elsewhere, and for an empty answer. */
  askForFolder(problem: string): string | null {
    if (!this.#terminal.interactive || !Deno.stdin.isTerminal()) return null;
    this.close();
    tell(problem);
    return prompt("Another folder for the weights (the same to try again, nothing to give up):") ||
      null;
  }

  note(text: string): void {
    if (this.#quiet) return;
    if (this.#bar === null) tell(text);
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

  scored(done: number, total: number): void {
    this.#show("score", total, "samples").update(done);
  }

  evaluation({ step, metrics }: TimedEvaluation, final: boolean): void {
    // The one after the last step is in the summary.
    if (final) return;
    this.close();
    this.note(
      `Step ${formatCount(step)}: AUC ${formatAuc(metrics)}, log-loss ${
        formatMetric(metrics.logloss, 5)
      }, accuracy ${formatMetric(metrics.accuracy, 4)}`,
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

/**
 * What the page says of the runs, a sentence or two at a time.
 *
 * @module
 */

import { formatCount, formatDuration } from "../../core/format.ts";
import { type CriterionName, findCriterion } from "../../train/plan/criterion.ts";
import { type PlanName, PLANS } from "../../train/plan/plans.ts";
import type { TrainForm } from "./form.ts";
import type { RunProgress } from "./messages.ts";
import type { RunState, TrainState } from "./state.ts";

/** A share as whole per cent: `31 %`. */
export function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

/** What goes on now. It changes a few times a run, so that a screen reader may speak it. */
export function statusSentence(state: TrainState, form: TrainForm): string {
  const { stage, preparing, decision, runs: [, own] } = state;
  switch (stage) {
    case "idle":
      return "Press Start: a small recommender trains here, on your own GPU, and nothing leaves this page.";
    case "preparing":
      return `${preparing!.what} …`;
    case "failed":
      return state.failure!;
    case "ended":
      return verdict(state, form);
    case "training":
  }
  if (decision !== null) return decisionSentence(state, form);
  return phaseSentence(own.progress?.phase, form);
}

/** What goes on before a decision. */
function phaseSentence(
  phase: RunProgress["phase"] | undefined,
  { plan, criterion }: TrainForm,
): string {
  if (phase === undefined) return "Telling hot clicks from cold ones …";
  if (phase === "warm-up" || phase === "cold") {
    return "Training. The rows that clicks use most settle first: their dots drift to the left.";
  }
  if (phase !== "window" || !PLANS[plan].decides) {
    return `Training by ${plan}, which does not look at how far rows move.`;
  }
  return findCriterion(criterion).needs === "accesses"
    ? "The window: the plan counts how often every hot row is looked up."
    : "The window: the plan has noted where every hot row is, and looks again a few minibatches later.";
}

function decisionSentence(
  { decision, decisions }: TrainState,
  { plan, criterion }: TrainForm,
): string {
  const { rows, threshold, share, note } = decision!;
  const again = decisions > 1 ? ` That was decision number ${decisions}.` : "";
  const below = criterion === "paper" ? "moved less than" : `have a score by ${criterion} below`;
  return `Decided: ${formatCount(rows.stale)} of ${formatCount(rows.hot)} hot rows ${below} ` +
    `T = ${threshold.toPrecision(2)} and count as stale. ${percent(share)} of hot ` +
    `${followsFor(plan, criterion)}.` +
    `${note === null ? "" : ` (${note}.)`}${again}`;
}

/** What follows for the share of a decision. */
function followsFor(plan: PlanName, criterion: CriterionName): string {
  if (PLANS[plan].freezes) return "lookups are of such rows, and these stay as they are";
  return takesMean(criterion)
    ? "clicks have a mean score below T, and are skipped from now on"
    : "clicks use stale rows alone, and are skipped from now on";
}

/** Whether a click is skipped by the mean score of its rows, and not only if all of them are stale. */
export function takesMean(criterion: CriterionName): boolean {
  return findCriterion(criterion).defaultCombine === "mean";
}

/** Inputs that a run has come to, of those of its epoch. */
export function passedShare({ trained, skipped, total }: RunProgress): number {
  return total === 0 ? 0 : (trained + skipped) / total;
}

/** How the two runs stand after equal time; null before there is something to say. */
export function raceSentence(
  { runs: [fae, own] }: TrainState,
  { plan, maxSteps }: TrainForm,
): string | null {
  if (fae.progress === null || own.progress === null) return null;
  const { trained, skipped } = own.progress;
  const skips = skipped === 0
    ? ""
    : `, ${percent(skipped / (trained + skipped))} of them by skipping`;
  const done = [fae, own].findIndex(({ summary }) => summary !== null);
  if (done >= 0 && (fae.summary === null || own.summary === null)) {
    const [first, other] = done === 0 ? ["fae", plan] : [plan, "fae"];
    const ended = done === 0 ? fae.progress : own.progress;
    const late = done === 0 ? own.progress : fae.progress;
    const what = isStopped(ended, maxSteps) ? `${formatCount(maxSteps)} minibatches` : "clicks";
    return `${first} is through its ${what} after ${formatDuration(ended.ms / 1000)}${
      done === 1 ? skips : ""
    }; ${other} goes on alone, and has come to ${percent(passedShare(late))}.`;
  }
  if (done >= 0) return null;
  const seconds = Math.min(fae.progress.ms, own.progress.ms) / 1000;
  return `After ${formatDuration(seconds)} each, fae has come through ` +
    `${percent(passedShare(fae.progress))} of the clicks and ${plan} through ` +
    `${percent(passedShare(own.progress))}${skips}.`;
}

/** Whether a run ended at the number of minibatches that was asked for. */
function isStopped({ step }: RunProgress, maxSteps: number): boolean {
  return maxSteps > 0 && step >= maxSteps;
}

function verdict(
  { adapter, runs: [fae, own] }: TrainState,
  { plan, maxSteps }: TrainForm,
): string {
  const sentences = [
    timeVerdict(fae, own, plan),
    qualityVerdict(fae, own, plan),
    stopVerdict(fae, own, { plan, maxSteps }),
  ];
  if (adapter?.isFallbackAdapter) {
    sentences.push(`${adapter.name} is a software adapter: its times say little about a GPU.`);
  }
  return sentences.filter((sentence) => sentence !== null).join(" ");
}

function timeVerdict(fae: RunState, own: RunState, plan: string): string | null {
  if (fae.progress === null || own.progress === null) return null;
  const slow = fae.progress.ms / 1000, fast = own.progress.ms / 1000;
  const { trained, skipped } = own.progress;
  const change = Math.round(100 * (1 - fast / slow));
  const difference = change > 0 ? `${change} % less` : change < 0 ? `${-change} % more` : "as long";
  return `${plan} needed ${formatDuration(fast)} and fae ${formatDuration(slow)}, ${difference}, ` +
    `with ${percent(skipped / Math.max(1, trained + skipped))} of the clicks skipped.`;
}

/** That times are not of an epoch; null where they are. */
function stopVerdict(
  fae: RunState,
  own: RunState,
  { plan, maxSteps }: Pick<TrainForm, "plan" | "maxSteps">,
): string | null {
  if (fae.progress === null || own.progress === null) return null;
  if (!isStopped(fae.progress, maxSteps) && !isStopped(own.progress, maxSteps)) return null;
  return `Runs stop after ${formatCount(maxSteps)} minibatches: fae had come through ${
    percent(passedShare(fae.progress))
  } of the clicks and ${plan} through ${percent(passedShare(own.progress))}.`;
}

function qualityVerdict(fae: RunState, own: RunState, plan: string): string | null {
  const before = fae.summary?.auc, after = own.summary?.auc;
  if (before === null || before === undefined || after === null || after === undefined) return null;
  return `AUC ${after.toFixed(4)} (${plan}) against ${
    before.toFixed(4)
  } (fae): one seed cannot tell ` +
    "a difference of some thousandths from chance; the tab Report has several.";
}

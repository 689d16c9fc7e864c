/**
 * The answer in sentences: whether skipping is worth it, what it saves and costs, whether training on less would do as well, and
 * what is not known.
 *
 * @module
 */

import { counted, formatCount } from "../../core/format.ts";
import { signed } from "../paper_machine.ts";
import { MARGIN_AUC, type TestedDifference } from "../study/comparison.ts";
import {
  type Estimate,
  isNotWorse,
  LEAST_SEEDS,
  seedsToSee,
  smallestVisible,
} from "../study/statistics.ts";
import type { Answer, Candidate, Less, SavedAt, Saving } from "./answer.ts";
import { trainingSeconds } from "./schedule.ts";

/** What the runs come to. */
export type Conclusion =
  /** Nothing could be compared. */
  | "nothing"
  /** Fewer seeds than decide anything. */
  | "few-seeds"
  /** At some cost ahead of training on less, at none behind. */
  | "ahead"
  /** At some cost behind it, at none ahead. */
  | "behind"
  /** Both. */
  | "depends"
  /** It takes no less time anywhere. */
  | "saves-nothing"
  /** Neither is shown. */
  | "open";

/** What an answer's best way of skipping comes to. */
export function conclusionOf({ candidates: [best] }: Pick<Answer, "candidates">): Conclusion {
  if (best === undefined) return "nothing";
  if (best.seeds < LEAST_SEEDS) return "few-seeds";
  const { ahead, behind } = sidesOf(best);
  if (ahead.length > 0) return behind.length > 0 ? "depends" : "ahead";
  if (behind.length > 0) return "behind";
  const savings = best.saved.flatMap(({ of: { fae } }) => fae === null ? [] : [fae]);
  return savings.length > 0 && savings.every(({ high }) => high !== null && high <= 0)
    ? "saves-nothing"
    : "open";
}

/** Costs at which a difference to training on less is shown, by its side. */
function sidesOf({ less }: Candidate): {
  readonly ahead: readonly Less[];
  readonly behind: readonly Less[];
} {
  const shown = less.filter(({ auc }) => auc.shown);
  return {
    ahead: shown.filter(({ auc: { found } }) => found.mean > 0),
    behind: shown.filter(({ auc: { found } }) => found.mean < 0),
  };
}

/** The verdict, a sentence each, the answer first. */
export function verdictOf(answer: Answer): string[] {
  const [best] = answer.candidates;
  const refused = answer.refused.map((why) => `Not compared: ${why}`);
  if (best === undefined) return [conclusionSentence(answer), ...refused, ...leftOut(answer)];
  return [
    conclusionSentence(answer),
    hereSentence(best),
    thereSentence(best),
    costSentence(best),
    lessSentence(best),
    randomSentence(best),
    ...refused,
    ...leftOut(answer),
    unknownSentence(answer, best),
  ].filter((sentence) => sentence !== "");
}

function conclusionSentence(answer: Answer): string {
  const { log, inputs, candidates: [best], cut } = answer;
  const rows = cut ? `the first rows of ${log}, of which ${formatCount(inputs)} train` : log;
  const asked = `Is skipping worth it on ${rows}?`;
  if (best === undefined) return `${asked} Nothing can be compared`;
  const { ahead, behind } = sidesOf(best);
  const at = (some: readonly Less[]) => some.map(({ cost }) => cost).join(" and ");
  const open = best.less.length - ahead.length - behind.length;
  const elsewhere = open === 0
    ? ""
    : `; at ${counted(open, "other cost")} neither is shown to be ahead`;
  switch (conclusionOf(answer)) {
    case "nothing":
    case "few-seeds":
      return `${asked} Not decided: ${counted(best.seeds, "seed")} decide${
        best.seeds === 1 ? "s" : ""
      } nothing, ${LEAST_SEEDS} are the fewest that do (${enoughSeeds(answer)})`;
    case "ahead":
      return `${asked} Yes: at equal ${
        at(ahead)
      } ${best.name} is shown to reach more AUC than training on less${elsewhere}`;
    case "behind":
      return `${asked} No: at equal ${
        at(behind)
      } training on less is shown to reach more AUC than ${best.name}, the best way of skipping here${elsewhere}`;
    case "depends":
      return `${asked} It depends: ${best.name} is shown to be ahead of training on less at equal ${
        at(ahead)
      }, and behind at equal ${at(behind)}${elsewhere}`;
    case "saves-nothing":
      return `${asked} No: ${best.name} saves no time, here or there`;
    case "open":
      return `${asked} Cannot tell at this size: with ${
        counted(best.seeds, "seed")
      } neither ${best.name} nor training on less is shown to be ahead at equal cost`;
  }
}

/** Flags with which there are seeds enough. */
function enoughSeeds({ seedsAsked, secondsASeed, budget }: Answer): string {
  const seconds = LEAST_SEEDS * secondsASeed;
  const time = `--budget ${moreMinutes(seconds, budget)}`;
  if (seedsAsked === null || seedsAsked >= LEAST_SEEDS) return time;
  const seeds = `--seeds ${LEAST_SEEDS}`;
  return seconds > trainingSeconds(budget) ? `${seeds} ${time}` : seeds;
}

function hereSentence({ saved, name, skippedPercent }: Candidate): string {
  const here = saved.find(({ origin }) => origin === "measured");
  const passed = `${name} passes over ${skippedPercent.toFixed(1)} % of the inputs`;
  return `What it saves here (measured): ${passed}${
    here === undefined ? "" : ` and ${savedText(here, "95 % interval ")}`
  }. fae trains everything in the same order, baseline everything without telling hot inputs from cold ones`;
}

function thereSentence({ saved }: Candidate): string {
  const there = saved.filter(({ origin }) => origin === "predicted");
  if (there.length === 0) return "";
  return `What it saves there (predicted, with ranges): ${
    there.map((one) =>
      one.of.fae === null && one.of.baseline === null
        ? `${one.place} nothing is known, since the rows have no room`
        : `${one.place} it ${savedText(one, "")}`
    ).join("; ")
  }`;
}

/** What is saved of both plans' time: `saves 5.1 % of fae's time (3.5 to 6.2) and …`. */
function savedText({ of: { fae, baseline } }: SavedAt, interval: string): string {
  const one = (saving: Saving | null, whose: string): string[] =>
    saving === null ? [] : [`${oneSaving(saving, whose)} (${endsText(saving, interval)})`];
  return [...one(fae, "fae's"), ...one(baseline, "baseline's")].join(" and ");
}

function oneSaving({ share }: Saving, whose: string): string {
  return share >= 0
    ? `saves ${percent(share)} % of ${whose} time`
    : `takes ${percent(-share)} % more than ${whose} time`;
}

/** `3.5 to 6.2`; where one end is no saving, `from 2.0 % more to 6.2 % less`. */
function endsText({ low, high }: Saving, interval: string): string {
  if (low === null || high === null) return "no interval with so few seeds";
  const end = (value: number) =>
    value < -1 ? "over 100 % more" : `${percent(Math.abs(value))} % ${value < 0 ? "more" : "less"}`;
  return low >= 0
    ? `${interval}${percent(low)} to ${percent(high)}`
    : `${interval}from ${end(low)} to ${end(high)}`;
}

function percent(share: number): string {
  return (100 * share).toFixed(1);
}

function costSentence({ auc, logLoss }: Candidate): string {
  const bounded = isNotWorse(auc.found, MARGIN_AUC);
  const bound = bounded === null
    ? ""
    : `; that AUC is no worse than by ${MARGIN_AUC} is ${bounded ? "" : "not "}shown`;
  return `What it costs, against fae on all inputs: AUC ${difference(auc)}, log-loss ${
    difference(logLoss)
  }${bound}`;
}

/** `-0.00130 (95 % interval -0.00400 to +0.00140, no difference shown)`. */
function difference({ found, shown }: TestedDifference): string {
  const { mean, half, seeds } = found, sign = signed(5);
  if (half === null) return `${sign(mean)} (no interval with one seed)`;
  const word = seeds < LEAST_SEEDS ? "not decided" : shown ? "shown" : "no difference shown";
  return `${sign(mean)} (95 % interval ${sign(mean - half)} to ${sign(mean + half)}, ${word})`;
}

/** The first cost with its numbers, and every other that comes to another word. */
function lessSentence({ less, name }: Candidate): string {
  const asked = "Would training on less do as well?", [first, ...others] = less;
  if (first === undefined) {
    return `${asked} Not known: no run that was stopped early costs as little`;
  }
  const told = ({ cost, rival, auc }: Less): string =>
    `at equal ${cost} ${name} has AUC ${difference(auc)} beyond ${rival} stopped early`;
  const word = lessWord(first), same = others.filter((one) => lessWord(one) === word);
  const parts = [
    told(first),
    ...(same.length === 0
      ? []
      : [`the same at equal time ${same.map(({ place }) => place).join("; ")}`]),
    ...others.filter((one) => !same.includes(one)).map((one) => `${lessWord(one)}: ${told(one)}`),
  ];
  return `${asked} ${upperFirst(word)}: ${parts.join("; ")}`;
}

function lessWord({ auc: { found, shown } }: Less): string {
  if (found.seeds < LEAST_SEEDS) return "not decided";
  if (!shown) {
    const asWell = isNotWorse({ ...found, mean: -found.mean }, MARGIN_AUC);
    return asWell ? `yes, to ${MARGIN_AUC} AUC` : "these seeds cannot tell";
  }
  return found.mean > 0 ? "no" : "yes, and better";
}

function upperFirst(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

function randomSentence({ random }: Candidate): string {
  return random === null
    ? ""
    : `Does it matter which inputs are passed over? AUC ${
      difference(random)
    } beyond dropping as many at random`;
}

function leftOut({ leftOut }: Answer): string[] {
  return leftOut.map((what) => `Left out: ${what}`);
}

/** More seeds than this nobody waits for. */
const MOST_SEEDS = 200;

function unknownSentence(answer: Answer, best: Candidate): string {
  const [less] = best.less;
  const parts = [
    less === undefined
      ? settledBy(answer, best.auc.found, answer.candidates.length)
      : settledBy(answer, less.auc.found, less.tests),
    "what other rows or later days of this log would say, since all seeds share these rows",
    ...(best.saved.some(({ origin }) => origin === "predicted")
      ? ["how near the predicted times are, which no run on those machines has checked"]
      : []),
  ];
  return `What is not known: ${parts.join("; ")}`;
}

/** What would settle whether there is a difference of the size that matters, which is tested together with others. */
function settledBy(answer: Answer, found: Estimate, tests: number): string {
  const { inputs, cut, secondsASeed, budget } = answer;
  const visible = smallestVisible(found, tests);
  if (found.seeds < LEAST_SEEDS || visible === null) {
    return `how much seeds differ, which ${LEAST_SEEDS} or more tell (${enoughSeeds(answer)})`;
  }
  if (visible <= MARGIN_AUC) {
    return `differences below ${visible.toFixed(5)} AUC, the smallest that these seeds would show`;
  }
  const seeds = seedsToSee(found, MARGIN_AUC, tests);
  const more = seeds === null || seeds > MOST_SEEDS
    ? `more seeds than ${MOST_SEEDS}`
    : `about ${seeds} seeds${
      // Of a log that is cut a larger budget reads more rows first.
      cut ? "" : ` (--seeds ${seeds} --budget ${moreMinutes(seeds * secondsASeed, budget)})`}`;
  const times = (visible / MARGIN_AUC) ** 2;
  const rows = cut ? ", which a larger --budget reads" : ", more than this log has";
  return `whether there is a difference of ${MARGIN_AUC} AUC to training on less: these seeds would show one of ${
    visible.toFixed(5)
  }; it would take ${more}, or about ${
    formatCount(Number((times * inputs).toPrecision(2)))
  } inputs${rows}, if the spread falls with the root of their number`;
}

/** Whole minutes that so many seconds of training need with everything else, more than there were. */
function moreMinutes(seconds: number, budget: number | null): number {
  return Math.max(Math.ceil(seconds / 60 * 1.25), Math.floor(budget ?? 0) + 1);
}

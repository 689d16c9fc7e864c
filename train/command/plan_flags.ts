/**
 * Flags of plans, placements, traces and checkpoints.
 *
 * @module
 */

import type { Flag, FlagTable, FlagValues } from "../../core/flags.ts";
import { PLACEMENTS } from "../model/placement.ts";
import { NORMALISATIONS } from "../model/tower.ts";
import { COMBINES, CRITERIA, CRITERION_NAMES } from "../plan/criterion.ts";
import { PLAN_DEFAULTS, type PlanOptions, TURN_ORDERS } from "../plan/options.ts";
import { PLAN_NAMES, PLANS } from "../plan/plans.ts";
import { PLAN_MODES, SEMANTICS } from "../plan/semantics.ts";

const PLAN = "Plan: which inputs are trained";
const ROWS = "Hot rows";
const STALE = "Staleness (slipstream, freeze, slipstream-cold)";
const FILES = "Files";

/** What modules are called. */
const CRITERION_FILES = [".ts", ".js", ".mjs"] as const;

/** How features are normalised: a flag of the model that variants of a study have beside those of plans. */
export const NORMALIZE_FLAG = {
  type: "choice",
  choices: NORMALISATIONS,
  default: "none",
  aliases: ["normalise"],
  group: "Model",
  help:
    "Feature normalisation, our two readings of the paper's: of dense features by the training set's means and variances, or of embedding vectors by their deviation",
} as const satisfies Flag;

/** Which inputs are trained, where their rows live, and what is kept of the run. */
export const PLAN_FLAGS = {
  plan: {
    type: "choice",
    choices: PLAN_NAMES,
    default: "baseline",
    group: PLAN,
    valueName: "PLAN",
    help: PLAN_NAMES.map((name) => `${name} ${PLANS[name].help}`).join("; "),
  },
  mode: {
    type: "choice",
    choices: PLAN_MODES,
    default: PLAN_DEFAULTS.mode,
    group: PLAN,
    help: "corrected, or as the authors' program has it, slips included",
  },
  schedule: {
    type: "choice",
    choices: TURN_ORDERS,
    group: PLAN,
    defaultText: "interleaved; cold-then-hot with --mode artifact",
    help:
      "Rounds of cold and hot minibatches, at a rate that follows the test loss, or all cold ones first",
  },
  rate: {
    type: "number",
    min: 1,
    max: 100,
    default: PLAN_DEFAULTS.rate,
    group: PLAN,
    valueName: "PERCENT",
    help: "Of the interleaved schedule: inputs of each kind a round, in percent, at first",
  },
  leastRate: {
    type: "number",
    min: 1,
    max: 100,
    default: PLAN_DEFAULTS.leastRate,
    group: PLAN,
    valueName: "PERCENT",
    help: "Of the interleaved schedule: the least that this falls to where the test loss rises",
  },
  budget: {
    type: "number",
    above: 0,
    max: 1,
    default: PLAN_DEFAULTS.budget,
    group: PLAN,
    valueName: "SHARE",
    help: "Share of each epoch's inputs that is come to, of hot and cold ones alike: stop early",
  },
  budgetOf: {
    type: "choice",
    choices: ["first", "last"],
    default: PLAN_DEFAULTS.budgetOf,
    group: PLAN,
    help:
      "Of --budget: the first of the epoch's order, or the last, which are the newest of a log in the order of time with --data-order none",
  },
  negatives: {
    type: "number",
    above: 0,
    max: 1,
    default: PLAN_DEFAULTS.negatives,
    group: PLAN,
    valueName: "Q",
    help: "Keep each negative of the training split with this probability, and every click",
  },
  correction: {
    type: "choice",
    choices: ["logit", "weights"],
    default: PLAN_DEFAULTS.correction,
    group: PLAN,
    help:
      "Of --negatives: add log Q to the trained model's logits, or weigh kept negatives 1/Q in the loss",
  },
  drop: {
    type: "number",
    above: 0,
    below: 1,
    default: PLAN_DEFAULTS.drop,
    aliases: ["target_drop_percentage", "target-drop-percentage"],
    group: PLAN,
    valueName: "D",
    help:
      "Share of the hot inputs after the window that is dropped; of freeze: of hot inputs' lookups whose rows are not updated",
  },
  anneal: {
    type: "choice",
    choices: ["none", "rise", "fall"],
    default: PLAN_DEFAULTS.anneal,
    group: PLAN,
    help: "Let D rise from 0 to 2 D over the hot inputs after the window, or fall from 2 D to 0",
  },
  finish: {
    type: "number",
    min: 0,
    below: 1,
    default: PLAN_DEFAULTS.finish,
    group: PLAN,
    valueName: "SHARE",
    help: "Share of each epoch's hot inputs, the last ones, that are all trained",
  },
  skipProbability: {
    type: "number",
    above: 0,
    max: 1,
    default: PLAN_DEFAULTS.skipProbability,
    group: PLAN,
    valueName: "R",
    help: "Probability with which an input found stale is skipped",
  },
  rescale: {
    type: "boolean",
    default: PLAN_DEFAULTS.rescale,
    group: PLAN,
    help:
      "Weigh kept inputs of the class that is skipped with probability r 1/(1 - r), as InfoBatch",
  },
  lastBatch: {
    type: "choice",
    choices: ["keep", "drop"],
    group: PLAN,
    defaultText: "keep for baseline, else drop",
    help: "A last minibatch that is not full: train it, or leave it out",
  },
  decide: {
    type: "choice",
    choices: ["once", "epoch"],
    default: PLAN_DEFAULTS.decide,
    group: PLAN,
    help: "With several epochs: keep the first decision, or decide again in each",
  },
  wakeEvery: {
    type: "number",
    min: 0,
    default: 0,
    group: PLAN,
    valueName: "N",
    help:
      "Hot minibatches from a decision to the next window, so that rows that move again come back: a share below 1, or a number; 0 for never",
  },
  placement: {
    type: "choice",
    choices: PLACEMENTS,
    group: ROWS,
    defaultText: "device for baseline, else hot",
    help:
      "Where rows live: all on the device; all on the CPU (host); in host memory with the MLPs on the device (hybrid); that and hot rows on the device too (hot)",
  },
  hotMemory: {
    type: "number",
    above: 0,
    default: PLAN_DEFAULTS.hotMemoryMib,
    group: ROWS,
    valueName: "MIB",
    help: "Memory for hot rows",
  },
  hotEmbGpuMem: {
    type: "number",
    above: 0,
    group: ROWS,
    valueName: "BYTES",
    help: "The same in bytes, as the artifact's profiler has it",
  },
  profile: {
    type: "number",
    above: 0,
    max: 1,
    group: ROWS,
    valueName: "SHARE",
    defaultText: "0.05; up to 0.2 of fewer than two million",
    help: "Share of the training inputs whose accesses are counted to find hot rows",
  },
  ipSamplingRate: {
    type: "number",
    above: 0,
    max: 100,
    group: ROWS,
    valueName: "PERCENT",
    help: "--profile in percent, as the artifact's profiler has it",
  },
  watch: {
    type: "number",
    integer: true,
    min: 0,
    max: 1000,
    default: PLAN_DEFAULTS.watch,
    group: ROWS,
    help: "Random hot rows whose changes are recorded over the run",
  },
  alpha: {
    type: "number",
    integer: true,
    min: 1,
    aliases: ["non_changing_index", "non-changing-index"],
    group: STALE,
    defaultText: "all of an input's lookups; 4 a table for rm1",
    help: "Stale lookups at which an input is skipped",
  },
  warmup: {
    type: "number",
    min: 0,
    aliases: ["starting_minibatch", "starting-minibatch"],
    group: STALE,
    defaultText: "1000, at most a tenth",
    help: "Hot minibatches before the first snapshot: a share below 1, or a number",
  },
  window: {
    type: "number",
    above: 0,
    aliases: ["minibatch_percentage", "minibatch-percentage"],
    group: STALE,
    defaultText: "0.03, 0.05 for rm1; at least 20",
    help: "Hot minibatches between the snapshots: a share below 1, or a number",
  },
  sample: {
    type: "number",
    above: 0,
    max: 1,
    aliases: ["sample_rate", "sample-rate"],
    group: STALE,
    valueName: "SHARE",
    defaultText: "0.01, at least 20,000 inputs",
    help: "Share of the hot inputs on which the threshold is found",
  },
  criterion: {
    type: "choice",
    choices: CRITERION_NAMES,
    orFile: CRITERION_FILES,
    default: "paper",
    group: STALE,
    help: `What is measured of a row: ${
      CRITERION_NAMES.map((name) => CRITERIA[name].help).join("; ")
    }; or a module that exports a criterion`,
  },
  combine: {
    type: "choice",
    choices: COMBINES,
    group: STALE,
    defaultText: CRITERION_NAMES.map((name) => `${CRITERIA[name].defaultCombine} for ${name}`)
      .join(", "),
    help: "How an input's rows count together; the n of nth-smallest is --alpha",
  },
  untouched: {
    type: "choice",
    choices: ["stale", "unknown"],
    group: STALE,
    defaultText: "unknown; stale with --mode artifact",
    help: "What a hot row is that the window never looked up",
  },
  snapshots: {
    type: "number",
    integer: true,
    min: 2,
    group: STALE,
    defaultText: "2, for net-over-path 5",
    help: "Snapshots of a window",
  },
  change: {
    type: "choice",
    choices: ["ends", "mean"],
    default: PLAN_DEFAULTS.change,
    group: STALE,
    help: "Change from the first snapshot to the last, or the mean from each to the next",
  },
  confidenceRate: ignored("confidence_rate"),
  clusterFormingThreshold: ignored("cluster_forming_threshold"),
  trace: {
    type: "path",
    valueName: "FILE",
    group: FILES,
    help: "Write a record of every minibatch to this file, as Arrow IPC",
  },
  checkpoint: {
    type: "path",
    valueName: "DIR",
    group: FILES,
    help: "Keep the state of the run in this folder, now and then and when interrupted",
  },
  checkpointEvery: {
    type: "number",
    integer: true,
    min: 0,
    default: 0,
    group: FILES,
    help: "Minibatches between checkpoints; 0 for one every ten minutes",
  },
  resume: {
    type: "path",
    valueName: "DIR",
    group: FILES,
    help: "Go on from the newest checkpoint in this folder, with the options it was started with",
  },
} as const satisfies FlagTable;

function ignored(spelling: string) {
  return {
    type: "number",
    group: STALE,
    aliases: [spelling],
    help: "Without effect: the artifact reads it and never uses it",
  } as const;
}

/** A built-in criterion, or the file of one. */
function criterionOf(text: FlagValues<typeof PLAN_FLAGS>["criterion"]): PlanOptions["criterion"] {
  return CRITERION_NAMES.find((name) => name === text) ?? { file: text };
}

/** The plan that flags ask for. */
export function planOf(values: FlagValues<typeof PLAN_FLAGS>): PlanOptions {
  const { schedule, untouched } = SEMANTICS[values.mode];
  return {
    name: values.plan,
    mode: values.mode,
    budget: values.budget,
    budgetOf: values.budgetOf,
    negatives: values.negatives,
    correction: values.correction,
    drop: values.drop,
    anneal: values.anneal,
    finish: values.finish,
    skipProbability: values.skipProbability,
    rescale: values.rescale,
    alpha: values.alpha ?? null,
    window: values.window ?? null,
    warmup: values.warmup ?? null,
    hotMemoryMib: values.hotEmbGpuMem === undefined
      ? values.hotMemory
      : values.hotEmbGpuMem / 2 ** 20,
    profile: values.ipSamplingRate === undefined
      ? values.profile ?? null
      : values.ipSamplingRate / 100,
    sample: values.sample ?? null,
    schedule: values.schedule ?? schedule,
    rate: values.rate,
    leastRate: values.leastRate,
    criterion: criterionOf(values.criterion),
    combine: values.combine ?? null,
    untouched: values.untouched ?? untouched,
    snapshots: values.snapshots ?? null,
    change: values.change,
    wakeEvery: values.wakeEvery,
    decide: values.decide,
    watch: values.watch,
  };
}

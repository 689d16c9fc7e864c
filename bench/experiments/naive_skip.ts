/**
 * What becomes of accuracy when all hot or all cold inputs are left out (the paper's Figure 5).
 *
 * @module
 */

import { numberColumn, tableOf } from "../columns.ts";
import { defineExperiment, type Findings, type ResultTable, type Settings } from "../experiment.ts";
import type { Figure } from "../../figures/figure.ts";
import { categoryPanel, dataOf } from "../panels.ts";
import { AUC, datumOf, formatEstimate, LOG_LOSS, type Measure } from "../study/compare.ts";
import {
  type Compared,
  comparedOf,
  type Comparison,
  differenceColumns,
  INPUTS_COLUMN,
  meanColumn,
  SEEDS_COLUMN,
  statisticsNotes,
  testDifferences,
  type TestedDifference,
  variantColumn,
  WORKLOAD_COLUMN,
} from "../study/comparison.ts";
import { accuracySizeOf } from "../study/sizes.ts";
import { LEAST_SEEDS } from "../study/statistics.ts";
import { PAPER_TRAINING, variantOf } from "../study/variants.ts";
import {
  aucSample,
  deviceOf,
  LOG_FLAGS,
  RECORDED_FLAGS,
  TRAINING_FLAGS,
  trainWorkloads,
} from "../study/trained.ts";
import { studyLabel } from "../study/workload.ts";

const ALL = "all inputs";
/** What is left out, and the plans that do it. */
const PLANS = {
  [ALL]: "baseline",
  "without hot ones": "skip-hot",
  "without cold ones": "skip-cold",
} as const;

/** What is said of variants that are trained as the paper's models are; the others are trained as the study's. */
const AS_PAPER = ", SGD at a constant rate";

/** Trained both ways; at the suite's sizes, which decide nothing, as the study trains alone. */
function variantsOf(
  { full, smoke, inputs }: Pick<Settings, "full" | "smoke" | "inputs">,
): Readonly<Record<string, string>> {
  const trainings: readonly (readonly [said: string, words: readonly string[]])[] = [
    ["", []],
    ...full || smoke || inputs !== null ? [[AS_PAPER, PAPER_TRAINING] as const] : [],
  ];
  return Object.fromEntries(
    trainings.flatMap(([said, words]) =>
      Object.entries(PLANS).map(([name, plan]) => [
        `${name}${said}`,
        variantOf([plan, ...words].join(",")).name,
      ])
    ),
  );
}

/** With which variant one is compared: all inputs, trained in the same way. */
const against = (name: string): string => name.endsWith(AS_PAPER) ? `${ALL}${AS_PAPER}` : ALL;

/** Accuracy that the paper loses by leaving out either kind, in percentage points. */
const PUBLISHED_LOSS = { low: 4, high: 6 } as const;

/** Inputs whose class is right, in per cent. */
const PERCENT_CORRECT: Measure = ({ metrics }) => 100 * metrics.accuracy!;

/** Differences of the table; the first is the paper's. */
const COMPARISONS: readonly Comparison[] = [
  { heading: "% correct against all", against, measure: PERCENT_CORRECT, digits: 2 },
  { heading: "AUC against all", against, digits: 4 },
];

/** Leaves out what is easy to leave out. */
export const naiveSkipExperiment = defineExperiment({
  name: "naive-skip",
  summary: "Figure 5: accuracy when all hot inputs, or all cold ones, are left out",
  title: "Skipping naively (the paper's Figure 5)",
  suite: "default",
  trains: true,
  suiteWorkloads: ["rm2"],
  flags: [...TRAINING_FLAGS, ...LOG_FLAGS, ...RECORDED_FLAGS],
  async run(settings): Promise<Findings> {
    const variants = variantsOf(settings);
    const trained = await trainWorkloads(settings, accuracySizeOf, variants);
    const compared = comparedOf(trained, Object.keys(variants));
    const [correct] = testDifferences(compared, COMPARISONS);
    return {
      tables: [table(compared)],
      figures: [figure(compared)],
      samples: compared.map((one) => aucSample(one, one.name)),
      device: deviceOf(trained),
      verdicts: compared.flatMap(({ workload, name }, i) =>
        name === against(name) ? [] : [verdictOf(`${studyLabel(workload)} ${name}`, correct![i]!)]
      ),
      notes: [
        "An input is hot if all its rows are in the hot set, cold if any is not",
        "SGD at a constant rate is how the paper's models are trained; otherwise as the study trains: Adagrad, at a rate that falls to zero",
        ...statisticsNotes(trained),
      ],
    };
  },
});

function table(compared: readonly Compared[]): ResultTable {
  return tableOf({ title: "Accuracy when inputs are left out by kind" }, compared, [
    WORKLOAD_COLUMN,
    variantColumn("trained on"),
    INPUTS_COLUMN,
    SEEDS_COLUMN,
    numberColumn("trained, %", 1, trainedPercent),
    meanColumn("% correct", PERCENT_CORRECT, 2),
    meanColumn("AUC", AUC, 4),
    meanColumn("log-loss", LOG_LOSS, 4),
    ...differenceColumns(compared, COMPARISONS),
  ]);
}

function figure(compared: readonly Compared[]): Figure {
  const panel = (label: string, measure: Measure) =>
    categoryPanel(
      "points",
      label,
      dataOf(
        "measured",
        compared.map(({ workload, name, results }) => ({
          x: studyLabel(workload),
          series: name,
          ...datumOf(results.mean(name, measure)!),
        })),
      ),
    );
  return {
    name: "auc",
    title: "Accuracy when all hot or all cold inputs are left out",
    caption:
      `The paper loses ${PUBLISHED_LOSS.low} to ${PUBLISHED_LOSS.high} % of accuracy by either, and looks for the inputs whose rows have stopped moving instead.`,
    panels: [panel("% correct", PERCENT_CORRECT), panel("AUC", AUC)],
  };
}

/**
 * Whether the paper's loss of accuracy is found: `reproduced` where accuracy is lost and the interval of the loss meets the
 * paper's, `not reproduced` where it does not, and otherwise that it cannot be told.
 *
 * @param what The workload and what it was trained on.
 */
export function verdictOf(what: string, tested: TestedDifference | null): string {
  const { low, high } = PUBLISHED_LOSS;
  const paper = `the paper loses ${low} to ${high} points`;
  if (tested === null || tested.found.seeds < LEAST_SEEDS) {
    return `${what}: not decided with fewer than ${LEAST_SEEDS} seeds (${paper})`;
  }
  const { mean, half } = tested.found;
  const least = -mean - half!, most = -mean + half!;
  const verdict = most < low || least > high
    ? "not reproduced"
    : least > 0
    ? "reproduced"
    : "not to be told at this size";
  return `${what}: ${verdict}; ${mean < 0 ? "loses" : "gains"} ${
    formatEstimate({ ...tested.found, mean: Math.abs(mean) }, 2)
  } percentage points of correct classes, ${paper}`;
}

/** Of the inputs of the training split, those that were trained: the mean over seeds. */
function trainedPercent({ runs }: Compared): number {
  const shares = runs.map(({ trained_inputs, train_inputs }) => trained_inputs / train_inputs);
  return 100 * shares.reduce((sum, share) => sum + share, 0) / runs.length;
}

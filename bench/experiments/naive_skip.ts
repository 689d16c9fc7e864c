/**
 * What becomes of accuracy when all hot or all cold inputs are left out (the paper's Figure 5).
 *
 * @module
 */

import { numberColumn, tableOf } from "../columns.ts";
import {
  defineExperiment,
  type Findings,
  type Outcome,
  type ResultTable,
  type Settings,
} from "../experiment.ts";
import type { Figure, Panel } from "../../figures/figure.ts";
import { joinedState, type State } from "../outcomes.ts";
import { categoryPanel, dataOf } from "../panels.ts";
import {
  AUC,
  datumOf,
  formatDifference,
  formatEstimate,
  LOG_LOSS,
  type Measure,
} from "../study/compare.ts";
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
      outcome: outcomeOf(compared, correct!, settings),
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

/** What is lost by leaving inputs out, paired by seed: whole accuracies hide it behind the spread of the data. */
function figure(compared: readonly Compared[]): Figure {
  const panel = (
    { measure = AUC }: Comparison,
    label: string,
    rules: NonNullable<Panel["rules"]>,
  ) =>
    categoryPanel(
      "points",
      label,
      dataOf(
        "measured",
        compared.flatMap(({ workload, name, results }) => {
          const found = name === against(name)
            ? null
            : results.difference(name, against(name), measure);
          return found === null
            ? []
            : [{ x: studyLabel(workload), series: name, ...datumOf(found) }];
        }),
      ),
      { rules: [{ y: 0, label: ALL }, ...rules] },
    );
  const { low, high } = PUBLISHED_LOSS;
  return {
    name: "lost",
    title: "Accuracy lost when all hot or all cold inputs are left out",
    caption:
      `Differences to training on all inputs, paired by seed, with 95 % intervals. The paper loses ${low} to ${high} points by either, and looks for the inputs whose rows have stopped moving instead.`,
    panels: [
      panel(COMPARISONS[0]!, "points of % correct", [
        { y: -low, label: "paper, least" },
        { y: -high, label: "paper, most" },
      ]),
      panel(COMPARISONS[1]!, "AUC", []),
    ],
  };
}

/** Of what is trained as the paper's models are, where anything is, whether it loses what the paper loses. */
function outcomeOf(
  compared: readonly Compared[],
  tested: readonly (TestedDifference | null)[],
  settings: Parameters<typeof joinedState>[1],
): Outcome {
  const lines = compared.flatMap(({ workload, name }, i) =>
    name === against(name) ? [] : [{ workload, name, tested: tested[i] ?? null }]
  );
  const asPaper = lines.filter(({ name }) => name.endsWith(AS_PAPER));
  const shown = asPaper.length > 0 ? asPaper : lines;
  const said = shown.flatMap(({ workload, name, tested }) =>
    tested === null
      ? []
      : [`${studyLabel(workload)} ${name} ${formatDifference(tested.found, 2)} points`]
  );
  return {
    state: joinedState(shown.map(({ tested }) => stateOf(tested)), settings),
    why: `${
      said.join("; ") || "no runs yet"
    }; the paper loses ${PUBLISHED_LOSS.low} to ${PUBLISHED_LOSS.high} points of correct classes by either`,
  };
}

/** Whether the paper's loss is found. */
function stateOf(tested: TestedDifference | null): State {
  if (tested === null || tested.found.seeds < LEAST_SEEDS) return "not decided";
  const { mean, half } = tested.found, least = -mean - half!, most = -mean + half!;
  if (most < PUBLISHED_LOSS.low || least > PUBLISHED_LOSS.high) return "not reproduced";
  return least > 0 ? "reproduced" : "not at this size";
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
  const state = stateOf(tested);
  if (tested === null || state === "not decided") {
    return `${what}: not decided with fewer than ${LEAST_SEEDS} seeds (${paper})`;
  }
  const { mean } = tested.found;
  const verdict = state === "not at this size" ? "not to be told at this size" : state;
  return `${what}: ${verdict}; ${mean < 0 ? "loses" : "gains"} ${
    formatEstimate({ ...tested.found, mean: Math.abs(mean) }, 2)
  } percentage points of correct classes, ${paper}`;
}

/** Of the inputs of the training split, those that were trained: the mean over seeds. */
function trainedPercent({ runs }: Compared): number {
  const shares = runs.map(({ trained_inputs, train_inputs }) => trained_inputs / train_inputs);
  return 100 * shares.reduce((sum, share) => sum + share, 0) / runs.length;
}

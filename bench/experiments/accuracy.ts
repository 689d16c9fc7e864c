/**
 * What skipping costs in accuracy, with intervals over seeds and a control that drops as many inputs at random.
 *
 * @module
 */

import { counted, formatCount } from "../../core/format.ts";
import type { Figure, Panel } from "../../figures/figure.ts";
import { tableOf } from "../columns.ts";
import { defineExperiment, type Findings, type Outcome, type ResultTable } from "../experiment.ts";
import { AUC, droppedOfHot, formatDifference, LOG_LOSS } from "../study/compare.ts";
import {
  comparedOf,
  type Comparison,
  differenceColumns,
  differencePanel,
  DROPPED_COLUMN,
  INPUTS_COLUMN,
  MARGIN_AUC,
  meanColumn,
  powerColumns,
  SEEDS_COLUMN,
  statisticsNotes,
  testDifferences,
  variantColumn,
  WORKLOAD_COLUMN,
} from "../study/comparison.ts";
import { accuracySizeOf } from "../study/sizes.ts";
import { simulatedCost, simulatedPlaces } from "../study/simulated.ts";
import { estimate, excludesZero, isNotWorse, LEAST_SEEDS } from "../study/statistics.ts";
import {
  aucSample,
  deviceOf,
  LOG_FLAGS,
  RECORDED_FLAGS,
  type Trained,
  TRAINING_FLAGS,
  trainWorkloads,
  TWIN_FLAGS,
} from "../study/trained.ts";
import { savingAlone, tradeoffPanel, tradeoffTitle } from "../study/tradeoff.ts";
import { studyLabel } from "../study/workload.ts";
import { recordedStandardVariants, standardVariants } from "../study/variants.ts";

const PLANS = ["baseline", "fae", "slipstream", "random-drop"] as const;

/** Compares accuracies. */
export const accuracyExperiment = defineExperiment({
  name: "accuracy",
  summary: "AUC and log-loss of the plans over seeds, beside as many inputs dropped at random",
  title: "What skipping costs in accuracy",
  suite: "default",
  trains: true,
  suiteWorkloads: ["rm2"],
  flags: [...TRAINING_FLAGS, ...LOG_FLAGS, ...RECORDED_FLAGS, ...TWIN_FLAGS],
  async run(settings): Promise<Findings> {
    const trained = await trainWorkloads(
      settings,
      accuracySizeOf,
      (_, recorded) =>
        recorded === null
          ? standardVariants(PLANS, settings)
          : recordedStandardVariants(PLANS, recorded),
    );
    const [first] = trained;
    return {
      outcome: outcomeOf(trained),
      ...(first === undefined ? {} : {
        headline: headline(first, settings.recorded),
        tradeoff: await tradeoff(first),
      }),
      tables: [table(trained)],
      figures: [figure(trained)],
      samples: trained.flatMap((one) => PLANS.map((plan) => aucSample(one, plan))),
      device: deviceOf(trained),
      notes: [
        ...statisticsNotes(trained),
        "random-drop drops the share of the hot inputs that slipstream aims at, without looking: the control that skipping has to beat",
        ...trained.filter(({ results }) =>
          results.all.some(({ skipped_inputs }) => skipped_inputs > 0)
        )
          .map(sharesNote),
      ],
      verdicts: verdicts(trained),
    };
  },
});

/** The first chart's: at equal time on the paper's machine. */
async function tradeoff(one: Trained): Promise<Panel> {
  const [place] = await simulatedPlaces();
  const variants = PLANS.map((name) => ({ name, series: name }));
  return savingAlone(
    tradeoffPanel(one, simulatedCost(place!), "fae", variants, tradeoffTitle(one, "fae")),
  );
}

/** Slipstream against every input in the same order, of the first workload. */
function headline({ workload, size, results }: Trained, recorded: boolean): string {
  const lost = results.difference("slipstream", "fae", AUC);
  const what = `${recorded ? "Recorded, " : "Trained here, "}${studyLabel(workload)} at ${
    formatCount(size.inputs)
  } inputs`;
  if (lost === null) return `${what}: not decided, since no run skips`;
  const control = results.difference("slipstream", "random-drop", AUC);
  return `${what}, ${counted(lost.seeds, "seed")}: skipping ${
    droppedOfHot(results.of("slipstream")).toFixed(0)
  } % of the hot inputs changes AUC by ${formatDifference(lost, 4)}${
    control === null
      ? ""
      : ` against training on all of them and by ${
        formatDifference(control, 4)
      } against leaving out as many at random`
  }${
    lost.seeds < LEAST_SEEDS
      ? `; fewer than ${LEAST_SEEDS} seeds decide nothing`
      : excludesZero(lost)
      ? ""
      : ": too small a run to tell"
  }`;
}

/** Whether skipping costs no more than the margin, as the paper reports, on every workload. */
function outcomeOf(trained: readonly Trained[]): Outcome {
  const paper = "the paper reports minor to positive changes of accuracy";
  const found = trained.flatMap(({ workload, results }) => {
    const lost = results.difference("slipstream", "fae", AUC);
    return lost === null ? [] : [{ workload: studyLabel(workload), lost }];
  });
  const said = found.map(({ workload, lost }) => `${workload} ${formatDifference(lost, 4)}`);
  const why = `AUC of slipstream against fae: ${said.join(", ") || "no runs yet"}; ${paper}`;
  const worse = found.filter(({ lost: { mean, half } }) =>
    half !== null && mean + half < -MARGIN_AUC
  );
  const bounded = found.filter(({ lost }) => isNotWorse(lost, MARGIN_AUC) === true);
  if (found.length > 0 && bounded.length === found.length) return { state: "reproduced", why };
  if (worse.length === 0 || found.some(({ lost }) => lost.seeds < LEAST_SEEDS)) {
    return {
      state: "not at this size",
      why: `${why}; these runs cannot tell a loss of ${MARGIN_AUC} from none`,
    };
  }
  return {
    state: worse.length < found.length ? "reproduced in part" : "not reproduced",
    why: `${why}; a loss of more than ${MARGIN_AUC} is shown for ${
      worse.map(({ workload }) => workload).join(", ")
    }`,
  };
}

/** What was dropped of the hot inputs: the two need not reach the same. */
function sharesNote({ workload, results }: Trained): string {
  const dropped = (["slipstream", "random-drop"] as const).filter((plan) =>
    results.of(plan).length > 0
  ).map((plan) => `${plan} dropped ${droppedOfHot(results.of(plan)).toFixed(1)} %`);
  return `${studyLabel(workload)}: of the hot inputs ${dropped.join(" and ")}`;
}

/** Differences of the table: to every input in the same order, and to the control. */
const COMPARISONS: readonly Comparison[] = [
  { heading: "AUC against fae", against: () => "fae", digits: 4 },
  {
    heading: "AUC against random-drop",
    against: (name) => name === "slipstream" ? "random-drop" : null,
    digits: 4,
  },
];

/** Whether anything can be said of slipstream against the control, by workload and over data sets. */
function verdicts(trained: readonly Trained[]): string[] {
  const compared = comparedOf(trained, PLANS);
  const control = testDifferences(compared, COMPARISONS)[1]!;
  const shown = compared.filter((_, i) => control[i]?.shown).map(({ workload }) => workload);
  const means = control.flatMap((one) => one === null ? [] : [one.found.mean]);
  return [
    shown.length === 0
      ? "At these sizes no workload shows a difference between skipping stale inputs and dropping inputs at random"
      : `Stale inputs against random ones: the difference is there for ${shown.join(", ")}`,
    ...(means.length < LEAST_SEEDS ? [] : [
      `Over ${means.length} data sets, each its mean over seeds, slipstream − random-drop is ${
        formatDifference(estimate(means))
      } AUC`,
    ]),
  ];
}

function table(trained: readonly Trained[]): ResultTable {
  const compared = comparedOf(trained, PLANS);
  return tableOf({ title: "Accuracy on the test split" }, compared, [
    WORKLOAD_COLUMN,
    variantColumn("plan"),
    INPUTS_COLUMN,
    SEEDS_COLUMN,
    meanColumn("AUC", AUC, 4),
    meanColumn("log-loss", LOG_LOSS, 4),
    ...differenceColumns(compared, COMPARISONS),
    ...powerColumns(COMPARISONS[0]!),
    DROPPED_COLUMN,
  ]);
}

function figure(trained: readonly Trained[]): Figure {
  return {
    name: "differences",
    title: "AUC against training on every input in the same order",
    caption:
      "Difference to fae, paired by seed, with 95 % intervals. random-drop is the control: it aims to drop as large a share as slipstream.",
    panels: [
      differencePanel(comparedOf(trained, PLANS), () => "fae", ({ workload, name }) => ({
        x: studyLabel(workload),
        series: name,
      })),
    ],
  };
}

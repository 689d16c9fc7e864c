/**
 * AUC over training: where plans part, and whether they had stopped gaining when they ended.
 *
 * @module
 */

import { formatCount } from "../../core/format.ts";
import type { Datum, Figure, Panel } from "../../figures/figure.ts";
import { numberColumn, plainColumn, tableOf } from "../columns.ts";
import { defineExperiment, type Findings, type ResultTable, type Settings } from "../experiment.ts";
import { dataOf } from "../panels.ts";
import { WORKLOAD_COLUMN } from "../study/comparison.ts";
import { type Size, sizeOf } from "../study/sizes.ts";
import {
  deviceOf,
  LOG_FLAGS,
  type Trained,
  TRAINING_FLAGS,
  trainWorkloads,
} from "../study/trained.ts";
import { interleaved, variantOf } from "../study/variants.ts";
import { studyLabel } from "../study/workload.ts";

/** Evaluations over a run, besides the one at its end. */
const EVALUATIONS = 7;
const PLANS = ["baseline", "fae", "slipstream"] as const;

/** Evaluates while it trains. */
export const learningExperiment = defineExperiment({
  name: "learning",
  summary: "AUC over training of baseline, FAE and Slipstream",
  title: "AUC over training",
  suite: "default",
  trains: true,
  suiteWorkloads: ["rm2"],
  flags: [...TRAINING_FLAGS, ...LOG_FLAGS],
  async run(settings): Promise<Findings> {
    const trained = await trainWorkloads(settings, sizeOfEvaluated, variantsOf(settings));
    return {
      tables: [table(trained)],
      figures: [figure(trained)],
      device: deviceOf(trained),
      notes: [
        "One seed unless more are asked for, of which the first is drawn; the learning rate rises first and falls to zero over the second half, which is why AUC still gains there",
      ],
    };
  },
});

function variantsOf(settings: Pick<Settings, "full">): Readonly<Record<string, string>> {
  const words = `evaluations=${EVALUATIONS}`;
  return Object.fromEntries(
    PLANS.map((plan) => [
      plan,
      plan === "baseline" ? variantOf(`${plan},${words}`).name : interleaved(plan, settings, words),
    ]),
  );
}

/** One seed unless more are asked for. */
function sizeOfEvaluated(...[workload, settings]: Parameters<typeof sizeOf>): Size {
  return { ...sizeOf(workload, settings), seeds: settings.seeds ?? 1 };
}

/** What the first seed's run of a plan came to while it trained. */
function historyOf({ results }: Trained, plan: string) {
  return results.of(plan)[0]?.history ?? [];
}

function figure(trained: readonly Trained[]): Figure {
  return {
    name: "auc",
    title: "AUC on the test split over training",
    caption:
      "By inputs trained, the first seed. A plan that skips ends earlier; where its line lies above the others' end it has learnt as much from less.",
    panels: trained.map((one): Panel => ({
      title: `${studyLabel(one.workload)}, ${formatCount(one.size.inputs)} inputs`,
      mark: "lines",
      x: { label: "inputs trained" },
      y: { label: "AUC" },
      data: PLANS.flatMap((plan): Datum[] =>
        dataOf(
          "measured",
          historyOf(one, plan).map(({ trained_inputs, auc }) => ({
            x: trained_inputs,
            y: auc,
            series: plan,
          })),
        )
      ),
    })),
  };
}

function table(trained: readonly Trained[]): ResultTable {
  const lines = trained.flatMap((one) =>
    PLANS.map((plan) => ({ ...one, plan, history: historyOf(one, plan) }))
  ).filter(({ history }) => history.length > 0);
  type Line = typeof lines[number];
  const at = (share: number) =>
    numberColumn<Line>(
      share === 1 ? "at the end" : `after ${100 * share} %`,
      4,
      ({ history }) => history[Math.ceil(share * history.length) - 1]!.auc,
    );
  return tableOf({ title: "AUC over a run" }, lines, [
    WORKLOAD_COLUMN,
    plainColumn("plan", ({ plan }) => plan),
    ...[0.25, 0.5, 0.75, 1].map(at),
  ]);
}

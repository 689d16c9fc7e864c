/**
 * What D, alpha and the window do to accuracy and time, by training: the part of the sensitivity that no model tells.
 *
 * @module
 */

import { TAOBAO_STEPS } from "../../data/taobao.ts";
import { plainColumn, tableOf } from "../columns.ts";
import { defineExperiment, type Findings, type ResultTable, type Settings } from "../experiment.ts";
import type { Figure } from "../../figures/figure.ts";
import { AUC } from "../study/compare.ts";
import {
  type Compared,
  comparedOf,
  differenceColumns,
  differencePanel,
  DROPPED_COLUMN,
  meanColumn,
  statisticsNotes,
} from "../study/comparison.ts";
import { accuracySizeOf } from "../study/sizes.ts";
import { deviceOf, type Trained, TRAINING_FLAGS, trainWorkloads } from "../study/trained.ts";
import { interleaved } from "../study/variants.ts";
import { presetOf, studyLabel, type StudyWorkload } from "../study/workload.ts";

/** Drop shares. */
const DROPS = [0.1, 0.3, 0.5] as const;
/** Stale lookups at which an input is skipped; a workload has 21 or 26 (sequences as many steps). */
const ALPHAS = [16, 20, 23] as const;
/** Hot minibatches of the window. */
const WINDOWS = [10, 40] as const;

/** One value of one option. */
interface Choice {
  readonly option: string;
  readonly value: string;
  readonly variant: string;
}

/** A choice and its runs. */
type Chosen = Choice & Compared;

/** Trains with other options. */
export const choicesExperiment = defineExperiment({
  name: "choices",
  summary: "Measured sensitivity: AUC and dropped share by D, alpha and window",
  title: "What D, alpha and the window do to accuracy",
  suite: "full",
  trains: true,
  flags: TRAINING_FLAGS,
  async run(settings): Promise<Findings> {
    const trained = await trainWorkloads(
      settings,
      (workload) => accuracySizeOf(workload, settings, "many"),
      (workload) => {
        const own = choicesOf(workload, settings).map(({ variant }) => [variant, variant] as const);
        return { fae: interleaved("fae", settings), ...Object.fromEntries(own) };
      },
    );
    const chosen = (one: Trained) =>
      choicesOf(one.workload, settings).flatMap((choice): Chosen[] =>
        comparedOf([one], [choice.variant]).map((compared) => ({ ...compared, ...choice }))
      );
    return {
      tables: trained.map((one) => table(one, chosen(one))),
      figures: trained.map((one) => figure(one, chosen(one))),
      device: deviceOf(trained),
      notes: [
        "One option moves at a time; the others are D = 0.30, alpha = all lookups (of sequences 4 steps), a window of 3 % of the hot minibatches (5 %), at least 20 or a tenth of them",
        ...statisticsNotes(trained),
      ],
    };
  },
});

function choicesOf(workload: StudyWorkload, settings: Pick<Settings, "full">): Choice[] {
  const slipstream = (...options: string[]) => interleaved("slipstream", settings, ...options);
  const lookups = workload === "rm1" ? TAOBAO_STEPS : presetOf(workload).tableRows.length;
  return [
    ...DROPS.map((drop) => ({
      option: "D",
      value: drop.toFixed(2),
      variant: slipstream(`drop=${drop}`),
    })),
    ...ALPHAS.filter((alpha) => alpha < lookups).map((alpha) => ({
      option: "alpha",
      value: `${alpha}`,
      variant: slipstream(`alpha=${alpha}`),
    })),
    { option: "alpha", value: "default", variant: slipstream() },
    ...WINDOWS.map((window) => ({
      option: "window",
      value: `${window}`,
      variant: slipstream(`window=${window}`),
    })),
    { option: "window", value: "default", variant: slipstream() },
  ];
}

function table(
  { workload, size: { inputs, batch } }: Trained,
  chosen: readonly Chosen[],
): ResultTable {
  const title = `${studyLabel(workload)}, ${
    inputs.toLocaleString("en")
  } inputs, minibatches of ${batch}`;
  return tableOf({ title }, chosen, [
    plainColumn("option", ({ option }) => option),
    plainColumn("value", ({ value }) => value),
    meanColumn("AUC", AUC, 4),
    ...differenceColumns(chosen, [
      { heading: "AUC against fae", against: () => "fae", digits: 4 },
    ]),
    DROPPED_COLUMN,
  ]);
}

function figure({ workload }: Trained, chosen: readonly Chosen[]): Figure {
  return {
    name: workload,
    title: `${studyLabel(workload)}: AUC against training on every input`,
    caption: "Difference to fae, paired by seed, with 95 % intervals.",
    panels: ["D", "alpha", "window"].map((option) => {
      const own = chosen.filter((one) => one.option === option);
      const place = ({ value }: Chosen) => ({ x: value, series: "slipstream" });
      return differencePanel(own, () => "fae", place, { title: option, x: option });
    }),
  };
}

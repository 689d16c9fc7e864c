/**
 * What D, alpha and the window do to accuracy and time, by training: the part of the sensitivity that no model tells.
 *
 * @module
 */

import type { Cell } from "../../core/table.ts";
import { TAOBAO_STEPS } from "../../data/taobao.ts";
import { type PresetName, PRESETS } from "../../train/model/presets.ts";
import { figureColumn, numberColumn, textColumn } from "../columns.ts";
import { workloadLabel } from "../paper_machine.ts";
import type { Experiment, Findings, ResultTable, Settings } from "../experiment.ts";
import type { Datum, Figure } from "../figure.ts";
import {
  AUC,
  datumOf,
  droppedOfHot,
  formatDifference,
  formatEstimate,
  type StudyResults,
} from "../study/compare.ts";
import { accuracySizeOf, type Size, workloadsOf } from "../study/sizes.ts";
import { deviceOf, trainedResults } from "../study/trained.ts";
import { interleaved } from "../study/variants.ts";

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

/** Trains with other options. */
export const choicesExperiment: Experiment = {
  name: "choices",
  summary: "Measured sensitivity: AUC and dropped share by D, alpha and window",
  title: "What D, alpha and the window do to accuracy",
  suite: "full",
  trains: true,
  async run(settings: Settings): Promise<Findings> {
    const tables: ResultTable[] = [], figures: Figure[] = [], all: StudyResults[] = [];
    for (const workload of workloadsOf(settings)) {
      const size = accuracySizeOf(workload, settings, "many");
      const choices = choicesOf(workload, settings);
      const own = choices.map(({ variant }): [string, string] => [variant, variant]);
      const names = { fae: interleaved("fae", settings), ...Object.fromEntries(own) };
      const results = await trainedResults(workload, size, names, settings);
      all.push(results);
      tables.push(table(workload, size, choices, results));
      figures.push(figure(workload, choices, results));
    }
    return {
      tables,
      figures,
      device: deviceOf(all),
      notes: [
        "One option moves at a time; the others are D = 0.30, alpha = all lookups (of sequences 4 steps), a window of 3 % of the hot minibatches (5 %), at least 20 or a tenth of them",
        "Differences are to fae, paired by seed, with 95 % intervals; a star marks one that leaves zero out",
      ],
    };
  },
};

function choicesOf(workload: PresetName, settings: Settings): Choice[] {
  const slipstream = (...options: string[]) => interleaved("slipstream", settings, ...options);
  const lookups = workload === "rm1" ? TAOBAO_STEPS : PRESETS[workload].tableRows.length;
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
  workload: PresetName,
  { inputs, batch }: Size,
  choices: readonly Choice[],
  results: StudyResults,
): ResultTable {
  return {
    title: `${workloadLabel(workload)}, ${
      inputs.toLocaleString("en")
    } inputs, minibatches of ${batch}`,
    columns: [
      textColumn("option"),
      textColumn("value"),
      figureColumn("AUC"),
      figureColumn("AUC against fae"),
      numberColumn("dropped, % of hot", 1),
    ],
    rows: choices.map(({ option, value, variant }): Cell[] => {
      return [
        option,
        value,
        formatEstimate(results.mean(variant, AUC), 4),
        formatDifference(results.difference(variant, "fae", AUC), 4),
        droppedOfHot(results.of(variant)),
      ];
    }),
  };
}

function figure(
  workload: PresetName,
  choices: readonly Choice[],
  results: StudyResults,
): Figure {
  return {
    name: workload,
    title: `${workloadLabel(workload)}: AUC against training on every input`,
    caption: "Difference to fae, paired by seed, with 95 % intervals.",
    panels: ["D", "alpha", "window"].map((option) => ({
      title: option,
      mark: "points",
      x: { label: option },
      y: { label: "difference in AUC" },
      rules: [{ y: 0, label: "fae" }],
      data: choices.filter((choice) => choice.option === option).flatMap(
        ({ value, variant }): Datum[] => {
          const found = results.difference(variant, "fae", AUC);
          if (found === null) return [];
          return [{
            x: value,
            series: "slipstream",
            origin: "measured",
            ...datumOf(found),
          }];
        },
      ),
    })),
  };
}

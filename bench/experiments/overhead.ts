/**
 * What Slipstream's own blocks cost: snapshots, the search for a threshold, the classification of inputs; measured here and
 * predicted for the paper's machine.
 *
 * @module
 */

import { summarise } from "../../core/statistics.ts";
import type { PaperSetting } from "../../sim/paper/setting.ts";
import type { PresetName } from "../../train/model/presets.ts";
import { numberColumn, tableOf } from "../columns.ts";
import { defineExperiment, type Findings } from "../experiment.ts";
import { machineLabel, predictedSetting, simulatePaper } from "../paper_machine.ts";
import { categoryPanel, dataOf } from "../panels.ts";
import { timeSample } from "../samples.ts";
import { comparedOf, WORKLOAD_COLUMN } from "../study/comparison.ts";
import { sizeOf } from "../study/sizes.ts";
import type { StudyResult } from "../study/store.ts";
import { deviceOf, TRAINING_FLAGS, trainWorkloads } from "../study/trained.ts";
import { standardVariants } from "../study/variants.ts";
import { isLog, studyLabel } from "../study/workload.ts";

const BLOCKS = ["snapshot", "search", "classify"] as const;
type Block = typeof BLOCKS[number];
type Shares = Readonly<Record<Block, number>>;

/** Measures the three blocks. */
export const overheadExperiment = defineExperiment({
  name: "overhead",
  summary: "Cost of snapshots, threshold search and classification, measured here and predicted",
  title: "What skipping itself costs",
  suite: "default",
  trains: true,
  flags: [...TRAINING_FLAGS, "machine"],
  async run(settings): Promise<Findings> {
    const setting = await predictedSetting(settings);
    const { name } = setting.document;
    const variants = standardVariants(["slipstream"], settings);
    const trained = await trainWorkloads(settings, sizeOf, variants, "times");
    const all = comparedOf(trained, ["slipstream"]).flatMap((one) =>
      isLog(one.workload) ? [] : [{
        ...one,
        measured: byBlock((block) =>
          summarise(one.runs.map((run) => (run.stages_ms[block] ?? 0) / run.train_ms)).median
        ),
        predicted: predictedShares(setting, one.workload),
      }]
    );
    type One = typeof all[number];
    const dataOfShares = ({ workload }: One, where: string, shares: Shares) =>
      dataOf(
        where === "here" ? "measured" : "predicted",
        BLOCKS.map((block) => ({
          x: `${studyLabel(workload)} ${where}`,
          y: 100 * shares[block],
          series: block,
        })),
      );
    return {
      tables: [
        tableOf({ title: "The three blocks, % of training" }, all, [
          WORKLOAD_COLUMN,
          ...BLOCKS.map((block) =>
            numberColumn<One>(block, 2, ({ measured }) => 100 * measured[block])
          ),
          numberColumn("all three", 2, ({ measured }) => 100 * total(measured)),
          numberColumn(
            `predicted, ${name}`,
            2,
            ({ predicted }) => 100 * total(predicted),
            "predicted",
          ),
          numberColumn(
            "preparation, s",
            2,
            ({ runs }) => summarise(runs.map((run) => run.preparation_ms / 1000)).median,
          ),
        ]),
      ],
      figures: [{
        name: "blocks",
        title: "The three blocks as a share of training",
        caption: `Measured here, and predicted for ${
          machineLabel(setting, setting.calibrated.gpus)
        } over an epoch at full size. The fewer inputs, the more the window and the search weigh.`,
        panels: [categoryPanel(
          "stacked",
          "% of training",
          all.flatMap((one) => [
            ...dataOfShares(one, "here", one.measured),
            ...dataOfShares(one, name, one.predicted),
          ]),
        )],
      }],
      samples: all.map(({ workload, runs }) =>
        timeSample(`${workload}/blocks`, "% of training", runs.map(blocksPercent))
      ),
      device: deviceOf(trained),
      notes: [
        "preparation: profiling accesses and telling hot inputs from cold ones, before training and not part of it, as in the paper",
      ],
    };
  },
});

/** Time of the blocks, of a run's training. */
function blocksPercent({ stages_ms, train_ms }: StudyResult): number {
  return 100 * total(byBlock((block) => stages_ms[block] ?? 0)) / train_ms;
}

function byBlock(of: (block: Block) => number): Shares {
  return { snapshot: of("snapshot"), search: of("search"), classify: of("classify") };
}

function total(shares: Shares): number {
  return BLOCKS.reduce((sum, block) => sum + shares[block], 0);
}

/** Exposed time of the blocks over that of an epoch, on the paper's machine with its registered parameters. */
function predictedShares(setting: PaperSetting, workload: PresetName): Shares {
  const { stages, epoch_ms, epochs } = simulatePaper(setting, workload, "slipstream");
  return byBlock((block) => (stages[block]?.exposed_ms ?? 0) / epochs / epoch_ms);
}

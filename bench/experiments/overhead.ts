/**
 * What Slipstream's own blocks cost: snapshots, the search for a threshold, the classification of inputs; measured here and
 * predicted for the paper's machine.
 *
 * @module
 */

import type { Cell } from "../../core/table.ts";
import { loadPaperSetting, type PaperSetting } from "../../sim/paper/setting.ts";
import type { PresetName } from "../../train/model/presets.ts";
import { numberColumn, textColumn } from "../columns.ts";
import { simulatePaper, workloadLabel } from "../paper_machine.ts";
import type { Experiment, Findings, Sample, Settings } from "../experiment.ts";
import type { Datum } from "../figure.ts";
import { summarise } from "../../core/statistics.ts";
import type { StudyResults } from "../study/compare.ts";
import { sizeOf, workloadsOf } from "../study/sizes.ts";
import type { StudyResult } from "../study/store.ts";
import { deviceOf, trainedResults } from "../study/trained.ts";
import { standardVariants } from "../study/variants.ts";

const BLOCKS = ["snapshot", "search", "classify"] as const;
type Block = typeof BLOCKS[number];
type Shares = Readonly<Record<Block, number>>;

/** Measures the three blocks. */
export const overheadExperiment: Experiment = {
  name: "overhead",
  summary: "Cost of snapshots, threshold search and classification, measured here and predicted",
  title: "What skipping itself costs",
  suite: "default",
  trains: true,
  async run(settings: Settings): Promise<Findings> {
    const rows: Cell[][] = [], data: Datum[] = [], samples: Sample[] = [];
    const all: StudyResults[] = [];
    const setting = await loadPaperSetting();
    for (const workload of workloadsOf(settings)) {
      const size = sizeOf(workload, settings);
      const results = await trainedResults(
        workload,
        size,
        standardVariants(["slipstream"], settings),
        settings,
        "times",
      );
      all.push(results);
      const own = results.of("slipstream");
      const measured = byBlock((block) =>
        summarise(own.map((run) => (run.stages_ms[block] ?? 0) / run.train_ms)).median
      );
      const predicted = predictedShares(setting, workload);
      rows.push([
        workloadLabel(workload),
        ...BLOCKS.map((block) => 100 * measured[block]),
        100 * total(measured),
        100 * total(predicted),
        summarise(own.map((run: StudyResult) => run.preparation_ms / 1000)).median,
      ]);
      for (const [where, shares] of [["here", measured], ["v100x4", predicted]] as const) {
        for (const block of BLOCKS) {
          data.push({
            x: `${workloadLabel(workload)} ${where}`,
            y: 100 * shares[block],
            series: block,
            origin: where === "here" ? "measured" : "predicted",
          });
        }
      }
      samples.push({
        name: `${workload}/blocks`,
        unit: "% of training",
        better: "lower",
        timing: true,
        values: own.map((run) =>
          100 * BLOCKS.reduce((sum, block) => sum + (run.stages_ms[block] ?? 0), 0) / run.train_ms
        ),
      });
    }
    return {
      tables: [{
        title: "The three blocks, % of training",
        columns: [
          textColumn("workload"),
          ...BLOCKS.map((block) => numberColumn(block, 2)),
          numberColumn("all three", 2),
          numberColumn("predicted, v100x4", 2, "predicted"),
          numberColumn("preparation, s", 2),
        ],
        rows,
      }],
      figures: [{
        name: "blocks",
        title: "The three blocks as a share of training",
        caption:
          "Measured here, and predicted for four V100s over an epoch at full size. The fewer inputs, the more the window and the search weigh.",
        panels: [{
          title: "",
          mark: "stacked",
          x: { label: "" },
          y: { label: "% of training" },
          data,
        }],
      }],
      samples,
      device: deviceOf(all),
      notes: [
        "preparation: profiling accesses and telling hot inputs from cold ones, before training and not part of it, as in the paper",
      ],
    };
  },
};

function byBlock(of: (block: Block) => number): Shares {
  return { snapshot: of("snapshot"), search: of("search"), classify: of("classify") };
}

function total(shares: Shares): number {
  return BLOCKS.reduce((sum, block) => sum + shares[block], 0);
}

/** Exposed time of the blocks over that of an epoch, on the paper's machine with its frozen parameters. */
function predictedShares(setting: PaperSetting, workload: PresetName): Shares {
  const { stages, epoch_ms, epochs } = simulatePaper(setting, workload, "slipstream");
  return byBlock((block) => (stages[block]?.exposed_ms ?? 0) / epochs / epoch_ms);
}

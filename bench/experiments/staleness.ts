/**
 * How hot rows stop moving (the paper's Figure 4), and what share of the inputs a threshold would skip.
 *
 * @module
 */

import type { Cell } from "../../core/table.ts";
import type { WatchedRows } from "../../train/plan/document.ts";
import type { PresetName } from "../../train/model/presets.ts";
import { figureColumn, numberColumn, textColumn } from "../columns.ts";
import { workloadLabel } from "../paper_machine.ts";
import type { Experiment, Findings, ResultTable, Settings } from "../experiment.ts";
import type { Datum, Figure, Panel } from "../figure.ts";
import { sizeOf, workloadsOf } from "../study/sizes.ts";
import type { StudyResult } from "../study/store.ts";
import { trainedResults } from "../study/trained.ts";
import { standardVariants } from "../study/variants.ts";

const PLANS = ["baseline", "fae", "slipstream"] as const;
/** The seed whose rows are shown. */
const SHOWN = 1;
/** Changes of the first and of the last part of a run are set side by side. */
const PART = 0.1;

/** One workload's watched run and its run with decisions. */
interface Watched {
  readonly workload: PresetName;
  readonly fae: StudyResult;
  readonly slipstream: StudyResult;
}

/** Shows rows that stop moving. */
export const stalenessExperiment: Experiment = {
  name: "staleness",
  summary: "Figure 4: how far ten random hot rows move over training, and what a threshold skips",
  title: "How hot rows move over training (the paper's Figure 4)",
  suite: "default",
  trains: true,
  async run(settings: Settings): Promise<Findings> {
    const all: Watched[] = [];
    for (const workload of workloadsOf(settings)) {
      const size = { ...sizeOf(workload, settings), seeds: SHOWN };
      const results = await trainedResults(
        workload,
        size,
        standardVariants(PLANS, settings),
        settings,
      );
      all.push({
        workload,
        fae: results.of("fae")[0]!,
        slipstream: results.of("slipstream")[0]!,
      });
    }
    return {
      tables: [movesTable(all), decisionsTable(all)],
      figures: [movesFigure(all), curveFigure(all)],
      device: all[0]?.fae.device ?? null,
      notes: [
        `Rows are drawn at random from the hot set; a reading is the largest change of any coordinate since the reading before; seed ${SHOWN}`,
        "The learning rate falls to zero over the second half of a run, so that rows hardly move at its end whatever they have learnt",
      ],
    };
  },
};

/** Mean change of the watched rows over a part of the readings. */
function meanChange({ changes }: WatchedRows, from: number, to: number): number {
  const values = changes.slice(Math.floor(from * changes.length), Math.ceil(to * changes.length))
    .flat();
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

function movesTable(all: readonly Watched[]): ResultTable {
  return {
    title: "Mean change of ten watched hot rows between two readings",
    columns: [
      textColumn("workload"),
      figureColumn("first tenth"),
      figureColumn("middle"),
      figureColumn("last tenth"),
      numberColumn("middle, % of first", 1),
    ],
    rows: all.flatMap(({ workload, fae }): Cell[][] => {
      const { watched } = fae.plan;
      if (watched === null || watched.changes.length === 0) return [];
      const first = meanChange(watched, 0, PART);
      const middle = meanChange(watched, 0.5 - PART / 2, 0.5 + PART / 2);
      return [[
        workloadLabel(workload),
        first.toPrecision(3),
        middle.toPrecision(3),
        meanChange(watched, 1 - PART, 1).toPrecision(3),
        first > 0 ? 100 * middle / first : null,
      ]];
    }),
  };
}

function decisionsTable(all: readonly Watched[]): ResultTable {
  return {
    title: "What was decided after the window, for D = 0.30",
    columns: [
      textColumn("workload"),
      figureColumn("threshold T"),
      numberColumn("stale, % of touched hot rows", 1),
      numberColumn("skipped at T, % of the sample", 1),
      numberColumn("skipped, % of classified", 1),
    ],
    rows: all.flatMap(({ workload, slipstream }): Cell[][] =>
      slipstream.plan.decisions.map((decision): Cell[] => {
        const of = (name: "touched" | "stale"): number =>
          decision.tables.reduce((sum, table) => sum + table[name], 0);
        return [
          workloadLabel(workload),
          decision.threshold.toPrecision(4),
          100 * of("stale") / Math.max(1, of("touched")),
          100 * decision.share,
          100 * decision.skipped / Math.max(1, decision.classified),
        ];
      })
    ),
  };
}

function movesFigure(all: readonly Watched[]): Figure {
  return {
    name: "moves",
    title: "Change of ten random hot rows over training",
    caption:
      "A line a row: the largest change of a coordinate since the last reading. The paper finds that most soon hardly move.",
    panels: all.flatMap(({ workload, fae }): Panel[] => {
      const { watched } = fae.plan;
      if (watched === null || watched.changes.length === 0) return [];
      return [{
        title: workloadLabel(workload),
        mark: "lines",
        x: { label: "minibatches trained" },
        y: { label: "largest change" },
        data: watched.rows.flatMap((_, r) =>
          watched.changes.map((changes, i): Datum => ({
            // A change belongs to the reading that found it.
            x: watched.steps[i + watched.steps.length - watched.changes.length]!,
            y: changes[r]!,
            series: `row ${r + 1}`,
            origin: "measured",
          }))
        ),
      }];
    }),
  };
}

function curveFigure(all: readonly Watched[]): Figure {
  return {
    name: "drop-curve",
    title: "What a threshold would skip",
    caption:
      "Share of the sampled hot inputs that a threshold T would skip: those with enough lookups of rows that changed by less (all of them; of sequences 4 steps). The dotted line is D, the share asked for; a curve that ends below it cannot reach it.",
    panels: [{
      title: "",
      mark: "lines",
      x: { label: "threshold T", scale: "log" },
      y: { label: "skipped, %", zero: true },
      rules: [{ y: 30, label: "D = 0.30" }],
      data: all.flatMap(({ workload, slipstream }) =>
        (slipstream.plan.decisions[0]?.curve ?? []).filter(({ threshold }) => threshold > 0)
          .map(({ threshold, share }): Datum => ({
            x: threshold,
            y: 100 * share,
            series: workloadLabel(workload),
            origin: "measured",
          }))
      ),
    }],
  };
}

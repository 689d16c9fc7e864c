/**
 * How hot rows stop moving (the paper's Figure 4), and what share of the inputs a threshold would skip.
 *
 * @module
 */

import type { WatchedRows } from "../../train/plan/document.ts";
import type { PresetName } from "../../train/model/presets.ts";
import { figureColumn, numberColumn, tableOf } from "../columns.ts";
import { defineExperiment, type Findings, type ResultTable } from "../experiment.ts";
import type { Datum, Figure, Panel } from "../figure.ts";
import { workloadLabel } from "../paper_machine.ts";
import { dataOf } from "../panels.ts";
import { WORKLOAD_COLUMN } from "../study/comparison.ts";
import { sizeOf } from "../study/sizes.ts";
import type { StudyResult } from "../study/store.ts";
import { deviceOf, trainWorkloads } from "../study/trained.ts";
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
export const stalenessExperiment = defineExperiment({
  name: "staleness",
  summary: "Figure 4: how far ten random hot rows move over training, and what a threshold skips",
  title: "How hot rows move over training (the paper's Figure 4)",
  suite: "default",
  trains: true,
  flags: ["device", "threads", "batch", "inputs", "workloads"],
  async run(settings): Promise<Findings> {
    const trained = await trainWorkloads(
      { ...settings, seeds: SHOWN, firstSeed: SHOWN },
      sizeOf,
      standardVariants(PLANS, settings),
    );
    const all = trained.map(({ workload, results }): Watched => ({
      workload,
      fae: results.of("fae")[0]!,
      slipstream: results.of("slipstream")[0]!,
    }));
    return {
      tables: [movesTable(all), decisionsTable(all)],
      figures: [movesFigure(all), curveFigure(all)],
      device: deviceOf(trained),
      notes: [
        `Rows are drawn at random from the hot set; a reading is the largest change of any coordinate since the reading before; seed ${SHOWN}`,
        "The learning rate falls to zero over the second half of a run, so that rows hardly move at its end whatever they have learnt",
      ],
    };
  },
});

/** Mean change of the watched rows over a part of the readings. */
function meanChange({ changes }: WatchedRows, from: number, to: number): number {
  const values = changes.slice(Math.floor(from * changes.length), Math.ceil(to * changes.length))
    .flat();
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

/** The readings of the workloads that have any. */
function readingsOf(all: readonly Watched[]) {
  return all.flatMap(({ workload, fae: { plan: { watched } } }) =>
    watched === null || watched.changes.length === 0 ? [] : [{ workload, watched }]
  );
}

function movesTable(all: readonly Watched[]): ResultTable {
  const lines = readingsOf(all).map(({ workload, watched }) => ({
    workload,
    first: meanChange(watched, 0, PART),
    middle: meanChange(watched, 0.5 - PART / 2, 0.5 + PART / 2),
    last: meanChange(watched, 1 - PART, 1),
  }));
  return tableOf({ title: "Mean change of ten watched hot rows between two readings" }, lines, [
    WORKLOAD_COLUMN,
    figureColumn("first tenth", ({ first }) => first.toPrecision(3)),
    figureColumn("middle", ({ middle }) => middle.toPrecision(3)),
    figureColumn("last tenth", ({ last }) => last.toPrecision(3)),
    numberColumn(
      "middle, % of first",
      1,
      ({ first, middle }) => first > 0 ? 100 * middle / first : null,
    ),
  ]);
}

function decisionsTable(all: readonly Watched[]): ResultTable {
  const lines = all.flatMap(({ workload, slipstream: { plan } }) =>
    plan.decisions.map((decision) => ({
      workload,
      decision,
      rows: (name: "touched" | "stale"): number =>
        decision.tables.reduce((sum, table) => sum + table[name], 0),
    }))
  );
  return tableOf({ title: "What was decided after the window, for D = 0.30" }, lines, [
    WORKLOAD_COLUMN,
    figureColumn("threshold T", ({ decision }) => decision.threshold.toPrecision(4)),
    numberColumn(
      "stale, % of touched hot rows",
      1,
      ({ rows }) => 100 * rows("stale") / Math.max(1, rows("touched")),
    ),
    numberColumn("skipped at T, % of the sample", 1, ({ decision }) => 100 * decision.share),
    numberColumn(
      "skipped, % of classified",
      1,
      ({ decision: { skipped, classified } }) => 100 * skipped / Math.max(1, classified),
    ),
  ]);
}

function movesFigure(all: readonly Watched[]): Figure {
  return {
    name: "moves",
    title: "Change of ten random hot rows over training",
    caption:
      "A line a row: the largest change of a coordinate since the last reading. The paper finds that most soon hardly move.",
    panels: readingsOf(all).map(({ workload, watched }): Panel => ({
      title: workloadLabel(workload),
      mark: "lines",
      x: { label: "minibatches trained" },
      y: { label: "largest change" },
      data: dataOf(
        "measured",
        watched.rows.flatMap((_, r) =>
          watched.changes.map((changes, i) => ({
            // A change belongs to the reading that found it.
            x: watched.steps[i + watched.steps.length - watched.changes.length]!,
            y: changes[r]!,
            series: `row ${r + 1}`,
          }))
        ),
      ),
    })),
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

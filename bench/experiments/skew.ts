/**
 * How unevenly rows are looked up (the paper's Figure 3).
 *
 * @module
 */

import { checkpoint } from "../../core/events.ts";
import { formatCount } from "../../core/format.ts";
import type { Cell } from "../../core/table.ts";
import { AccessCounts, usesOf } from "../../data/access_counts.ts";
import { idLayout } from "../../data/id_layout.ts";
import { createInputs } from "../../data/inputs.ts";
import type { PresetName } from "../../train/model/presets.ts";
import { countColumn, numberColumn, textColumn } from "../columns.ts";
import { workloadLabel } from "../paper_machine.ts";
import type { Experiment, Findings, Settings } from "../experiment.ts";
import type { Datum } from "../figure.ts";
import { openTraining } from "../study/ground.ts";
import { hotShare } from "../study/settings.ts";
import { sizeOf, workloadsOf } from "../study/sizes.ts";

/** Inputs drawn unless `--full` or `--inputs` says otherwise. */
const DRAWN = 150_000, SMOKE = 5000;
const SEED = 1;
/** Inputs a read. */
const CHUNK = 4096;
/** Shares of the rows, most used first, whose lookups are told. */
const TOP = [0.001, 0.01, 0.1] as const;
/** Points of a curve. */
const POINTS = 60;

/** Rows of all tables by their uses, most used first. */
interface Uses {
  readonly workload: PresetName;
  readonly inputs: number;
  readonly rows: number;
  readonly lookups: number;
  readonly histogram: readonly (readonly [uses: number, rows: number])[];
}

/** Counts accesses. */
export const skewExperiment: Experiment = {
  name: "skew",
  summary: "Figure 3: how unevenly rows are looked up",
  title: "How unevenly rows are looked up (the paper's Figure 3)",
  suite: "default",
  async run(settings: Settings): Promise<Findings> {
    const all: Uses[] = [];
    for (const workload of workloadsOf(settings)) all.push(await countUses(workload, settings));
    return {
      tables: [{
        title: "Lookups of the most used rows, all tables together",
        columns: [
          textColumn("workload"),
          countColumn("inputs"),
          countColumn("rows used"),
          numberColumn("used once, % of rows", 1),
          ...TOP.map((share) => numberColumn(`top ${100 * share} %, % of lookups`, 1)),
          numberColumn("as many rows as 256 MiB hold, % of lookups", 1),
        ],
        rows: all.map((uses): Cell[] => {
          const once = uses.histogram.at(-1);
          return [
            workloadLabel(uses.workload),
            uses.inputs,
            uses.rows,
            once?.[0] === 1 ? 100 * once[1] / uses.rows : 0,
            ...TOP.map((share) => 100 * lookupsOf(uses, share) / uses.lookups),
            100 * lookupsOf(uses, Math.min(1, hotShare(uses.workload))) / uses.lookups,
          ];
        }),
      }],
      figures: [{
        name: "access",
        title: "Lookups by the rank of the row",
        caption:
          "Left: how often each row is looked up, most used first. Right: the share of all lookups that the most used rows take.",
        panels: [{
          title: "lookups of a row",
          mark: "lines",
          x: { label: "rank of the row", scale: "log" },
          y: { label: "lookups", scale: "log" },
          data: all.flatMap(rankCurve),
        }, {
          title: "lookups that go to the most used rows",
          mark: "lines",
          x: { label: "share of the rows, %", scale: "log" },
          y: { label: "% of lookups", zero: true },
          data: all.flatMap(shareCurve),
        }],
      }],
      device: null,
      notes: [
        "Counted over inputs drawn from the twins, in proportion: the share of rows that 256 MiB hold is that of the published size",
      ],
    };
  },
};

async function countUses(
  workload: PresetName,
  settings: Settings,
): Promise<Uses> {
  const { smoke, full, inputs: asked, say, signal } = settings;
  const inputs = smoke ? SMOKE : asked ?? (full ? sizeOf(workload, settings).inputs : DRAWN);
  say(`${workload}: counting lookups of ${formatCount(inputs)} inputs`);
  const twin = await openTraining(workload, inputs, SEED);
  try {
    const { schema } = twin;
    const counts = new AccessCounts(schema.tables.map((table) => table.rows));
    const into = createInputs(schema, CHUNK);
    const reader = twin.reader("train", { kind: "sequential" });
    const layout = idLayout(schema);
    const wanted = Math.min(inputs, reader.count);
    for (let at = 0; at < wanted; at += CHUNK) {
      const size = Math.min(CHUNK, wanted - at);
      await reader.read(at, size, into);
      counts.add(into.ids, layout, size, 0, size);
      await checkpoint(signal);
    }
    const histogram = usesOf(counts.release());
    return {
      workload,
      inputs: wanted,
      rows: histogram.reduce((sum, [, rows]) => sum + rows, 0),
      lookups: histogram.reduce((sum, [uses, rows]) => sum + uses * rows, 0),
      histogram,
    };
  } finally {
    twin.close();
  }
}

/** Lookups of the most used share of the rows. */
function lookupsOf({ rows, histogram }: Uses, share: number): number {
  let left = Math.max(1, Math.floor(share * rows)), taken = 0;
  for (const [uses, some] of histogram) {
    const taking = Math.min(left, some);
    taken += taking * uses;
    left -= taking;
    if (left === 0) break;
  }
  return taken;
}

/** Ranks spaced evenly in their logarithm. */
function ranksOf(rows: number): number[] {
  const ranks = Array.from(
    { length: POINTS },
    (_, i) => Math.round(rows ** (i / (POINTS - 1))),
  );
  return [...new Set(ranks)];
}

function rankCurve({ workload, rows, histogram }: Uses): Datum[] {
  const data: Datum[] = [];
  let at = 0, seen = 0;
  for (const rank of ranksOf(rows)) {
    while (seen + histogram[at]![1] < rank) seen += histogram[at++]![1];
    data.push({
      x: rank,
      y: histogram[at]![0],
      series: workloadLabel(workload),
      origin: "measured",
    });
  }
  return data;
}

function shareCurve(uses: Uses): Datum[] {
  return ranksOf(uses.rows).map((rank) => ({
    x: 100 * rank / uses.rows,
    y: 100 * lookupsOf(uses, rank / uses.rows) / uses.lookups,
    series: workloadLabel(uses.workload),
    origin: "measured" as const,
  }));
}

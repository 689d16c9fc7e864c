/**
 * How unevenly rows are looked up (the paper's Figure 3).
 *
 * @module
 */

import { checkpoint } from "../../core/events.ts";
import { formatCount } from "../../core/format.ts";
import { AccessCounts, usesOf } from "../../data/access_counts.ts";
import { idLayout } from "../../data/id_layout.ts";
import { createInputs } from "../../data/inputs.ts";
import type { PresetName } from "../../train/model/presets.ts";
import { countColumn, numberColumn, tableOf } from "../columns.ts";
import { defineExperiment, type Findings, type SettingsOf } from "../experiment.ts";
import type { Datum } from "../../figures/figure.ts";
import { workloadLabel } from "../paper_machine.ts";
import { dataOf } from "../panels.ts";
import { WORKLOAD_COLUMN } from "../study/comparison.ts";
import { openTraining } from "../study/ground.ts";
import { hotRowShare } from "../study/settings.ts";
import { publishedInputs, workloadsOf } from "../study/sizes.ts";

/** Inputs drawn unless `--full` or `--inputs` says otherwise. */
const DRAWN = 150_000, SMOKE = 5000;
const SEED = 1;
/** Inputs a read. */
const CHUNK = 4096;
/** Shares of the rows, most used first, whose lookups are told. */
const TOP = [0.001, 0.01, 0.1] as const;
/** How twins draw is no finding. */
const ORIGIN = "generated";
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
export const skewExperiment = defineExperiment({
  name: "skew",
  summary: "Figure 3: how unevenly rows are looked up",
  title: "How unevenly rows are looked up (the paper's Figure 3)",
  suite: "default",
  flags: ["workloads", "inputs"],
  async run(settings): Promise<Findings> {
    const all: Uses[] = [];
    for (const workload of workloadsOf(settings)) all.push(await countUses(workload, settings));
    return {
      outcome: {
        state: "not tested",
        why:
          "the twins are made to look rows up as unevenly as the data sets do, so that this shows what is trained on and finds nothing; deno task data profile counts a log of your own",
      },
      tables: [
        tableOf(
          { title: "Lookups of the most used rows, all tables together", origin: ORIGIN },
          all,
          [
            WORKLOAD_COLUMN,
            countColumn("inputs", ({ inputs }) => inputs),
            countColumn("rows used", ({ rows }) => rows),
            numberColumn("used once, % of rows", 1, ({ rows, histogram }) => {
              const once = histogram.at(-1);
              return once?.[0] === 1 ? 100 * once[1] / rows : 0;
            }),
            ...TOP.map((share) =>
              numberColumn<Uses>(
                `top ${100 * share} %, % of lookups`,
                1,
                (uses) => lookupPercent(uses, share),
              )
            ),
            numberColumn(
              "as many rows as 256 MiB hold, % of lookups",
              1,
              (uses) => lookupPercent(uses, Math.min(1, hotRowShare(uses.workload))),
            ),
          ],
        ),
      ],
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
});

async function countUses(
  workload: PresetName,
  settings: SettingsOf<"inputs">,
): Promise<Uses> {
  const { smoke, full, inputs: asked, say, signal } = settings;
  const inputs = smoke ? SMOKE : asked ?? (full ? publishedInputs(workload) : DRAWN);
  say(`${workload}: counting lookups of ${formatCount(inputs)} inputs`);
  const twin = await openTraining({ workload, inputs, seed: SEED });
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

/** Of all lookups, those of the most used share of the rows. */
function lookupPercent(uses: Uses, share: number): number {
  return 100 * lookupsOf(uses, share) / uses.lookups;
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
      origin: ORIGIN,
    });
  }
  return data;
}

function shareCurve(uses: Uses): Datum[] {
  return dataOf(
    ORIGIN,
    ranksOf(uses.rows).map((rank) => ({
      x: 100 * rank / uses.rows,
      y: lookupPercent(uses, rank / uses.rows),
      series: workloadLabel(uses.workload),
    })),
  );
}

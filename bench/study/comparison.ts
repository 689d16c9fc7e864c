/**
 * Tables and figures of workload × variant: what experiments that train show of accuracy, each column once.
 *
 * @module
 */

import { type ColumnOf, countColumn, figureColumn, numberColumn, plainColumn } from "../columns.ts";
import type { Datum, Panel } from "../figure.ts";
import { workloadLabel } from "../paper_machine.ts";
import { categoryPanel } from "../panels.ts";
import {
  AUC,
  datumOf,
  droppedOfHot,
  formatDifference,
  formatEstimate,
  type Measure,
} from "./compare.ts";
import type { StudyResult } from "./store.ts";
import type { Trained } from "./trained.ts";

/** The runs of one variant on one workload: a line of a table. */
export interface Compared extends Trained {
  /** The variant's, in `results`. */
  readonly name: string;
  /** Its runs, one a seed. */
  readonly runs: readonly StudyResult[];
}

/** One line a workload and variant; variants without a run are left out. */
export function comparedOf(trained: readonly Trained[], names: readonly string[]): Compared[] {
  return trained.flatMap((one) =>
    names.map((name) => ({ ...one, name, runs: one.results.of(name) }))
  ).filter(({ runs }) => runs.length > 0);
}

/** The workload, as the paper writes it. */
export const WORKLOAD_COLUMN: ColumnOf<Pick<Compared, "workload">> = plainColumn(
  "workload",
  ({ workload }) => workloadLabel(workload),
);

/** Inputs that train. */
export const INPUTS_COLUMN: ColumnOf<Compared> = countColumn("inputs", ({ size }) => size.inputs);

/** Seeds that have been run. */
export const SEEDS_COLUMN: ColumnOf<Compared> = countColumn("seeds", ({ runs }) => runs.length);

/** Inputs that were passed over. */
export const DROPPED_COLUMN: ColumnOf<Compared> = numberColumn(
  "dropped, % of hot",
  1,
  ({ runs }) => droppedOfHot(runs),
);

/** The name of the variant. */
export function variantColumn(heading: string): ColumnOf<Compared> {
  return plainColumn(heading, ({ name }) => name);
}

/** The mean of a measure over seeds, with its interval. */
export function meanColumn(heading: string, measure: Measure, digits?: number): ColumnOf<Compared> {
  return figureColumn(
    heading,
    ({ results, name }) => formatEstimate(results.mean(name, measure), digits),
  );
}

/**
 * The difference of a measure to another variant's, paired by seed.
 *
 * @param against The other variant; null where nothing is to be told. A variant is not compared with itself.
 */
export function differenceColumn(
  heading: string,
  against: (name: string) => string | null,
  { measure = AUC, digits }: { readonly measure?: Measure; readonly digits?: number } = {},
): ColumnOf<Compared> {
  return figureColumn(heading, ({ results, name }) => {
    const other = against(name);
    if (other === null || other === name) return "";
    return formatDifference(results.difference(name, other, measure), digits);
  });
}

/**
 * Differences in AUC to `fae`, with intervals; variants that no seed has beside the other are left out.
 *
 * @param against With which variant of the same results one is compared.
 * @param of The category and the series of a variant.
 */
export function differencePanel<T extends Compared>(
  compared: readonly T[],
  against: (name: string) => string,
  of: (one: T) => Pick<Datum, "x" | "series">,
  labels: { readonly title?: string; readonly x?: string } = {},
): Panel {
  const data = compared.flatMap((one): Datum[] => {
    const { results, name } = one;
    const found = name === against(name) ? null : results.difference(name, against(name), AUC);
    return found === null ? [] : [{ ...of(one), origin: "measured", ...datumOf(found) }];
  });
  return categoryPanel("points", "difference in AUC", data, {
    ...labels,
    rules: [{ y: 0, label: "fae" }],
  });
}

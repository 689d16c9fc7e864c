/**
 * Tables and figures of workload × variant: what experiments that train show of accuracy, each column once.
 *
 * @module
 */

import { counted, formatCount } from "../../core/format.ts";
import { type ColumnOf, countColumn, figureColumn, numberColumn, plainColumn } from "../columns.ts";
import type { Datum, Panel } from "../../figures/figure.ts";
import { categoryPanel } from "../panels.ts";
import {
  AUC,
  datumOf,
  droppedOfHot,
  formatDifference,
  formatEstimate,
  type Measure,
} from "./compare.ts";
import {
  type Estimate,
  holm,
  isNotWorse,
  LEAST_SEEDS,
  LEVEL,
  pValue,
  smallestVisible,
} from "./statistics.ts";
import type { Size } from "./sizes.ts";
import type { StudyResult } from "./store.ts";
import type { Trained } from "./trained.ts";
import { kindOf, studyLabel } from "./workload.ts";

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

/** How a workload was drawn, where lines differ in that. */
interface DrawnAs {
  readonly size?: Pick<Size, "twin">;
}

/** The workload, as the paper writes it. */
export const WORKLOAD_COLUMN: ColumnOf<Pick<Compared, "workload"> & DrawnAs> = plainColumn(
  "workload",
  ({ workload, size }) => studyLabel(workload, size?.twin),
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

/** A difference that a table has in each of its lines. */
export interface Comparison {
  readonly heading: string;
  /** The variant that one is compared with; null where nothing is to be told. None is compared with itself. */
  readonly against: (name: string) => string | null;
  /** AUC unless told. */
  readonly measure?: Measure;
  readonly digits?: number;
}

/** A difference, and what a test of it says. */
export interface TestedDifference {
  readonly found: Estimate;
  /** Whether it is other than zero: Holm's correction over those tested with it at 5 %, and enough seeds. */
  readonly shown: boolean;
}

/**
 * All differences of a table: a list a comparison, one a line, null where there is none. Those of one measure are tested
 * together; AUC and log-loss tell of the same thing.
 */
export function testDifferences(
  compared: readonly Pick<Compared, "name" | "results">[],
  comparisons: readonly Pick<Comparison, "against" | "measure">[],
): (TestedDifference | null)[][] {
  const measures = new Set(comparisons.map(({ measure = AUC }) => measure));
  const tested = new Map<unknown, (TestedDifference | null)[]>();
  for (const measure of measures) {
    const own = comparisons.filter((one) => (one.measure ?? AUC) === measure);
    const found = own.map(({ against }) =>
      compared.map(({ results, name }) => {
        const other = against(name);
        return other === null || other === name ? null : results.difference(name, other, measure);
      })
    );
    testTogether(found).forEach((list, i) => tested.set(own[i], list));
  }
  return comparisons.map((comparison) => tested.get(comparison)!);
}

/** Estimates that one table shows, tested together, in the same form. */
export function testTogether(
  all: readonly (readonly (Estimate | null)[])[],
): (TestedDifference | null)[][] {
  const adjusted = holm(all.flat().map((found) => found === null ? null : pValue(found)));
  let at = 0;
  return all.map((list) =>
    list.map((found) => {
      const p = adjusted[at++]!;
      if (found === null) return null;
      return { found, shown: p !== null && p < LEVEL && found.seeds >= LEAST_SEEDS };
    })
  );
}

/** Columns of differences, paired by seed; a star marks those that are shown. */
export function differenceColumns<T extends Compared>(
  compared: readonly T[],
  comparisons: readonly Comparison[],
): ColumnOf<T>[] {
  const tested = testDifferences(compared, comparisons);
  return comparisons.map(({ heading, digits }, c) =>
    testedColumn(heading, compared, tested[c]!, digits)
  );
}

/** A column of differences that were tested together with others, one for each line. */
export function testedColumn<T>(
  heading: string,
  lines: readonly T[],
  tested: readonly (TestedDifference | null)[],
  digits?: number,
): ColumnOf<T> {
  return figureColumn(heading, (line) => {
    const one = tested[lines.indexOf(line)] ?? null;
    return one === null ? "" : formatDifference(one.found, digits, one.shown);
  });
}

/** The aim of the study: skipping costs no more AUC than this. */
export const MARGIN_AUC = 0.0003;

/** What a comparison's seeds could have seen, and whether they show that AUC is no worse than by {@linkcode MARGIN_AUC}. */
export function powerColumns({ against }: Pick<Comparison, "against">): ColumnOf<Compared>[] {
  const of = ({ results, name }: Compared): Estimate | null => {
    const other = against(name);
    return other === null || other === name ? null : results.difference(name, other, AUC);
  };
  return [
    numberColumn("smallest visible", 5, (one) => {
      const found = of(one);
      return found === null ? null : smallestVisible(found);
    }),
    plainColumn(`no worse than ${MARGIN_AUC}`, (one) => boundText(of(one))),
  ];
}

/** Whether a difference is no worse than the margin, in words. */
export function boundText(found: Estimate | null, margin: number = MARGIN_AUC): string {
  if (found === null) return "";
  const bounded = isNotWorse(found, margin);
  return bounded === null ? "not decided" : bounded ? "shown" : "not shown";
}

/** How the numbers of such tables are to be read. */
export function statisticsNotes(trained: readonly Pick<Trained, "workload">[]): string[] {
  const sets = new Set(trained.map(({ workload }) => workload)).size;
  return [
    "Means over seeds with 95 % intervals (Student's t); differences are paired by seed. A star: other than zero with all differences of the table in that measure tested together (Holm, 5 %) and three seeds or more",
    `Smallest visible: the true difference that these seeds would have shown, tested by itself, with a probability of 80 %. No worse than ${MARGIN_AUC}: the one-sided 95 % bound lies above that; the lack of a star is no equality`,
    `Each seed has its own inputs of the same data set (of a log it has all of them), initial weights and order: intervals are of this data set, and say nothing of others; there ${
      sets === 1 ? "is 1 data set" : `are ${sets} data sets`
    } here`,
  ];
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

/** What a sentence is about: `RM2 (a twin), 2,000,000 inputs, 5 seeds`. */
export function studyWords(
  { workload, size, seeds }: Pick<Trained, "workload" | "size"> & { readonly seeds: number },
): string {
  return `${studyLabel(workload, size.twin)} (${kindOf(workload)}), ${
    formatCount(size.inputs)
  } inputs, ${counted(seeds, "seed")}`;
}

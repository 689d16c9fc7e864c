/**
 * Accuracy against cost as a panel: of every plan the AUC beyond that of `fae` on all inputs, by what it saves of its cost.
 *
 * @module
 */

import { counted, formatCount } from "../../core/format.ts";
import type { Datum, Panel } from "../../figures/figure.ts";
import { AUC, datumOf } from "./compare.ts";
import type { Cost } from "./frontier.ts";
import { type Estimate, estimate, LEAST_SEEDS } from "./statistics.ts";
import type { Trained } from "./trained.ts";
import { studyLabel } from "./workload.ts";

/** A variant of a panel and the line or point that it belongs to. */
export interface TradeoffSeries {
  readonly name: string;
  readonly series: string;
}

/**
 * The panel; of variants whose cost nobody knows it has nothing.
 *
 * @param whole The variant that is `fae` on all inputs.
 */
export function tradeoffPanel(
  { results }: Pick<Trained, "results">,
  cost: Cost,
  whole: string,
  variants: readonly TradeoffSeries[],
  title = `at equal ${cost.title}`,
): Panel {
  const base = new Map(results.of(whole).map((run) => [run.seed, run]));
  const data = variants.flatMap(({ name, series }): Datum[] => {
    const pairs = results.of(name).flatMap((run) => {
      const other = base.get(run.seed), paid = cost.of(run);
      const all = other === undefined ? null : cost.of(other);
      return all === null || paid === null
        ? []
        : [{ saved: 100 * (1 - paid / all), gained: AUC(run) - AUC(other!) }];
    });
    if (pairs.length === 0) return [];
    const x = estimate(pairs.map(({ saved }) => saved)).mean;
    // AUC was measured, whatever says what it cost.
    return [{
      x,
      series,
      origin: "measured",
      ...datumOf(decided(estimate(pairs.map((one) => one.gained)))),
    }];
  });
  return {
    title,
    mark: "lines",
    x: { label: `${cost.saved}, %` },
    y: { label: "AUC beyond fae's" },
    data,
  };
}

/** Less than this is nothing, in per cent. */
const LEAST_SAVED = 1;

/** A panel without plans that save nothing beside `fae`; its lines begin at nothing. */
export function savingAlone(panel: Panel): Panel {
  const points = Map.groupBy(panel.data, ({ series }) => series);
  const saves = (series: string) => points.get(series)!.some(({ x }) => Number(x) >= LEAST_SAVED);
  return {
    ...panel,
    data: panel.data.filter(({ x, series }) => saves(series) && Number(x) > -LEAST_SAVED),
  };
}

/** Of fewer seeds than decide anything the interval is as wide as the chart, and says nothing. */
function decided(of: Estimate): Estimate {
  return of.seeds < LEAST_SEEDS ? { ...of, half: null } : of;
}

/** What a panel of the report's first chart is of. */
export function tradeoffTitle({ workload, size, results }: Trained, whole: string): string {
  const seeds = counted(results.of(whole).length, "seed");
  return `${studyLabel(workload)}, ${formatCount(size.inputs)} inputs, ${seeds}`;
}

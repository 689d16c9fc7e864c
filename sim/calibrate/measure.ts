/**
 * Running the cases of a calibration: several passes over all of them, so that what disturbs a machine for a while does not
 * fall on one table alone.
 *
 * @module
 */

import { checkpoint } from "../../core/events.ts";
import type { Bench } from "./bench.ts";
import type { Case } from "./cases.ts";

/** Samples of one case, all passes. */
export interface Measured {
  readonly table: string;
  readonly place: readonly number[];
  /** In the order they were taken. */
  readonly samples: readonly number[];
}

/** How cases are run. */
export interface MeasureOptions {
  /** Times that all cases are gone through. */
  readonly passes: number;
  /** Samples of a case a pass; fewer, at least 2, of what takes long. */
  readonly samples: number;
  /** Ends it between two cases; its reason is thrown. */
  readonly signal?: AbortSignal | undefined;
  /** Told after each case. */
  readonly onCase?: (done: number, total: number, table: string) => void;
}

/** A sample that takes longer is not taken as often. */
const LONG_MS = 80;

/** Runs all cases. */
export async function measureCases(
  cases: readonly Case[],
  bench: Bench,
  { passes, samples, signal, onCase }: MeasureOptions,
): Promise<Measured[]> {
  const taken = cases.map((): number[] => []);
  let done = 0;
  for (let pass = 0; pass < passes; pass++) {
    for (const [i, one] of cases.entries()) {
      await checkpoint(signal);
      const timed = await one.build(bench);
      try {
        await timed.sample();
        for (let k = 0; k < samples; k++) {
          const begun = performance.now();
          taken[i]!.push(await timed.sample());
          if (k >= 1 && performance.now() - begun > LONG_MS) break;
        }
      } finally {
        timed.dispose?.();
      }
      onCase?.(++done, passes * cases.length, one.table);
    }
  }
  return cases.map(({ table, place }, i) => ({ table, place, samples: taken[i]! }));
}

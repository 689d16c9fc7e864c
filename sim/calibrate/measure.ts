/**
 * Running the cases of a calibration: several passes over all of them, so that what disturbs a machine for a while does not
 * fall on one table alone.
 *
 * @module
 */

import { checkpoint } from "../../core/events.ts";
import type { Bench } from "./bench.ts";
import type { Case, Timed } from "./cases.ts";
import type { Watch } from "./watch.ts";

/** Samples of one case, all passes. */
export interface Measured {
  readonly table: string;
  readonly place: readonly number[];
  /** In the order they were taken. */
  readonly samples: readonly number[];
}

/** How cases are run. */
interface MeasureOptions {
  /** Times that all cases are gone through. */
  readonly passes: number;
  /** Samples of a case a pass; fewer, at least 2, of what takes long. */
  readonly samples: number;
  /** Asked after each case whether anything else was at work, in which case it is measured again; null to take what comes. */
  readonly watch: Pick<Watch, "settle"> | null;
  /** Ends it between two cases; its reason is thrown. */
  readonly signal?: AbortSignal | undefined;
  /** Told after each case; `disturbed` counts those that were kept although something else was at work. */
  readonly onCase?: (done: number, total: number, table: string, disturbed: number) => void;
}

/** Samples of all cases. */
export interface Measurement {
  /** In the order of the cases. */
  readonly measured: Measured[];
  /** Share of the cases, all passes, that were kept although something else was at work. */
  readonly disturbed: number;
}

/** A sample that takes longer is not taken as often. */
const LONG_MS = 80;
/** Times that a case is measured at most, and how long to wait for a quiet machine before the next time. */
const ATTEMPTS = 3, SETTLE_MS = 3000;

/** Runs all cases. */
export async function measureCases(
  cases: readonly Case[],
  bench: Bench,
  { passes, samples, watch, signal, onCase }: MeasureOptions,
): Promise<Measurement> {
  const taken = cases.map((): number[] => []);
  let done = 0, disturbed = 0;
  for (let pass = 0; pass < passes; pass++) {
    for (const [i, one] of cases.entries()) {
      await checkpoint(signal);
      const timed = await one.build(bench);
      try {
        await timed.sample();
        let found = await take(timed, samples), quiet = watch === null;
        for (let attempt = 1; watch !== null && !quiet; attempt++) {
          // A look at once tells of the samples just taken; what is quiet only after a wait calls for others.
          quiet = await watch.settle(0, signal);
          if (quiet || attempt === ATTEMPTS) break;
          await watch.settle(SETTLE_MS, signal);
          found = await take(timed, samples);
        }
        if (!quiet) disturbed++;
        taken[i]!.push(...found);
      } finally {
        timed.dispose?.();
      }
      onCase?.(++done, passes * cases.length, one.table, disturbed);
    }
  }
  return {
    measured: cases.map(({ table, place }, i) => ({ table, place, samples: taken[i]! })),
    disturbed: disturbed / Math.max(1, done),
  };
}

async function take(timed: Timed, samples: number): Promise<number[]> {
  const found: number[] = [];
  for (let k = 0; k < samples; k++) {
    const begun = performance.now();
    found.push(await timed.sample());
    if (k >= 1 && performance.now() - begun > LONG_MS) break;
  }
  return found;
}

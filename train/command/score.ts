/**
 * `deno task train --evaluate` and `--score`: a saved model scores inputs, and nothing is trained.
 *
 * @module
 */

import { UsageError } from "../../core/errors.ts";
import type { FlagTable, FlagValues } from "../../core/flags.ts";
import type { ScoringOptions } from "../run/run_scoring.ts";
import { dataOf, type DaysFrom, type Given } from "./data_flags.ts";
import type { TRAIN_FLAGS } from "./flags.ts";

/** What is judged, and where scores go. */
export const SCORE_FLAGS = {
  evaluate: {
    type: "paths",
    valueName: "FILE…",
    group: "Scoring",
    help: "Train nothing: metrics of the model in --init on all inputs of these logs",
  },
  score: {
    type: "paths",
    valueName: "FILE…",
    group: "Scoring",
    help: "The same, and the probability of a click for each input, in the order of the files",
  },
  out: {
    type: "path",
    valueName: "FILE",
    group: "Scoring",
    help:
      "Where --score writes number of the input, label and probability: Parquet if it ends in .parquet, else CSV",
  },
} as const satisfies FlagTable;

/** Flags that mean something when nothing is trained. */
const SCORING: ReadonlySet<string> = new Set([
  ...["evaluate", "score", "out", "init", "format", "schema", "limit", "maxIndRange", "dataSeed"],
  ...["badRows", "cache", "device", "useGpu", "threads", "wide", "testBatch", "json", "quiet"],
]);

/** Whether flags ask for scores or metrics alone. */
export function asksForScores(values: FlagValues<typeof TRAIN_FLAGS>): boolean {
  return values.evaluate !== undefined || values.score !== undefined || values.out !== undefined;
}

/**
 * What flags ask to be scored.
 *
 * @param days The files that begin with a path that is none itself.
 * @throws {UsageError} A flag that has no meaning here, or one that is missing.
 */
export function scoringOf(
  values: FlagValues<typeof TRAIN_FLAGS>,
  given: Given,
  days: DaysFrom,
): ScoringOptions {
  const { evaluate, score, out, init } = values;
  const chosen = score === undefined ? "--evaluate" : "--score";
  if (score === undefined && out !== undefined) {
    throw new UsageError(
      `Cannot use --out ${out} without --score: name the files that are to be scored`,
    );
  }
  for (const [key, spelling] of given) {
    if (!SCORING.has(key)) {
      throw new UsageError(
        `Cannot use ${spelling} with ${chosen}: nothing is trained, and the model is the one in --init`,
      );
    }
  }
  if (evaluate !== undefined && score !== undefined) {
    throw new UsageError("Cannot use --evaluate with --score: --score gives the metrics too");
  }
  if (score !== undefined && out === undefined) {
    throw new UsageError("Cannot use --score without --out: name the file for the scores");
  }
  if (init === undefined) {
    throw new UsageError(`Cannot use ${chosen} without --init: name the folder of the weights`);
  }
  const data = score ?? evaluate;
  return {
    weights: init,
    data: dataOf({ ...values, data }, given, days, []),
    device: {
      kind: values.useGpu ? "webgpu" : values.device,
      threads: values.threads,
      wide: values.wide,
    },
    batch: values.testBatch,
    outputs: { scores: out, result: values.json },
  };
}

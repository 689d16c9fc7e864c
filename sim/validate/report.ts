/**
 * A validation as tables, as CSV and as a document.
 *
 * @module
 */

import { formatTable, type Table } from "../../core/table.ts";
import { toCsv } from "../report.ts";
import { BAR, STAGE_BAR } from "./compare.ts";
import type { Validation } from "./validate.ts";

/** Grows when a member of the JSON document changes its meaning or goes. */
export const VALIDATION_SCHEMA_VERSION = 2;

const ms = (value: number): string => value.toFixed(value < 10 ? 3 : 2);
const percent = (value: number): string => (100 * value).toFixed(1);

/** One line a kind of minibatch of a run. */
export function iterationTable({ minibatches }: Validation): Table {
  return {
    columns: [
      { name: "run" },
      { name: "minibatches" },
      { name: "predicted, ms", format: ms },
      { name: "measured, ms", format: ms },
      { name: "error, %", format: percent },
    ],
    rows: minibatches.map(({ configuration, kind, predicted, measured, error }) => [
      configuration,
      kind,
      predicted,
      measured,
      error,
    ]),
  };
}

/** One line a stage of a kind of minibatch. */
export function stageTable({ minibatches }: Validation): Table {
  return {
    columns: [
      { name: "run" },
      { name: "minibatches" },
      { name: "stage" },
      { name: "predicted, ms", format: ms },
      { name: "measured, ms", format: ms },
      { name: "error, %", format: percent },
      { name: "of the iteration, %", format: percent },
    ],
    rows: minibatches.flatMap(({ configuration, kind, stages, measured: whole }) =>
      Object.entries(stages).map(([stage, { predicted, measured, error }]) => [
        configuration,
        kind,
        stage,
        predicted,
        measured,
        Number.isFinite(error) ? error : null,
        measured / whole,
      ])
    ),
  };
}

/**
 * One line a stage or a block, over all runs that have it: how far the predictions are off, and how many are within the bar of
 * {@linkcode STAGE_BAR}. The share of an iteration is that of the stage's mean.
 */
export function stageSummary({ minibatches, blocks }: Validation): Table {
  const errors = new Map<string, { errors: number[]; shares: number[] }>();
  const add = (name: string, error: number, share: number | null): void => {
    if (!Number.isFinite(error)) return;
    const one = errors.get(name) ?? { errors: [], shares: [] };
    errors.set(name, one);
    one.errors.push(error);
    if (share !== null) one.shares.push(share);
  };
  for (const { stages, measured: whole } of minibatches) {
    for (const [stage, { measured, error }] of Object.entries(stages)) {
      add(stage, error, measured / whole);
    }
  }
  for (const { block, error } of blocks) add(block, error, null);
  return {
    columns: [
      { name: "stage or block" },
      { name: "times" },
      { name: "low, %", format: percent },
      { name: "high, %", format: percent },
      { name: "mean, %", format: percent },
      { name: `within ${percent(STAGE_BAR)} %` },
      { name: "of the iteration, %", format: percent },
    ],
    rows: [...errors].map(([name, { errors, shares }]) => {
      const sizes = errors.map(Math.abs);
      const logs = sizes.reduce((sum, size) => sum + Math.log1p(size), 0);
      return [
        name,
        errors.length,
        Math.min(...errors),
        Math.max(...errors),
        Math.expm1(logs / errors.length),
        sizes.filter((size) => size <= STAGE_BAR).length,
        shares.length === 0 ? null : shares.reduce((a, b) => a + b, 0) / shares.length,
      ];
    }),
  };
}

/** One line a block of a run. */
export function blockTable({ blocks }: Validation): Table {
  return {
    columns: [
      { name: "run" },
      { name: "beside minibatches" },
      { name: "predicted, ms", format: ms },
      { name: "measured, ms", format: ms },
      { name: "error, %", format: percent },
    ],
    rows: blocks.map(({ configuration, block, predicted, measured, error }) => [
      configuration,
      block,
      predicted,
      measured,
      Number.isFinite(error) ? error : null,
    ]),
  };
}

/** What it comes to, in a sentence. */
function verdictLine({ verdict: { mean, worst, met }, minibatches }: Validation): string {
  return `Iteration time, ${minibatches.length} kinds of minibatches: geometric mean of the absolute error ${
    percent(mean)
  } %, worst ${percent(worst)} %. The bar of ${percent(BAR.mean)} % and ${
    percent(BAR.worst)
  } % is ${met ? "met" : "missed"}.`;
}

/** What the watch saw, in a sentence. */
export function watchLine({ disturbed, reference }: Validation): string {
  if (disturbed === null) return "Nothing watched whether the machine was quiet.";
  if (disturbed.length === 0) {
    return reference === "calibration"
      ? "The machine was as quiet as when it was calibrated."
      : "The machine was as quiet as it was at its quietest; how quiet it was when it was calibrated nobody noted.";
  }
  return `Left out, since something else was at work whenever they ran: ${disturbed.join("; ")}.`;
}

/** All of it as text. */
export function formatValidation(validation: Validation): string {
  return [
    formatTable(stageTable(validation)),
    formatTable(blockTable(validation)),
    formatTable(iterationTable(validation)),
    formatTable(stageSummary(validation)),
    `${verdictLine(validation)} ${watchLine(validation)}`,
  ].join("\n");
}

/** All comparisons as CSV, iterations with `stage` empty. */
export async function validationCsv({ minibatches, blocks }: Validation): Promise<string> {
  return await toCsv([
    ...minibatches.flatMap(({ configuration, kind, predicted, measured, error, stages }) => [
      { configuration, kind, stage: "", predicted_ms: predicted, measured_ms: measured, error },
      ...Object.entries(stages).map(([stage, one]) => ({
        configuration,
        kind,
        stage,
        predicted_ms: one.predicted,
        measured_ms: one.measured,
        error: Number.isFinite(one.error) ? one.error : null,
      })),
    ]),
    ...blocks.map(({ configuration, block, predicted, measured, error }) => ({
      configuration,
      kind: "",
      stage: block,
      predicted_ms: predicted,
      measured_ms: measured,
      error: Number.isFinite(error) ? error : null,
    })),
  ]);
}

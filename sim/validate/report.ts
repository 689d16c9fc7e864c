/**
 * A validation as tables, as CSV and as a document.
 *
 * @module
 */

import { formatTable, type Table } from "../../core/table.ts";
import { toCsv } from "../report.ts";
import { BAR } from "./compare.ts";
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

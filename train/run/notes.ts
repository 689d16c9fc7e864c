/**
 * The messages of a run before it trains.
 *
 * @module
 */

import { counted, formatBytes, formatCount } from "../../core/format.ts";
import type { Dataset } from "../../data/types.ts";
import type { DeviceInfo } from "../../kernels/types.ts";
import { isTbsm, type ModelShape } from "../model/models.ts";
import { countParameters } from "../model/presets.ts";
import type { HotSet } from "../plan/hot_set.ts";
import { findPlan } from "../plan/plans.ts";
import type { RunSettings } from "./options.ts";

/** The data set, a line, and its own notes. */
export function dataNotes(dataset: Dataset): string[] {
  const { schema } = dataset;
  const ids = schema.tables.reduce((sum, table) => sum + table.rows, 0);
  return [
    `Data: ${schema.format}, ${formatCount(dataset.count("train"))} inputs to train on, ` +
    `${formatCount(dataset.count("test"))} to test on; ` +
    `${schema.steps === undefined ? "" : `${schema.steps} time steps of `}` +
    `${counted(schema.dense.length, "dense column")}, ` +
    `${schema.tables.length} categorical with ${formatCount(ids)} ids`,
    ...dataset.notes.map((note) => `  ${note}`),
  ];
}

/** The hot rows of a plan that has some. */
export function hotSetNotes({ rows, profiled, memoryBytes }: HotSet, dim: number): string[] {
  return [
    `Hot rows: the ${formatCount(rows.total)} most used, each looked up at least ${
      counted(rows.leastAccesses, "time")
    } in ${formatCount(profiled)} profiled inputs; they take ${
      formatBytes(4 * dim * rows.total)
    } of the ${formatBytes(memoryBytes)} for them`,
    ...(rows.note === null ? [] : [`  ${rows.note}`]),
  ];
}

/** Model, device and plan, a line each. */
export function modelNotes(
  shape: ModelShape,
  { model, plan, device }: Pick<RunSettings, "model" | "plan" | "device">,
  info: DeviceInfo,
  reason: string,
): string[] {
  const { dense, embedding } = countParameters(shape);
  const rows = shape.tableRows.reduce((sum, n) => sum + n, 0);
  return [
    `Model: ${model.preset}, bottom ${shape.bottom.join("-")}, top ${shape.top.join("-")}, ` +
    (isTbsm(shape)
      ? `attention ${shape.attention.join("-")}, final ${shape.final.join("-")}, `
      : "") +
    `${formatCount(rows)} embedding rows of ${shape.dim}; ` +
    `${formatCount(dense + embedding)} parameters (${formatBytes(4 * (dense + embedding))})`,
    `Device: ${info.kind}, ${info.name} (${reason})`,
    `Plan: ${findPlan(plan.name).name}${
      plan.mode === "artifact" ? " as the artifact" : ""
    }; placement of embedding rows: ${device.placement}`,
  ];
}

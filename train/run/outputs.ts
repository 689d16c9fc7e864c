/**
 * Writes the files of a run at its end, and checks at its beginning that it can.
 *
 * @module
 */

import { UsageError, UserError } from "../../core/errors.ts";
import type { ColumnScales } from "../../data/standardise.ts";
import { checkOutputFile, checkOutputFolder, STANDARD_OUTPUT } from "../../core/outputs.ts";
import { checkLineFile } from "../events/line_file.ts";
import type { Model } from "../model/model.ts";
import { isTbsm, type ModelShape, shapeDocument } from "../model/models.ts";
import type { Normalisation } from "../model/tower.ts";
import type { Optimizer } from "../../kernels/types.ts";
import { type RunTrace, type TracedRun, traceHeader } from "../trace/session.ts";
import { type RowMatching, saveWeights } from "../weights/weights.ts";
import type { RunHooks } from "./hooks.ts";
import type { OutputSettings } from "./options.ts";
import { type ResultDocument, writeResult } from "./result.ts";

/**
 * Refuses places that cannot be written.
 *
 * @throws {UsageError} Names the output.
 */
export function checkOutputs(
  { result, trace, events, page, weights, weightsFallback }: OutputSettings,
): void {
  if (result !== STANDARD_OUTPUT) checkOutputFile("outputs.result", result);
  checkOutputFile("outputs.trace", trace);
  checkLineFile("outputs.events", events);
  checkOutputFile("outputs.page", page);
  checkOutputFolder("outputs.weights", weights);
  checkOutputFolder("outputs.weightsFallback", weightsFallback);
  checkApart({ result, trace, events, page });
}

/** Refuses two outputs in one file, of which the later would replace the other. */
function checkApart(files: Readonly<Record<string, string | null>>): void {
  const fields = new Map<string, string>();
  for (const [field, path] of Object.entries(files)) {
    if (path === null) continue;
    const other = fields.get(path);
    if (other !== undefined) {
      throw new UsageError((option) =>
        `Cannot use ${option(`outputs.${field}`)} ${path}: ${option(`outputs.${other}`)} has it`
      );
    }
    fields.set(path, field);
  }
}

/** What there is to write of a run. */
export interface Written {
  readonly result: ResultDocument;
  readonly trace: RunTrace | null;
  readonly traced: TracedRun;
  /** The weights at the end of the run; null if they are ruined. */
  readonly weights: {
    readonly model: Model;
    readonly shape: ModelShape;
    readonly optimizer: Optimizer;
    readonly normalisation: Normalisation;
    /** Reads what the rows of the tables stand for. */
    readonly keys: () => Promise<RowMatching["keys"]>;
    readonly scales: ColumnScales | undefined;
    readonly dense: readonly string[];
  } | null;
}

/** What is told while a run's files are written. */
export type OutputHooks = Pick<RunHooks, "onWarning" | "onWritten" | "onUnsaved">;

/**
 * Writes the files of a run that ended or was cut short. If one cannot be written, the others still are.
 *
 * @throws {UserError} The first that could not be written.
 */
export async function writeOutputs(
  outputs: OutputSettings,
  { result, trace, traced, weights }: Written,
  hooks: OutputHooks,
): Promise<void> {
  const writing: (() => Promise<void>)[] = [];
  if (outputs.result !== null) {
    const path = outputs.result;
    writing.push(async () => {
      await writeResult(path, result);
      hooks.onWritten?.("result", path);
    });
  }
  if (trace !== null) {
    writing.push(async () => {
      await trace.write(traceHeader(result, traced));
      hooks.onWritten?.("trace", outputs.trace!);
    });
  }
  if (outputs.page !== null) {
    const path = outputs.page;
    writing.push(async () => {
      // Drawing is heavy, and needed only where something is drawn.
      const { viewOfResult, writeRunPage } = await import("../page/mod.ts");
      await writeRunPage(path, [viewOfResult("this run", result)]);
      hooks.onWritten?.("page", path);
    });
  }
  if (weights !== null && outputs.weights !== null) {
    const { model, shape, optimizer, normalisation, keys, scales, dense } = weights;
    const document = {
      model: isTbsm(shape) ? "tbsm" as const : "dlrm" as const,
      ...shapeDocument(shape),
      optimizer,
      ...(normalisation === "none" ? {} : { normalisation }),
      ...(scales === undefined ? {} : { scales }),
      dense,
    };
    writing.push(async () => {
      const ids = await keys();
      const folder = await saveSomewhere(
        (folder) => saveWeights(model, document, folder, ids),
        [outputs.weights!, ...outputs.weightsFallback === null ? [] : [outputs.weightsFallback]],
        hooks,
      );
      hooks.onWritten?.("weights", folder);
    });
  }
  const failures: unknown[] = [];
  for (const write of writing) await write().catch((error) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}

/**
 * Saves to the first folder that can be written: those of the settings, then those that the callback returns. Returns the
 * folder.
 */
async function saveSomewhere(
  save: (folder: string) => Promise<void>,
  folders: readonly string[],
  { onWarning, onUnsaved }: OutputHooks,
): Promise<string> {
  const left = [...folders];
  while (true) {
    const folder = left.shift()!;
    try {
      await save(folder);
      return folder;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      const other = left[0] ?? onUnsaved?.(error) ?? null;
      if (other === null) throw error;
      if (left.length > 0) onWarning?.(error);
      else left.push(other);
    }
  }
}

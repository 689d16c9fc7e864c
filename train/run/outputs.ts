/**
 * What a run writes at its end, and whether it could, found out at its beginning.
 *
 * @module
 */

import { checkOutputFile, checkOutputFolder } from "../../core/outputs.ts";
import type { Model } from "../model/model.ts";
import { isTbsm, type ModelShape, shapeDocument } from "../model/models.ts";
import type { Normalisation } from "../model/tower.ts";
import type { Optimizer } from "../../kernels/types.ts";
import { type RunTrace, type TracedRun, traceHeader } from "../trace/session.ts";
import { saveWeights } from "../weights/weights.ts";
import type { OutputSettings } from "./options.ts";
import { type ResultDocument, writeResult } from "./result.ts";

/**
 * Refuses places that cannot be written.
 *
 * @throws {UsageError} Names the output.
 */
export function checkOutputs({ result, trace, weights }: OutputSettings): void {
  checkOutputFile("outputs.result", result);
  checkOutputFile("outputs.trace", trace);
  checkOutputFolder("outputs.weights", weights);
}

/** What there is to write of a run. */
export interface Written {
  readonly result: ResultDocument;
  readonly trace: RunTrace | null;
  readonly traced: TracedRun;
  /** The weights as the run left them; null where they are worth nothing. */
  readonly weights: {
    readonly model: Model;
    readonly shape: ModelShape;
    readonly optimizer: Optimizer;
    readonly normalisation: Normalisation;
  } | null;
}

/** Writes what is asked for of a run, whole or cut short; a file that cannot be written costs no other. */
export async function writeOutputs(
  outputs: OutputSettings,
  { result, trace, traced, weights }: Written,
): Promise<void> {
  const writing: (() => Promise<void>)[] = [];
  if (outputs.result !== null) writing.push(() => writeResult(outputs.result!, result));
  if (trace !== null) writing.push(() => trace.write(traceHeader(result, traced)));
  if (weights !== null && outputs.weights !== null) {
    const { model, shape, optimizer, normalisation } = weights;
    writing.push(() =>
      saveWeights(model, {
        model: isTbsm(shape) ? "tbsm" : "dlrm",
        ...shapeDocument(shape),
        optimizer,
        ...(normalisation === "none" ? {} : { normalisation }),
      }, outputs.weights!)
    );
  }
  const failures: unknown[] = [];
  for (const write of writing) await write().catch((error) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}

/**
 * Slipstream: recommender training with kernels of its own, on the CPU and on WebGPU.
 *
 * What there is, by category (`deno doc mod.ts NAME` says more):
 *
 * - Data: `openDataset`, `readSchema`, `openSynthetic`, `datasetFromArrays`, `createInputs`, `materialise`
 * - Data: profiles: `profileDataset`, `formatProfile`, `plotProfile`
 * - Data: twins: `openTwin`, `loadTwin`, `loadHistoryTwin`, `fitReuse`, `twinOfReuse`, `fitLog`, `goodnessMarkdown`, `plotGoodness`
 * - Devices: `openDevice`
 * - Models: `resolveShape`, `createModel`, `Dlrm`, `Tbsm`, `countParameters`, `openPlaced`, `saveWeights`, `loadWeights`
 * - Training: `runTraining`, `runScoring`, `setUpRun`, `train`, `evaluate`, `findHotSet`, `segregate`, `denseStatistics`, `loadCriterion`, `openDriver`, `BatchSource`, `writeResult`
 * - Traces: `TraceRecorder`, `readTrace`, `writeTrace`, `countTrace`, `countTraces`, `countTraceRuns`, `readAnyTrace`, `parseAnyTrace`, `writeCountedTrace`, `withSkipsOf`
 * - Simulator: `simulate`, `rangesOf`, `explain`, `sweep`, `breakEven`, `timeline`, `minibatchGraph`
 * - Simulator: machines: `loadMachine`, `checkMachine`, `machineOf`, `withRates`, `loadParameterSet`, `calibrate`, `validate`
 * - Simulator: systems of your own: `findSystem`, and `systemParts`, which holds what the systems here are made of
 * - Errors: `UserError`, `UsageError`, `TrainingFailure`, `DeviceLostError`
 *
 * @example Train a small DLRM on generated clicks
 * ```ts
 * import assert from "node:assert/strict";
 * import { runTraining } from "@slipstream/slipstream";
 *
 * const { metrics, ended } = await runTraining({
 *   data: "synthetic:35000",
 *   model: {
 *     preset: "rm2",
 *     shape: { tables: [100, 20, 5], dim: 8, bottom: [13, 32, 8], top: [16, 1] },
 *   },
 *   training: { batch: 128, epochs: 3 },
 *   device: { kind: "cpu" },
 *   evaluation: { every: 100 },
 * }, {
 *   // It need not go on once it is good enough.
 *   onEvaluation: ({ step, metrics }) => {
 *     console.log(`step ${step}: AUC ${metrics.auc}`);
 *     return metrics.auc! > 0.75 ? "stop" : undefined;
 *   },
 * });
 * assert.equal(ended.how, "stopped");
 * assert.ok(metrics!.auc! > 0.75, "chance is 0.5, the true probabilities reach 0.8");
 * ```
 *
 * @example Simulate a run on another machine
 * ```ts
 * import assert from "node:assert/strict";
 * import { countTrace, explain, loadMachine, machineOf, simulate } from "@slipstream/slipstream";
 *
 * // Or `await readAnyTrace("run.arrow")`, which `deno task train --trace run.arrow` writes.
 * const trace = await countTrace({ twin: "rm4", inputs: 20_000, batch: 64, warmup: 10 });
 * const machine = machineOf(await loadMachine("v100x4"));
 * const options = { trace, machine, gpus: 2 };
 * const fae = simulate({ ...options, system: "fae" });
 * const { result, purchases } = explain({ ...options, system: "slipstream" });
 * console.log(`${fae.epoch_ms / result.epoch_ms} times as fast`, result.stages.gather, result.bytes.upload);
 * console.log(`Buy ${purchases[0]!.path}: ${100 * purchases[0]!.time} % of the time is left`);
 * const exposed = Object.values(result.stages).reduce((sum, { exposed_ms }) => sum + exposed_ms, 0);
 * assert.ok(Math.abs(exposed / result.epoch_ms - 1) < 1e-9, "exposed times sum to the whole");
 * assert.ok(result.skipped_inputs > 0 && fae.skipped_inputs === 0);
 * ```
 *
 * @module
 */

export { type OptionNaming, UsageError, UserError, type UserMessage } from "./core/errors.ts";
export * from "./data/mod.ts";
export * from "./kernels/mod.ts";
export * from "./sim/mod.ts";
export * from "./train/mod.ts";

/**
 * Slipstream: recommender training with kernels of its own, on the CPU and on WebGPU.
 *
 * @example Train a small DLRM on generated clicks
 * ```ts
 * import assert from "node:assert/strict";
 * import { Dlrm, openDevice, openSynthetic, PRESETS, resolveShape, train } from "@slipstream/slipstream";
 *
 * const dataset = openSynthetic({ inputs: 35_000, tableRows: [100, 20, 5] });
 * const { device } = await openDevice({ device: "cpu" });
 * const shape = resolveShape(PRESETS.rm2, dataset.schema, { bottom: [13, 32, 8], dim: 8, top: [16, 1] });
 * const model = new Dlrm(device, shape, { optimizer: { kind: "sgd" }, maxBatch: 256 });
 * await model.initialise(123);
 * const result = await train(model, dataset, {
 *   batch: 128,
 *   epochs: 2,
 *   seed: 123,
 *   shuffle: true,
 *   schedule: { base: 0.1, warmupSteps: 0, decayStartStep: 0, decaySteps: 0 },
 *   evalEvery: 0,
 *   evalBatch: 256,
 *   maxSteps: 0,
 * });
 * const { auc, logloss } = result.evaluations.at(-1)!.metrics;
 * console.log(`AUC ${auc}, log-loss ${logloss}`);
 * assert.ok(auc !== null && auc > 0.7, "chance is 0.5, the true probabilities reach 0.8");
 * model.dispose();
 * device.dispose();
 * dataset.close();
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

export { UserError } from "./core/errors.ts";
export { Permutation, RandomStream, type StreamName, STREAMS } from "./core/random.ts";
export * from "./data/mod.ts";
export * from "./kernels/mod.ts";
export * from "./sim/mod.ts";
export * from "./train/mod.ts";

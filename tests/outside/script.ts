/** What somebody's own project does with this one. The tests run copies of it from folders of their own. */

import {
  countTrace,
  countTraceRuns,
  Dlrm,
  loadMachine,
  machineOf,
  openDevice,
  openTwin,
  PRESETS,
  resolveShape,
  simulate,
  sweep,
  train,
} from "@slipstream/slipstream";

const dataset = await openTwin({ twin: "rm4", inputs: 2000, maxIndexRange: 500 });
const { device } = await openDevice({ device: "cpu", threads: 2 });
const widths = { bottom: [1, 8, 4], dim: 4, top: [8, 1] };
const shape = resolveShape(PRESETS.rm4, dataset.schema, widths);
const model = new Dlrm(device, shape, { optimizer: { kind: "sgd" }, maxBatch: 256 });
await model.initialise(1);
const { evaluations } = await train(model, dataset, {
  batch: 64,
  epochs: 1,
  seed: 1,
  shuffle: true,
  schedule: { base: 0.1, warmupSteps: 0, decayStartStep: 0, decaySteps: 0 },
  evalEvery: 0,
  evalBatch: 256,
  maxSteps: 20,
});
model.dispose();
device.dispose();
dataset.close();

const trace = await countTrace({ twin: "rm4", inputs: 20_000, batch: 64, warmup: 10 });
const machine = machineOf(await loadMachine("v100x4"));
const { epoch_ms } = simulate({ trace, machine, system: "slipstream", gpus: 2 });
// Enough points for workers.
const rows = await sweep({
  traces: [{ name: "rm4", trace: countTraceRuns(trace) }],
  machines: [machine],
  systems: ["fae", "slipstream"],
  axes: [{ name: "cpu.dram_random_gb_s", values: Array.from({ length: 40 }, (_, k) => 10 + k) }],
  gpus: 2,
  threads: 2,
});

console.log(JSON.stringify({
  threads: device.info.threads,
  logloss: evaluations.at(-1)!.metrics.logloss,
  epoch_ms,
  swept_ms: rows.map((row) => row.epoch_ms),
}));

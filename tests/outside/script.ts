/** What somebody's own project does with this one. The tests run copies of it from folders of their own. */

import {
  countTrace,
  countTraceRuns,
  loadMachine,
  machineOf,
  runTraining,
  simulate,
  sweep,
} from "@slipstream/slipstream";

const { device, metrics } = await runTraining({
  data: { source: "twin:rm4:2000", maxIndexRange: 500 },
  model: { preset: "rm4", shape: { bottom: [1, 8, 4], dim: 4, top: [8, 1] } },
  training: { batch: 64, maxSteps: 20 },
  device: { kind: "cpu", threads: 2 },
});

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
  threads: device.threads,
  logloss: metrics!.logloss,
  epoch_ms,
  swept_ms: rows.map((row) => row.epoch_ms),
}));

/** What somebody's own page does with the project. The test puts it together with a bundler and runs it in a browser. */

import { IN_BROWSER } from "../../core/deno.ts";
import counted from "../../sim/paper/rm2.json" with { type: "json" };
import {
  type CountedTrace,
  countTrace,
  explain,
  loadMachine,
  machineOf,
  openDataset,
  parseAnyTrace,
  runTraining,
  sweep,
  UserError,
} from "../../mod.ts";

/** What it finds, under Deno and in a browser alike. */
export interface Found {
  readonly losses: readonly (number | null)[];
  readonly epoch_ms: number;
  readonly swept_ms: readonly number[];
  /** What is said of files and of threads, of which a browser has none. */
  readonly refused: readonly string[];
}

/** Trains, counts, simulates and sweeps. */
export async function useProject(kind: "cpu" | "webgpu"): Promise<Found> {
  const { losses } = await runTraining({
    data: { source: "twin:rm4:2000", maxIndexRange: 500 },
    model: { preset: "rm4", shape: { bottom: [1, 8, 4], dim: 4, top: [8, 1] } },
    training: { batch: 64, maxSteps: 10 },
    device: { kind, threads: 1 },
  });
  const bytes = new TextEncoder().encode(JSON.stringify(counted));
  const trace = await parseAnyTrace("rm2.json", bytes) as CountedTrace;
  const machine = machineOf(await loadMachine("v100x4"));
  const { result } = explain({ trace, machine, system: "slipstream", gpus: 2 });
  const rows = await sweep({
    traces: [{ name: "rm2", trace }],
    machines: [machine],
    systems: ["fae", "slipstream"],
    axes: [{ name: "cpu.dram_random_gb_s", values: [10, 20] }],
    gpus: 2,
    threads: 1,
  });
  const refused = await Promise.all([
    refusal(openDataset({ data: ["train.txt"] })),
    refusal(countTrace({ twin: "rm4", inputs: 20_000, batch: 64, warmup: 10 })),
  ]);
  return { losses, epoch_ms: result.epoch_ms, swept_ms: rows.map((row) => row.epoch_ms), refused };
}

/** The message of a refusal. */
function refusal(asked: Promise<unknown>): Promise<string> {
  return asked.then(
    () => "nothing",
    (error) => error instanceof UserError ? error.message : `a defect: ${error}`,
  );
}

if (IN_BROWSER) {
  Object.assign(globalThis, { found: useProject("webgpu") });
}

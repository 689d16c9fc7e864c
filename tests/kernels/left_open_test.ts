import assert from "node:assert/strict";

/** Trains on Workers and ends without giving the device back. */
const SCRIPT = `
import { openCpuDevice } from "${new URL("../../kernels/cpu/device.ts", import.meta.url)}";
import { runTraining } from "${new URL("../../train/run/run_training.ts", import.meta.url)}";
const device = await openCpuDevice({ threads: 3 });
const tables = Array(26).fill(20);
const { throughput, metrics } = await runTraining({
  data: "synthetic:2000",
  model: { preset: "rm2", shape: { dim: 4, bottom: [13, 4], top: [4, 1], tables } },
  training: { batch: 16 },
  evaluation: { every: 20 },
  device: { open: { device, host: null } },
});
console.log(throughput.steps, metrics.count);
`;

Deno.test("a CPU device that is not disposed of lets the process end, after all that the script awaits", async () => {
  const script = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(script, SCRIPT);
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-check", "--allow-read", "--allow-env", "--allow-sys=cpus", script],
      // Only so that a process that would never end fails the test.
      signal: AbortSignal.timeout(120_000),
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    // Six sevenths of the inputs train, half of the rest tests.
    assert.equal(new TextDecoder().decode(stdout).trim(), `${Math.ceil(2000 * 6 / 7 / 16)} 143`);
  } finally {
    await Deno.remove(script);
  }
});

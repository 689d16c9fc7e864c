import assert from "node:assert/strict";
import { epochFormula, epochSeconds } from "../../sim/epoch_formula.ts";
import { loadMachine, machineOf } from "../../sim/machine.ts";
import { loadPaperSetting } from "../../sim/paper/setting.ts";
import { simulate } from "../../sim/simulate.ts";
import { hotInputShare, withHotInputShare } from "../../sim/variants.ts";
import { condense } from "../../sim/work.ts";

const { calibrated: { workloads, parameters, batchPerGpu } } = await loadPaperSetting();
const MACHINES = ["v100x4", "h100x8"] as const;
const SYSTEMS = ["pytorch-hybrid", "fae", "slipstream", "gpu-only", "slipstream-gpu-only"] as const;

for (const workload of ["rm1", "rm2"] as const) {
  Deno.test(`the closed form of an epoch of ${workload} is the engine's, within 0.2 %`, async () => {
    const trace = condense(workloads[workload]);
    for (const name of MACHINES) {
      const document = await loadMachine(name), machine = machineOf(document);
      const gpus = machine.gpu.count;
      for (const system of SYSTEMS) {
        const common = { gpus, system, parameters, batchPerGpu };
        const formula = epochFormula({ ...common, document, trace });
        assert.ok(formula !== null, `${name} ${system}`);
        const skips = system.startsWith("slipstream");
        // None of these is a point that the formula was made of.
        for (const [hot, skipped] of [[0.25, 0.1], [0.6, 0.3], [0.93, 0.6]] as const) {
          const { epoch_ms } = simulate({
            ...common,
            machine,
            trace: withHotInputShare(trace, hot),
            ...(skips ? { drop: skipped } : {}),
          });
          const said = epochSeconds(formula, hot, skipped), engine = epoch_ms / 1000;
          assert.ok(
            Math.abs(said / engine - 1) < 0.002,
            `${name}, ${system}, ${hot}, ${skipped}: ${said} and ${engine}`,
          );
        }
      }
    }
  });
}

Deno.test("the closed form of the trace as it was counted is the epoch of the paper's table", async () => {
  const document = await loadMachine("v100x4");
  const common = { gpus: 4, system: "slipstream", parameters, batchPerGpu };
  const trace = condense(workloads.rm4);
  const formula = epochFormula({ ...common, document, trace })!;
  const { epoch_ms } = simulate({ ...common, machine: machineOf(document), trace, drop: 0.3 });
  const said = epochSeconds(formula, hotInputShare(trace), 0.3);
  assert.ok(Math.abs(1000 * said / epoch_ms - 1) < 0.002, `${said} s and ${epoch_ms} ms`);
});

Deno.test("there is no closed form where the rows do not fit the GPUs", async () => {
  const document = structuredClone(await loadMachine("v100x4"));
  const small = {
    ...document,
    gpu: { ...document.gpu, memory_gb: { ...document.gpu.memory_gb, value: 1e-6 } },
  };
  const options = { gpus: 1, parameters, trace: workloads.rm4, document: small };
  assert.equal(epochFormula({ ...options, system: "gpu-only" }), null);
  assert.ok(epochFormula({ ...options, system: "pytorch-hybrid" }) !== null);
});

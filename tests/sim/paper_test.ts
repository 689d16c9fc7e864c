import assert from "node:assert/strict";
import { loadMachine, machineOf } from "../../sim/machine.ts";
import { calibrate, CALIBRATION_WORKLOADS, TARGETS } from "../../sim/paper/calibrate.ts";
import { drawRatios } from "../../sim/paper/draws.ts";
import { mapeOf, ratiosOf } from "../../sim/paper/evaluate.ts";
import { FROZEN_SHA256, loadFrozen, sha256Of } from "../../sim/paper/frozen.ts";
import { loadPaperWorkloads } from "../../sim/paper/workloads.ts";
import { PARAMETERS, type Parameters } from "../../sim/parameters.ts";

Deno.test("the frozen parameters and all that they rest on are what was frozen", async () => {
  assert.equal(await sha256Of("paper/frozen.json"), FROZEN_SHA256);
  const { files } = await loadFrozen();
  assert.ok(Object.keys(files).length >= 6);
});

Deno.test("three scalars at most are calibrated, none of them on Slipstream or on rm4", async () => {
  const frozen = await loadFrozen();
  const changed = Object.keys(frozen.start).filter((name) =>
    frozen.start[name as "xdl_scale"] !== frozen.calibrated[name as "xdl_scale"]
  );
  assert.ok(changed.length <= 3);
  for (const { slower, faster } of TARGETS) assert.doesNotMatch(slower + faster, /slipstream/);
  assert.ok(!CALIBRATION_WORKLOADS.includes("rm4"));
  assert.deepEqual(frozen.protocol.calibration_workloads, CALIBRATION_WORKLOADS);
  for (const { parameter, low, high } of frozen.calibration) {
    assert.deepEqual([low, high], [PARAMETERS[parameter].low, PARAMETERS[parameter].high]);
    assert.ok(frozen.calibrated[parameter] >= low && frozen.calibrated[parameter] <= high);
  }
});

Deno.test("calibrating again gives the frozen scalars", async () => {
  const { machine, protocol, calibrated } = await loadFrozen();
  const again = calibrate({
    machine: machineOf(await loadMachine(machine)),
    workloads: await loadPaperWorkloads(),
    gpus: protocol.gpus,
    batchPerGpu: protocol.batch_per_gpu,
  });
  for (const [name, value] of Object.entries(again.parameters)) {
    const frozen = calibrated[name as "xdl_scale"];
    assert.ok(Math.abs(value - frozen) <= 1e-9 * Math.max(1, frozen), name);
  }
});

Deno.test("a draw depends on its number alone", async () => {
  const frozen = await loadFrozen();
  const options = {
    document: await loadMachine(frozen.machine),
    workloads: await loadPaperWorkloads(),
    frozen,
    pairs: [{ slower: "xdl", faster: "fae" }],
    recalibrate: false,
  };
  const second = drawRatios(options, 1);
  assert.notDeepEqual(drawRatios(options, 0), second);
  assert.deepEqual(drawRatios(options, 1), second);
});

Deno.test("the held-out ratios are those of docs/simulator.md", async () => {
  const { machine, protocol, calibrated, held_out } = await loadFrozen();
  const ratios = ratiosOf({
    machine: machineOf(await loadMachine(machine)),
    workloads: await loadPaperWorkloads(),
    parameters: calibrated as Parameters,
    gpus: protocol.gpus,
    batchPerGpu: protocol.batch_per_gpu,
    drop: protocol.drop_share,
  }, held_out);
  const means = ratios.map(({ mean }) => mean);
  assert.deepEqual(means.map((mean) => mean.toFixed(3)), ["1.712", "2.521", "1.134", "1.244"]);
  assert.ok(mapeOf(means, held_out) <= protocol.bar_mean);
  for (const [i, mean] of means.entries()) {
    assert.ok(Math.abs(mean / held_out[i]!.published - 1) <= protocol.bar_each);
  }
});

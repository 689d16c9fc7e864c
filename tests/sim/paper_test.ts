import assert from "node:assert/strict";
import { loadMachine, machineOf } from "../../sim/machine.ts";
import { PARAMETERS, START_PARAMETERS } from "../../sim/parameters.ts";
import { calibrate, CALIBRATION_WORKLOADS, TARGETS } from "../../sim/paper/calibrate.ts";
import { drawRatios } from "../../sim/paper/draws.ts";
import { mapeOf, ratiosOf } from "../../sim/paper/evaluate.ts";
import { firstParameters, loadFirstTable, loadFrozen } from "../../sim/paper/first.ts";
import { paperRatios } from "../../sim/paper/ratios.ts";
import {
  changedFormulas,
  loadRegistration,
  REGISTERED_SHA256,
  sha256Of,
} from "../../sim/paper/registration.ts";
import { loadSecond, loadSecondTable } from "../../sim/paper/second.ts";
import { loadPaperSetting } from "../../sim/paper/setting.ts";
import { loadPaperWorkloads } from "../../sim/paper/workloads.ts";
import { drawMachine, drawnValue, drawPriors } from "../../sim/uncertainty.ts";

Deno.test("what was registered, and all data that it rests on, is what was registered", async () => {
  assert.equal(await sha256Of("sim/paper/registered.json"), REGISTERED_SHA256);
  const { files, formulas, known } = await loadRegistration();
  assert.equal(Object.keys(files).length, 6);
  assert.ok(Object.keys(formulas).length > 20 && known.length >= 5);
});

Deno.test("three scalars at most are calibrated, none of them on Slipstream or on rm4", async () => {
  const { start, calibrated, calibration, protocol } = await loadRegistration();
  assert.deepEqual(start, START_PARAMETERS);
  const changed = Object.keys(start).filter((name) =>
    start[name as "xdl_scale"] !== calibrated[name as "xdl_scale"]
  );
  assert.ok(changed.length <= 3);
  for (const { slower, faster } of TARGETS) assert.doesNotMatch(slower + faster, /slipstream/);
  assert.ok(!CALIBRATION_WORKLOADS.includes("rm4"));
  assert.deepEqual(protocol.calibration_workloads, CALIBRATION_WORKLOADS);
  for (const { parameter, low, high, target, target_low, target_high } of calibration) {
    assert.deepEqual([low, high], [PARAMETERS[parameter].low, PARAMETERS[parameter].high]);
    assert.ok(calibrated[parameter] >= low && calibrated[parameter] <= high);
    assert.ok(target_low! < target && target < target_high!);
  }
});

Deno.test("calibrating again gives the registered scalars, and those of a draw", async () => {
  const { machine, protocol, calibrated, calibration, draws } = await loadRegistration();
  const document = await loadMachine(machine);
  const common = {
    workloads: await loadPaperWorkloads(),
    gpus: protocol.gpus,
    batchPerGpu: protocol.batch_per_gpu,
  };
  const { parameters } = calibrate({ ...common, machine: machineOf(document) });
  for (const { parameter } of calibration) {
    const registered = calibrated[parameter];
    assert.ok(Math.abs(parameters[parameter] / registered - 1) <= 1e-9, parameter);
  }
  assert.equal(draws.length, protocol.draws);
  const draw = 7;
  const drawn = calibrate({
    ...common,
    machine: drawMachine(document, draw),
    start: drawPriors(START_PARAMETERS, draw),
    targets: TARGETS.map((target) => ({
      ...target,
      ratio: drawnValue(`target ${target.parameter}`, target, draw),
    })),
  });
  for (const [i, { value }] of drawn.reached.entries()) {
    assert.ok(Math.abs(value / draws[draw]![i]! - 1) < 1e-8);
  }
});

Deno.test("a draw depends on its number alone", async () => {
  const registration = await loadRegistration();
  const options = {
    document: await loadMachine(registration.machine),
    workloads: await loadPaperWorkloads(),
    registration,
    pairs: [{ slower: "xdl", faster: "fae" }],
    calibrated: true,
  };
  const second = drawRatios(options, 1);
  assert.notDeepEqual(drawRatios(options, 0), second);
  assert.deepEqual(drawRatios(options, 1), second);
});

Deno.test("the first registration is what was frozen, and its table what docs/simulator.md has", async () => {
  const frozen = await loadFrozen();
  const { rows, mape } = await loadFirstTable();
  assert.deepEqual(rows.map(({ calibrated }) => calibrated.mean.toFixed(3)), [
    "1.712",
    "2.521",
    "1.134",
    "1.244",
  ]);
  assert.equal((100 * mape.calibrated).toFixed(1), "7.7");
  const parameters = firstParameters(frozen);
  assert.equal(parameters.pytorch_lookup_ns, parameters.intel_lookup_ns);
  assert.deepEqual(Object.keys(parameters).sort(), Object.keys(START_PARAMETERS).sort());
});

Deno.test("the second registration is what was registered, and its table what docs/simulator.md has", async () => {
  const { files } = await loadSecond();
  assert.equal(Object.keys(files).length, 6);
  const { rows, mape } = await loadSecondTable();
  assert.deepEqual(rows.map(({ calibrated }) => calibrated.mean.toFixed(3)), [
    "1.722",
    "2.537",
    "1.141",
    "1.252",
  ]);
  assert.equal((100 * mape.calibrated).toFixed(1), "7.8");
});

Deno.test("the registered formulas' ratios stay what they were, however these are written", async () => {
  const { calibrated, registration } = await loadPaperSetting();
  const { held_out: heldOut, readings } = registration;
  const means = ratiosOf(calibrated, [...heldOut, ...readings]).map(({ mean }) => mean);
  // As the registered formulas gave them: edits of these files move none.
  const registered = [
    1.7271174312344968,
    2.54316581592005,
    1.141871568235599,
    1.2529490758334363,
    0.7632273114895498,
    1.3473557208390943,
    1.269363308222166,
  ];
  for (const [i, mean] of means.entries()) {
    assert.ok(Math.abs(mean / registered[i]! - 1) < 1e-12, `${mean}, registered ${registered[i]}`);
  }
  assert.equal(means.length, registered.length);
  const [xdl, hybrid, fae, hotline] = means as [number, number, number, number];
  assert.equal((100 * mapeOf([xdl, hybrid, fae, hotline], heldOut)).toFixed(1), "7.8");
  assert.ok((await changedFormulas(registration)).every((file) => file.endsWith(".ts")));
});

Deno.test("null models need no machine, and what the machine adds is told of the best of them", async () => {
  const setting = await loadPaperSetting();
  const { nulls, mape, workloads } = await paperRatios(setting, 2);
  const [n1, n2, chain] = nulls.models;
  const kept = workloads.map(({ skippedOfAll }) => 1 / (1 - skippedOfAll));
  const division = kept.reduce((a, b) => a + b, 0) / 4;
  const near = (found: number, expected: number) =>
    assert.ok(Math.abs(found / expected - 1) < 1e-12, `${found}, expected ${expected}`);
  for (const prediction of n1!.predictions) near(prediction, division);
  near(n2!.predictions[0]!, (2.4 + 1.2 + 1.175) / 3);
  for (const [i, factor] of [1.52, 2.34, 1, 1].entries()) {
    near(chain!.predictions[i]!, factor * division);
  }
  near(nulls.machineAdds, Math.min(n1!.mape, n2!.mape, chain!.mape) - mape.calibrated);
});

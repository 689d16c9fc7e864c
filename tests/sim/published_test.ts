import assert from "node:assert/strict";
import { loadMachine, machineOf } from "../../sim/machine.ts";
import {
  compareAllreduce,
  compareCpu,
  compareIterations,
  compareMeasurements,
  errorsOf,
  leaveOneModelOut,
} from "../../sim/published/predict.ts";
import { MEASUREMENTS } from "../../sim/published/measurements.ts";

const V100 = machineOf(await loadMachine("v100x4"));

Deno.test("the 12 published V100 iteration times: mean error at most 10 %, worst at most 25 %", () => {
  const { mean, worst } = errorsOf(compareIterations(V100));
  assert.equal(compareIterations(V100).length, 12);
  assert.ok(mean <= 0.1 && worst <= 0.25, `${mean}, ${worst}`);
});

Deno.test("each model by a fit to the two others: the same bar", () => {
  const { mean, worst } = errorsOf(leaveOneModelOut(V100).rows);
  assert.ok(mean <= 0.1 && worst <= 0.25, `${mean}, ${worst}`);
});

Deno.test("NCCL's points: mean error at most 12 %; 256 KiB, where its protocol changes, misses that", () => {
  const rows = compareAllreduce(V100);
  assert.ok(errorsOf(rows).mean <= 0.12);
  const missed = rows.filter(({ error }) => Math.abs(error) > 0.125).map(({ what }) => what);
  assert.deepEqual(missed, ["256 KiB, 4 V100 on PCIe 3"]);
});

Deno.test("the CPU benchmark from another row of the same software: within 16 %", () => {
  assert.ok(errorsOf(compareCpu()).worst <= 0.16);
});

Deno.test("published throughputs: as docs/simulator.md tells them, software by software", async () => {
  const rows = await compareMeasurements();
  assert.ok(rows.length >= 20);
  const errors = (of: (what: string, known: boolean) => boolean) => {
    const own = rows.filter(({ what }, i) => of(what, MEASUREMENTS[i]!.known));
    const { mean, worst } = errorsOf(own);
    return [own.length, (100 * mean).toFixed(1), (100 * worst).toFixed(1)];
  };
  assert.deepEqual(errors((_, known) => !known), [16, "30.2", "141.3"]);
  const blind = (software: string) => errors((what, known) => !known && what.startsWith(software));
  assert.deepEqual(blind("TensorFlow 2"), [12, "12.8", "41.4"]);
  assert.deepEqual(blind("TorchRec"), [4, "100.3", "141.3"]);
  // On machines of three GPU models at least.
  const machines = new Set(MEASUREMENTS.map(({ machine }) => machine.split(/x|-/)[0]));
  assert.ok(machines.size >= 3, [...machines].join());
});

import assert from "node:assert/strict";
import type { Optimizer } from "../../../kernels/types.ts";
import { Tbsm } from "../../../train/model/tbsm.ts";
import { openReferenceDevice } from "../../kernels/reference_device.ts";
import {
  checkRepeats,
  checkTbsm,
  checkZeroVectors,
  initialiseTbsm,
  madeUpSequences,
  readTbsm,
  RM1_SHAPE,
  SMALL_TBSM,
} from "./tbsm_cases.ts";
import { MLPS, ReferenceTbsm } from "./tbsm_reference.ts";

const SGD: Optimizer = { kind: "sgd" };
const OPTIMIZERS: readonly Optimizer[] = [
  SGD,
  { kind: "adagrad", eps: 1e-10 },
  { kind: "rowwise-adagrad", eps: 1e-10 },
];

for (const optimizer of OPTIMIZERS) {
  Deno.test(`Tbsm records the steps of the float64 TBSM (${optimizer.kind}, reference device)`, async () => {
    const device = await openReferenceDevice();
    await checkTbsm(device, {
      shape: SMALL_TBSM,
      optimizer,
      batch: 16,
      steps: 12,
      learningRate: optimizer.kind === "sgd" ? 0.1 : 0.01,
    });
    assert.equal(device.counters.bytesAllocated, 0, "dispose() gives everything back");
    device.dispose();
  });
}

Deno.test("Tbsm trains on vectors of zeros without NaN (reference device)", async () => {
  const device = await openReferenceDevice();
  await checkZeroVectors(device);
  device.dispose();
});

Deno.test("Tbsm gives the same bits again (reference device)", async () => {
  const device = await openReferenceDevice();
  await checkRepeats(device);
  device.dispose();
});

Deno.test("ReferenceTbsm's gradients are those of finite differences, vectors of zeros included", async () => {
  const device = await openReferenceDevice();
  const model = new Tbsm(device, SMALL_TBSM, { optimizer: SGD, maxBatch: 1 });
  await initialiseTbsm(model, 4);
  const { parameters, tables } = await readTbsm(model);
  model.dispose();
  device.dispose();
  const { steps, dim, tableRows } = SMALL_TBSM;
  const reference = new ReferenceTbsm(SMALL_TBSM, SGD, parameters, tables);
  const inputs = madeUpSequences(SMALL_TBSM, 6, 5);
  reference.top.at(-1)!.b.fill(reference.halfZeroBias(inputs) - 1e-3);
  const zeros = reference.zeros(inputs);
  assert.ok(zeros > steps && zeros < 5 * steps, `${zeros} of ${6 * steps} vectors are zeros`);
  const { mlps, a, vectors } = reference.gradients(inputs);
  let checked = 0, kinks = 0;
  const check = (values: Float64Array, grads: Float64Array, what: string) => {
    const slopeAt = (i: number, h: number): number => {
      const kept = values[i]!;
      values[i] = kept + h;
      const up = reference.loss(inputs);
      values[i] = kept - h;
      const down = reference.loss(inputs);
      values[i] = kept;
      return (up - down) / (2 * h);
    };
    for (let i = 0; i < values.length; i++) {
      const slope = slopeAt(i, 1e-6);
      checked++;
      if (Math.abs(slope - grads[i]!) < 1e-7 * (1 + Math.abs(slope))) continue;
      // A ReLU that turns, or a short vector, within the step: a hundredth of it must do.
      const nearer = slopeAt(i, 1e-8);
      kinks++;
      assert.ok(
        Math.abs(nearer - grads[i]!) < 1e-5 * (1 + Math.abs(nearer)),
        `${what}[${i}]: ${grads[i]}, not ${slope} or ${nearer}`,
      );
    }
  };
  for (const name of MLPS) {
    reference[name].forEach((layer, l) => {
      check(layer.w, mlps[name][l]!.dw, `${name} weight ${l}`);
      check(layer.b, mlps[name][l]!.db, `${name} bias ${l}`);
    });
  }
  check(reference.a, a, "A");
  const T = tableRows.length;
  reference.tables.forEach((table, t) => {
    const grads = new Float64Array(table.length);
    inputs.ids[t]!.forEach((row, m) => {
      for (let c = 0; c < dim; c++) grads[row * dim + c]! += vectors[(m * T + t) * dim + c]!;
    });
    check(table, grads, `table ${t}`);
  });
  assert.ok(checked > 400 && kinks < checked / 50, `${kinks} kinks among ${checked}`);
});

Deno.test("Tbsm has the published number of dense parameters, named as Facebook's state_dict", async () => {
  const device = await openReferenceDevice();
  const model = new Tbsm(device, RM1_SHAPE, { optimizer: SGD, maxBatch: 1 });
  assert.equal(model.denseParameters, 3_638);
  assert.deepEqual(model.parameters.map(({ name, shape }) => [name, shape.join(" × ")]), [
    ["dlrm.bot_l.0.weight", "16 × 1"],
    ["dlrm.bot_l.0.bias", "16"],
    ["dlrm.top_l.0.weight", "15 × 22"],
    ["dlrm.top_l.0.bias", "15"],
    ["dlrm.top_l.2.weight", "15 × 15"],
    ["dlrm.top_l.2.bias", "15"],
    ["ams.0.mlp.0.weight", "15 × 20"],
    ["ams.0.mlp.0.bias", "15"],
    ["ams.0.mlp.2.weight", "15 × 15"],
    ["ams.0.mlp.2.bias", "15"],
    ["ams.0.mlp.4.weight", "20 × 15"],
    ["ams.0.mlp.4.bias", "20"],
    ["ams.0.A", "1 × 15 × 15"],
    ["mlps.0.0.weight", "60 × 30"],
    ["mlps.0.0.bias", "60"],
    ["mlps.0.2.weight", "1 × 60"],
    ["mlps.0.2.bias", "1"],
  ]);
  assert.deepEqual(model.tableNames, [0, 1, 2].map((t) => `dlrm.emb_l.${t}.weight`));
  model.dispose();
  device.dispose();
});

Deno.test("Tbsm draws A with the scale of a layer", async () => {
  const device = await openReferenceDevice();
  const model = new Tbsm(device, RM1_SHAPE, { optimizer: SGD, maxBatch: 1 });
  await model.initialise(11);
  const a = (await readTbsm(model)).parameters.get("ams.0.A")!;
  const rms = Math.sqrt(a.reduce((sum, x) => sum + x * x, 0) / a.length);
  // 225 draws: within a fifth of √(2/30) but for one seed in 10,000.
  assert.ok(Math.abs(rms / Math.sqrt(2 / 30) - 1) < 0.2, `${rms}`);
  model.dispose();
  device.dispose();
});

Deno.test("Tbsm refuses widths that do not fit together", async () => {
  const device = await openReferenceDevice();
  const refuses = (change: Partial<typeof SMALL_TBSM>, message: RegExp) =>
    assert.throws(
      () => new Tbsm(device, { ...SMALL_TBSM, ...change }, { optimizer: SGD, maxBatch: 1 }),
      { name: "RangeError", message },
    );
  refuses({ steps: 8 }, /attention MLP 6-5-6: it must start and end with the 7 steps of history/);
  refuses({ steps: 1 }, /1 steps: it needs a history/);
  refuses({ top: [11, 7, 5] }, /top MLP 11-7-5: it must start with the interaction width 10$/);
  refuses({ top: [10, 7, 1] }, /two floats at least/);
  refuses({ attention: [6, 5, 5] }, /attention MLP 6-5-5/);
  refuses({ final: [9, 8, 1] }, /final MLP 9-8-1: it must start with 10 and end with 1/);
  assert.equal(device.counters.bytesAllocated, 0);
  device.dispose();
});

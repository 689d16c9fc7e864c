/**
 * What a TBSM must do on any device, held against the float64 reference.
 */

import assert from "node:assert/strict";
import { RandomStream } from "../../../core/random.ts";
import type { Device, Optimizer } from "../../../kernels/types.ts";
import { readMatrix, writeMatrix } from "../../../train/model/matrices.ts";
import { Tbsm, type TbsmShape } from "../../../train/model/tbsm.ts";
import { groupLookups } from "../../kernels/lookups.ts";
import { MLPS, type ReferenceSequences, ReferenceTbsm } from "./tbsm_reference.ts";

/** Users, items and categories; history of 6. */
export const SMALL_TBSM: TbsmShape = {
  tableRows: [5, 40, 7],
  dim: 4,
  bottom: [1, 4],
  top: [10, 7, 5],
  steps: 7,
  attention: [6, 5, 6],
  final: [10, 8, 1],
};

/** RM1's widths over small tables. */
export const RM1_SHAPE: TbsmShape = {
  tableRows: [50, 300, 20],
  dim: 16,
  bottom: [1, 16],
  top: [22, 15, 15],
  steps: 21,
  attention: [20, 15, 15, 20],
  final: [30, 60, 1],
};

/** Made-up inputs with a signal: one user throughout an input, and clicks where the last item's number is even. */
export function madeUpSequences(shape: TbsmShape, size: number, seed: number): ReferenceSequences {
  const random = new RandomStream(seed, "synthetic");
  let p = 0;
  const { steps, tableRows, bottom } = shape;
  const rows = size * steps;
  const dense = Float64Array.from(
    { length: rows * bottom[0]! },
    (_, i) => Math.fround(Math.floor(i / bottom[0]!) % steps / steps),
  );
  const ids = tableRows.map((count, t) => {
    const column = Array.from({ length: rows }, () => Math.floor(random.uniform(p++) ** 2 * count));
    return t > 0 ? column : column.map((_, m) => column[m - m % steps]!);
  });
  const labels = Float64Array.from(
    { length: size },
    (_, b) => Number(ids[1]![b * steps + steps - 1]! % 2 === 0),
  );
  return { size, dense, ids, labels };
}

/** Uploads inputs to a model. */
export function uploadSequences(model: Tbsm, inputs: ReferenceSequences): void {
  const { tableRows, steps } = model.shape;
  model.upload({
    size: inputs.size,
    dense: Float32Array.from(inputs.dense),
    labels: Float32Array.from(inputs.labels),
    lookups: groupLookups(tableRows, inputs.size * steps, inputs.ids.flat()),
  });
}

/** All weights of a model. */
export async function readTbsm(
  model: Tbsm,
): Promise<{ parameters: Map<string, Float32Array>; tables: Float32Array[] }> {
  const parameters = new Map<string, Float32Array>();
  for (const p of model.parameters) {
    parameters.set(p.name, await readMatrix(model.device, p.value));
  }
  const tables: Float32Array[] = [];
  for (const [t, rows] of model.shape.tableRows.entries()) {
    tables.push(await model.tables.readRows(model.tables.rowOffsets[t]!, rows));
  }
  return { parameters, tables };
}

/** Draws initial values and lifts the top MLP's last biases, so that few steps have a vector of zeros. */
export async function initialiseTbsm(model: Tbsm, seed: number): Promise<void> {
  await model.initialise(seed);
  const last = model.shape.top.length - 2;
  const bias = model.parameters.find(({ name }) => name === `dlrm.top_l.${2 * last}.bias`)!;
  const values = await readMatrix(model.device, bias.value);
  writeMatrix(model.device, bias.value, values.map((x) => Math.abs(x) + 0.2));
}

/** How a comparison of steps runs. */
export interface Comparison {
  readonly shape: TbsmShape;
  readonly optimizer: Optimizer;
  readonly batch: number;
  readonly steps: number;
  readonly learningRate: number;
}

/**
 * Trains model and reference side by side, every fourth minibatch a partial one, and compares losses, logits and every
 * weight. The tolerance is that of DLRM's comparison; Adagrad's first steps are ±lr whatever the size of the gradient,
 * so a gradient that is rounding noise in float32 and 0 in float64 would move a weight by lr. None is here: a weight
 * without effect has a gradient of exactly 0 on both sides.
 */
export async function checkTbsm(
  device: Device,
  { shape, optimizer, batch, steps, learningRate }: Comparison,
): Promise<void> {
  const model = new Tbsm(device, shape, { optimizer, maxBatch: batch, lossSlots: 8 });
  try {
    await initialiseTbsm(model, 7);
    const { parameters, tables } = await readTbsm(model);
    const reference = new ReferenceTbsm(shape, optimizer, parameters, tables);
    for (let step = 0; step < steps; step++) {
      const inputs = madeUpSequences(shape, step % 4 === 3 ? 3 : batch, 100 + step);
      uploadSequences(model, inputs);
      model.setStep(learningRate, step % model.losses.slots);
      device.run(model.trainProgram(inputs.size));
      const slot = 4 * (step % model.losses.slots);
      const [loss] = new Float32Array(await device.read(model.losses.buffer, slot, 4));
      assertNear(loss!, reference.step(inputs, learningRate), `loss of step ${step}`);
    }
    const inputs = madeUpSequences(shape, batch, 999);
    uploadSequences(model, inputs);
    device.run(model.forwardProgram(batch));
    const logits = await readMatrix(device, { ...model.logits, rows: batch });
    const wanted = reference.forward(inputs).logits;
    logits.forEach((z, b) => assertNear(z, wanted[b]!, `logit ${b}`));
    const after = await readTbsm(model);
    const prefixes = {
      bottom: "dlrm.bot_l",
      top: "dlrm.top_l",
      attention: "ams.0.mlp",
      final: "mlps.0",
    };
    const compare = (name: string, want: Float64Array): void =>
      after.parameters.get(name)!.forEach((x, i) => assertNear(x, want[i]!, `${name}[${i}]`));
    for (const mlp of MLPS) {
      reference[mlp].forEach((layer, l) => {
        compare(`${prefixes[mlp]}.${2 * l}.weight`, layer.w);
        compare(`${prefixes[mlp]}.${2 * l}.bias`, layer.b);
      });
    }
    compare("ams.0.A", reference.a);
    after.tables.forEach((table, t) =>
      table.forEach((x, i) => assertNear(x, reference.tables[t]![i]!, `table ${t}, float ${i}`))
    );
  } finally {
    model.dispose();
  }
}

/** Trains on steps whose vectors are all zeros, at first some and then every one: nothing may become NaN. */
export async function checkZeroVectors(device: Device): Promise<void> {
  const shape = SMALL_TBSM;
  const optimizer: Optimizer = { kind: "adagrad", eps: 1e-10 };
  const model = new Tbsm(device, shape, { optimizer, maxBatch: 16 });
  try {
    await model.initialise(7);
    const last = model.parameters.find(({ name }) => name === "dlrm.top_l.2.bias")!;
    const inputs = madeUpSequences(shape, 16, 200);
    for (const all of [false, true]) {
      const { parameters, tables } = await readTbsm(model);
      const reference = new ReferenceTbsm(shape, optimizer, parameters, tables);
      // Off the median itself, where float32 and float64 might differ.
      const bias = Math.fround(all ? -100 : reference.halfZeroBias(inputs) - 1e-4);
      reference.top.at(-1)!.b.fill(bias);
      writeMatrix(device, last.value, new Float32Array(last.value.cols).fill(bias));
      const zeros = reference.zeros(inputs), rows = 16 * shape.steps;
      assert.ok(all ? zeros === rows : zeros > rows / 4 && zeros < 3 * rows / 4, `${zeros} zeros`);
      uploadSequences(model, inputs);
      model.setStep(0.01, 0);
      device.run(model.trainProgram(16));
      const [loss] = new Float32Array(await device.read(model.losses.buffer, 0, 4));
      assertNear(loss!, reference.loss(inputs), "loss");
      const after = await readTbsm(model);
      for (const [name, values] of after.parameters) {
        assert.ok(values.every(Number.isFinite), `${name} is not finite`);
      }
      after.tables.forEach((table, t) => {
        assert.ok(table.every(Number.isFinite), `table ${t} is not finite`);
        // Where every vector is zeros nothing reaches the tower.
        if (all) assert.deepEqual(table, tables[t]);
      });
    }
  } finally {
    model.dispose();
  }
}

/** Every number left after some steps of RM1's widths, the third minibatch a partial one. */
export async function tbsmBits(device: Device): Promise<Float32Array[]> {
  const optimizer: Optimizer = { kind: "adagrad", eps: 1e-10 };
  const model = new Tbsm(device, RM1_SHAPE, { optimizer, maxBatch: 32 });
  try {
    await model.initialise(3);
    for (let step = 0; step < 4; step++) {
      const inputs = madeUpSequences(RM1_SHAPE, step === 2 ? 9 : 32, 300 + step);
      uploadSequences(model, inputs);
      model.setStep(0.05, step);
      device.run(model.trainProgram(inputs.size));
    }
    const { parameters, tables } = await readTbsm(model);
    const losses = new Float32Array(await device.read(model.losses.buffer, 0, 16));
    return [losses, ...parameters.values(), ...tables];
  } finally {
    model.dispose();
  }
}

/** Trains twice from the same start: the same bits. */
export async function checkRepeats(device: Device): Promise<void> {
  const first = await tbsmBits(device);
  assert.ok(first.every((values) => values.every(Number.isFinite)));
  assert.deepEqual(await tbsmBits(device), first);
}

function assertNear(got: number, want: number, what: string): void {
  assert.ok(Math.abs(got - want) <= 2e-4 * (1 + Math.abs(want)), `${what}: ${got}, not ${want}`);
}

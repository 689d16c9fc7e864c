/**
 * What a DLRM must do on any device, held against the float64 reference.
 */

import assert from "node:assert/strict";
import { RandomStream } from "../../../core/random.ts";
import { groupLookups } from "../../kernels/lookups.ts";
import type { Device, Optimizer } from "../../../kernels/types.ts";
import { Dlrm, type DlrmShape } from "../../../train/model/dlrm.ts";
import { readMatrix } from "../../../train/model/matrices.ts";
import { ReferenceDlrm, type ReferenceInputs } from "./dlrm_reference.ts";

export const SMALL_SHAPE: DlrmShape = {
  tableRows: [5, 1, 40, 7],
  dim: 4,
  bottom: [3, 9, 4],
  top: [14, 6, 1],
};

/** Made-up inputs with a signal: the label follows the first dense column and one id. */
export function madeUpInputs(shape: DlrmShape, size: number, seed: number): ReferenceInputs {
  const random = new RandomStream(seed, "synthetic");
  let p = 0;
  const columns = shape.bottom[0]!;
  const dense = Float64Array.from(
    { length: size * columns },
    () => Math.fround(random.normal(p++)),
  );
  const ids = shape.tableRows.map((rows) =>
    Array.from({ length: size }, () => Math.floor(random.uniform(p++) ** 2 * rows))
  );
  const labels = Float64Array.from(
    { length: size },
    (_, b) => Number(dense[b * columns]! + (ids[0]![b]! % 2) > 0.5),
  );
  return { size, dense, ids, labels };
}

/** Uploads inputs to a model. */
export function uploadInputs(model: Dlrm, inputs: ReferenceInputs): void {
  model.upload({
    size: inputs.size,
    dense: Float32Array.from(inputs.dense),
    labels: Float32Array.from(inputs.labels),
    lookups: groupLookups(model.shape.tableRows, inputs.size, inputs.ids.flat()),
  });
}

/** Reads all weights of a model, ready for a reference. */
export async function readWeights(
  model: Dlrm,
): Promise<{ parameters: Map<string, Float32Array>; tables: Float32Array[] }> {
  const parameters = new Map<string, Float32Array>();
  for (const p of model.parameters) {
    parameters.set(p.name, await readMatrix(model.device, p.value));
  }
  const tables: Float32Array[] = [];
  for (let t = 0; t < model.shape.tableRows.length; t++) {
    tables.push(
      await model.tables.readRows(model.tables.rowOffsets[t]!, model.shape.tableRows[t]!),
    );
  }
  return { parameters, tables };
}

/**
 * Trains model and reference side by side and compares losses, logits and every weight. Float32 steps drift from
 * float64 ones by a few units in the last place of the largest intermediate a step; 20 steps of values near 1 stay
 * within 2e-4 with room, where one wrong gradient is off by 1e-2 after a single step.
 */
export async function checkAgainstReference(device: Device, optimizer: Optimizer): Promise<void> {
  const shape = SMALL_SHAPE;
  const learningRate = optimizer.kind === "sgd" ? 0.1 : 0.02;
  const model = new Dlrm(device, shape, { optimizer, maxBatch: 16, lossSlots: 8 });
  try {
    await model.initialise(7);
    const { parameters, tables } = await readWeights(model);
    const reference = new ReferenceDlrm(shape, optimizer, parameters, tables);
    const losses: number[] = [];
    for (let step = 0; step < 20; step++) {
      const inputs = madeUpInputs(shape, step % 4 === 3 ? 5 : 16, 100 + step);
      uploadInputs(model, inputs);
      model.setStep(learningRate, step % model.losses.slots);
      device.run(model.trainProgram(inputs.size));
      losses.push(reference.step(inputs, learningRate));
      if ((step + 1) % model.losses.slots === 0 || step === 19) {
        const ring = new Float32Array(
          await device.read(model.losses.buffer, 0, 4 * model.losses.slots),
        );
        for (let s = step - (step % model.losses.slots); s <= step; s++) {
          assertNear(ring[s % model.losses.slots]!, losses[s]!, `loss of step ${s}`);
        }
      }
    }
    const inputs = madeUpInputs(shape, 16, 999);
    uploadInputs(model, inputs);
    device.run(model.forwardProgram(16));
    const logits = await readMatrix(device, { ...model.logits, rows: 16 });
    const wanted = reference.logits(inputs);
    logits.forEach((z, b) => assertNear(z, wanted[b]!, `logit ${b}`));
    const after = await readWeights(model);
    for (
      const [prefix, layers] of [["bot_l", reference.bottom], ["top_l", reference.top]] as const
    ) {
      layers.forEach((layer, l) => {
        after.parameters.get(`${prefix}.${2 * l}.weight`)!.forEach((x, i) =>
          assertNear(x, layer.w[i]!, `${prefix}.${2 * l}.weight[${i}]`)
        );
        after.parameters.get(`${prefix}.${2 * l}.bias`)!.forEach((x, i) =>
          assertNear(x, layer.b[i]!, `${prefix}.${2 * l}.bias[${i}]`)
        );
      });
    }
    after.tables.forEach((table, t) =>
      table.forEach((x, i) => assertNear(x, reference.tables[t]![i]!, `table ${t}, float ${i}`))
    );
  } finally {
    model.dispose();
  }
}

function assertNear(got: number, want: number, what: string): void {
  assert.ok(Math.abs(got - want) <= 2e-4 * (1 + Math.abs(want)), `${what}: ${got}, not ${want}`);
}

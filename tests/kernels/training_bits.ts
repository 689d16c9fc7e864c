/**
 * Prints, in hex, the bits of the losses and of some weights after some steps of a DLRM and a TBSM on the CPU device. Run by
 * v8_flags_test.ts under V8 flags; the argument `wide` takes the wide kernels.
 */

import { openCpuDevice } from "../../kernels/cpu/device.ts";
import { openSynthetic } from "../../data/synthetic.ts";
import { Dlrm } from "../../train/model/dlrm.ts";
import { readMatrix } from "../../train/model/matrices.ts";
import { train } from "../../train/run/trainer.ts";
import { tbsmBits } from "../train/model/tbsm_cases.ts";

const device = await openCpuDevice({ threads: 2, wide: Deno.args.includes("wide") });
const dataset = openSynthetic({ inputs: 4000, tableRows: [300, 50, 1000, 7] });
// Widths beside multiples of 16 and 8, so that both tiles and their tails take part.
const model = new Dlrm(device, {
  tableRows: [300, 50, 1000, 7],
  dim: 12,
  bottom: [13, 67, 40, 12],
  top: [22, 133, 50, 1],
}, { optimizer: { kind: "adagrad", eps: 1e-10 }, maxBatch: 100 });
await model.initialise(3);
const { losses } = await train(model, dataset, {
  batch: 100,
  epochs: 1,
  seed: 3,
  shuffle: true,
  schedule: { base: 0.02, warmupSteps: 0, decayStartStep: 0, decaySteps: 0 },
  evalEvery: 0,
  evalBatch: 100,
  maxSteps: 0,
});
const hex = (x: Float32Array): string =>
  new Uint8Array(x.buffer, x.byteOffset, x.byteLength).toHex();
console.log(hex(losses));
for (const p of model.parameters) console.log(p.name, hex(await readMatrix(device, p.value)));
console.log(hex(await model.tables.readRows(0, model.tables.totalRows)));
model.dispose();
for (const values of await tbsmBits(device)) console.log(hex(values));
device.dispose();

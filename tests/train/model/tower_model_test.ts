import assert from "node:assert/strict";
import type { Device } from "../../../kernels/types.ts";
import { Dlrm } from "../../../train/model/dlrm.ts";
import { Tbsm } from "../../../train/model/tbsm.ts";
import { readMatrix } from "../../../train/model/matrices.ts";
import { groupLookups } from "../../kernels/lookups.ts";
import { openReferenceDevice } from "../../kernels/reference_device.ts";
import { SMALL_SHAPE } from "./dlrm_cases.ts";
import { SMALL_TBSM } from "./tbsm_cases.ts";

const OPTIONS = { optimizer: { kind: "adagrad", eps: 1e-10 }, maxBatch: 2 } as const;

/** Trains one minibatch: what comes of it, and the rows of all matrices for gradients of inputs. */
async function trainedBits(create: (device: Device) => Dlrm | Tbsm, size: number) {
  const device = await openReferenceDevice();
  let gradientRows = 0;
  const make = device.createMatrix.bind(device);
  device.createMatrix = (rows, cols, label) => {
    if (/gradient/.test(label ?? "") && rows > 1) gradientRows += rows;
    return make(rows, cols, label);
  };
  const model = create(device);
  await model.initialise(3);
  const steps = model instanceof Tbsm ? model.shape.steps : 1;
  const { tableRows, bottom } = model.shape;
  const bags = size * steps;
  const batch = {
    size,
    dense: Float32Array.from({ length: bags * bottom[0]! }, (_, i) => Math.sin(i)),
    labels: Float32Array.from({ length: size }, (_, i) => i % 2),
    lookups: groupLookups(
      tableRows,
      bags,
      tableRows.flatMap((rows) => Array.from({ length: bags }, (_, i) => i % rows)),
    ),
  };
  await model.trainStep(batch, { number: 0, learningRate: 0.1, lossSlot: 0 });
  const rows = await model.tables.readRows(0, model.tables.totalRows);
  await model.forwardStep(batch);
  const logits = await readMatrix(device, { ...model.logits, rows: size });
  return { rows, logits, gradientRows, model };
}

for (const kind of ["Dlrm", "Tbsm"] as const) {
  Deno.test(`${kind} has gradients for what is trained, and scores larger minibatches`, async () => {
    const create = (maxTrainBatch?: number) => (device: Device) => {
      const options = {
        ...OPTIONS,
        maxBatch: 8,
        ...(maxTrainBatch === undefined ? {} : { maxTrainBatch }),
      };
      return kind === "Dlrm"
        ? new Dlrm(device, SMALL_SHAPE, options)
        : new Tbsm(device, SMALL_TBSM, options);
    };
    const all = await trainedBits(create(), 2), few = await trainedBits(create(2), 2);
    assert.deepEqual(few.rows, all.rows);
    assert.deepEqual(few.logits, all.logits);
    assert.equal(4 * few.gradientRows, all.gradientRows);
    assert.throws(() => few.model.trainProgram(3), /3 inputs: the model was made to train 2/);
    few.model.forwardProgram(8);
    for (const { model } of [all, few]) {
      model.dispose();
      model.device.dispose();
    }
  });
}

const MODELS = {
  Dlrm: (device: Device) => new Dlrm(device, SMALL_SHAPE, OPTIONS),
  Tbsm: (device: Device) => new Tbsm(device, SMALL_TBSM, OPTIONS),
};

for (const [name, create] of Object.entries(MODELS)) {
  Deno.test(`${name} leaves nothing on a device that refuses one of its allocations, whichever`, async () => {
    let refused = 0;
    for (;; refused++) {
      const device = await openReferenceDevice();
      let granted = 0;
      const limit = <A extends unknown[], R>(make: (...args: A) => R) => (...args: A): R => {
        if (granted++ === refused) throw new RangeError("Cannot allocate: the device is full");
        return make.apply(device, args);
      };
      // Matrices are made of buffers.
      device.createBuffer = limit(device.createBuffer);
      device.createTables = limit(device.createTables);
      device.createLookups = limit(device.createLookups);
      try {
        create(device).dispose();
        break;
      } catch (error) {
        assert.match(String(error), /the device is full/);
        assert.equal(device.counters.bytesAllocated, 0, `allocation ${refused} was refused`);
      } finally {
        device.dispose();
      }
    }
    assert.ok(refused > 10, `${refused} allocations make a model`);
  });
}

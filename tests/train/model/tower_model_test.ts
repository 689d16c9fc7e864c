import assert from "node:assert/strict";
import type { Device } from "../../../kernels/types.ts";
import { Dlrm } from "../../../train/model/dlrm.ts";
import { Tbsm } from "../../../train/model/tbsm.ts";
import { openReferenceDevice } from "../../kernels/reference_device.ts";
import { SMALL_SHAPE } from "./dlrm_cases.ts";
import { SMALL_TBSM } from "./tbsm_cases.ts";

const OPTIONS = { optimizer: { kind: "adagrad", eps: 1e-10 }, maxBatch: 2 } as const;

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

import assert from "node:assert/strict";
import { openCpuDevice } from "../../../kernels/cpu/device.ts";
import { groupLookups } from "../../kernels/lookups.ts";
import { allNumbers, drawnRun, toyModel } from "../plan/plan_cases.ts";

/** All numbers of a model after one step of SGD on the same four inputs. */
async function stepped(weights: readonly number[] | null, learningRate: number) {
  const device = await openCpuDevice({ threads: 1 });
  try {
    const run = drawnRun(false, 4, { plan: { name: "baseline" } });
    using model = toyModel(device, run);
    await model.initialise(3);
    await model.trainStep({
      size: 4,
      dense: Float32Array.of(0.5, -1, 2, 0.25),
      labels: Float32Array.of(1, 0, 0, 1),
      lookups: groupLookups(
        run.tableRows,
        4,
        [0, 1, 2].flatMap((t) => run.inputs.map((ids) => ids[t]!)),
      ),
      ...(weights === null ? {} : { weights: Float32Array.from(weights) }),
    }, { number: 0, learningRate, lossSlot: 0 });
    return await allNumbers(model);
  } finally {
    device.dispose();
  }
}

Deno.test("a weight of 2 on every input is twice the learning rate, one of 1 is none, to the bit", async () => {
  assert.deepEqual(await stepped([2, 2, 2, 2], 0.0625), await stepped(null, 0.125));
  assert.deepEqual(await stepped([1, 1, 1, 1], 0.0625), await stepped(null, 0.0625));
  assert.notDeepEqual(await stepped([1, 2, 1, 1], 0.0625), await stepped(null, 0.0625));
});

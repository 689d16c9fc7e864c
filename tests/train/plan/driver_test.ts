import assert from "node:assert/strict";
import type { DriverParts, PlannedMinibatch } from "../../../train/plan/driver.ts";
import { EveryInput } from "../../../train/plan/every_input.ts";
import { PLAN_DEFAULTS } from "../../../train/plan/options.ts";
import { drawnRun, runToy } from "./plan_cases.ts";

/** Leaves out every second minibatch. */
class EverySecond extends EveryInput {
  #at = 0;
  #passed = 0;

  override async next(): Promise<PlannedMinibatch | null> {
    const planned = await super.next();
    if (planned === null || this.#at++ % 2 === 0) {
      const skipped = this.#passed;
      this.#passed = 0;
      return planned === null ? null : { ...planned, skipped };
    }
    await super.trained(planned);
    this.#passed += planned.batch.size;
    return await this.next();
  }

  override document() {
    return { ...super.document(), name: "every-second" };
  }
}

Deno.test("a driver of one's own is asked for every minibatch, in the place of a plan", async () => {
  const run = drawnRun(false, 42, { plan: { name: "fae" }, more: { batch: 4 } });
  let parts: DriverParts | null = null;
  const own = await runToy({
    ...run,
    more: {
      ...run.more,
      plan: PLAN_DEFAULTS,
      hotSet: null,
      driver: (given) => new EverySecond(parts = given),
    },
  });
  assert.deepEqual([parts!.batch, parts!.seed, parts!.counts], [4, 1, true]);
  const kept = Array.from({ length: 42 }, (_, i) => i).filter((i) => Math.floor(i / 4) % 2 === 0);
  assert.deepEqual(own.trained.flatMap(({ inputs }) => inputs), kept);
  assert.equal(own.result.plan.name, "every-second");
  assert.deepEqual(own.records.map(({ skipped_inputs }) => skipped_inputs), [0, 4, 4, 4, 4, 4]);
});

import assert from "node:assert/strict";
import { expectedSteps } from "../../bench/study/expected_steps.ts";
import { planOfVariant, variantOf, VARIANTS } from "../../bench/study/variants.ts";
import { materialise } from "../../data/materialised.ts";
import { openTwin } from "../../data/twin/open.ts";
import type { Dataset } from "../../data/types.ts";

Deno.test("variants have names of their own, and name near ones where there is none", () => {
  assert.equal(new Set(VARIANTS.map(({ name }) => name)).size, VARIANTS.length);
  assert.equal(variantOf("slipstream-mixed2-30").plan.rate, 2);
  assert.throws(() => variantOf("fea"), /Cannot run variant fea/);
});

Deno.test("expectedSteps() counts the minibatches of each plan", () => {
  const dataset = { schema: { tables: { length: 26 } }, count: () => 1050 } as unknown as Dataset;
  const segregation = { hot: new Uint32Array(707), cold: new Uint32Array(343) };
  const steps = (name: string): number =>
    expectedSteps(
      { ...planOfVariant(variantOf(name), 1), warmup: 10, window: 20 },
      dataset,
      segregation,
      10,
    );
  assert.equal(steps("baseline"), 105);
  assert.equal(steps("fae"), 70 + 34);
  assert.equal(steps("freeze-30"), 70 + 34);
  assert.equal(steps("skip-hot"), 34);
  assert.equal(steps("skip-cold"), 70);
  // 30 minibatches of warm-up and window, 70 % of the 40 left, and the cold ones.
  assert.equal(steps("slipstream-30"), 30 + 28 + 34);
  assert.equal(steps("random-50"), 30 + 20 + 34);
});

Deno.test("materialise() with seen ids numbers them by first appearance, and changes nothing else", async () => {
  const twin = await openTwin({ twin: "rm4", inputs: 700, seed: 3, maxIndexRange: 500 });
  const seen = await materialise(twin, { vocabulary: "seen" });
  const { schema } = twin;
  const next = schema.tables.map(() => 0);
  const numbers = schema.tables.map(() => new Map<number, number>());
  for (const split of ["train", "test", "validation"] as const) {
    const count = twin.count(split);
    assert.equal(seen.count(split), count);
    const room = () => ({
      size: 0,
      dense: new Float32Array(count * schema.dense.length),
      ids: new Uint32Array(count * schema.tables.length),
      labels: new Float32Array(count),
    });
    const was = room(), is = room();
    await twin.reader(split, { kind: "sequential" }).read(0, count, was);
    await seen.reader(split, { kind: "sequential" }).read(0, count, is);
    assert.deepEqual(is.labels, was.labels);
    assert.deepEqual(is.dense, was.dense);
    for (let t = 0; t < schema.tables.length; t++) {
      for (let b = 0; b < count; b++) {
        const id = was.ids[t * count + b]!;
        if (!numbers[t]!.has(id)) numbers[t]!.set(id, next[t]!++);
        assert.equal(is.ids[t * count + b], numbers[t]!.get(id));
      }
    }
  }
  assert.deepEqual(seen.schema.tables.map(({ rows }) => rows), next);
  assert.notEqual(seen.hash, twin.hash);
  seen.close();
  twin.close();
});

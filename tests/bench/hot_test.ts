import assert from "node:assert/strict";
import { hotExperiment } from "../../bench/experiments/hot.ts";
import { countHot } from "../../bench/hot.ts";
import { openTwinLookups } from "../../data/twin/lookups.ts";
import { settingsIn } from "./made_up.ts";

const INPUTS = 3000;

/** Shares with every count and comparison written out. */
async function countPlainly(twin: string, sizes: readonly number[], every: number) {
  const source = await openTwinLookups(twin, 1, INPUTS);
  const row = new Uint32Array(source.each);
  const uses = new Map<number, number>();
  for (let i = 0; i < INPUTS; i += every) {
    source.writeAll([i], 1, row);
    for (const r of row) uses.set(r, (uses.get(r) ?? 0) + 1);
  }
  const ranked = [...uses].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([r]) => r);
  return sizes.map((size) => {
    const hot = new Set(ranked.slice(0, size));
    let lookups = 0, inputs = 0;
    for (let i = 0; i < INPUTS; i++) {
      source.writeAll([i], 1, row);
      const hits = row.reduce((sum, r) => sum + (hot.has(r) ? 1 : 0), 0);
      lookups += hits;
      if (hits === row.length) inputs++;
    }
    return { lookups: lookups / (INPUTS * row.length), inputs: inputs / INPUTS };
  });
}

for (const twin of ["rm1", "rm4"]) {
  Deno.test(`threads count the hot shares of ${twin} as one plain loop does`, async () => {
    // 4 KiB hold 64 rows of 16 floats.
    const budgetsMib = [1 / 64, 1 / 8, 1 / 4];
    const count = await countHot({
      twin,
      inputs: INPUTS,
      budgetsMib,
      dim: 16,
      threads: 3,
      seed: 1,
      say: () => {},
      signal: new AbortController().signal,
    });
    const sizes = [256, 2048, 4096];
    assert.deepEqual(count.shares.map(({ rows }) => rows), sizes);
    assert.deepEqual(count.shares.map(({ byAll }) => byAll), await countPlainly(twin, sizes, 1));
    assert.deepEqual(
      count.shares.map(({ bySample }) => bySample),
      await countPlainly(twin, sizes, 20),
    );
  });
}

Deno.test("the experiment gives a table for each workload asked for, and the times", async () => {
  const { tables } = await hotExperiment.run(
    settingsIn("nowhere", { rounds: 1, smoke: true, workloads: ["rm4"] }),
  );
  assert.equal(tables.length, 3);
  assert.match(tables[0]!.title, /^Twin rm4: 2,000 inputs/);
  assert.deepEqual(tables[1]!.rows.map(([twin, inputs]) => [twin, inputs]), [["rm4", 2000]]);
});

Deno.test("an interrupted count ends with the signal's reason", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  controller.abort(reason);
  await assert.rejects(
    countHot({
      twin: "rm4",
      inputs: 100,
      budgetsMib: [1],
      dim: 16,
      threads: 1,
      seed: 1,
      say: () => {},
      signal: controller.signal,
    }),
    reason,
  );
});

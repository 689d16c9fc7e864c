import assert from "node:assert/strict";
import fc from "../npm/fast_check.ts";
import { AccessCounts, hotTiers } from "../../data/access_counts.ts";
import { idLayout, NO_LOOKUP } from "../../data/id_layout.ts";

/** The layout of tables whose bags have up to so many lookups. */
function layoutOf(...lookups: number[]) {
  return idLayout({
    tables: lookups.map((some, t) => ({
      name: `T${t}`,
      rows: 100,
      lookups: some,
      variable: some > 1,
    })),
  });
}

Deno.test("bags count as many times as they have lookups", () => {
  const counts = new AccessCounts([100, 4]);
  // Three inputs: bags of 3, 1 and none in table 0, one lookup each in table 1.
  const bags = [7, 7, 9, 7, NO_LOOKUP, NO_LOOKUP, NO_LOOKUP, NO_LOOKUP, NO_LOOKUP];
  counts.add(Uint32Array.from([...bags, 1, 2, 1]), layoutOf(3, 1), 3, 0, 3);
  assert.deepEqual(counts.distinct(), [2, 2]);
  assert.deepEqual(counts.lookups(), [4, 3]);
  assert.deepEqual(counts.skew(0), { once: 0.5, top1: 0.75, top10: 0.75 });
});

Deno.test("shares, reuse and distinct rows are those of the counts", () => {
  const counts = new AccessCounts([100, 4]);
  // Table 0: row 0 50 times, rows 1 to 20 once each; table 1: row 3 always.
  const first = [...Array(50).fill(0), ...Array.from({ length: 20 }, (_, i) => i + 1)];
  const ids = Uint32Array.from([...first, ...Array(70).fill(3)]);
  const layout = layoutOf(1, 1);
  counts.add(ids, layout, 70, 0, 60);
  assert.deepEqual(counts.distinct(), [11, 1]);
  counts.add(ids, layout, 70, 60, 70);
  assert.deepEqual(counts.distinct(), [21, 1]);
  assert.deepEqual(counts.skew(0), { once: 20 / 21, top1: 50 / 70, top10: 51 / 70 });
  assert.deepEqual(counts.skew(1), { once: 0, top1: 1, top10: 1 });
  const bins = counts.reuse();
  assert.deepEqual(bins.map((bin) => bin.upTo), [1, 2, 4, 8, 16, 32, 64, 128]);
  assert.deepEqual(bins[0], { above: 0, upTo: 1, rows: 20, lookups: 20 });
  assert.deepEqual(bins[6], { above: 32, upTo: 64, rows: 1, lookups: 50 });
  assert.deepEqual(bins[7], { above: 64, upTo: 128, rows: 1, lookups: 70 });
});

Deno.test("counts beyond the histogram's cells count too", () => {
  const counts = new AccessCounts([3]);
  for (let i = 0; i < 70; i++) counts.add(new Uint32Array(1000), layoutOf(1), 1000, 0, 1000);
  counts.add(Uint32Array.of(1, 2, 2), layoutOf(1), 3, 0, 3);
  assert.deepEqual(counts.reuse().at(-1), {
    above: 65_536,
    upTo: 131_072,
    rows: 1,
    lookups: 70_000,
  });
  assert.equal(counts.skew(0).top1, 70_000 / 70_003);
});

Deno.test("hot sets hold the most used rows, equals by table and row, never rows without uses", () => {
  const table = fc.array(fc.nat(4), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(
      fc.array(table, { minLength: 1, maxLength: 4 }),
      fc.array(fc.nat(30), { minLength: 1, maxLength: 4 }),
      (tables, sizes) => {
        const ascending = sizes.toSorted((a, b) => a - b);
        const ranked = tables.flatMap((counts, t) => counts.map((uses, row) => ({ uses, t, row })))
          .filter(({ uses }) => uses > 0)
          .sort((a, b) => b.uses - a.uses || a.t - b.t || a.row - b.row);
        const expected = tables.map((counts) => counts.map(() => ascending.length));
        for (const [rank, { t, row }] of ranked.entries()) {
          const tier = ascending.findIndex((size) => rank < size);
          if (tier >= 0) expected[t]![row] = tier;
        }
        const tiers = hotTiers(tables.map((counts) => Uint32Array.from(counts)), ascending);
        assert.deepEqual(tiers.map((tier) => [...tier]), expected);
      },
    ),
    { seed: 1, numRuns: 500 },
  );
});

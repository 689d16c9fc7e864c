import { strict as assert } from "node:assert";
import { RandomStream } from "../../../core/random.ts";
import { expectedDistinct, fitLaw, type Law, possibleIds } from "../../../data/twin/law.ts";

Deno.test("expected distinct ids agree with all sequences of draws written out", () => {
  const p = [0.4, 0.3, 0.2, 0.1];
  const law = p.map((mass) => ({ ids: 1, mass }));
  for (const n of [1, 2, 3, 5]) {
    let distinct = 0;
    for (let code = 0; code < 4 ** n; code++) {
      const counts = [0, 0, 0, 0];
      let probability = 1;
      for (let k = 0; k < n; k++) {
        const id = Math.floor(code / 4 ** k) % 4;
        counts[id]!++;
        probability *= p[id]!;
      }
      distinct += probability * counts.filter((c) => c > 0).length;
    }
    assert.ok(Math.abs(expectedDistinct(law, n) - distinct) < 1e-12);
  }
});

/** Expected number of ids that are seen exactly twice in n independent draws (binomial). */
function expectedTwice(law: Law, n: number): number {
  return law.reduce((sum, { ids, mass }) => {
    const p = mass / ids;
    return sum + ids * n * (n - 1) / 2 * p ** 2 * (1 - p) ** (n - 2);
  }, 0);
}

/** Uses of ids in n draws from a power law over `ids` ids. */
function drawCounts(ids: number, exponent: number, n: number): { counts: number[]; law: Law } {
  const weights = Array.from({ length: ids }, (_, r) => (r + 3) ** -exponent);
  const total = weights.reduce((a, b) => a + b, 0);
  const sums = new Float64Array(ids);
  let sum = 0;
  for (let r = 0; r < ids; r++) sums[r] = sum += weights[r]! / total;
  const stream = new RandomStream(7, "sampling", 3);
  const counts = new Uint32Array(ids);
  for (let i = 0; i < n; i++) {
    const u = stream.uniform(i);
    let low = 0, high = ids - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle]! > u) high = middle;
      else low = middle + 1;
    }
    counts[low]!++;
  }
  return {
    counts: Array.from(counts).filter((c) => c > 0),
    law: weights.map((weight) => ({ ids: 1, mass: weight / total })),
  };
}

Deno.test("a fitted law agrees at both scales, between them, and on how often ids are seen", () => {
  for (const [ids, exponent] of [[200_000, 1.1], [3_000, 1.3], [40, 0.5]] as const) {
    const { counts, law } = drawCounts(ids, exponent, 5000);
    const inputs = 2_000_000;
    const distinct = Math.round(expectedDistinct(law, inputs));
    const fitted = fitLaw({ counts, distinct, inputs });
    const near = (got: number, wanted: number, share: number, what: string) =>
      assert.ok(Math.abs(got - wanted) <= share * wanted + 0.6, `${ids}: ${what} ${got} ${wanted}`);
    near(expectedDistinct(fitted, 5000), counts.length, 0.02, "sample");
    near(expectedDistinct(fitted, inputs), distinct, 0.02, "full");
    // Not fitted to: a scale in between, as the true law has it.
    near(expectedDistinct(fitted, 100_000), expectedDistinct(law, 100_000), 0.12, "between");
    const twice = counts.filter((c) => c === 2).length;
    near(expectedTwice(fitted, 5000), twice, 4 / Math.sqrt(twice + 1), "twice");
    assert.ok(Math.abs(fitted.reduce((sum, s) => sum + s.mass, 0) - 1) < 1e-5);
    assert.ok(possibleIds(fitted) <= 2 * distinct);
    for (let s = 1; s < fitted.length; s++) {
      const before = fitted[s - 1]!, after = fitted[s]!;
      assert.ok(after.mass / after.ids <= before.mass / before.ids * (1 + 1e-5));
    }
  }
});

Deno.test("a column whose ids are all frequent has exactly those ids", () => {
  const law = fitLaw({ counts: [50, 30, 20], distinct: 3, inputs: 10_000 });
  assert.deepEqual(law, [{ ids: 1, mass: 0.5 }, { ids: 1, mass: 0.3 }, { ids: 1, mass: 0.2 }]);
});

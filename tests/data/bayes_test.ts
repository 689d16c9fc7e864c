import assert from "node:assert/strict";
import fc from "../npm/fast_check.ts";
import { bayesRates } from "../../data/bayes.ts";

Deno.test("Bayes rates are those of counting every pair", () => {
  const probability = fc.constantFrom(0.05, 0.1, 0.3, 0.5, 0.5001, 0.9);
  fc.assert(
    fc.property(fc.array(probability, { minLength: 2, maxLength: 30 }), (list) => {
      let wins = 0, pairs = 0, logloss = 0;
      for (const [i, p] of list.entries()) {
        logloss -= p * Math.log(p) + (1 - p) * Math.log(1 - p);
        for (const [j, q] of list.entries()) {
          if (i === j) continue;
          pairs += p * (1 - q);
          wins += p * (1 - q) * (p > q ? 1 : p === q ? 0.5 : 0);
        }
      }
      const rates = bayesRates(Float64Array.from(list));
      assert.ok(Math.abs(rates.auc - wins / pairs) < 1e-12);
      assert.ok(Math.abs(rates.logloss - logloss / list.length) < 1e-12);
    }),
    { seed: 1 },
  );
});

Deno.test("certain labels are told apart, equal chances are not", () => {
  assert.deepEqual(bayesRates(Float64Array.of(0, 1, 1, 0)), { auc: 1, logloss: 0 });
  assert.ok(Math.abs(bayesRates(Float64Array.of(0.2, 0.2, 0.2)).auc - 0.5) < 1e-12);
});

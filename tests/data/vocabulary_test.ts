import assert from "node:assert/strict";
import fc from "../npm/fast_check.ts";
import { Vocabulary } from "../../data/vocabulary.ts";

function byMap(values: number[], range: number, known: Map<number, number>): number[] {
  return values.map((value) => {
    const key = range > 0 ? value % range : value;
    if (!known.has(key)) known.set(key, known.size);
    return known.get(key)!;
  });
}

Deno.test("values are numbered in order of first appearance, as unsigned numbers", () => {
  const values = new Uint32Array([7, 0, 0xffffffff, 7, 0x80000000, 0, 1]);
  const vocabulary = new Vocabulary();
  vocabulary.replace(values, 0);
  assert.deepEqual([...values], [0, 1, 2, 0, 3, 1, 4]);
  assert.equal(vocabulary.size, 5);
});

Deno.test("the index range is taken of the unsigned value", () => {
  // As int32 the first would be -1, and its remainder another.
  const values = new Uint32Array([0xffffffff, 0xffffffff % 10_000_000, 4967295]);
  const vocabulary = new Vocabulary();
  vocabulary.replace(values, 10_000_000);
  assert.deepEqual([...values], [0, 0, 0]);
});

Deno.test("it agrees with a Map on anything", () => {
  const value = fc.oneof(fc.nat(20), fc.integer({ min: 0, max: 0xffffffff }));
  fc.assert(
    fc.property(
      fc.array(fc.array(value, { maxLength: 400 }), { maxLength: 4 }),
      fc.constantFrom(0, 1, 13, 2 ** 32),
      (runs, range) => {
        const vocabulary = new Vocabulary(), known = new Map<number, number>();
        for (const run of runs) {
          const values = Uint32Array.from(run);
          vocabulary.replace(values, range);
          assert.deepEqual([...values], byMap(run, range, known));
        }
        assert.equal(vocabulary.size, known.size);
      },
    ),
    { seed: 1, numRuns: 200 },
  );
});

Deno.test("it grows within its stated memory, on values that are far from random", () => {
  const count = 300_000;
  for (const step of [1, 4096, 65_537]) {
    const vocabulary = new Vocabulary();
    const values = Uint32Array.from({ length: count }, (_, i) => Math.imul(i, step));
    const distinct = new Set(values).size;
    vocabulary.replace(values, 0);
    assert.equal(vocabulary.size, distinct);
    assert.ok(values.every((index, i) => index === i % distinct));
    // A run of inserts may start the last doubling a little early.
    assert.ok(vocabulary.byteLength <= 24 * (distinct + 4096), `${vocabulary.byteLength}`);
  }
});

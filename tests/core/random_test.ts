import assert from "node:assert/strict";
import fc from "../npm/fast_check.ts";
import {
  Permutation,
  philox4x32,
  RandomStream,
  type StreamName,
  STREAMS,
  toUnit,
} from "../../core/random.ts";

/** "6627e8d5 …" as numbers. */
function words(hex: string): number[] {
  return hex.split(" ").map((word) => parseInt(word, 16));
}

// From the known-answer tests of Random123 (tests/kat_vectors, philox4x32 10 rounds): counter, key, result.
const KNOWN_ANSWERS = [
  [
    "00000000 00000000 00000000 00000000",
    "00000000 00000000",
    "6627e8d5 e169c58d bc57ac4c 9b00dbd8",
  ],
  [
    "ffffffff ffffffff ffffffff ffffffff",
    "ffffffff ffffffff",
    "408f276d 41c83b0e a20bc7c6 6d5451fd",
  ],
  [
    "243f6a88 85a308d3 13198a2e 03707344",
    "a4093822 299f31d0",
    "d16cfe09 94fdcceb 5001e420 24126ea1",
  ],
] as const;

for (const [counter, key, result] of KNOWN_ANSWERS) {
  Deno.test(`philox4x32() gives the known answer for counter ${counter}`, () => {
    const [c0, c1, c2, c3] = words(counter);
    const [k0, k1] = words(key);
    const out = new Uint32Array(4);
    philox4x32(c0!, c1!, c2!, c3!, k0!, k1!, out);
    assert.deepEqual([...out], words(result));
  });
}

/** Philox in exact integers, straight from the paper. */
function philoxInBigInts(counter: readonly number[], key: readonly number[]): number[] {
  let [c0, c1, c2, c3] = counter.map(BigInt) as [bigint, bigint, bigint, bigint];
  let [k0, k1] = key.map(BigInt) as [bigint, bigint];
  const low = 0xffffffffn;
  for (let round = 0; round < 10; round++) {
    const p0 = 0xd2511f53n * c0, p1 = 0xcd9e8d57n * c2;
    [c0, c1, c2, c3] = [(p1 >> 32n) ^ c1 ^ k0, p1 & low, (p0 >> 32n) ^ c3 ^ k1, p0 & low];
    k0 = (k0 + 0x9e3779b9n) & low;
    k1 = (k1 + 0xbb67ae85n) & low;
  }
  return [c0, c1, c2, c3].map(Number);
}

Deno.test("philox4x32() equals the same rounds in exact integers", () => {
  const word = fc.integer({ min: 0, max: 0xffffffff });
  fc.assert(
    fc.property(fc.tuple(word, word, word, word), fc.tuple(word, word), (counter, key) => {
      const out = new Uint32Array(4);
      philox4x32(...counter, ...key, out);
      assert.deepEqual([...out], philoxInBigInts(counter, key));
    }),
    { seed: 20260103, numRuns: 500 },
  );
});

Deno.test("RandomStream lays blocks out as its description says", () => {
  const seed = 0xdeadbeef, sub = 77;
  const stream = new RandomStream(seed, "sampling", sub);
  for (const position of [0, 1, 6, 4 * 2 ** 32 - 1, 4 * 2 ** 32, 4 * 2 ** 32 + 5, 2 ** 53 - 1]) {
    const block = Math.floor(position / 4);
    const out = philoxInBigInts(
      [block % 2 ** 32, Math.floor(block / 2 ** 32), STREAMS.sampling, sub],
      [seed, 0],
    );
    assert.equal(stream.uint32(position), out[position % 4], `position ${position}`);
  }
});

Deno.test("RandomStream gives the same number at a position in any order", () => {
  const ordered = new RandomStream(5, "order");
  const want = Array.from({ length: 1000 }, (_, p) => ordered.uint32(p));
  const jumping = new RandomStream(5, "order");
  for (let i = 0; i < 1000; i++) {
    const p = i * 387 % 1000;
    assert.equal(jumping.uint32(p), want[p]);
    assert.equal(jumping.uniform(p), toUnit(want[p]!));
  }
});

Deno.test("RandomStream differs by seed, purpose and sub-stream", () => {
  const seen = new Map<string, string>();
  for (const seed of [0, 1, 2, 0xffffffff]) {
    for (const name of Object.keys(STREAMS) as StreamName[]) {
      for (const sub of [0, 1, 0xffffffff]) {
        const stream = new RandomStream(seed, name, sub);
        const start = Array.from({ length: 4 }, (_, p) => stream.uint32(p)).join();
        assert.equal(seen.get(start), undefined, `${seed} ${name} ${sub} repeats a stream`);
        seen.set(start, `${seed} ${name} ${sub}`);
      }
    }
  }
});

Deno.test("RandomStream refuses seeds that are not unsigned 32-bit integers", () => {
  for (const seed of [-1, 0.5, 2 ** 32, NaN, Infinity]) {
    assert.throws(() => new RandomStream(seed, "order"), /^RangeError: Cannot use seed /);
  }
});

Deno.test("toUnit() stays in [0, 1) and is exact in float32", () => {
  assert.equal(toUnit(0), 0);
  assert.equal(toUnit(0xffffffff), 1 - 2 ** -24);
  assert.equal(toUnit(0x80000000), 0.5);
  for (const word of [1, 255, 256, 0x12345678, 0xfffffeff]) {
    assert.equal(Math.fround(toUnit(word)), toUnit(word));
  }
});

/** Mean, variance, skewness and kurtosis. */
function moments(values: Float64Array): [number, number, number, number] {
  const n = values.length;
  const mean = values.reduce((sum, x) => sum + x, 0) / n;
  const central = (k: number) => values.reduce((sum, x) => sum + (x - mean) ** k, 0) / n;
  const variance = central(2);
  return [mean, variance, central(3) / variance ** 1.5, central(4) / variance ** 2];
}

/** Fails unless a statistic lies within 5 standard errors of what theory says; the seeds are fixed. */
function assertNear(what: string, got: number, want: number, standardError: number): void {
  const off = Math.abs(got - want) / standardError;
  assert.ok(off < 5, `${what} is ${got}, ${off.toFixed(1)} standard errors from ${want}`);
}

Deno.test("RandomStream.uniform() has the moments of U(0, 1) and even bins", () => {
  const n = 200_000;
  const stream = new RandomStream(123, "tables");
  const values = Float64Array.from({ length: n }, (_, p) => stream.uniform(p));
  const [mean, variance] = moments(values);
  assertNear("mean", mean, 0.5, Math.sqrt(1 / 12 / n));
  // The variance of a squared deviation from 1/2 is 1/80 - 1/144 = 1/180.
  assertNear("variance", variance, 1 / 12, Math.sqrt(1 / 180 / n));
  const bins = new Float64Array(256);
  for (const x of values) bins[Math.floor(x * 256)]!++;
  const chi = bins.reduce((sum, count) => sum + (count - n / 256) ** 2 / (n / 256), 0);
  assertNear("chi-square of 255 degrees of freedom", chi, 255, Math.sqrt(2 * 255));
  const pairs = values.subarray(1).reduce((sum, x, i) => sum + (x - 0.5) * (values[i]! - 0.5), 0);
  assertNear("correlation of neighbours", 12 * pairs / n, 0, 1 / Math.sqrt(n));
});

Deno.test("RandomStream.normal() has the moments and tails of N(0, 1)", () => {
  const n = 200_000;
  const stream = new RandomStream(123, "dense");
  const values = Float64Array.from({ length: n }, (_, p) => stream.normal(p));
  const [mean, variance, skewness, kurtosis] = moments(values);
  assertNear("mean", mean, 0, Math.sqrt(1 / n));
  assertNear("variance", variance, 1, Math.sqrt(2 / n));
  assertNear("skewness", skewness, 0, Math.sqrt(6 / n));
  assertNear("kurtosis", kurtosis, 3, Math.sqrt(24 / n));
  for (const [limit, p] of [[1, 0.3173105079], [2, 0.0455002639], [3, 0.0026997961]] as const) {
    const share = values.reduce((sum, x) => sum + (Math.abs(x) > limit ? 1 : 0), 0) / n;
    assertNear(`share beyond ${limit}`, share, p, Math.sqrt(p * (1 - p) / n));
  }
  assert.ok(values.every(Number.isFinite));
});

Deno.test("Permutation is a bijection for every size up to 1,000 and for odd large ones", () => {
  const sizes = [...Array(1001).keys(), 4095, 4096, 4097, 65_535, 65_537, 131_071, 300_007];
  for (const size of sizes) {
    const permutation = new Permutation(size, 9, size % 3);
    const seen = new Uint8Array(size);
    for (let i = 0; i < size; i++) {
      const to = permutation.at(i);
      if (!Number.isInteger(to) || to < 0 || to >= size || seen[to] === 1) {
        assert.fail(`size ${size}: element ${i} goes to ${to}`);
      }
      seen[to] = 1;
    }
  }
});

Deno.test("Permutation keeps to sizes that float64 barely tells apart", () => {
  for (const size of [2 ** 32 - 1, 2 ** 32 + 1, 2 ** 50 + 1, 2 ** 52 - 1, 2 ** 52]) {
    const permutation = new Permutation(size, 3);
    const elements = [0, 1, 2, size - 3, size - 2, size - 1, Math.floor(size / 2)];
    const images = elements.map((i) => permutation.at(i));
    for (const to of images) assert.ok(Number.isInteger(to) && to >= 0 && to < size, `${to}`);
    assert.equal(new Set(images).size, images.length);
  }
  // Every element is its own image's only source, also next to a power of 4, where the domain grows.
  const size = 2 ** 50 + 1;
  const images = Array.from({ length: 2000 }, (_, i) => new Permutation(size, 4).at(size - 1 - i));
  assert.equal(new Set(images).size, 2000);
});

Deno.test("Permutation differs by seed and by epoch, and repeats for the same two", () => {
  const order = (seed: number, epoch: number): string => {
    const permutation = new Permutation(101, seed, epoch);
    return Array.from({ length: 101 }, (_, i) => permutation.at(i)).join();
  };
  const orders = new Set<string>();
  for (let seed = 0; seed < 20; seed++) {
    for (let epoch = 0; epoch < 20; epoch++) orders.add(order(seed, epoch));
  }
  assert.equal(orders.size, 400);
  assert.equal(order(7, 3), order(7, 3));
});

Deno.test("Permutation can be asked for any element first", () => {
  const forward = new Permutation(1000, 1), backward = new Permutation(1000, 1);
  const want = Array.from({ length: 1000 }, (_, i) => forward.at(i));
  for (let i = 999; i >= 0; i--) assert.equal(backward.at(i), want[i]);
});

Deno.test("Permutation sends every element everywhere about equally often", () => {
  // Over many seeds, counts of (element, image) are multinomial a row; the chi-square of an n × n table of them has
  // (n - 1)² degrees of freedom.
  for (const n of [2, 3, 5, 7, 16, 37]) {
    const rounds = 200 * n;
    const counts = new Float64Array(n * n);
    for (let round = 0; round < rounds; round++) {
      const permutation = new Permutation(n, round % 1000, Math.floor(round / 1000));
      for (let i = 0; i < n; i++) counts[i * n + permutation.at(i)]!++;
    }
    const expected = rounds / n;
    const chi = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    const freedom = (n - 1) ** 2;
    assertNear(`chi-square for size ${n}`, chi, freedom, Math.sqrt(2 * freedom));
  }
});

Deno.test("Permutation breaks up neighbours", () => {
  const n = 100_003;
  const permutation = new Permutation(n, 42);
  let sum = 0, previous = permutation.at(0);
  for (let i = 1; i < n; i++) {
    const next = permutation.at(i);
    sum += (previous / n - 0.5) * (next / n - 0.5);
    previous = next;
  }
  assertNear("correlation of neighbours", 12 * sum / n, 0, 1 / Math.sqrt(n));
});

Deno.test("Permutation refuses sizes and elements that are not there", () => {
  for (const size of [-1, 1.5, NaN, 2 ** 52 + 1]) {
    assert.throws(() => new Permutation(size, 1), /^RangeError: Cannot permute/);
  }
  for (const i of [-1, 10, 0.5, NaN]) {
    assert.throws(() => new Permutation(10, 1).at(i), /^RangeError: Cannot permute element/);
  }
  assert.throws(() => new Permutation(0, 1).at(0), RangeError);
});

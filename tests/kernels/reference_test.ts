import assert from "node:assert/strict";
import { RandomStream } from "../../core/random.ts";
import { bce } from "../../kernels/bce/reference.ts";
import {
  type Bags,
  embeddingBackward,
  embeddingForward,
} from "../../kernels/embedding/reference.ts";
import { interactionBackward, interactionForward } from "../../kernels/interaction/reference.ts";
import {
  linearBackwardInput,
  linearBackwardWeights,
  linearForward,
} from "../../kernels/linear/reference.ts";
import { normaliseBackward, normaliseForward } from "../../kernels/normalise/reference.ts";
import { sequenceBackward, sequenceDot, sequencePool } from "../../kernels/sequence/reference.ts";
import { sigmoidBackward, sigmoidForward } from "../../kernels/sigmoid/reference.ts";
import { inputScores, rowChange, staleLookups } from "../../kernels/staleness/reference.ts";
import { standardise } from "../../kernels/standardise/reference.ts";
import type { Optimizer } from "../../kernels/types.ts";
import { applyOptimizer } from "../../kernels/update/reference.ts";
import {
  varianceNormBackward,
  varianceNormForward,
} from "../../kernels/variance_norm/reference.ts";

/** Normal numbers, a different run of them for each name. */
function normal(count: number, sub: number): Float64Array {
  const stream = new RandomStream(77, "synthetic", sub);
  return Float64Array.from({ length: count }, (_, i) => stream.normal(i));
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, x, i) => sum + x * b[i]!, 0);
}

/**
 * Compares a gradient with central differences of a scalar function. Truncation is of the order h², rounding of
 * 2^-53 / h: with h = 2^-17 both are near 1e-10.
 */
function checkGradient(
  what: string,
  point: Float64Array,
  loss: () => number,
  gradient: Float64Array,
): void {
  const h = 2 ** -17;
  assert.equal(gradient.length, point.length);
  for (let i = 0; i < point.length; i++) {
    const x = point[i]!;
    point[i] = x + h;
    const above = loss();
    point[i] = x - h;
    const below = loss();
    point[i] = x;
    const slope = (above - below) / (2 * h);
    const scale = 1 + Math.abs(slope) + Math.abs(above);
    assert.ok(
      Math.abs(slope - gradient[i]!) <= 1e-8 * scale,
      `${what}: gradient ${i} is ${gradient[i]}, differences give ${slope}`,
    );
  }
}

Deno.test("linear: gradients of input, weights and bias are those of the forward pass", () => {
  for (const relu of [false, true]) {
    for (const [M, K, N] of [[1, 1, 1], [3, 2, 4], [2, 5, 3]] as const) {
      const [x, w, b, c] = [
        normal(M * K, 1),
        normal(N * K, 2),
        normal(N, 3),
        normal(M * N, 4),
      ];
      const forward = () => linearForward(x, w, b, M, K, N, relu);
      const loss = () => dot(c, forward());
      const y = forward();
      const dy = c.map((g, i) => relu && !(y[i]! > 0) ? 0 : g);
      const { dw, db } = linearBackwardWeights(dy, x, M, K, N);
      checkGradient("x", x, loss, linearBackwardInput(dy, w, null, M, K, N));
      checkGradient("w", w, loss, dw);
      checkGradient("b", b, loss, db);
    }
  }
});

Deno.test("linear: the mask is the gradient of the ReLU that made the input", () => {
  const [M, K, N] = [4, 3, 2];
  const [before, w, c] = [normal(M * K, 5), normal(N * K, 6), normal(M * N, 7)];
  const relu = (): Float64Array => before.map((x) => Math.max(0, x));
  const zero = new Float64Array(N);
  checkGradient(
    "input of the ReLU",
    before,
    () => dot(c, linearForward(relu(), w, zero, M, K, N, false)),
    linearBackwardInput(c, w, relu(), M, K, N),
  );
  assert.ok(relu().some((x) => x === 0) && relu().some((x) => x > 0), "nothing was masked or kept");
});

Deno.test("linear: a 2 × 2 layer by hand", () => {
  const x = Float64Array.of(1, 2, 3, -1);
  const w = Float64Array.of(1, -1, 2, 0.5);
  const b = Float64Array.of(0.5, -1);
  // Row 1: [1 - 2 + 0.5, 2 + 1 - 1], row 2: [3 + 1 + 0.5, 6 - 0.5 - 1].
  assert.deepEqual([...linearForward(x, w, b, 2, 2, 2, false)], [-0.5, 2, 4.5, 4.5]);
  assert.deepEqual([...linearForward(x, w, b, 2, 2, 2, true)], [0, 2, 4.5, 4.5]);
  const dy = Float64Array.of(1, 10, 100, 1000);
  // dX: [1·1 + 10·2, 1·-1 + 10·0.5], [100·1 + 1000·2, 100·-1 + 1000·0.5].
  assert.deepEqual([...linearBackwardInput(dy, w, null, 2, 2, 2)], [21, 4, 2100, 400]);
  assert.deepEqual(
    [...linearBackwardInput(dy, w, Float64Array.of(0, 1, -1, 2), 2, 2, 2)],
    [0, 4, 0, 400],
  );
  // dW: column 1 of dY with X, then column 2.
  const { dw, db } = linearBackwardWeights(dy, x, 2, 2, 2);
  assert.deepEqual([...dw], [1 + 300, 2 - 100, 10 + 3000, 20 - 1000]);
  assert.deepEqual([...db], [101, 1010]);
});

Deno.test("interaction: the gradient is that of the forward pass, with and without mask", () => {
  for (const [B, F, dim] of [[1, 1, 3], [2, 2, 1], [2, 3, 4], [1, 6, 3]] as const) {
    const v = normal(B * F * dim, 10);
    const c = normal(interactionForward(v, B, F, dim).length, 11);
    checkGradient(
      `${B} × ${F} × ${dim}`,
      v,
      () => dot(c, interactionForward(v, B, F, dim)),
      interactionBackward(v, c, B, F, dim, false),
    );
    // Vector 0 out of a ReLU: the gradient of what went into it.
    const before = v.slice();
    const activated = (): Float64Array =>
      before.map((x, i) => i % (F * dim) < dim ? Math.max(0, x) : x);
    checkGradient(
      `${B} × ${F} × ${dim} masked`,
      before,
      () => dot(c, interactionForward(activated(), B, F, dim)),
      interactionBackward(activated(), c, B, F, dim, true),
    );
  }
});

Deno.test("interaction: F = 3 by hand, in the order (1,0), (2,0), (2,1)", () => {
  const v = Float64Array.of(1, 2, 10, 20, 300, 500);
  assert.deepEqual([...interactionForward(v, 1, 3, 2)], [1, 2, 50, 1300, 13_000]);
  const dr = Float64Array.of(7, 8, 1, 0, 0);
  // Only (1,0): vector 0 gets vector 1 and the direct part, vector 1 gets vector 0.
  assert.deepEqual([...interactionBackward(v, dr, 1, 3, 2, false)], [17, 28, 1, 2, 0, 0]);
  dr.set([0, 0, 0, 0, 1]);
  assert.deepEqual([...interactionBackward(v, dr, 1, 3, 2, false)], [0, 0, 300, 500, 10, 20]);
  v[0] = 0;
  dr.set([7, 8, 1, 0, 0]);
  assert.deepEqual([...interactionBackward(v, dr, 1, 3, 2, true)], [0, 28, 0, 2, 0, 0]);
  // F = 4 continues with (3,0), (3,1), (3,2).
  assert.deepEqual(
    [...interactionForward(Float64Array.of(1, 10, 100, 1000), 1, 4, 1)],
    [1, 10, 100, 1000, 1000, 10_000, 100_000],
  );
});

Deno.test("normalise: the gradient is that of the forward pass, with and without mask", () => {
  for (const [M, D] of [[1, 1], [2, 3], [3, 8]] as const) {
    const before = normal(M * D, 30);
    const c = normal(M * D, 31);
    checkGradient(
      `${M} × ${D}`,
      before,
      () => dot(c, normaliseForward(before, M, D)),
      normaliseBackward(before, c, M, D, false),
    );
    const activated = (): Float64Array => before.map((x) => Math.max(0, x));
    if (D < 3) continue;
    checkGradient(
      `${M} × ${D} masked`,
      before,
      () => dot(c, normaliseForward(activated(), M, D)),
      normaliseBackward(activated(), c, M, D, true),
    );
  }
});

Deno.test("normalise: 3-4-5 by hand, rows of zeros, and rows no longer than 1e-12", () => {
  const z = Float64Array.of(3, 4, 0, 0, 6e-13, 0);
  const v = normaliseForward(z, 3, 2);
  assert.deepEqual([...v.slice(0, 4)], [0.6, 0.8, 0, 0]);
  assert.ok(Math.abs(v[4]! - 0.6) < 1e-15);
  // v·dv = 5, so dz = ([1, 5.5] − 5·[0.6, 0.8]) / 5.
  const dv = Float64Array.of(1, 5.5, 2, -3, 2, -3);
  const near = (got: Float64Array, want: number[]): void =>
    want.forEach((x, i) => assert.ok(Math.abs(got[i]! - x) <= 1e-15 * Math.abs(x) + 1e-15));
  near(normaliseBackward(z, dv, 3, 2, false), [-0.4, 0.3, 2e12, -3e12, 2e12, -3e12]);
  near(normaliseBackward(z, dv, 3, 2, true), [-0.4, 0.3, 0, 0, 2e12, 0]);
});

Deno.test("sequence: gradients of steps, scores, weights and key are those of the forward pass", () => {
  for (const [B, S, D] of [[1, 1, 1], [2, 3, 2], [3, 2, 4]] as const) {
    const steps = S + 1;
    const [h, x, y] = [normal(B * steps * D, 40), normal(B * D, 41), normal(B * S, 42)];
    const [cDot, cPool] = [normal(B * S, 43), normal(B * 2 * D, 44)];
    const last = (): Float64Array => h.filter((_, i) => Math.floor(i / D) % steps === S);
    const loss = () =>
      dot(cDot, sequenceDot(h, x, B, steps, S, D)) +
      dot(cPool, sequencePool(h, y, last(), B, steps, S, D, D));
    const none = new Float64Array(B * D);
    checkGradient("h", h, loss, sequenceBackward(y, cDot, x, cPool, none, B, steps, S, D));
    const context = cPool.filter((_, i) => i % (2 * D) < D);
    checkGradient("y", y, loss, sequenceDot(h, context, B, steps, S, D));
    const noTail = new Float64Array(0);
    checkGradient("x", x, loss, sequencePool(h, cDot, noTail, B, steps, S, D, 0));
  }
});

Deno.test("sequence: two steps and a query by hand", () => {
  // One input: steps [1, 2] and [3, 4], then the query [5, 6].
  const h = Float64Array.of(1, 2, 3, 4, 5, 6);
  assert.deepEqual([...sequenceDot(h, Float64Array.of(10, 100), 1, 3, 2, 2)], [210, 430]);
  const [y, tail] = [Float64Array.of(2, -1), Float64Array.of(5, 6)];
  assert.deepEqual([...sequencePool(h, y, tail, 1, 3, 2, 2, 2)], [-1, 0, 5, 6]);
  const [da, x, dc] = [
    Float64Array.of(1, 0),
    Float64Array.of(10, 100),
    Float64Array.of(1, 2, 3, 4),
  ];
  assert.deepEqual(
    [...sequenceBackward(y, da, x, dc, Float64Array.of(0.5, 0.25), 1, 3, 2, 2)],
    [12, 104, -1, -2, 3.5, 4.25],
  );
});

Deno.test("sigmoid: the gradient is that of the forward pass; extremes", () => {
  const [x, c] = [normal(7, 50), normal(7, 51)];
  checkGradient("x", x, () => dot(c, sigmoidForward(x)), sigmoidBackward(sigmoidForward(x), c));
  assert.deepEqual([...sigmoidForward(Float64Array.of(0, 1000, -1000))], [0.5, 1, 0]);
});

Deno.test("standardise: without a mean it is the gradient with statistics held", () => {
  const [values, c] = [normal(12, 70), normal(12, 71)];
  const held = Float64Array.of(0.5, 2, 0);
  checkGradient(
    "x",
    values,
    () => dot(c, standardise(values, normal(3, 72), held, 1e-5)),
    standardise(c, null, held, 1e-5),
  );
});

Deno.test("staleness: changes, scores and counts by hand", () => {
  const [a, b] = [Float64Array.of(1, 2, 3, 4), Float64Array.of(1, 2.5, 5, 3)];
  assert.deepEqual([...rowChange(a, b, 2, null)], [0.5, 2]);
  assert.deepEqual([...rowChange(a, b, 2, Float64Array.of(1, 1))], [1.5, 3]);
  // Two inputs of two groups of three steps: [5 5 1][9 1 9] and [7 5 5][9 9 1].
  const scores = Float64Array.of(5, 1, 9, 7);
  const rows = Uint32Array.of(0, 0, 1, 3, 0, 0, 2, 1, 2, 2, 2, 1);
  const layout = {
    ...{ inputs: 2, groups: 2, lookups: 3 },
    ...{ groupStride: 6, lookupStride: 1, inputStride: 3 },
  };
  const nth = (n: number) => [...inputScores(scores, rows, layout, { kind: "nth-smallest", n })];
  assert.deepEqual([nth(1), nth(2), nth(3)], [[1, 5], [9, 9], [9, 9]]);
  assert.deepEqual([...inputScores(scores, rows, layout, { kind: "max" })], [9, 9]);
  assert.deepEqual([...inputScores(scores, rows, layout, { kind: "mean" })], [5, 6]);
  assert.deepEqual([...staleLookups(scores, 6, rows, layout)], [1, 1]);
  assert.deepEqual([...staleLookups(scores, 5, rows, layout)], [1, 0]);
  // The same list as of a model of one lookup a table, six tables: [5 1 5 9 9 9] and [5 7 5 1 9 1].
  const tables = {
    ...{ inputs: 2, groups: 1, lookups: 6 },
    ...{ groupStride: 0, lookupStride: 2, inputStride: 1 },
  };
  assert.deepEqual([...staleLookups(scores, 6, rows, tables)], [3, 4]);
});

Deno.test("variance norm: gradients of vectors and gains are those of the forward pass", () => {
  for (const [B, F, dim] of [[1, 1, 1], [1, 1, 3], [2, 3, 4], [3, 2, 8]] as const) {
    const x = normal(B * F * dim, 80), c = normal(B * F * dim, 81), gain = normal(F, 82);
    const eps = normal(F, 83).map((value) => value * value + 0.01);
    const loss = () => dot(c, varianceNormForward(x, dim, gain, eps));
    const { dx, dgain } = varianceNormBackward(x, dim, gain, eps, c);
    checkGradient(`x of ${B} × ${F} × ${dim}`, x, loss, dx);
    checkGradient(`gain of ${B} × ${F} × ${dim}`, gain, loss, dgain);
  }
});

Deno.test("variance norm: by hand, vectors of one number, and short ones that stay short", () => {
  const of = (...values: number[]) => Float64Array.of(...values);
  // (1, 5): mean 3, variance 4, and 4 + 12 is 4². Nothing is taken off.
  assert.deepEqual([...varianceNormForward(of(1, 5), 2, of(2), of(12))], [0.5, 2.5]);
  const { dx, dgain } = varianceNormBackward(of(1, 5), 2, of(2), of(12), of(1, 0));
  // dy·x / s = 1/4; its mean 1/8 times (x − mean) / s = (−1/2, 1/2) is (−1/16, 1/16); then times gain / s = 1/2.
  assert.deepEqual([...dx], [17 / 32, -1 / 32]);
  assert.deepEqual([...dgain], [0.25]);
  // No variance at all: eps alone divides.
  assert.deepEqual([...varianceNormForward(of(3, 3, 0, 0), 2, of(1), of(4))], [1.5, 1.5, 0, 0]);
  // With gain √eps, what is far below eps passes as it is, and what is far above is cut to a deviation of √eps.
  const [short, long] = [of(1e-4, -1e-4), of(1e4, -1e4)];
  const passed = varianceNormForward(of(...short, ...long), 2, of(0.1), of(0.01));
  assert.ok(Math.abs(passed[0]! / 1e-4 - 1) < 1e-6 && Math.abs(passed[2]! / 0.1 - 1) < 1e-6);
});

Deno.test("bce: the gradient is that of the loss", () => {
  const z = Float64Array.of(0.3, -2, 5, -9, 0, 14);
  const y = Float64Array.of(1, 0, 0, 1, 1, 1);
  checkGradient("logits", z, () => bce(z, y).loss, bce(z, y).dlogits);
  const w = Float64Array.of(2, 0, 0.25, 1, -1, 10);
  checkGradient("weighted logits", z, () => bce(z, y, w).loss, bce(z, y, w).dlogits);
});

Deno.test("bce: z = 0 by hand, extremes, and no logits", () => {
  for (const label of [0, 1]) {
    const { loss, dlogits } = bce(Float64Array.of(0), Float64Array.of(label));
    assert.equal(loss, Math.LN2);
    assert.equal(dlogits[0], 0.5 - label);
  }
  const two = bce(Float64Array.of(0, Math.log(3)), Float64Array.of(1, 0));
  // sigmoid(ln 3) = 3/4, so the losses are ln 2 and ln 4.
  assert.ok(Math.abs(two.loss - 1.5 * Math.LN2) < 1e-15);
  assert.ok(Math.abs(two.dlogits[0]! + 0.25) < 1e-15);
  assert.ok(Math.abs(two.dlogits[1]! - 0.375) < 1e-15);
  // Weighted 3 and 2 and divided by the two inputs, whatever their weights add up to.
  const weighted = bce(
    ...[Float64Array.of(0, Math.log(3)), Float64Array.of(1, 0), Float64Array.of(3, 2)] as const,
  );
  assert.ok(Math.abs(weighted.loss - 3.5 * Math.LN2) < 1e-15);
  assert.deepEqual([...weighted.dlogits].map((g) => Number(g.toFixed(12))), [-0.75, 0.75]);
  const wrong = bce(Float64Array.of(1000, -1000), Float64Array.of(0, 1));
  assert.equal(wrong.loss, 1000);
  assert.deepEqual([...wrong.dlogits], [0.5, -0.5]);
  assert.equal(bce(Float64Array.of(1000, -1000), Float64Array.of(1, 0)).loss, 0);
  assert.equal(bce(new Float64Array(0), new Float64Array(0)).loss, 0);
});

const BAGS: Bags = [
  [[0, 0], [], [1]],
  [[2], [2, 1, 2], [0]],
];

Deno.test("embedding: SGD at rate 1 subtracts the gradient of a loss over the pooled vectors", () => {
  const [inputs, dim] = [3, 2];
  const weights = [normal(3 * dim, 20), normal(3 * dim, 21)];
  // A loss that is not linear, so that the gradient depends on the forward pass: through a layer and bce.
  const [w, b] = [normal(2 * dim, 22), Float64Array.of(0.3)];
  const labels = Float64Array.of(1, 0, 1);
  const logits = () =>
    linearForward(
      embeddingForward(weights, BAGS, inputs, dim),
      w,
      b,
      inputs,
      2 * dim,
      1,
      false,
    );
  const loss = () => bce(logits(), labels).loss;
  const grad = linearBackwardInput(bce(logits(), labels).dlogits, w, null, inputs, 2 * dim, 1);
  const updated = weights.map((table) => table.slice());
  const noState = [new Float64Array(0), new Float64Array(0)];
  embeddingBackward(updated, noState, BAGS, inputs, dim, grad, { kind: "sgd" }, 1);
  for (const [t, table] of weights.entries()) {
    checkGradient(`table ${t}`, table, loss, table.map((x, i) => x - updated[t]![i]!));
  }
});

Deno.test("embedding: pooling and one Adagrad step by hand", () => {
  const weights = [Float64Array.of(1, 2, 3), Float64Array.of(10, 20, 30)];
  assert.deepEqual([...embeddingForward(weights, BAGS, 3, 1)], [2, 30, 0, 80, 2, 10]);
  const state = [new Float64Array(3), new Float64Array(3)];
  const grad = Float64Array.of(3, 1, 100, 2, 8, 4);
  embeddingBackward(weights, state, BAGS, 3, 1, grad, { kind: "adagrad", eps: 1 }, 0.5);
  // Table 0: row 0 is twice in input 0 (3 + 3), row 1 in input 2 (8), row 2 nowhere.
  assert.deepEqual([...state[0]!], [36, 64, 0]);
  assert.deepEqual([...weights[0]!], [1 - 0.5 * 6 / 7, 2 - 0.5 * 8 / 9, 3]);
  // Table 1: row 0 in input 2 (4), row 1 in input 1 (2), row 2 once in input 0 and twice in input 1 (1 + 2 + 2).
  assert.deepEqual([...state[1]!], [16, 4, 25]);
  assert.deepEqual([...weights[1]!], [10 - 0.5 * 4 / 5, 20 - 0.5 * 2 / 3, 30 - 0.5 * 5 / 6]);
});

function run(
  optimizer: Optimizer,
  params: number[],
  stateWidth: number,
  steps: readonly (readonly number[])[],
  rate: number,
): { params: number[]; state: number[] } {
  const [p, s] = [Float64Array.from(params), new Float64Array(stateWidth)];
  for (const grads of steps) applyOptimizer(p, Float64Array.from(grads), s, optimizer, rate);
  return { params: [...p], state: [...s] };
}

Deno.test("optimizers: SGD by hand", () => {
  const { params } = run({ kind: "sgd" }, [1, -2], 0, [[2, 4], [0, -8]], 0.25);
  assert.deepEqual(params, [0.5, -1]);
});

Deno.test("optimizers: two Adagrad steps by hand, eps outside the root", () => {
  const { params, state } = run({ kind: "adagrad", eps: 1 }, [1, 5], 2, [[3, 0], [4, 2]], 0.5);
  assert.deepEqual(state, [25, 4]);
  // Coordinate 0: 0.5·3 / (√9 + 1), then 0.5·4 / (√25 + 1). With eps inside, the first would be 1.5 / √10.
  assert.deepEqual(params, [1 - 1.5 / 4 - 2 / 6, 5 - 1 / 3]);
});

Deno.test("optimizers: two row-wise Adagrad steps by hand, with the mean square of the row", () => {
  const { params, state } = run(
    { kind: "rowwise-adagrad", eps: 1 },
    [0, 0],
    1,
    [[1, 7], [5, Math.sqrt(153)]],
    0.5,
  );
  // Means: (1 + 49) / 2 = 25, then (25 + 153) / 2 = 89, together 114.
  assert.ok(Math.abs(state[0]! - 114) < 1e-12);
  const second = Math.sqrt(114) + 1;
  assert.ok(Math.abs(params[0]! + 0.5 / 6 + 2.5 / second) < 1e-15);
  assert.ok(Math.abs(params[1]! + 3.5 / 6 + 0.5 * Math.sqrt(153) / second) < 1e-15);
});

Deno.test("optimizers: a zero gradient moves nothing, even with no state yet", () => {
  for (
    const optimizer of [{ kind: "adagrad", eps: 1e-10 }, { kind: "rowwise-adagrad", eps: 1e-10 }]
  ) {
    const { params } = run(optimizer as Optimizer, [1, 2], 2, [[0, 0]], 0.1);
    assert.deepEqual(params, [1, 2]);
  }
});

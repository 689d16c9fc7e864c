import assert from "node:assert/strict";
import { bceOp } from "../../../kernels/bce/op.ts";
import { bce } from "../../../kernels/bce/reference.ts";
import {
  linearBackwardInputOp,
  linearBackwardWeightsOp,
  linearForwardOp,
} from "../../../kernels/linear/op.ts";
import {
  linearBackwardInput,
  linearBackwardWeights,
  linearForward,
} from "../../../kernels/linear/reference.ts";
import { sigmoidForwardOp } from "../../../kernels/sigmoid/op.ts";
import { sigmoidForward } from "../../../kernels/sigmoid/reference.ts";
import type { Matrix, Optimizer, Recorder } from "../../../kernels/types.ts";
import { denseUpdateOp } from "../../../kernels/update/op.ts";
import { applyOptimizer } from "../../../kernels/update/reference.ts";
import { unpack } from "../arena.ts";
import {
  bceGradientTolerance,
  bceLossTolerance,
  sigmoidTolerance,
  stepTolerances,
  sumTolerances,
} from "../error_model.ts";
import {
  abs,
  assertClose,
  type ConformanceCase,
  type Context,
  Knobs,
  readFloats,
  Scope,
  Values,
} from "./harness.ts";

/** A step of an MLP with a loss in one program, which devices may run in fewer pieces than it has ops. */
interface Problem {
  /** Inputs. */
  readonly M: number;
  /** Of the layers, the logit's 1 last. */
  readonly widths: readonly number[];
  readonly optimizer: Optimizer;
  readonly weighted: boolean;
  /** Whether the loss comes twice, with the losses in different slots. */
  readonly twice?: boolean;
  /** What happens between the gradients and the update: their weights are read, or the first layer's input is overwritten. */
  readonly between?: "read" | "overwrite";
}

const SGD: Optimizer = { kind: "sgd" };
const ADAGRAD: Optimizer = { kind: "adagrad", eps: 2 ** -3 };

const PROBLEMS: readonly Problem[] = [
  { M: 65, widths: [13, 64, 32, 1], optimizer: SGD, weighted: false },
  { M: 129, widths: [100, 70, 36, 24, 20, 8, 1], optimizer: ADAGRAD, weighted: true },
  { M: 1, widths: [40, 1], optimizer: SGD, weighted: true },
  { M: 63, widths: [1, 1], optimizer: ADAGRAD, weighted: false },
  { M: 1027, widths: [3, 300, 1], optimizer: ADAGRAD, weighted: false },
  { M: 1100, widths: [512, 256, 1], optimizer: SGD, weighted: false },
  { M: 65_600, widths: [5, 1], optimizer: SGD, weighted: false },
  { M: 70, widths: [17, 9, 1], optimizer: SGD, weighted: false, between: "read" },
  { M: 70, widths: [17, 9, 1], optimizer: ADAGRAD, weighted: true, between: "overwrite" },
  { M: 70, widths: [17, 9, 1], optimizer: SGD, weighted: false, twice: true },
];

/** A layer of the MLP: its sizes, matrices, and parameters in the flat buffers. */
interface Layer {
  readonly K: number;
  readonly N: number;
  readonly w: Matrix;
  readonly bias: Matrix;
  readonly dw: Matrix;
  readonly db: Matrix;
  readonly x: Matrix;
  readonly dx: Matrix;
  readonly y: Matrix;
  readonly dy: Matrix;
}

/** The operands of a problem on a device. */
class DenseStep {
  readonly layers: Layer[] = [];
  readonly labels: Matrix;
  readonly weights: Matrix | null;
  readonly losses: Matrix;
  readonly params: Matrix;
  readonly grads: Matrix;
  readonly state: Matrix | null;
  readonly copy: Matrix;
  readonly knobs: Knobs;
  readonly problem: Problem;
  readonly #context: Context;
  readonly #scope: Scope;

  constructor(context: Context, scope: Scope, problem: Problem) {
    const { M, widths, optimizer, weighted } = problem;
    this.problem = problem;
    this.#context = context;
    this.#scope = scope;
    this.knobs = scope.own(new Knobs(context.device));
    // Each parameter begins at a multiple of 64 floats, with room between them that nobody may change.
    const stride = (cols: number): number => 4 * Math.ceil(cols / 4);
    const room = (rows: number, cols: number): number =>
      64 * Math.ceil((rows * stride(cols) + 1) / 64);
    const sizes = widths.slice(1).map((N, l) => ({ K: widths[l]!, N }));
    const floats = sizes.reduce((sum, { K, N }) => sum + room(N, K) + room(1, N), 0);
    this.params = this.#make("params", 1, floats);
    this.grads = this.#make("grads", 1, floats);
    this.state = optimizer.kind === "sgd" ? null : this.#make("state", 1, floats);
    this.labels = this.#make("labels", M, 1);
    this.weights = weighted ? this.#make("weights", M, 1) : null;
    this.losses = this.#make("losses", 1, 4);
    let at = 0;
    const take = (rows: number, cols: number): { value: Matrix; gradient: Matrix } => {
      const place = { offset: at, rows, cols, stride: stride(cols) };
      at += room(rows, cols);
      return {
        value: { buffer: this.params.buffer, ...place },
        gradient: { buffer: this.grads.buffer, ...place },
      };
    };
    let x = this.#make("x", M, widths[0]!), dx = this.#make("dx", M, widths[0]!);
    for (const { K, N } of sizes) {
      const { value: w, gradient: dw } = take(N, K);
      const { value: bias, gradient: db } = take(1, N);
      const y = this.#make("y", M, N), dy = this.#make("dy", M, N);
      this.layers.push({ K, N, w, bias, dw, db, x, dx, y, dy });
      [x, dx] = [y, dy];
    }
    this.copy = this.#make("copy", this.layers[0]!.N, this.layers[0]!.K);
  }

  /** Random numbers in everything that the program reads. */
  fill(values: Values): void {
    const { M } = this.problem;
    this.#write(this.params, values.normal(this.params.cols).map((v) => Math.fround(0.3 * v)));
    this.#write(this.grads, new Float64Array(this.grads.cols));
    if (this.state !== null) this.#write(this.state, abs(values.normal(this.state.cols)));
    const { x } = this.layers[0]!;
    this.#write(x, values.normal(M * x.stride));
    this.#write(this.labels, values.normal(M).map((v) => v > 0 ? 1 : 0));
    if (this.weights !== null) this.#write(this.weights, abs(values.normal(M)));
  }

  record(ops: Recorder): void {
    const { labels, weights, losses, params, grads, state, problem, knobs } = this;
    for (const [l, layer] of this.layers.entries()) {
      ops.add(linearForwardOp, { ...layer, relu: l + 1 < this.layers.length });
    }
    const { y: logits, dy: dlogits } = this.layers.at(-1)!;
    const loss = { logits, labels, weights, dlogits, losses };
    ops.add(bceOp, { ...loss, slot: knobs.slot });
    if (problem.twice) ops.add(bceOp, { ...loss, slot: { ...knobs.slot, index: 2 } });
    for (let l = this.layers.length - 1; l >= 0; l--) {
      const { dy, x, dw, db, w, dx } = this.layers[l]!;
      ops.add(linearBackwardWeightsOp, { dy, x, dw, db });
      ops.add(linearBackwardInputOp, { dy, w, dx, mask: l > 0 ? x : null });
    }
    const { dw, x, dx } = this.layers[0]!;
    if (problem.between === "read") ops.add(sigmoidForwardOp, { x: dw, y: this.copy });
    if (problem.between === "overwrite") ops.add(sigmoidForwardOp, { x: dx, y: x });
    const { optimizer } = problem;
    ops.add(denseUpdateOp, {
      ...{ params, grads, state, optimizer },
      learningRate: knobs.learningRate,
    });
  }

  /** The cells of a matrix as they are on the device. */
  async read(m: Matrix): Promise<Float64Array> {
    return unpack(await readFloats(this.#context.device, m.buffer), m);
  }

  #make(label: string, rows: number, cols: number): Matrix {
    const m = this.#context.device.createMatrix(rows, cols, label);
    this.#scope.own(m.buffer);
    return m;
  }

  #write(m: Matrix, values: Float64Array): void {
    this.#context.device.write(m.buffer, 4 * m.offset, Float32Array.from(values));
  }
}

/** Each op's results against the reference of what the op has read, which is still there. */
async function check(context: Context, problem: Problem, seed: number): Promise<void> {
  const { device, accuracy } = context;
  using scope = new Scope();
  const step = new DenseStep(context, scope, problem);
  step.fill(new Values(seed));
  const rate = step.knobs.setLearningRate(0.1);
  step.knobs.setSlot(1);
  device.write(step.knobs.buffer, 8, Uint32Array.of(2));
  const before = await step.read(step.params);
  const state = step.state === null ? new Float64Array(0) : await step.read(step.state);
  const input = await step.read(step.layers[0]!.x);
  const program = scope.own(device.record("dense step", (ops) => step.record(ops)));
  device.run(program);
  const { M, between } = problem;
  const grads = await step.read(step.grads);
  const gradients = new Float64Array(grads.length);
  for (const [l, layer] of step.layers.entries()) {
    const { K, N } = layer;
    const what = `layer ${l} of ${problem.widths.join("-")} over ${M} inputs:`;
    const x = l === 0 ? input : await step.read(layer.x);
    const dy = await step.read(layer.dy);
    const w = unpack(Float32Array.from(before), layer.w);
    const bias = unpack(Float32Array.from(before), layer.bias);
    const relu = l + 1 < step.layers.length;
    assertClose(
      `${what} output`,
      await step.read(layer.y),
      linearForward(x, w, bias, M, K, N, relu),
      sumTolerances(K + 1, linearForward(abs(x), abs(w), abs(bias), M, K, N, false)),
    );
    assertClose(
      `${what} gradient of the input`,
      await step.read(layer.dx),
      linearBackwardInput(dy, w, l > 0 ? x : null, M, K, N),
      sumTolerances(N, linearBackwardInput(abs(dy), abs(w), null, M, K, N)),
    );
    const want = linearBackwardWeights(dy, x, M, K, N);
    const magnitudes = linearBackwardWeights(abs(dy), abs(x), M, K, N);
    for (const [name, m] of [["dw", layer.dw], ["db", layer.db]] as const) {
      const got = unpack(Float32Array.from(grads), m);
      assertClose(`${what} ${name}`, got, want[name], sumTolerances(M, magnitudes[name]));
      for (let i = 0; i < m.rows; i++) {
        const row = got.subarray(i * m.cols, (i + 1) * m.cols);
        gradients.set(row, m.offset + i * m.stride);
      }
    }
  }
  assert.deepEqual(grads, gradients, "a gradient outside those of the layers was written");
  await checkLoss(step, context);
  const none = new Float64Array(grads.length);
  applyOptimizer(before, grads, state, problem.optimizer, rate);
  const after = { params: before, state };
  const bounds = stepTolerances(grads, none, problem.optimizer, rate, after, accuracy);
  assertClose("updated parameters", await step.read(step.params), before, bounds.params);
  if (step.state !== null) {
    assertClose("updated state", await step.read(step.state), state, bounds.state);
  }
  if (between === "read") {
    const dw = unpack(Float32Array.from(grads), step.layers[0]!.dw);
    const tolerances = dw.map((value) => sigmoidTolerance(value, accuracy));
    assertClose("read in between", await step.read(step.copy), sigmoidForward(dw), tolerances);
  }
}

async function checkLoss(step: DenseStep, { accuracy }: Context): Promise<void> {
  const { M, twice } = step.problem;
  const { y: logits, dy: dlogits } = step.layers.at(-1)!;
  const [z, y] = [await step.read(logits), await step.read(step.labels)];
  const weights = step.weights === null ? null : await step.read(step.weights);
  const want = bce(z, y, weights);
  assertClose(
    "gradients of the logits",
    await step.read(dlogits),
    want.dlogits,
    want.dlogits.map((_, i) => bceGradientTolerance(z[i]!, y[i]!, weights?.[i] ?? 1, M, accuracy)),
  );
  const tolerance = bceLossTolerance(z, y, weights, accuracy);
  assertClose(
    "losses",
    await step.read(step.losses),
    [0, want.loss, twice ? want.loss : 0, 0],
    [0, tolerance, twice ? tolerance : 0, 0],
  );
}

/** Cases of a step over dense parameters, from the inputs to the update. */
export const denseStepCases: readonly ConformanceCase[] = [
  {
    name: "dense step: each op's results in a program of all of them",
    run: async (context) => {
      for (const [i, problem] of PROBLEMS.entries()) await check(context, problem, 800 + i);
    },
  },
];

/**
 * Fully connected layers in terms of ops, and the flat buffer their parameters lie in.
 *
 * @module
 */

import { RandomStream } from "../../core/random.ts";
import {
  linearBackwardInputOp,
  linearBackwardWeightsOp,
  linearForwardOp,
} from "../../kernels/linear/op.ts";
import { paddedStride } from "../../kernels/shapes.ts";
import type { Device, Matrix, Optimizer, Recorder, Scalar } from "../../kernels/types.ts";
import { denseUpdateOp } from "../../kernels/update/op.ts";
import { firstRows, writeMatrix } from "./matrices.ts";
import type { Parameter } from "./model.ts";

/** A fully connected layer: y = act(x Wᵀ + b). */
export interface Layer {
  /** Weight and bias. */
  readonly w: Matrix;
  readonly b: Matrix;
  /** Their gradients. */
  readonly dw: Matrix;
  readonly db: Matrix;
  /** Input and output of the layer, and their gradients; a first layer's input may need none. */
  readonly x: Matrix;
  readonly y: Matrix;
  readonly dx: Matrix | null;
  readonly dy: Matrix;
  /** Whether act is max(0, ·). */
  readonly relu: boolean;
}

/** Makes a zero-filled matrix that its maker disposes. */
export type MakeMatrix = (rows: number, cols: number, label: string) => Matrix;

/** Where an MLP begins and ends. */
export interface MlpEnds {
  readonly input: Matrix;
  /** Null if it is not needed. */
  readonly inputGradient: Matrix | null;
  readonly output: Matrix;
  /** Of the output before its activation. */
  readonly outputGradient: Matrix;
  /** Whether the last layer has a ReLU too. */
  readonly lastRelu: boolean;
}

/** Bytes that parameters are aligned to inside the flat buffer: the largest storage offset alignment of WebGPU. */
const ALIGNMENT_FLOATS = 64;

/** Dense parameters side by side in one buffer, so that one op updates them all; their gradients and state likewise. */
export class FlatParameters {
  /** Handed out so far. */
  readonly parameters: Parameter[] = [];
  readonly #make: MakeMatrix;
  readonly #makeGradient: MakeMatrix;
  readonly #optimizer: Optimizer;
  readonly #params: Matrix;
  readonly #grads: Matrix;
  readonly #state: Matrix | null;
  #at = 0;

  /**
   * Makes the buffers.
   *
   * @param makeGradient Makes the gradients of layers' outputs, which only minibatches that train need.
   * @param floats Room for all that `take` will hand out: the sum of {@linkcode parameterFloats}.
   * @param optimizer Of the model; dense parameters take plain Adagrad in place of row-wise.
   */
  constructor(
    make: MakeMatrix,
    makeGradient: MakeMatrix,
    floats: number,
    optimizer: Optimizer,
  ) {
    this.#make = make;
    this.#makeGradient = makeGradient;
    // Row-wise Adagrad is defined for rows; the dense part takes plain Adagrad, as DLRM's optimizer does.
    this.#optimizer = optimizer.kind === "rowwise-adagrad"
      ? { kind: "adagrad", eps: optimizer.eps }
      : optimizer;
    this.#params = make(1, floats, "dense parameters");
    this.#grads = make(1, floats, "dense gradients");
    this.#state = optimizer.kind === "sgd" ? null : make(1, floats, "dense optimizer state");
  }

  /**
   * Hands out the next parameter and its gradient, each rows × cols.
   *
   * @param start What it starts from, row by row; drawn at random if left out.
   */
  take(
    name: string,
    shape: readonly number[],
    rows: number,
    cols: number,
    start?: readonly number[],
  ): { value: Matrix; gradient: Matrix } {
    const stride = paddedStride(cols);
    const at = this.#at;
    const view = ({ buffer }: Matrix): Matrix => ({ buffer, offset: at, rows, cols, stride });
    const value = view(this.#params);
    const state = this.#state === null ? null : view(this.#state);
    this.parameters.push({ name, shape, value, state, ...(start === undefined ? {} : { start }) });
    this.#at += parameterFloats(rows, cols);
    return { value, gradient: view(this.#grads) };
  }

  /** Hands out an MLP's parameters, named as in a PyTorch `Sequential`: `prefix.0.weight`, `prefix.0.bias`, … */
  layers(prefix: string, widths: readonly number[], ends: MlpEnds): Layer[] {
    const result: Layer[] = [];
    const maxRows = ends.input.rows;
    let x = ends.input, dx = ends.inputGradient;
    for (let l = 0; l + 1 < widths.length; l++) {
      const [K, N] = [widths[l]!, widths[l + 1]!];
      const last = l + 2 === widths.length;
      const name = `${prefix}.${2 * l}`;
      const { value: w, gradient: dw } = this.take(`${name}.weight`, [N, K], N, K);
      const { value: b, gradient: db } = this.take(`${name}.bias`, [N], 1, N);
      const y = last ? ends.output : this.#make(maxRows, N, `${name} output`);
      const dy = last
        ? ends.outputGradient
        : this.#makeGradient(maxRows, N, `${name} output gradient`);
      result.push({ w, b, dw, db, x, y, dx, dy, relu: !last || ends.lastRelu });
      x = y;
      dx = dy;
    }
    return result;
  }

  /** Appends one optimizer step over all parameters. */
  update(ops: Recorder, learningRate: Scalar): void {
    ops.add(denseUpdateOp, {
      params: this.#params,
      grads: this.#grads,
      state: this.#state,
      optimizer: this.#optimizer,
      learningRate,
    });
  }
}

/** Floats that a parameter takes in the flat buffer. */
export function parameterFloats(rows: number, cols: number): number {
  return Math.ceil(rows * paddedStride(cols) / ALIGNMENT_FLOATS) * ALIGNMENT_FLOATS;
}

/** Floats that an MLP's parameters take in the flat buffer. */
export function mlpFloats(widths: readonly number[]): number {
  let floats = 0;
  for (let l = 0; l + 1 < widths.length; l++) {
    floats += parameterFloats(widths[l + 1]!, widths[l]!) + parameterFloats(1, widths[l + 1]!);
  }
  return floats;
}

/**
 * As DLRM and TBSM: weights N(0, √(2/(in + out))), biases N(0, √(1/out)). Layer l, a weight and the bias that follows it
 * if there is one, draws from `RandomStream(seed, "dense", l)`: its weights row by row, then its biases.
 */
export function initialiseDense(
  device: Device,
  parameters: readonly Parameter[],
  seed: number,
): void {
  let random = new RandomStream(seed, "dense", 0);
  let layers = 0, drawn = 0;
  for (const { shape, value, state, start } of parameters) {
    if (start !== undefined) {
      writeMatrix(device, value, Float32Array.from(start));
      if (state !== null) writeMatrix(device, state, new Float32Array(start.length));
      continue;
    }
    const bias = shape.length === 1;
    if (!bias) {
      random = new RandomStream(seed, "dense", layers++);
      drawn = 0;
    }
    const scale = bias ? Math.sqrt(1 / value.cols) : Math.sqrt(2 / (value.cols + value.rows));
    const values = Float32Array.from(
      { length: value.rows * value.cols },
      () => random.normal(drawn++) * scale,
    );
    writeMatrix(device, value, values);
    // Zeros the optimizer state too: a trained model starts anew, without step sizes that earlier training reduced.
    if (state !== null) writeMatrix(device, state, values.fill(0));
  }
}

/** Appends the layers' forward pass over the first rows of their inputs. */
export function forwardLayers(ops: Recorder, layers: readonly Layer[], rows: number): void {
  for (const layer of layers) {
    ops.add(linearForwardOp, {
      x: firstRows(layer.x, rows),
      w: layer.w,
      bias: layer.b,
      y: firstRows(layer.y, rows),
      relu: layer.relu,
    });
  }
}

/**
 * Appends the weight gradients of every layer, and the input gradients down to the first layer if its input has a gradient.
 */
export function backwardLayers(ops: Recorder, layers: readonly Layer[], rows: number): void {
  for (let l = layers.length - 1; l >= 0; l--) {
    const layer = layers[l]!;
    const dy = firstRows(layer.dy, rows), x = firstRows(layer.x, rows);
    ops.add(linearBackwardWeightsOp, { dy, x, dw: layer.dw, db: layer.db });
    if (layer.dx !== null) {
      ops.add(linearBackwardInputOp, {
        dy,
        w: layer.w,
        dx: firstRows(layer.dx, rows),
        // The input of every layer but the first came out of a ReLU.
        mask: l > 0 ? x : null,
      });
    }
  }
}

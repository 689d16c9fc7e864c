/**
 * DLRM (Naumov et al., 2019) in terms of ops: bottom MLP over the dense features, one embedding vector a table,
 * dot interaction, top MLP, binary cross-entropy.
 *
 * @module
 */

import { RandomStream } from "../core/random.ts";
import { interactionWidth } from "../kernels/interaction/record.ts";
import { paddedStride } from "../kernels/shapes.ts";
import type {
  Device,
  DeviceBuffer,
  EmbeddingTables,
  LookupBuffers,
  Matrix,
  Optimizer,
  Program,
  Recorder,
  Scalar,
} from "../kernels/types.ts";
import type { HostBatch, Model, Parameter } from "./model.ts";

/** Shape of a DLRM. */
export interface DlrmShape {
  /** Rows of each embedding table. */
  readonly tableRows: readonly number[];
  /** Floats in an embedding row. */
  readonly dim: number;
  /** Widths of the bottom MLP: dense columns first, `dim` last. */
  readonly bottom: readonly number[];
  /** Widths of the top MLP: dim + F(F-1)/2 first with F = tables + 1, 1 last. */
  readonly top: readonly number[];
}

/** How a model is laid out on its device. */
export interface DlrmOptions {
  /** Of table rows; dense parameters take the same, or plain Adagrad in place of row-wise. */
  readonly optimizer: Optimizer;
  /** Largest minibatch, for training or evaluation. */
  readonly maxBatch: number;
  /** Slots of the loss ring: steps that can run before losses must be read. */
  readonly lossSlots?: number;
}

/** A fully connected layer: y = act(x Wᵀ + b). */
interface Layer {
  readonly w: Matrix;
  readonly b: Matrix;
  readonly dw: Matrix;
  readonly db: Matrix;
  /** Input and output of the layer, and their gradients; the first layer's input needs none. */
  readonly x: Matrix;
  readonly y: Matrix;
  readonly dx: Matrix | null;
  readonly dy: Matrix;
  readonly relu: boolean;
}

/** Bytes that parameters are aligned to inside the flat buffer: the largest storage offset alignment of WebGPU. */
const ALIGNMENT_FLOATS = 64;

/** Scalars the programs read: learning rate, and the loss slot. */
const LEARNING_RATE = 0, LOSS_SLOT = 1;

/** A DLRM on a device. */
export class Dlrm implements Model {
  /** Holds everything of the model; belongs to the caller and is not disposed with it. */
  readonly device: Device;
  /** Table sizes and layer widths, as given. */
  readonly shape: DlrmShape;
  /** Optimizer of table rows, as given. */
  readonly optimizer: Optimizer;
  /** Inputs of the largest minibatch. */
  readonly maxBatch: number;
  /** One embedding table a categorical column, each `shape.dim` floats wide. */
  readonly tables: EmbeddingTables;
  /** Weight and bias of each layer in turn, bottom MLP first: `bot_l.0.weight`, `bot_l.0.bias`, … */
  readonly parameters: readonly Parameter[];
  /** Logits of the batch run last: maxBatch × 1, of which the batch's rows count. */
  readonly logits: Matrix;
  /** Ring of step losses on the device, one float a slot. */
  readonly losses: { readonly buffer: DeviceBuffer; readonly slots: number };
  readonly #features: number;
  readonly #lookups: LookupBuffers;
  readonly #dense: Matrix;
  readonly #labels: Matrix;
  readonly #scalars: DeviceBuffer;
  readonly #scalarBits = new ArrayBuffer(8);
  readonly #v: Matrix;
  readonly #dv: Matrix;
  readonly #r: Matrix;
  readonly #dr: Matrix;
  readonly #lossRow: Matrix;
  readonly #flat: { params: Matrix; grads: Matrix; state: Matrix | null };
  readonly #bottom: readonly Layer[];
  readonly #top: readonly Layer[];
  readonly #programs = new Map<string, Program>();
  readonly #owned: { dispose(): void }[] = [];

  /** Allocates everything, zero-filled; call {@linkcode Dlrm.initialise} or load weights before training. */
  constructor(device: Device, shape: DlrmShape, options: DlrmOptions) {
    checkShape(shape);
    this.device = device;
    this.shape = shape;
    this.optimizer = options.optimizer;
    this.maxBatch = options.maxBatch;
    const slots = options.lossSlots ?? 1024;
    const B = options.maxBatch;
    const T = shape.tableRows.length;
    const F = T + 1;
    this.#features = F;
    const matrix = (rows: number, cols: number, label: string): Matrix => {
      const m = device.createMatrix(rows, cols, label);
      this.#owned.push(m.buffer);
      return m;
    };
    this.tables = device.createTables(
      { rows: shape.tableRows, dim: shape.dim, optimizer: options.optimizer.kind },
      "embedding tables",
    );
    this.#lookups = device.createLookups({ tables: T, maxBags: B, maxLookups: T * B }, "lookups");
    this.#owned.push(this.tables, this.#lookups);
    this.#scalars = device.createBuffer(16, "step scalars");
    this.#owned.push(this.#scalars);
    this.#lossRow = matrix(1, slots, "losses");
    this.losses = { buffer: this.#lossRow.buffer, slots };
    this.#dense = matrix(B, shape.bottom[0]!, "dense features");
    this.#labels = matrix(B, 1, "labels");
    this.#v = matrix(B, F * shape.dim, "interaction input");
    this.#dv = matrix(B, F * shape.dim, "interaction input gradient");
    this.#r = matrix(B, shape.top[0]!, "interaction output");
    this.#dr = matrix(B, shape.top[0]!, "interaction output gradient");

    const widths = [shape.bottom, shape.top];
    const floats = flatLayout(widths);
    const state = options.optimizer.kind !== "sgd";
    this.#flat = {
      params: matrix(1, floats, "dense parameters"),
      grads: matrix(1, floats, "dense gradients"),
      state: state ? matrix(1, floats, "dense optimizer state") : null,
    };
    const first = (v: Matrix): Matrix => ({ ...v, cols: shape.dim });
    const parameters: Parameter[] = [];
    let at = 0;
    const take = (
      name: string,
      shapeOf: readonly number[],
      rows: number,
      cols: number,
    ): [Matrix, Matrix] => {
      const stride = paddedStride(cols);
      const view = (m: Matrix): Matrix => ({ buffer: m.buffer, offset: at, rows, cols, stride });
      const { params, grads, state: flatState } = this.#flat;
      parameters.push({
        name,
        shape: shapeOf,
        value: view(params),
        state: flatState === null ? null : view(flatState),
      });
      const views: [Matrix, Matrix] = [view(params), view(grads)];
      at += align(rows * stride);
      return views;
    };
    const layers = (
      prefix: string,
      dims: readonly number[],
      input: Matrix,
      inputGradient: Matrix | null,
      output: Matrix,
      outputGradient: Matrix,
      lastRelu: boolean,
    ): Layer[] => {
      const result: Layer[] = [];
      let x = input, dx = inputGradient;
      for (let l = 0; l + 1 < dims.length; l++) {
        const [K, N] = [dims[l]!, dims[l + 1]!];
        const last = l + 2 === dims.length;
        const [w, dw] = take(`${prefix}.${2 * l}.weight`, [N, K], N, K);
        const [b, db] = take(`${prefix}.${2 * l}.bias`, [N], 1, N);
        const y = last ? output : matrix(B, N, `${prefix}.${2 * l} output`);
        const dy = last ? outputGradient : matrix(B, N, `${prefix}.${2 * l} output gradient`);
        result.push({ w, b, dw, db, x, y, dx, dy, relu: !last || lastRelu });
        x = y;
        dx = dy;
      }
      return result;
    };
    this.#bottom = layers(
      "bot_l",
      shape.bottom,
      this.#dense,
      null,
      first(this.#v),
      first(this.#dv),
      true,
    );
    this.logits = matrix(B, 1, "logits");
    const dlogits = matrix(B, 1, "logit gradients");
    this.#top = layers("top_l", shape.top, this.#r, this.#dr, this.logits, dlogits, false);
    this.parameters = parameters;
  }

  /** Number of dense parameters (weights and biases of both MLPs). */
  get denseParameters(): number {
    return this.parameters.reduce((sum, p) => sum + p.shape.reduce((a, b) => a * b, 1), 0);
  }

  /**
   * As DLRM: weights N(0, √(2/(in + out))), biases N(0, √(1/out)), table rows U(±√(1/rows)). Layer l draws from
   * `RandomStream(seed, "dense", l)`: its weights row by row, then its biases.
   */
  async initialise(seed: number): Promise<void> {
    for (let i = 0; i < this.parameters.length; i += 2) {
      const [weight, bias] = [this.parameters[i]!, this.parameters[i + 1]!];
      const [N, K] = [weight.shape[0]!, weight.shape[1]!];
      const random = new RandomStream(seed, "dense", i / 2);
      const values = new Float32Array(N * K + N);
      const wScale = Math.sqrt(2 / (K + N)), bScale = Math.sqrt(1 / N);
      for (let p = 0; p < N * K; p++) values[p] = random.normal(p) * wScale;
      for (let p = 0; p < N; p++) values[N * K + p] = random.normal(N * K + p) * bScale;
      writeMatrix(this.device, weight.value, values.subarray(0, N * K));
      writeMatrix(this.device, bias.value, values.subarray(N * K));
    }
    await this.tables.initUniform(seed);
  }

  /** {@inheritDoc Model.upload} */
  upload(batch: HostBatch): void {
    if (batch.size > this.maxBatch) {
      throw new RangeError(
        `Cannot upload ${batch.size} inputs: the model was made for at most ${this.maxBatch}`,
      );
    }
    const columns = this.shape.bottom[0]!;
    writeMatrix(
      this.device,
      { ...this.#dense, rows: batch.size },
      batch.dense.subarray(0, batch.size * columns),
    );
    writeMatrix(
      this.device,
      { ...this.#labels, rows: batch.size },
      batch.labels.subarray(0, batch.size),
    );
    this.device.writeLookups(this.#lookups, batch.lookups);
  }

  /** {@inheritDoc Model.setStep} */
  setStep(learningRate: number, lossSlot: number): void {
    new Float32Array(this.#scalarBits)[LEARNING_RATE] = learningRate;
    new Uint32Array(this.#scalarBits)[LOSS_SLOT] = lossSlot;
    this.device.write(this.#scalars, 0, new Uint32Array(this.#scalarBits));
  }

  /** {@inheritDoc Model.trainProgram} */
  trainProgram(size: number): Program {
    return this.#program("train", size, (ops) => {
      this.#forward(ops, size);
      const learningRate: Scalar = { buffer: this.#scalars, index: LEARNING_RATE };
      const top = this.#top.at(-1)!;
      ops.stage("backward");
      ops.bce({
        logits: rows(this.logits, size),
        labels: rows(this.#labels, size),
        dlogits: rows(top.dy, size),
        losses: this.#lossRow,
        slot: { buffer: this.#scalars, index: LOSS_SLOT },
      });
      backward(ops, this.#top, size);
      ops.stage("interact");
      ops.interactionBackward({
        v: rows(this.#v, size),
        features: this.#features,
        dim: this.shape.dim,
        dr: rows(this.#dr, size),
        dv: rows(this.#dv, size),
        maskFirst: true,
      });
      ops.stage("backward");
      backward(ops, this.#bottom, size);
      ops.stage("update-rows");
      ops.embeddingBackward({
        tables: this.tables,
        lookups: this.#lookups,
        grad: rows(this.#dv, size),
        firstSlot: 1,
        optimizer: this.optimizer,
        learningRate,
      });
      ops.stage("update-dense");
      // Row-wise Adagrad is defined for rows; the dense part takes plain Adagrad, as DLRM's optimizer does.
      const dense: Optimizer = this.optimizer.kind === "rowwise-adagrad"
        ? { kind: "adagrad", eps: this.optimizer.eps }
        : this.optimizer;
      ops.denseUpdate({ ...this.#flat, optimizer: dense, learningRate });
    });
  }

  /** {@inheritDoc Model.forwardProgram} */
  forwardProgram(size: number): Program {
    return this.#program("forward", size, (ops) => this.#forward(ops, size));
  }

  /** Gives all device memory back. */
  dispose(): void {
    for (const program of this.#programs.values()) program.dispose();
    this.#programs.clear();
    for (const owned of this.#owned.splice(0)) owned.dispose();
  }

  #forward(ops: Recorder, size: number): void {
    ops.stage("forward");
    forward(ops, this.#bottom, size);
    ops.stage("gather");
    ops.embeddingForward({
      tables: this.tables,
      lookups: this.#lookups,
      out: rows(this.#v, size),
      firstSlot: 1,
    });
    ops.stage("interact");
    ops.interactionForward({
      v: rows(this.#v, size),
      features: this.#features,
      dim: this.shape.dim,
      r: rows(this.#r, size),
    });
    ops.stage("forward");
    forward(ops, this.#top, size);
  }

  #program(kind: "train" | "forward", size: number, body: (ops: Recorder) => void): Program {
    if (!Number.isInteger(size) || size < 1 || size > this.maxBatch) {
      throw new RangeError(
        `Cannot run a minibatch of ${size} inputs: the model takes 1 to ${this.maxBatch}`,
      );
    }
    const key = `${kind} ${size}`;
    let program = this.#programs.get(key);
    if (program === undefined) {
      program = this.device.record(`dlrm ${key}`, body);
      this.#programs.set(key, program);
    }
    return program;
  }
}

/** Writes packed values (rows × cols) into a matrix, leaving its padding alone if there is none to skip. */
export function writeMatrix(device: Device, m: Matrix, values: Float32Array): void {
  if (m.stride === m.cols || m.rows === 1) {
    device.write(m.buffer, 4 * m.offset, values);
    return;
  }
  const padded = new Float32Array((m.rows - 1) * m.stride + m.cols);
  for (let i = 0; i < m.rows; i++) {
    padded.set(values.subarray(i * m.cols, (i + 1) * m.cols), i * m.stride);
  }
  device.write(m.buffer, 4 * m.offset, padded);
}

/** Reads a matrix back as packed values (rows × cols). */
export async function readMatrix(device: Device, m: Matrix): Promise<Float32Array> {
  if (m.rows === 0 || m.cols === 0) return new Float32Array(0);
  const floats = (m.rows - 1) * m.stride + m.cols;
  const raw = new Float32Array(await device.read(m.buffer, 4 * m.offset, 4 * floats));
  if (m.stride === m.cols) return raw;
  const packed = new Float32Array(m.rows * m.cols);
  for (let i = 0; i < m.rows; i++) {
    packed.set(raw.subarray(i * m.stride, i * m.stride + m.cols), i * m.cols);
  }
  return packed;
}

function rows(m: Matrix, size: number): Matrix {
  return { ...m, rows: size };
}

function forward(ops: Recorder, layers: readonly Layer[], size: number): void {
  for (const layer of layers) {
    ops.linearForward({
      x: rows(layer.x, size),
      w: layer.w,
      bias: layer.b,
      y: rows(layer.y, size),
      relu: layer.relu,
    });
  }
}

/** Weight gradients of every layer and input gradients down to the first, if its input wants one. */
function backward(ops: Recorder, layers: readonly Layer[], size: number): void {
  for (let l = layers.length - 1; l >= 0; l--) {
    const layer = layers[l]!;
    const dy = rows(layer.dy, size), x = rows(layer.x, size);
    ops.linearBackwardWeights({ dy, x, dw: layer.dw, db: layer.db });
    if (layer.dx !== null) {
      ops.linearBackwardInput({
        dy,
        w: layer.w,
        dx: rows(layer.dx, size),
        // The input of every layer but the first came out of a ReLU.
        mask: l > 0 ? x : null,
      });
    }
  }
}

function align(floats: number): number {
  return Math.ceil(floats / ALIGNMENT_FLOATS) * ALIGNMENT_FLOATS;
}

/** Floats of the flat parameter buffer: each weight and bias aligned. */
function flatLayout(mlps: readonly (readonly number[])[]): number {
  let floats = 0;
  for (const widths of mlps) {
    for (let l = 0; l + 1 < widths.length; l++) {
      floats += align(widths[l + 1]! * paddedStride(widths[l]!)) +
        align(paddedStride(widths[l + 1]!));
    }
  }
  return floats;
}

function checkShape(shape: DlrmShape): void {
  const expected = interactionWidth(shape.tableRows.length + 1, shape.dim);
  if (shape.bottom.length < 2 || shape.bottom.at(-1) !== shape.dim) {
    throw new RangeError(
      `Cannot build a DLRM with bottom MLP ${
        shape.bottom.join("-")
      }: its last width must be the embedding dimension ${shape.dim}`,
    );
  }
  if (shape.top.length < 2 || shape.top[0] !== expected || shape.top.at(-1) !== 1) {
    throw new RangeError(
      `Cannot build a DLRM with top MLP ${
        shape.top.join("-")
      }: it must start with the interaction width ${expected} and end with 1`,
    );
  }
}

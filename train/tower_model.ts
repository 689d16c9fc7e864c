/**
 * What all models over a tower have in common: tables, parameters, minibatch, loss and recorded programs.
 *
 * @module
 */

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
import { FlatParameters, initialiseDense, type MakeMatrix, mlpFloats } from "./layers.ts";
import { firstRows, writeMatrix } from "./matrices.ts";
import type { HostBatch, Model, Parameter } from "./model.ts";
import { Tower, type TowerShape } from "./tower.ts";

/** How a model is laid out on its device. */
export interface ModelOptions {
  /** Of table rows; dense parameters take the same, or plain Adagrad in place of row-wise. */
  readonly optimizer: Optimizer;
  /** Largest minibatch, for training or evaluation. */
  readonly maxBatch: number;
  /** Slots of the loss ring: steps that can run before losses must be read. */
  readonly lossSlots?: number;
}

/** The way from a tower's output to the logits and back. */
export interface Head {
  /** maxBatch × 1. */
  readonly logits: Matrix;
  /** Their gradient. */
  readonly dlogits: Matrix;
  /** Appends the forward pass. */
  forward(ops: Recorder, size: number): void;
  /** Appends the backward pass, from the logits' gradient to that of the tower's output. */
  backward(ops: Recorder, size: number): void;
}

/** What a head is made of. */
export interface HeadParts {
  /** Makes a matrix that is disposed with the model. */
  readonly make: MakeMatrix;
  /** Where its parameters come from. */
  readonly flat: FlatParameters;
  /** What it stands on. */
  readonly tower: Tower;
}

/** What sets one kind of model apart from another. */
export interface ModelKind {
  /** Goes into the labels of programs. */
  readonly name: string;
  /** Before the names of the tower's parameters and tables. */
  readonly prefix: string;
  /** Rows of the tower an input. */
  readonly steps: number;
  /** What the tower's output is called. */
  readonly output: { readonly value: string; readonly gradient: string };
  /** Whether the tower's last layer has a ReLU. */
  readonly lastRelu: boolean;
  /** Floats of the head's dense parameters. */
  readonly headFloats: number;
  /** Makes the head. */
  readonly head: (parts: HeadParts) => Head;
}

/** Scalars the programs read: learning rate, and the loss slot. */
const LEARNING_RATE = 0, LOSS_SLOT = 1;

/** A model over a tower, of which its kind says how the logits come about. */
export class TowerModel<Shape extends TowerShape> implements Model {
  /** Holds everything of the model; belongs to the caller and is not disposed with it. */
  readonly device: Device;
  /** Table sizes and layer widths, as given. */
  readonly shape: Shape;
  /** Optimizer of table rows, as given. */
  readonly optimizer: Optimizer;
  /** Inputs of the largest minibatch. */
  readonly maxBatch: number;
  /** One embedding table a categorical column, each `shape.dim` floats wide. */
  readonly tables: EmbeddingTables;
  /** {@inheritDoc Model.tableNames} */
  readonly tableNames: readonly string[];
  /** Ring of step losses on the device, one float a slot. */
  readonly losses: { readonly buffer: DeviceBuffer; readonly slots: number };
  /** Logits of the batch run last: maxBatch × 1, of which the batch's rows count. */
  readonly logits: Matrix;
  readonly #kind: ModelKind;
  readonly #flat: FlatParameters;
  readonly #tower: Tower;
  readonly #head: Head;
  readonly #lookups: LookupBuffers;
  readonly #labels: Matrix;
  readonly #scalars: DeviceBuffer;
  readonly #scalarBits = new ArrayBuffer(8);
  readonly #lossRow: Matrix;
  readonly #programs = new Map<string, Program>();
  readonly #owned: { dispose(): void }[] = [];

  /**
   * Allocates everything, zero-filled. For the kinds alone: make a `Dlrm` or a `Tbsm`.
   *
   * @ignore
   */
  constructor(device: Device, shape: Shape, options: ModelOptions, kind: ModelKind) {
    const { optimizer, maxBatch, lossSlots = 1024 } = options;
    this.device = device;
    this.shape = shape;
    this.optimizer = optimizer;
    this.maxBatch = maxBatch;
    this.#kind = kind;
    const make: MakeMatrix = (rows, cols, label) => {
      const m = device.createMatrix(rows, cols, label);
      this.#owned.push(m.buffer);
      return m;
    };
    const T = shape.tableRows.length, maxBags = maxBatch * kind.steps;
    try {
      this.tables = device.createTables(
        { rows: shape.tableRows, dim: shape.dim, optimizer: optimizer.kind },
        "embedding tables",
      );
      this.#owned.push(this.tables);
      this.tableNames = shape.tableRows.map((_, t) => `${kind.prefix}emb_l.${t}.weight`);
      this.#lookups = device.createLookups(
        { tables: T, maxBags, maxLookups: T * maxBags },
        "lookups",
      );
      this.#owned.push(this.#lookups);
      this.#scalars = device.createBuffer(16, "step scalars");
      this.#owned.push(this.#scalars);
      this.#lossRow = make(1, lossSlots, "losses");
      this.losses = { buffer: this.#lossRow.buffer, slots: lossSlots };
      this.#labels = make(maxBatch, 1, "labels");
      const floats = mlpFloats(shape.bottom) + mlpFloats(shape.top) + kind.headFloats;
      this.#flat = new FlatParameters(make, floats, optimizer);
      this.#tower = new Tower(shape, {
        make,
        flat: this.#flat,
        tables: this.tables,
        lookups: this.#lookups,
        maxRows: maxBags,
        prefix: kind.prefix,
        output: kind.output,
        lastRelu: kind.lastRelu,
      });
      this.#head = kind.head({ make, flat: this.#flat, tower: this.#tower });
      this.logits = this.#head.logits;
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /** {@inheritDoc Model.parameters} */
  get parameters(): readonly Parameter[] {
    return this.#flat.parameters;
  }

  /** Number of dense parameters. */
  get denseParameters(): number {
    return this.parameters.reduce((sum, p) => sum + p.shape.reduce((a, b) => a * b, 1), 0);
  }

  /**
   * As DLRM and TBSM: weights N(0, √(2/(in + out))), biases N(0, √(1/out)), table rows U(±√(1/rows)). Layer l draws
   * from `RandomStream(seed, "dense", l)`: its weights row by row, then its biases.
   */
  async initialise(seed: number): Promise<void> {
    // A device may notice late that it cannot hold the model, and can mend that while nothing is written.
    await this.device.sync();
    initialiseDense(this.device, this.parameters, seed);
    await this.tables.initUniform(seed);
  }

  /** {@inheritDoc Model.upload} */
  upload(batch: HostBatch): void {
    const { size, dense, labels, lookups } = batch;
    if (size > this.maxBatch) {
      throw new RangeError(
        `Cannot upload ${size} inputs: the model was made for at most ${this.maxBatch}`,
      );
    }
    const rows = size * this.#kind.steps, columns = this.shape.bottom[0]!;
    const { device } = this;
    writeMatrix(device, firstRows(this.#tower.dense, rows), dense.subarray(0, rows * columns));
    writeMatrix(device, firstRows(this.#labels, size), labels.subarray(0, size));
    device.writeLookups(this.#lookups, lookups);
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
      ops.stage("backward");
      ops.bce({
        logits: firstRows(this.logits, size),
        labels: firstRows(this.#labels, size),
        dlogits: firstRows(this.#head.dlogits, size),
        losses: this.#lossRow,
        slot: { buffer: this.#scalars, index: LOSS_SLOT },
      });
      this.#head.backward(ops, size);
      this.#tower.backward(ops, size * this.#kind.steps, this.optimizer, learningRate);
      ops.stage("update-dense");
      this.#flat.update(ops, learningRate);
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
    this.#tower.forward(ops, size * this.#kind.steps);
    this.#head.forward(ops, size);
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
      program = this.device.record(`${this.#kind.name} ${key}`, body);
      this.#programs.set(key, program);
    }
    return program;
  }
}

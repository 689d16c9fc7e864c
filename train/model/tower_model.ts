/**
 * What all models over a tower have in common: tables, parameters, minibatch, loss and recorded programs.
 *
 * @module
 */

import { bceOp } from "../../kernels/bce/op.ts";
import type {
  Device,
  DeviceBuffer,
  EmbeddingTables,
  Matrix,
  Optimizer,
  Pending,
  Program,
  Recorder,
} from "../../kernels/types.ts";
import { type Stage, timesByStage } from "../stages.ts";
import { HotRowStore } from "./hot_store.ts";
import { FlatParameters, initialiseDense, type MakeMatrix, mlpFloats } from "./layers.ts";
import { firstRows, readMatrix, writeMatrix } from "./matrices.ts";
import type { HostBatch, HostStep, Model, ModelBuffer, Parameter, Route, Step } from "./model.ts";
import { DeviceRows, HostRows, type Transfer } from "./row_paths.ts";
import type { DenseStatistics } from "./statistics.ts";
import { vectorNormFloats } from "./vector_norm.ts";
import { lookupsPerBag, type Normalisation, Tower, type TowerShape } from "./tower.ts";

/** How a model is laid out on its device. */
export interface ModelOptions {
  /** Optimizer of table rows. Dense parameters use the same, except that they use plain Adagrad instead of row-wise. */
  readonly optimizer: Optimizer;
  /** Largest minibatch, for training or evaluation. */
  readonly maxBatch: number;
  /** Largest minibatch for training, where that is smaller: gradients have room for it alone. 0 for a model that only scores. */
  readonly maxTrainBatch?: number;
  /** Slots of the loss ring: steps that can run before losses must be read. */
  readonly lossSlots?: number;
  /** Keeps the tables in host memory, under this device (which may be the model's own); by default they are on its own. */
  readonly host?: Device | null;
  /**
   * Keeps a second copy of some rows on the device: for each table the rows' numbers, ascending. Needs `host`. None by
   * default.
   */
  readonly hotRows?: readonly Uint32Array[] | null;
  /** How features are normalised; `none` by default. */
  readonly normalisation?: Normalisation;
  /**
   * For the normalisation `dense`: what initialising the model writes, from `denseStatistics`. Without it features stay as they
   * are until weights are loaded, which bring statistics of their own.
   */
  readonly denseStatistics?: DenseStatistics | null;
}

/** The part of a model between the tower's output and the logits, forward and backward. */
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
  /** Makes a matrix that only the backward pass needs: smaller if fewer inputs are trained than evaluated. */
  readonly makeGradient: MakeMatrix;
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

/** Scalars the programs read. */
const LEARNING_RATE = 0, LOSS_SLOT = 1;
/** Bytes that a step writes of them. The last word is free; traces have counted it among what is uploaded since their first. */
const SCALAR_BYTES = 12;

/** A model over a tower. Its subclass gives the head, which computes the logits. */
export class TowerModel<Shape extends TowerShape> implements Model {
  /** Holds everything of the model but rows in host memory; belongs to the caller and is not disposed with it. */
  readonly device: Device;
  /** Holds the tables: `device`, or the one given for host memory; belongs to the caller. */
  readonly home: Device;
  /** Table sizes and layer widths, as given. */
  readonly shape: Shape;
  /** Optimizer of table rows, as given. */
  readonly optimizer: Optimizer;
  /** Inputs of the largest minibatch. */
  readonly maxBatch: number;
  /** Inputs of the largest minibatch that can be trained. */
  readonly maxTrainBatch: number;
  /** One embedding table a categorical column, each `shape.dim` floats wide, on `home`. */
  readonly tables: EmbeddingTables;
  /** The second copy of hot rows on `device`, or null. */
  readonly hot: HotRowStore | null;
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
  readonly #rows: DeviceRows | HostRows;
  readonly #labels: Matrix;
  readonly #weights: Matrix;
  readonly #scalars: DeviceBuffer;
  readonly #scalarBits = new ArrayBuffer(SCALAR_BYTES);
  readonly #lossRow: Matrix;
  readonly #programs = new Map<string, Program>();
  readonly #owned: { dispose(): void }[] = [];
  readonly #link = { upload: { bytes: 0, ms: 0 }, download: { bytes: 0, ms: 0 } };

  /**
   * Allocates everything, zero-filled. For subclasses only: make a `Dlrm` or a `Tbsm`.
   *
   * @ignore
   */
  constructor(device: Device, shape: Shape, options: ModelOptions, kind: ModelKind) {
    const { optimizer, maxBatch, lossSlots = 1024, host = null, hotRows = null } = options;
    const { normalisation = "none", denseStatistics = null } = options;
    this.device = device;
    this.home = host ?? device;
    this.shape = shape;
    this.optimizer = optimizer;
    this.maxBatch = maxBatch;
    this.maxTrainBatch = Math.min(maxBatch, options.maxTrainBatch ?? maxBatch);
    this.#kind = kind;
    if (hotRows !== null && host === null) {
      throw new RangeError(
        "Cannot keep a second copy of hot rows: the tables are on the device itself, so give a host",
      );
    }
    const make: MakeMatrix = (rows, cols, label) => {
      const m = device.createMatrix(rows, cols, label);
      this.#owned.push(m.buffer);
      return m;
    };
    // All rows are so many an input. One is left where nothing is trained, for programs that are never run.
    const makeGradient: MakeMatrix = (rows, cols, label) =>
      make(Math.max(1, rows / maxBatch * this.maxTrainBatch), cols, label);
    const own = <It extends { dispose(): void }>(it: It): It => {
      this.#owned.push(it);
      return it;
    };
    const maxBags = maxBatch * kind.steps;
    const most = { bags: maxBags, lookups: maxBags * lookupsPerBag(shape) };
    try {
      const { dim } = shape;
      this.#scalars = own(device.createBuffer(16, "step scalars"));
      const update = { optimizer, learningRate: { buffer: this.#scalars, index: LEARNING_RATE } };
      const spec = { rows: shape.tableRows, dim, optimizer: optimizer.kind };
      this.#rows = own(
        host === null
          ? new DeviceRows(device, spec, most, update, "embedding tables")
          : new HostRows(device, host, spec, most, this.maxTrainBatch * kind.steps, optimizer),
      );
      this.tables = this.#rows.tables;
      this.hot = hotRows === null
        ? null
        : own(new HotRowStore(device, this.tables, hotRows, most, update));
      this.tableNames = shape.tableRows.map((_, t) => `${kind.prefix}emb_l.${t}.weight`);
      this.#lossRow = make(1, lossSlots, "losses");
      this.losses = { buffer: this.#lossRow.buffer, slots: lossSlots };
      this.#labels = make(maxBatch, 1, "labels");
      this.#weights = makeGradient(maxBatch, 1, "weights of inputs");
      const floats = mlpFloats(shape.bottom) + mlpFloats(shape.top) + kind.headFloats +
        (normalisation === "vectors" ? vectorNormFloats(shape.tableRows.length) : 0);
      this.#flat = new FlatParameters(make, makeGradient, floats, optimizer);
      this.#tower = new Tower(shape, {
        make,
        makeGradient,
        flat: this.#flat,
        maxRows: maxBags,
        prefix: kind.prefix,
        output: kind.output,
        lastRelu: kind.lastRelu,
        ...{ normalisation, denseStatistics },
      });
      this.#head = kind.head({ make, makeGradient, flat: this.#flat, tower: this.#tower });
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

  /** {@inheritDoc Model.buffers} */
  get buffers(): readonly ModelBuffer[] {
    return this.#tower.buffers;
  }

  /**
   * As DLRM and TBSM: weights N(0, √(2/(in + out))), biases N(0, √(1/out)), table rows U(±√(1/rows)). Layer l draws
   * from `RandomStream(seed, "dense", l)`: its weights row by row, then its biases.
   */
  async initialise(seed: number): Promise<void> {
    // A device may notice late that it cannot hold the model, and can only recover before anything is written.
    await this.device.sync();
    initialiseDense(this.device, this.parameters, seed);
    this.#tower.initialise(this.device);
    await this.tables.initUniform(seed);
    await this.hot?.clearState();
  }

  /** {@inheritDoc Model.shiftLogits} */
  async shiftLogits(by: number): Promise<void> {
    // Tower and head hand their layers out in the order of the forward pass, each with its bias behind its weight.
    const { value } = this.parameters.at(-1)!;
    const [bias] = await readMatrix(this.device, value);
    writeMatrix(this.device, value, Float32Array.of(bias! + by));
  }

  /** {@inheritDoc Model.upload} */
  upload(batch: HostBatch, route: Route = "full"): void {
    this.#uploadInputs(batch);
    this.#path(route).upload(batch.lookups);
  }

  /** {@inheritDoc Model.setStep} */
  setStep(learningRate: number, lossSlot: number): void {
    const floats = new Float32Array(this.#scalarBits), words = new Uint32Array(this.#scalarBits);
    floats[LEARNING_RATE] = learningRate;
    words[LOSS_SLOT] = lossSlot;
    this.device.write(this.#scalars, 0, words);
    if (this.#rows instanceof HostRows) this.#rows.setLearningRate(learningRate);
  }

  /** {@inheritDoc Model.trainStep} */
  async trainStep(batch: HostBatch, step: Step, route: Route = "full"): Promise<void> {
    const begun = performance.now();
    const { counters } = this.device;
    const link = this.#link;
    const path = this.#path(route);
    // Before anything is counted: in host memory lookups cross no link, even where the host is the device.
    if (path instanceof HostRows) path.upload(batch.lookups);
    this.setStep(step.learningRate, step.lossSlot);
    // Everything that a step reads goes to the device, except the learning rate for rows in host memory.
    const before = counters.bytesUploaded - this.#scalarBits.byteLength;
    this.#uploadInputs(batch);
    if (path instanceof DeviceRows) path.upload(batch.lookups);
    link.upload.bytes += counters.bytesUploaded - before;
    link.upload.ms += performance.now() - begun;
    const rows = batch.size * this.#kind.steps;
    if (path instanceof HostRows) add(link.upload, await path.bring(rows, this.#tower.vectors));
    const weighted = batch.weights !== undefined;
    this.device.run(this.trainProgram(batch.size, route, weighted));
    if (path instanceof HostRows) {
      add(link.download, await path.takeBack(rows, this.#tower.vectorGradients));
    }
  }

  /** {@inheritDoc Model.forwardStep} */
  async forwardStep(batch: HostBatch): Promise<void> {
    this.upload(batch);
    const rows = batch.size * this.#kind.steps;
    if (this.#rows instanceof HostRows) await this.#rows.bring(rows, this.#tower.vectors);
    this.device.run(this.forwardProgram(batch.size));
  }

  /** {@inheritDoc Model.takeStageTimes} */
  async takeStageTimes(): Promise<Partial<Record<Stage, number>>> {
    return await this.stageTimesLater().wait();
  }

  /** {@inheritDoc Model.stageTimesLater} */
  stageTimesLater(): Pending<Partial<Record<Stage, number>>> {
    const { upload, download } = this.#link;
    const linkMs = { upload: upload.ms, download: download.ms };
    upload.ms = download.ms = 0;
    const device = this.device.stageTimesLater();
    const home = this.home === this.device ? null : this.home.stageTimesLater();
    let times: Partial<Record<Stage, number>> | null = null;
    const total = (
      onDevice: Readonly<Record<string, number>>,
      onHost: Readonly<Record<string, number>> | null,
    ): Partial<Record<Stage, number>> => times ??= sumOfTimes(linkMs, onDevice, onHost);
    return {
      take: () => {
        const onDevice = device.take(), onHost = home?.take() ?? null;
        return onDevice === null || (home !== null && onHost === null)
          ? null
          : total(onDevice, onHost);
      },
      wait: async () => total(await device.wait(), await home?.wait() ?? null),
    };
  }

  /** {@inheritDoc Model.takeTraffic} */
  takeTraffic(): { upload: number; download: number } {
    const { upload, download } = this.#link;
    const traffic = { upload: upload.bytes, download: download.bytes };
    upload.bytes = download.bytes = 0;
    return traffic;
  }

  /** {@inheritDoc Model.trainProgram} */
  trainProgram(size: number, route: Route = "full", weighted = false): Program {
    if (size > this.maxTrainBatch) {
      throw new RangeError(
        `Cannot train a minibatch of ${size} inputs: the model was made to train ${this.maxTrainBatch} at most`,
      );
    }
    const path = this.#path(route);
    return this.#program(`train ${route}${weighted ? " weighted" : ""}`, size, (ops) => {
      this.#forward(ops, size, route);
      ops.stage("backward");
      ops.add(bceOp, {
        logits: firstRows(this.logits, size),
        labels: firstRows(this.#labels, size),
        weights: weighted ? firstRows(this.#weights, size) : null,
        dlogits: firstRows(this.#head.dlogits, size),
        losses: this.#lossRow,
        slot: { buffer: this.#scalars, index: LOSS_SLOT },
      });
      this.#head.backward(ops, size);
      this.#tower.backward(ops, size * this.#kind.steps, path);
      ops.stage("update-dense");
      this.#flat.update(ops, { buffer: this.#scalars, index: LEARNING_RATE });
    });
  }

  /** {@inheritDoc Model.hostStep} */
  hostStep(size: number, route: Route = "full"): HostStep | null {
    const path = this.#path(route);
    if (!(path instanceof HostRows)) return null;
    const rows = size * this.#kind.steps;
    return {
      gather: path.program("gather", rows),
      update: path.program("update", rows),
      bytes: 4 * rows * this.#tower.vectors.stride,
    };
  }

  /** {@inheritDoc Model.forwardProgram} */
  forwardProgram(size: number): Program {
    return this.#program("forward", size, (ops) => this.#forward(ops, size, "full"));
  }

  /** Gives all device memory back. */
  dispose(): void {
    for (const program of this.#programs.values()) program.dispose();
    this.#programs.clear();
    for (const owned of this.#owned.splice(0)) owned.dispose();
  }

  /** As `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Copies dense features, labels and weights to the device. */
  #uploadInputs({ size, dense, labels, weights }: HostBatch): void {
    if (size > this.maxBatch) {
      throw new RangeError(
        `Cannot upload ${size} inputs: the model was made for at most ${this.maxBatch}`,
      );
    }
    const rows = size * this.#kind.steps, columns = this.shape.bottom[0]!;
    const { device } = this;
    writeMatrix(device, firstRows(this.#tower.dense, rows), dense.subarray(0, rows * columns));
    writeMatrix(device, firstRows(this.#labels, size), labels.subarray(0, size));
    // An evaluation may be of more inputs than can be trained, and weighs none.
    if (weights !== undefined) {
      writeMatrix(device, firstRows(this.#weights, size), weights.subarray(0, size));
    }
  }

  #path(route: Route): DeviceRows | HostRows {
    if (route === "full") return this.#rows;
    if (this.hot === null) {
      throw new RangeError("Cannot take the route of hot rows: the model was made without any");
    }
    return this.hot.rows;
  }

  #forward(ops: Recorder, size: number, route: Route): void {
    this.#tower.forward(ops, size * this.#kind.steps, this.#path(route));
    this.#head.forward(ops, size);
  }

  #program(kind: string, size: number, body: (ops: Recorder) => void): Program {
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

function add(sum: { bytes: number; ms: number }, { bytes, ms }: Transfer): void {
  sum.bytes += bytes;
  sum.ms += ms;
}

/** Times of the link, of the tower's device and of the host's, where that is another, in milliseconds. */
function sumOfTimes(
  linkMs: { upload: number; download: number },
  onDevice: Readonly<Record<string, number>>,
  onHost: Readonly<Record<string, number>> | null,
): Partial<Record<Stage, number>> {
  const times = timesByStage(onDevice);
  let { upload, download } = linkMs;
  if (onHost !== null) {
    // Waiting for the gradients is waiting for the device, whose time has been booked already.
    download = Math.max(0, download - Object.values(times).reduce((sum, ms) => sum + ms, 0));
    for (const [stage, ms] of Object.entries(timesByStage(onHost))) {
      times[stage as Stage] = (times[stage as Stage] ?? 0) + ms;
    }
  }
  if (upload > 0) times.upload = (times.upload ?? 0) + upload;
  if (download > 0) times.download = (times.download ?? 0) + download;
  return times;
}

/**
 * What the training loop needs of a model: programs to run, and named parameters to save.
 *
 * @module
 */

import type {
  Device,
  DeviceBuffer,
  EmbeddingTables,
  GroupedLookups,
  Matrix,
  Pending,
  Program,
} from "../../kernels/types.ts";
import type { Stage } from "../stages.ts";
import type { HotRowStore } from "./hot_store.ts";

/** A named dense parameter: a weight matrix (out × in) or a bias (1 × out). */
export interface Parameter {
  /** As in the model's `state_dict`: `bot_l.0.weight`, `top_l.2.bias`, … */
  readonly name: string;
  /** Shape as PyTorch has it: [out, in] or [out]; [1, out, in] for TBSM's A. */
  readonly shape: readonly number[];
  /** The numbers on the device: out × in, or 1 × out for a bias. */
  readonly value: Matrix;
  /** Adagrad accumulator, or null for SGD. */
  readonly state: Matrix | null;
  /** What it starts from; drawn at random where absent. */
  readonly start?: readonly number[];
}

/** One minibatch on the host, ready for upload. */
export interface HostBatch {
  /** Inputs in it. */
  readonly size: number;
  /** size × dense columns; of sequences, size × steps rows. */
  readonly dense: Float32Array;
  /** One per input, 0 or 1. */
  readonly labels: Float32Array;
  /** A bag an input; of sequences, one a step: step s of input b is bag `b * steps + s`. */
  readonly lookups: GroupedLookups;
  /** What each input weighs in the loss, above 0; absent for 1 each. */
  readonly weights?: Float32Array;
}

/** Numbers of a model that training does not change: statistics of the training set, and constants of normalisations. */
export interface ModelBuffer {
  /** Such as `norm.dense.mean`. */
  readonly name: string;
  /** 1 × n. */
  readonly value: Matrix;
}

/** Which tables a minibatch's lookups name: all rows, or the second copy of hot rows on the device. */
export type Route = "full" | "hot";

/** What a training step reads besides its minibatch. */
export interface Step {
  /** Minibatches trained before it. */
  readonly number: number;
  /** Factor of the updates. */
  readonly learningRate: number;
  /** Slot of `losses` for its loss. */
  readonly lossSlot: number;
}

/** The host's part of a training step whose rows are in host memory. */
export interface HostStep {
  /** Runs on the host before the vectors are copied to the device. */
  readonly gather: Program;
  /** Runs on the host after their gradients have been copied back. */
  readonly update: Program;
  /** Bytes of the vectors, and of their gradients. */
  readonly bytes: number;
}

/** A model on a device. Buffers are sized for `maxBatch` inputs; programs exist per batch size. */
export interface Model extends Disposable {
  /** Where it runs; belongs to the caller. */
  readonly device: Device;
  /** Inputs of the largest minibatch, for training or evaluation. */
  readonly maxBatch: number;
  /** Where its tables are: `device` itself, or the device of host memory; belongs to the caller. */
  readonly home: Device;
  /** Its embedding tables on `home`, in the order of the data set's categorical columns. */
  readonly tables: EmbeddingTables;
  /** A second copy of hot rows on `device`, where the placement has one. */
  readonly hot: HotRowStore | null;
  /** Names of the tables' weights, as in a `state_dict`: `emb_l.0.weight`, … */
  readonly tableNames: readonly string[];
  /** Its dense parameters, in the order they are saved. */
  readonly parameters: readonly Parameter[];
  /** Its fixed numbers, in the order they are saved; none unless it normalises by some. */
  readonly buffers: readonly ModelBuffer[];
  /** Logits of the batch run last: batch × 1. */
  readonly logits: Matrix;
  /** Ring of step losses on the device, one float a slot. */
  readonly losses: { readonly buffer: DeviceBuffer; readonly slots: number };
  /**
   * Fills parameters and tables from the seed's streams `dense` and `tables`, sets optimizer state to zero, and writes the
   * fixed numbers of its normalisation: a model that has been trained then trains to the same bits as a new one.
   */
  initialise(seed: number): Promise<void>;
  /** Adds a number to every logit that the model gives from now on, through the last bias. */
  shiftLogits(by: number): Promise<void>;
  /** Copies a minibatch to the device; its lookups name rows of the route's tables. */
  upload(batch: HostBatch, route?: Route): void;
  /** Sets what the next training step reads: learning rate and the slot for its loss. */
  setStep(learningRate: number, lossSlot: number): void;
  /**
   * Trains one minibatch, wherever its rows are: upload, forward, loss, backward, update. Programs may still be running
   * when the promise resolves.
   */
  trainStep(batch: HostBatch, step: Step, route?: Route): Promise<void>;
  /** Runs one minibatch forward, wherever its rows are. */
  forwardStep(batch: HostBatch): Promise<void>;
  /**
   * Forward, loss, backward and update of one minibatch of `size` inputs: all of a step where the rows are on the device,
   * the device's part of it where they are in host memory. With `weighted` inputs count by the weights that were uploaded.
   */
  trainProgram(size: number, route?: Route, weighted?: boolean): Program;
  /** What `trainStep` does on the host around that program; null where a route's rows are on the device. */
  hostStep(size: number, route?: Route): HostStep | null;
  /** Forward alone. */
  forwardProgram(size: number): Program;
  /**
   * Milliseconds booked on each stage since the last call, on all devices and on the link between them; call after
   * `device.sync()` or a read.
   */
  takeStageTimes(): Promise<Partial<Record<Stage, number>>>;
  /** As `takeStageTimes`, of the steps run so far, without waiting for them. */
  stageTimesLater(): Pending<Partial<Record<Stage, number>>>;
  /** Bytes that training steps have copied to the device and back since the last call. */
  takeTraffic(): { readonly upload: number; readonly download: number };
  /** Gives all device memory and programs back; using the model afterwards throws. */
  dispose(): void;
}

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
  Program,
} from "../kernels/types.ts";

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
}

/** A model on a device. Buffers are sized for `maxBatch` inputs; programs exist per batch size. */
export interface Model {
  /** Where it runs; belongs to the caller. */
  readonly device: Device;
  /** Inputs of the largest minibatch, for training or evaluation. */
  readonly maxBatch: number;
  /** Its embedding tables, in the order of the data set's categorical columns. */
  readonly tables: EmbeddingTables;
  /** Names of the tables' weights, as in a `state_dict`: `emb_l.0.weight`, … */
  readonly tableNames: readonly string[];
  /** Its dense parameters, in the order they are saved. */
  readonly parameters: readonly Parameter[];
  /** Logits of the batch run last: batch × 1. */
  readonly logits: Matrix;
  /** Ring of step losses on the device, one float a slot. */
  readonly losses: { readonly buffer: DeviceBuffer; readonly slots: number };
  /** Fills parameters and tables from the seed's streams `dense` and `tables`. */
  initialise(seed: number): Promise<void>;
  /** Copies a minibatch to the device. */
  upload(batch: HostBatch): void;
  /** Sets what the next training step reads: the learning rate and the slot for its loss. */
  setStep(learningRate: number, lossSlot: number): void;
  /** Forward, loss, backward and update of one minibatch of `size` inputs. */
  trainProgram(size: number): Program;
  /** Forward alone. */
  forwardProgram(size: number): Program;
  /** Gives all device memory and programs back; using the model afterwards throws. */
  dispose(): void;
}

/**
 * The body that DLRM and TBSM share: bottom MLP over the dense features, one embedding vector a table, dot interaction,
 * top MLP.
 *
 * @module
 */

import { interactionBackwardOp, interactionForwardOp } from "../../kernels/interaction/op.ts";
import { interactionWidth } from "../../kernels/interaction/record.ts";
import type { Device, Matrix, Recorder } from "../../kernels/types.ts";
import {
  backwardLayers,
  type FlatParameters,
  forwardLayers,
  type Layer,
  type MakeMatrix,
} from "./layers.ts";
import { columnsFrom, firstColumns, firstRows } from "./matrices.ts";
import type { ModelBuffer } from "./model.ts";
import { type DenseStatistics, StandardisedColumns } from "./statistics.ts";
import { VectorNorm } from "./vector_norm.ts";

/** Table sizes and widths of a tower. */
export interface TowerShape {
  /** Rows of each embedding table. */
  readonly tableRows: readonly number[];
  /** Lookups of an input in each table at most, whose vectors are summed; absent for one each. */
  readonly lookups?: readonly number[];
  /** Floats in an embedding row. */
  readonly dim: number;
  /** Widths of the bottom MLP: dense columns first, `dim` last. */
  readonly bottom: readonly number[];
  /** Widths of the top MLP: dim + F(F-1)/2 first with F = tables + 1, that of the output last. */
  readonly top: readonly number[];
}

/**
 * How features are normalised: not at all, as DLRM; `dense`, dense features by means and variances of the training set;
 * `vectors`, each embedding vector by the deviation of its coordinates. The paper has a step of that name whose definition
 * is not public: these two readings are ours.
 */
export type Normalisation = typeof NORMALISATIONS[number];

/** Names of the normalisations. */
export const NORMALISATIONS = ["none", "dense", "vectors"] as const;

/** What a tower is made of. */
export interface TowerParts {
  readonly make: MakeMatrix;
  /** Makes a matrix that only the backward pass needs: with fewer rows than asked for if fewer are trained. */
  readonly makeGradient: MakeMatrix;
  readonly flat: FlatParameters;
  /** Most rows: one an input, of sequences one a step. */
  readonly maxRows: number;
  /** Before the names of the parameters. */
  readonly prefix: string;
  /** What the output is called. */
  readonly output: { readonly value: string; readonly gradient: string };
  /** Whether the last layer has a ReLU too. */
  readonly lastRelu: boolean;
  readonly normalisation: Normalisation;
  /** With `dense`: what the features are standardised by; null where weights will bring it. */
  readonly denseStatistics: DenseStatistics | null;
}

/** How embedding rows get into a tower, and where their gradients go. */
export interface RowPath {
  /** Appends what fills vectors 1 to T of `vectors`. */
  forward(ops: Recorder, vectors: Matrix): void;
  /** Appends what uses the gradients in vectors 1 to T. */
  backward(ops: Recorder, gradients: Matrix): void;
}

/** A tower on a device. */
export class Tower {
  /** Dense features: rows × dense columns. */
  readonly dense: Matrix;
  /** Vectors as they come from the bottom MLP (number 0) and from the tables: rows × (T + 1) · dim. */
  readonly vectors: Matrix;
  /** Their gradient. */
  readonly vectorGradients: Matrix;
  /** Output of the top MLP. */
  readonly output: Matrix;
  /** Its gradient, before the activation if it has one. */
  readonly outputGradient: Matrix;
  /** Fixed numbers of the normalisation, in the order they are saved. */
  readonly buffers: readonly ModelBuffer[];
  readonly #denseStatistics: DenseStatistics | null;
  readonly #standardised: StandardisedColumns | null;
  readonly #vectorNorm: VectorNorm | null;
  readonly #features: number;
  readonly #dim: number;
  /**
   * What the interaction sees: `vectors` itself, unless these are normalised. Then the bottom MLP writes its vector here,
   * which is not one of a table and stays as it is.
   */
  readonly #v: Matrix;
  readonly #dv: Matrix;
  readonly #r: Matrix;
  readonly #dr: Matrix;
  readonly #bottom: readonly Layer[];
  readonly #top: readonly Layer[];

  /** Takes parameters from `parts.flat`, the bottom MLP's first: `bot_l`, then `top_l`. */
  constructor(shape: TowerShape, parts: TowerParts) {
    const { make, makeGradient, flat, maxRows, prefix, output, lastRelu, normalisation } = parts;
    const { dim, bottom, top } = shape;
    const features = shape.tableRows.length + 1;
    this.#denseStatistics = parts.denseStatistics;
    this.#features = features;
    this.#dim = dim;
    this.dense = make(maxRows, bottom[0]!, "dense features");
    this.vectors = make(maxRows, features * dim, "interaction input");
    this.vectorGradients = makeGradient(maxRows, features * dim, "interaction input gradient");
    const apart = normalisation === "vectors";
    this.#v = apart ? make(maxRows, features * dim, "normalised vectors") : this.vectors;
    this.#dv = apart
      ? makeGradient(maxRows, features * dim, "normalised vector gradients")
      : this.vectorGradients;
    this.#r = make(maxRows, top[0]!, "interaction output");
    this.#dr = makeGradient(maxRows, top[0]!, "interaction output gradient");
    this.#standardised = normalisation === "dense"
      ? new StandardisedColumns(make, `${prefix}norm.dense`, this.dense)
      : null;
    this.#bottom = flat.layers(`${prefix}bot_l`, bottom, {
      input: this.#standardised?.output ?? this.dense,
      inputGradient: null,
      output: firstColumns(this.#v, dim),
      outputGradient: firstColumns(this.#dv, dim),
      lastRelu: true,
    });
    const ofTables = (value: Matrix, gradient: Matrix) => ({
      value: columnsFrom(value, dim),
      gradient: columnsFrom(gradient, dim),
    });
    this.#vectorNorm = apart
      ? new VectorNorm(
        ...[make, flat, prefix, shape.tableRows, dim] as const,
        ofTables(this.vectors, this.vectorGradients),
        ofTables(this.#v, this.#dv),
      )
      : null;
    this.buffers = this.#standardised?.buffers ?? this.#vectorNorm?.buffers ?? [];
    this.output = make(maxRows, top.at(-1)!, output.value);
    this.outputGradient = makeGradient(maxRows, top.at(-1)!, output.gradient);
    this.#top = flat.layers(`${prefix}top_l`, top, {
      input: this.#r,
      inputGradient: this.#dr,
      output: this.output,
      outputGradient: this.outputGradient,
      lastRelu,
    });
  }

  /** Writes the fixed numbers of the normalisation. */
  initialise(device: Device): void {
    this.#standardised?.initialise(device, this.#denseStatistics);
    this.#vectorNorm?.initialise(device);
  }

  /** Appends the forward pass. */
  forward(ops: Recorder, rows: number, path: RowPath): void {
    const v = firstRows(this.#v, rows), r = firstRows(this.#r, rows);
    const shape = { features: this.#features, dim: this.#dim };
    ops.stage("forward");
    this.#standardised?.forward(ops, rows);
    forwardLayers(ops, this.#bottom, rows);
    ops.stage("gather");
    path.forward(ops, firstRows(this.vectors, rows));
    ops.stage("interact");
    this.#vectorNorm?.forward(ops, rows);
    ops.add(interactionForwardOp, { v, ...shape, r });
    ops.stage("forward");
    forwardLayers(ops, this.#top, rows);
  }

  /** Appends the backward pass from the output's gradient down to the rows looked up. */
  backward(ops: Recorder, rows: number, path: RowPath): void {
    const dv = firstRows(this.#dv, rows);
    const shape = { features: this.#features, dim: this.#dim };
    ops.stage("backward");
    backwardLayers(ops, this.#top, rows);
    ops.stage("interact");
    ops.add(interactionBackwardOp, {
      v: firstRows(this.#v, rows),
      ...shape,
      dr: firstRows(this.#dr, rows),
      dv,
      maskFirst: true,
    });
    this.#vectorNorm?.backward(ops, rows);
    ops.stage("backward");
    backwardLayers(ops, this.#bottom, rows);
    ops.stage("update-rows");
    path.backward(ops, firstRows(this.vectorGradients, rows));
  }
}

/** Lookups of one bag in every table, at most. */
export function lookupsPerBag({ tableRows, lookups }: TowerShape): number {
  return lookups === undefined ? tableRows.length : lookups.reduce((sum, some) => sum + some, 0);
}

/** Throws a `RangeError` unless the widths fit together; `last` is what the top MLP must end in, null for any width. */
export function checkTower(model: string, shape: TowerShape, last: number | null): void {
  const { tableRows, lookups = tableRows.map(() => 1), dim, bottom, top } = shape;
  if (
    lookups.length !== tableRows.length ||
    lookups.some((some) => !Number.isSafeInteger(some) || some < 1)
  ) {
    throw new RangeError(
      `Cannot build a ${model} with lookups ${
        lookups.join("-")
      }: there must be a positive integer for each of ${tableRows.length} tables`,
    );
  }
  const expected = interactionWidth(tableRows.length + 1, dim);
  if (bottom.length < 2 || bottom.at(-1) !== dim) {
    throw new RangeError(
      `Cannot build a ${model} with bottom MLP ${
        bottom.join("-")
      }: its last width must be the embedding dimension ${dim}`,
    );
  }
  if (top.length < 2 || top[0] !== expected || (last !== null && top.at(-1) !== last)) {
    throw new RangeError(
      `Cannot build a ${model} with top MLP ${
        top.join("-")
      }: it must start with the interaction width ${expected}${
        last === null ? "" : ` and end with ${last}`
      }`,
    );
  }
}

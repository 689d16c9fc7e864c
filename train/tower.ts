/**
 * The body that DLRM and TBSM share: bottom MLP over the dense features, one embedding vector a table, dot interaction,
 * top MLP.
 *
 * @module
 */

import { interactionWidth } from "../kernels/interaction/record.ts";
import type {
  EmbeddingTables,
  LookupBuffers,
  Matrix,
  Optimizer,
  Recorder,
  Scalar,
} from "../kernels/types.ts";
import {
  backwardLayers,
  type FlatParameters,
  forwardLayers,
  type Layer,
  type MakeMatrix,
} from "./layers.ts";
import { firstColumns, firstRows } from "./matrices.ts";

/** Table sizes and widths of a tower. */
export interface TowerShape {
  /** Rows of each embedding table. */
  readonly tableRows: readonly number[];
  /** Floats in an embedding row. */
  readonly dim: number;
  /** Widths of the bottom MLP: dense columns first, `dim` last. */
  readonly bottom: readonly number[];
  /** Widths of the top MLP: dim + F(F-1)/2 first with F = tables + 1, that of the output last. */
  readonly top: readonly number[];
}

/** What a tower is made of. */
export interface TowerParts {
  readonly make: MakeMatrix;
  readonly flat: FlatParameters;
  readonly tables: EmbeddingTables;
  readonly lookups: LookupBuffers;
  /** Most rows: one an input, of sequences one a step. */
  readonly maxRows: number;
  /** Before the names of the parameters. */
  readonly prefix: string;
  /** What the output is called. */
  readonly output: { readonly value: string; readonly gradient: string };
  /** Whether the last layer has a ReLU too. */
  readonly lastRelu: boolean;
}

/** A tower on a device. */
export class Tower {
  /** Dense features: rows × dense columns. */
  readonly dense: Matrix;
  /** Output of the top MLP. */
  readonly output: Matrix;
  /** Its gradient, before the activation if it has one. */
  readonly outputGradient: Matrix;
  readonly #parts: TowerParts;
  readonly #features: number;
  readonly #dim: number;
  readonly #v: Matrix;
  readonly #dv: Matrix;
  readonly #r: Matrix;
  readonly #dr: Matrix;
  readonly #bottom: readonly Layer[];
  readonly #top: readonly Layer[];

  /** Takes parameters from `parts.flat`, the bottom MLP's first: `bot_l`, then `top_l`. */
  constructor(shape: TowerShape, parts: TowerParts) {
    const { make, flat, maxRows, prefix, output, lastRelu } = parts;
    const { dim, bottom, top } = shape;
    this.#parts = parts;
    this.#features = shape.tableRows.length + 1;
    this.#dim = dim;
    this.dense = make(maxRows, bottom[0]!, "dense features");
    this.#v = make(maxRows, this.#features * dim, "interaction input");
    this.#dv = make(maxRows, this.#features * dim, "interaction input gradient");
    this.#r = make(maxRows, top[0]!, "interaction output");
    this.#dr = make(maxRows, top[0]!, "interaction output gradient");
    this.#bottom = flat.layers(`${prefix}bot_l`, bottom, {
      input: this.dense,
      inputGradient: null,
      output: firstColumns(this.#v, dim),
      outputGradient: firstColumns(this.#dv, dim),
      lastRelu: true,
    });
    this.output = make(maxRows, top.at(-1)!, output.value);
    this.outputGradient = make(maxRows, top.at(-1)!, output.gradient);
    this.#top = flat.layers(`${prefix}top_l`, top, {
      input: this.#r,
      inputGradient: this.#dr,
      output: this.output,
      outputGradient: this.outputGradient,
      lastRelu,
    });
  }

  /** Appends the forward pass. */
  forward(ops: Recorder, rows: number): void {
    const { tables, lookups } = this.#parts;
    const v = firstRows(this.#v, rows), r = firstRows(this.#r, rows);
    ops.stage("forward");
    forwardLayers(ops, this.#bottom, rows);
    ops.stage("gather");
    ops.embeddingForward({ tables, lookups, out: v, firstSlot: 1 });
    ops.stage("interact");
    ops.interactionForward({ v, features: this.#features, dim: this.#dim, r });
    ops.stage("forward");
    forwardLayers(ops, this.#top, rows);
  }

  /** Appends the way back from the output's gradient, and the update of the rows looked up. */
  backward(ops: Recorder, rows: number, optimizer: Optimizer, learningRate: Scalar): void {
    const { tables, lookups } = this.#parts;
    const dv = firstRows(this.#dv, rows);
    ops.stage("backward");
    backwardLayers(ops, this.#top, rows);
    ops.stage("interact");
    ops.interactionBackward({
      v: firstRows(this.#v, rows),
      features: this.#features,
      dim: this.#dim,
      dr: firstRows(this.#dr, rows),
      dv,
      maskFirst: true,
    });
    ops.stage("backward");
    backwardLayers(ops, this.#bottom, rows);
    ops.stage("update-rows");
    ops.embeddingBackward({ tables, lookups, grad: dv, firstSlot: 1, optimizer, learningRate });
  }
}

/** Throws a `RangeError` unless the widths fit together; `last` is what the top MLP must end in, null for any width. */
export function checkTower(model: string, shape: TowerShape, last: number | null): void {
  const { tableRows, dim, bottom, top } = shape;
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

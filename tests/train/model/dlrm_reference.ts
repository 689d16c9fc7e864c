/**
 * A DLRM in float64, put together from the ops' references, to hold the recorded programs against.
 */

import { bce } from "../../../kernels/bce/reference.ts";
import {
  type Bags,
  embeddingBackward,
  embeddingForward,
} from "../../../kernels/embedding/reference.ts";
import { stateFloats } from "../../../kernels/embedding/record.ts";
import { interactionBackward, interactionForward } from "../../../kernels/interaction/reference.ts";
import {
  linearBackwardInput,
  linearBackwardWeights,
  linearForward,
} from "../../../kernels/linear/reference.ts";
import type { Optimizer } from "../../../kernels/types.ts";
import { applyOptimizer } from "../../../kernels/update/reference.ts";
import type { DlrmShape } from "../../../train/model/dlrm.ts";

export interface ReferenceLayer {
  w: Float64Array;
  b: Float64Array;
  wState: Float64Array;
  bState: Float64Array;
}

export interface ReferenceInputs {
  size: number;
  dense: Float64Array;
  /** ids[t][b]. */
  ids: readonly (readonly number[])[];
  /** bags[t][b] in place of `ids`, where inputs have several lookups a table. */
  bags?: Bags;
  labels: Float64Array;
}

interface Gradients {
  bottom: { dw: Float64Array; db: Float64Array }[];
  top: { dw: Float64Array; db: Float64Array }[];
  /** inputs × tables × dim. */
  vectors: Float64Array;
}

/** The lookups of every bag. */
function bagsOf({ ids, bags }: ReferenceInputs): Bags {
  return bags ?? ids.map((column) => column.map((id) => [id]));
}

/** The layers of an MLP out of named parameters. */
export function referenceLayers(
  parameters: ReadonlyMap<string, Float32Array>,
  prefix: string,
  widths: readonly number[],
): ReferenceLayer[] {
  return widths.slice(1).map((_, l): ReferenceLayer => {
    const w = Float64Array.from(parameters.get(`${prefix}.${2 * l}.weight`)!);
    const b = Float64Array.from(parameters.get(`${prefix}.${2 * l}.bias`)!);
    return { w, b, wState: new Float64Array(w.length), bState: new Float64Array(b.length) };
  });
}

export class ReferenceDlrm {
  readonly shape: DlrmShape;
  readonly optimizer: Optimizer;
  readonly bottom: ReferenceLayer[];
  readonly top: ReferenceLayer[];
  readonly tables: Float64Array[];
  readonly tableStates: Float64Array[];

  constructor(
    shape: DlrmShape,
    optimizer: Optimizer,
    parameters: ReadonlyMap<string, Float32Array>,
    tables: readonly Float32Array[],
  ) {
    this.shape = shape;
    this.optimizer = optimizer;
    this.bottom = referenceLayers(parameters, "bot_l", shape.bottom);
    this.top = referenceLayers(parameters, "top_l", shape.top);
    this.tables = tables.map((t) => Float64Array.from(t));
    const perRow = stateFloats(optimizer.kind, shape.dim);
    this.tableStates = shape.tableRows.map((rows) => new Float64Array(rows * perRow));
  }

  loss(inputs: ReferenceInputs): number {
    return bce(this.#forward(inputs).logits, inputs.labels).loss;
  }

  logits(inputs: ReferenceInputs): Float64Array {
    return this.#forward(inputs).logits;
  }

  gradients(inputs: ReferenceInputs): { loss: number; gradients: Gradients } {
    const { shape } = this;
    const B = inputs.size, F = shape.tableRows.length + 1, dim = shape.dim;
    const pass = this.#forward(inputs);
    const { loss, dlogits } = bce(pass.logits, inputs.labels);
    const top = backwardMlp(this.top, shape.top, pass.topInputs, dlogits, B, true);
    const dv = interactionBackward(pass.v, top.dx!, B, F, dim, true);
    const dx0 = new Float64Array(B * dim);
    const vectors = new Float64Array(B * (F - 1) * dim);
    for (let b = 0; b < B; b++) {
      dx0.set(dv.subarray(b * F * dim, b * F * dim + dim), b * dim);
      vectors.set(dv.subarray(b * F * dim + dim, (b + 1) * F * dim), b * (F - 1) * dim);
    }
    const bottom = backwardMlp(this.bottom, shape.bottom, pass.bottomInputs, dx0, B, false);
    return { loss, gradients: { bottom: bottom.layers, top: top.layers, vectors } };
  }

  /** One training step; gives the loss before it. */
  step(inputs: ReferenceInputs, learningRate: number): number {
    const { loss, gradients } = this.gradients(inputs);
    embeddingBackward(
      this.tables,
      this.tableStates,
      bagsOf(inputs),
      inputs.size,
      this.shape.dim,
      gradients.vectors,
      this.optimizer,
      learningRate,
    );
    const dense: Optimizer = this.optimizer.kind === "rowwise-adagrad"
      ? { kind: "adagrad", eps: this.optimizer.eps }
      : this.optimizer;
    for (
      const [layers, grads] of [[this.bottom, gradients.bottom], [this.top, gradients.top]] as const
    ) {
      layers.forEach((layer, l) => {
        applyOptimizer(layer.w, grads[l]!.dw, layer.wState, dense, learningRate);
        applyOptimizer(layer.b, grads[l]!.db, layer.bState, dense, learningRate);
      });
    }
    return loss;
  }

  #forward(inputs: ReferenceInputs) {
    const { shape } = this;
    const B = inputs.size, T = shape.tableRows.length, F = T + 1, dim = shape.dim;
    const bottomInputs: Float64Array[] = [];
    let x = inputs.dense;
    this.bottom.forEach((layer, l) => {
      bottomInputs.push(x);
      x = linearForward(x, layer.w, layer.b, B, shape.bottom[l]!, shape.bottom[l + 1]!, true);
    });
    const bags = bagsOf(inputs);
    const vectors = embeddingForward(this.tables, bags, B, dim);
    const v = new Float64Array(B * F * dim);
    for (let b = 0; b < B; b++) {
      v.set(x.subarray(b * dim, (b + 1) * dim), b * F * dim);
      v.set(vectors.subarray(b * T * dim, (b + 1) * T * dim), b * F * dim + dim);
    }
    const topInputs: Float64Array[] = [];
    x = interactionForward(v, B, F, dim);
    this.top.forEach((layer, l) => {
      topInputs.push(x);
      const relu = l + 1 < this.top.length;
      x = linearForward(x, layer.w, layer.b, B, shape.top[l]!, shape.top[l + 1]!, relu);
    });
    return { bottomInputs, v, topInputs, logits: x };
  }
}

/** Weight gradients of an MLP's layers and, if asked for, the gradient of its input. */
export function backwardMlp(
  layers: readonly ReferenceLayer[],
  widths: readonly number[],
  inputs: readonly Float64Array[],
  dy: Float64Array,
  B: number,
  toInput: boolean,
) {
  const grads: { dw: Float64Array; db: Float64Array }[] = [];
  let dx: Float64Array | null = null;
  for (let l = layers.length - 1; l >= 0; l--) {
    const K = widths[l]!, N = widths[l + 1]!;
    grads.unshift(linearBackwardWeights(dy, inputs[l]!, B, K, N));
    if (l > 0 || toInput) {
      dx = linearBackwardInput(dy, layers[l]!.w, l > 0 ? inputs[l]! : null, B, K, N);
      dy = dx;
    }
  }
  return { layers: grads, dx };
}

/**
 * A TBSM in float64, written from its formulas step by step (no product is shared with the recorded programs' way of
 * computing them beyond the ops' references), to hold the recorded programs against.
 */

import { bce } from "../../../kernels/bce/reference.ts";
import { stateFloats } from "../../../kernels/embedding/record.ts";
import { embeddingBackward, embeddingForward } from "../../../kernels/embedding/reference.ts";
import { interactionBackward, interactionForward } from "../../../kernels/interaction/reference.ts";
import { linearForward } from "../../../kernels/linear/reference.ts";
import { normaliseBackward, normaliseForward } from "../../../kernels/normalise/reference.ts";
import type { Optimizer } from "../../../kernels/types.ts";
import { applyOptimizer } from "../../../kernels/update/reference.ts";
import type { TbsmShape } from "../../../train/model/tbsm.ts";
import { backwardMlp, type ReferenceLayer, referenceLayers } from "./dlrm_reference.ts";

export interface ReferenceSequences {
  size: number;
  /** size × steps × dense columns. */
  dense: Float64Array;
  /** ids[t][b · steps + s]. */
  ids: readonly (readonly number[])[];
  labels: Float64Array;
}

type Gradients = { dw: Float64Array; db: Float64Array }[];

export const MLPS = ["bottom", "top", "attention", "final"] as const;

export class ReferenceTbsm {
  readonly shape: TbsmShape;
  readonly optimizer: Optimizer;
  readonly bottom: ReferenceLayer[];
  readonly top: ReferenceLayer[];
  readonly attention: ReferenceLayer[];
  readonly final: ReferenceLayer[];
  readonly a: Float64Array;
  readonly aState: Float64Array;
  readonly tables: Float64Array[];
  readonly tableStates: Float64Array[];

  constructor(
    shape: TbsmShape,
    optimizer: Optimizer,
    parameters: ReadonlyMap<string, Float32Array>,
    tables: readonly Float32Array[],
  ) {
    this.shape = shape;
    this.optimizer = optimizer;
    this.bottom = referenceLayers(parameters, "dlrm.bot_l", shape.bottom);
    this.top = referenceLayers(parameters, "dlrm.top_l", shape.top);
    this.attention = referenceLayers(parameters, "ams.0.mlp", shape.attention);
    this.final = referenceLayers(parameters, "mlps.0", shape.final);
    this.a = Float64Array.from(parameters.get("ams.0.A")!);
    this.aState = new Float64Array(this.a.length);
    this.tables = tables.map((t) => Float64Array.from(t));
    const perRow = stateFloats(optimizer.kind, shape.dim);
    this.tableStates = shape.tableRows.map((rows) => new Float64Array(rows * perRow));
  }

  /** A's columns dotted with a vector: Aᵀ x. */
  #at(x: Float64Array): Float64Array {
    const D = x.length;
    return x.map((_, j) => x.reduce((sum, value, i) => sum + this.a[i * D + j]! * value, 0));
  }

  #av(x: Float64Array): Float64Array {
    const D = x.length;
    return x.map((_, i) => x.reduce((sum, value, j) => sum + this.a[i * D + j]! * value, 0));
  }

  /** Everything of the forward pass. */
  forward(inputs: ReferenceSequences) {
    const { shape } = this;
    const { steps, dim } = shape;
    const B = inputs.size, M = B * steps, T = shape.tableRows.length, F = T + 1;
    const S = steps - 1, D = shape.top.at(-1)!;
    const bottom = mlp(this.bottom, shape.bottom, inputs.dense, M, true);
    const bags = inputs.ids.map((column) => column.map((id) => [id]));
    const vectors = embeddingForward(this.tables, bags, M, dim);
    const v = new Float64Array(M * F * dim);
    for (let m = 0; m < M; m++) {
      v.set(bottom.output.subarray(m * dim, (m + 1) * dim), m * F * dim);
      v.set(vectors.subarray(m * T * dim, (m + 1) * T * dim), m * F * dim + dim);
    }
    const top = mlp(this.top, shape.top, interactionForward(v, M, F, dim), M, true);
    const unit = normaliseForward(top.output, M, D);
    const at = (b: number, s: number) =>
      unit.subarray((b * steps + s) * D, (b * steps + s + 1) * D);
    const keys: Float64Array[] = [];
    const scores = new Float64Array(B * S);
    for (let b = 0; b < B; b++) {
      const key = this.#at(this.#av(at(b, S)));
      keys.push(key);
      for (let s = 0; s < S; s++) scores[b * S + s] = dot(at(b, s), key);
    }
    const attention = mlp(this.attention, shape.attention, scores, B, false);
    const weights = attention.output.map((x) => 1 / (1 + Math.exp(-x)));
    const context = new Float64Array(B * 2 * D);
    for (let b = 0; b < B; b++) {
      for (let j = 0; j < D; j++) {
        for (let s = 0; s < S; s++) context[b * 2 * D + j]! += weights[b * S + s]! * at(b, s)[j]!;
        context[b * 2 * D + D + j] = at(b, S)[j]!;
      }
    }
    const final = mlp(this.final, shape.final, context, B, false);
    return { bottom, v, top, at, keys, attention, weights, final, logits: final.output };
  }

  /** Number of steps whose vector is all zeros. */
  zeros(inputs: ReferenceSequences): number {
    const { output } = this.forward(inputs).top;
    const D = this.shape.top.at(-1)!;
    let zeros = 0;
    for (let i = 0; i < output.length; i += D) {
      zeros += Number(output.subarray(i, i + D).every((x) => x === 0));
    }
    return zeros;
  }

  /** The bias of all units of the tower's last layer that leaves about half of the steps a vector of zeros. */
  halfZeroBias(inputs: ReferenceSequences): number {
    const bias = this.top.at(-1)!.b;
    const kept = bias.slice();
    // So large that the ReLU lets everything through.
    bias.fill(1000);
    const { output } = this.forward(inputs).top;
    bias.set(kept);
    const D = bias.length;
    const highest = Array.from(
      { length: output.length / D },
      (_, m) => Math.max(...output.subarray(m * D, (m + 1) * D)) - 1000,
    ).sort((a, b) => a - b);
    return -highest[Math.floor(highest.length / 2)]!;
  }

  loss(inputs: ReferenceSequences): number {
    return bce(this.forward(inputs).logits, inputs.labels).loss;
  }

  gradients(inputs: ReferenceSequences) {
    const { shape } = this;
    const { steps, dim } = shape;
    const B = inputs.size, M = B * steps, T = shape.tableRows.length, F = T + 1;
    const S = steps - 1, D = shape.top.at(-1)!;
    const pass = this.forward(inputs);
    const { at, keys, weights } = pass;
    const { loss, dlogits } = bce(pass.logits, inputs.labels);
    const final = backwardMlp(this.final, shape.final, pass.final.inputs, dlogits, B, true);
    const dcontext = final.dx!;
    const dc = (b: number) => dcontext.subarray(b * 2 * D, b * 2 * D + D);
    const draw = weights.map((y, i) =>
      dot(at(Math.floor(i / S), i % S), dc(Math.floor(i / S))) * y * (1 - y)
    );
    const attention = backwardMlp(
      this.attention,
      shape.attention,
      pass.attention.inputs,
      draw,
      B,
      true,
    );
    const dscores = attention.dx!;
    const dunit = new Float64Array(M * D);
    const a = new Float64Array(D * D);
    for (let b = 0; b < B; b++) {
      const dkey = new Float64Array(D);
      for (let s = 0; s < S; s++) {
        for (let j = 0; j < D; j++) {
          dkey[j]! += dscores[b * S + s]! * at(b, s)[j]!;
          dunit[(b * steps + s) * D + j] = weights[b * S + s]! * dc(b)[j]! +
            dscores[b * S + s]! * keys[b]![j]!;
        }
      }
      const w = at(b, S), u = this.#av(w), du = this.#av(dkey), dw = this.#at(du);
      for (let i = 0; i < D; i++) {
        for (let j = 0; j < D; j++) a[i * D + j]! += u[i]! * dkey[j]! + du[i]! * w[j]!;
        dunit[(b * steps + S) * D + i] = dcontext[b * 2 * D + D + i]! + dw[i]!;
      }
    }
    const dz = normaliseBackward(pass.top.output, dunit, M, D, true);
    const top = backwardMlp(this.top, shape.top, pass.top.inputs, dz, M, true);
    const dv = interactionBackward(pass.v, top.dx!, M, F, dim, true);
    const dx0 = new Float64Array(M * dim);
    const vectors = new Float64Array(M * T * dim);
    for (let m = 0; m < M; m++) {
      dx0.set(dv.subarray(m * F * dim, m * F * dim + dim), m * dim);
      vectors.set(dv.subarray(m * F * dim + dim, (m + 1) * F * dim), m * T * dim);
    }
    const bottom = backwardMlp(this.bottom, shape.bottom, pass.bottom.inputs, dx0, M, false);
    const mlps: Record<typeof MLPS[number], Gradients> = {
      bottom: bottom.layers,
      top: top.layers,
      attention: attention.layers,
      final: final.layers,
    };
    return { loss, mlps, a, vectors };
  }

  /** One training step; gives the loss before it. */
  step(inputs: ReferenceSequences, learningRate: number): number {
    const { loss, mlps, a, vectors } = this.gradients(inputs);
    embeddingBackward(
      this.tables,
      this.tableStates,
      inputs.ids.map((column) => column.map((id) => [id])),
      inputs.size * this.shape.steps,
      this.shape.dim,
      vectors,
      this.optimizer,
      learningRate,
    );
    const dense: Optimizer = this.optimizer.kind === "rowwise-adagrad"
      ? { kind: "adagrad", eps: this.optimizer.eps }
      : this.optimizer;
    for (const name of MLPS) {
      this[name].forEach((layer, l) => {
        applyOptimizer(layer.w, mlps[name][l]!.dw, layer.wState, dense, learningRate);
        applyOptimizer(layer.b, mlps[name][l]!.db, layer.bState, dense, learningRate);
      });
    }
    applyOptimizer(this.a, a, this.aState, dense, learningRate);
    return loss;
  }
}

function dot(x: Float64Array, y: Float64Array): number {
  return x.reduce((sum, value, i) => sum + value * y[i]!, 0);
}

function mlp(
  layers: readonly ReferenceLayer[],
  widths: readonly number[],
  input: Float64Array,
  rows: number,
  lastRelu: boolean,
) {
  const inputs: Float64Array[] = [];
  let x = input;
  layers.forEach((layer, l) => {
    inputs.push(x);
    const relu = lastRelu || l + 1 < layers.length;
    x = linearForward(x, layer.w, layer.b, rows, widths[l]!, widths[l + 1]!, relu);
  });
  return { inputs, output: x };
}

/**
 * TBSM (Ishkhanov et al., 2020) in terms of ops: a DLRM tower over every step of an input, attention of the last step
 * over those before it, a final MLP, binary cross-entropy.
 *
 * For each step s of an input, z_s is the tower's output, whose last layer has a ReLU, and v_s = z_s / ‖z_s‖. The last
 * step is the query w, the others are the history H, and then
 *
 *     x = Aᵀ(A w),  a = H x,  y = attention(a),  c = Hᵀ y,  logit = final([c; w])
 *
 * with a sigmoid after the attention's last layer. The steps of a minibatch run through the tower as one larger
 * minibatch.
 *
 * @module
 */

import {
  linearBackwardInputOp,
  linearBackwardWeightsOp,
  linearForwardOp,
} from "../../kernels/linear/op.ts";
import { normaliseBackwardOp, normaliseForwardOp } from "../../kernels/normalise/op.ts";
import { sequenceBackwardOp, sequenceDotOp, sequencePoolOp } from "../../kernels/sequence/op.ts";
import { sigmoidBackwardOp, sigmoidForwardOp } from "../../kernels/sigmoid/op.ts";
import type { Device, Matrix, Recorder } from "../../kernels/types.ts";
import { backwardLayers, forwardLayers, type Layer, mlpFloats, parameterFloats } from "./layers.ts";
import { firstColumns, firstRows } from "./matrices.ts";
import { checkTower, type Tower, type TowerShape } from "./tower.ts";
import { type Head, type HeadParts, type ModelOptions, TowerModel } from "./tower_model.ts";

/** Shape of a TBSM. The tower's top MLP ends in the width D of a step's vector. */
export interface TbsmShape extends TowerShape {
  /** Time steps of an input: S of history and the query. */
  readonly steps: number;
  /** Widths of the attention MLP: S first, S last. */
  readonly attention: readonly number[];
  /** Widths of the final MLP: 2D first, 1 last. */
  readonly final: readonly number[];
}

/**
 * A TBSM on a device. Parameters are named as in the `state_dict` of Facebook's TBSM with one head: `dlrm.bot_l…`,
 * `dlrm.top_l…`, `ams.0.mlp…` (attention), `ams.0.A`, `mlps.0…` (final); tables `dlrm.emb_l…`.
 *
 * @category Models
 */
export class Tbsm extends TowerModel<TbsmShape> {
  /** Allocates everything, zero-filled; call `initialise` or load weights before training. */
  constructor(device: Device, shape: TbsmShape, options: ModelOptions) {
    checkShape(shape);
    const { steps, attention, final } = shape;
    const D = shape.top.at(-1)!;
    super(device, shape, options, {
      name: "tbsm",
      prefix: "dlrm.",
      steps,
      output: { value: "step vectors", gradient: "step vector gradients" },
      lastRelu: true,
      headFloats: mlpFloats(attention) + parameterFloats(D, D) + mlpFloats(final),
      head: (parts) => new AttentionHead(shape, options.maxBatch, parts),
    });
  }
}

/** From the tower's vectors of all steps to the logits. */
class AttentionHead implements Head {
  readonly logits: Matrix;
  readonly dlogits: Matrix;
  readonly #steps: number;
  readonly #tower: Tower;
  /** A step's vectors of unit length and their gradients: a row a step. */
  readonly #v: Matrix;
  readonly #dv: Matrix;
  /** A, its gradient, and what its products have for a bias. */
  readonly #a: Matrix;
  readonly #da: Matrix;
  readonly #zeros: Matrix;
  readonly #unused: Matrix;
  /** x = Aᵀ(A w) and the gradient of w through it. */
  readonly #key: Matrix;
  readonly #dquery: Matrix;
  /** A's gradient is u dxᵀ + du wᵀ: u above du, and dx above w, so that one product sums both. */
  readonly #left: Matrix;
  readonly #right: Matrix;
  readonly #scores: Matrix;
  readonly #dscores: Matrix;
  /** The attention MLP's output, and after its sigmoid. */
  readonly #raw: Matrix;
  readonly #draw: Matrix;
  readonly #weights: Matrix;
  readonly #dweights: Matrix;
  /** [c; w]. */
  readonly #context: Matrix;
  readonly #dcontext: Matrix;
  readonly #attention: readonly Layer[];
  readonly #final: readonly Layer[];

  constructor(shape: TbsmShape, B: number, { make, makeGradient, flat, tower }: HeadParts) {
    const { steps, attention, final } = shape;
    const [S, D] = [steps - 1, shape.top.at(-1)!];
    this.#steps = steps;
    this.#tower = tower;
    this.#v = make(B * steps, D, "unit vectors");
    this.#dv = makeGradient(B * steps, D, "unit vector gradients");
    this.#zeros = make(1, D, "no bias");
    this.#unused = make(1, D, "gradient of no bias");
    this.#key = make(B, D, "attention key");
    this.#dquery = makeGradient(B, D, "query gradient");
    this.#left = make(2 * B, D, "left factors");
    this.#right = make(2 * B, D, "right factors");
    this.#scores = make(B, S, "attention scores");
    this.#dscores = makeGradient(B, S, "attention score gradients");
    this.#raw = make(B, S, "attention output");
    this.#draw = makeGradient(B, S, "attention output gradients");
    this.#weights = make(B, S, "attention weights");
    this.#dweights = makeGradient(B, S, "attention weight gradients");
    this.#context = make(B, 2 * D, "context");
    this.#dcontext = makeGradient(B, 2 * D, "context gradient");
    this.#attention = flat.layers("ams.0.mlp", attention, {
      input: this.#scores,
      inputGradient: this.#dscores,
      output: this.#raw,
      outputGradient: this.#draw,
      lastRelu: false,
    });
    const { value, gradient } = flat.take("ams.0.A", [1, D, D], D, D);
    this.#a = value;
    this.#da = gradient;
    this.logits = make(B, 1, "logits");
    this.dlogits = makeGradient(B, 1, "logit gradients");
    this.#final = flat.layers("mlps.0", final, {
      input: this.#context,
      inputGradient: this.#dcontext,
      output: this.logits,
      outputGradient: this.dlogits,
      lastRelu: false,
    });
  }

  forward(ops: Recorder, size: number): void {
    const steps = this.#steps;
    const h = firstRows(this.#v, size * steps);
    const u = firstRows(this.#left, size), query = second(this.#right, size);
    const key = firstRows(this.#key, size), weights = firstRows(this.#weights, size);
    ops.add(normaliseForwardOp, { z: firstRows(this.#tower.output, size * steps), v: h });
    // The query once more, one row after another.
    ops.add(normaliseForwardOp, { z: lastSteps(this.#tower.output, steps, size), v: query });
    ops.add(linearForwardOp, { x: query, w: this.#a, bias: this.#zeros, y: u, relu: false });
    ops.add(linearBackwardInputOp, { dy: u, w: this.#a, dx: key, mask: null });
    ops.add(sequenceDotOp, { h, steps, x: key, a: firstRows(this.#scores, size) });
    forwardLayers(ops, this.#attention, size);
    ops.add(sigmoidForwardOp, { x: firstRows(this.#raw, size), y: weights });
    const c = firstRows(this.#context, size);
    ops.add(sequencePoolOp, { h, steps, y: weights, tail: query, c });
    forwardLayers(ops, this.#final, size);
  }

  backward(ops: Recorder, size: number): void {
    const steps = this.#steps;
    const D = this.#a.cols;
    const h = firstRows(this.#v, size * steps), dh = firstRows(this.#dv, size * steps);
    const weights = firstRows(this.#weights, size), dweights = firstRows(this.#dweights, size);
    const dc = firstRows(this.#dcontext, size), da = firstRows(this.#dscores, size);
    const dkey = firstRows(this.#right, size), du = second(this.#left, size);
    const dquery = firstRows(this.#dquery, size);
    backwardLayers(ops, this.#final, size);
    ops.add(sequenceDotOp, { h, steps, x: firstColumns(dc, D), a: dweights });
    ops.add(sigmoidBackwardOp, { y: weights, dy: dweights, dx: firstRows(this.#draw, size) });
    backwardLayers(ops, this.#attention, size);
    ops.add(sequencePoolOp, { h, steps, y: da, tail: null, c: dkey });
    ops.add(linearForwardOp, { x: dkey, w: this.#a, bias: this.#zeros, y: du, relu: false });
    ops.add(linearBackwardInputOp, { dy: du, w: this.#a, dx: dquery, mask: null });
    ops.add(linearBackwardWeightsOp, {
      dy: firstRows(this.#left, 2 * size),
      x: firstRows(this.#right, 2 * size),
      dw: this.#da,
      db: this.#unused,
    });
    const x = firstRows(this.#key, size);
    ops.add(sequenceBackwardOp, { y: weights, da, x, dc, query: dquery, steps, dh });
    ops.add(normaliseBackwardOp, {
      z: firstRows(this.#tower.output, size * steps),
      dv: dh,
      dz: firstRows(this.#tower.outputGradient, size * steps),
      masked: true,
    });
  }
}

/** The lower half of the first 2 · size rows. */
function second(m: Matrix, size: number): Matrix {
  return { ...m, offset: m.offset + size * m.stride, rows: size };
}

/** The last step of each input. */
function lastSteps(m: Matrix, steps: number, size: number): Matrix {
  const offset = m.offset + (steps - 1) * m.stride;
  return { ...m, offset, rows: size, stride: steps * m.stride };
}

function checkShape(shape: TbsmShape): void {
  checkTower("TBSM", shape, null);
  const { steps, attention, final } = shape;
  const D = shape.top.at(-1)!;
  const fail = (what: string, why: string): never => {
    throw new RangeError(`Cannot build a TBSM with ${what}: ${why}`);
  };
  if (!Number.isSafeInteger(steps) || steps < 2) {
    fail(`${steps} steps`, "it needs a history of one step at least, and the query");
  }
  // A vector of one float has no direction to normalise to.
  if (D < 2) {
    fail(`top MLP ${shape.top.join("-")}`, "a step's vector must have two floats at least");
  }
  if (attention.length < 2 || attention[0] !== steps - 1 || attention.at(-1) !== steps - 1) {
    fail(
      `attention MLP ${attention.join("-")}`,
      `it must start and end with the ${steps - 1} steps of history`,
    );
  }
  if (final.length < 2 || final[0] !== 2 * D || final.at(-1) !== 1) {
    fail(`final MLP ${final.join("-")}`, `it must start with ${2 * D} and end with 1`);
  }
}

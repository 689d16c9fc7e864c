import { layerNormBackwardOp, layerNormForwardOp } from "../../../kernels/layer_norm/op.ts";
import { layerNormBackward, layerNormForward } from "../../../kernels/layer_norm/reference.ts";
import { type Accuracy, layerNormGradientTolerances, layerNormTolerances } from "../error_model.ts";
import {
  assertClose,
  checkPlaced,
  type ConformanceCase,
  type Placed,
  placed,
  type Places,
  ROWS,
  type Values,
} from "./harness.ts";

/** B inputs of F vectors of `dim` floats; `gap` more floats between rows. */
interface Problem {
  readonly B: number;
  readonly F: number;
  readonly dim: number;
  readonly gap: number;
}

function sweep(): Problem[] {
  const features = [1, 2, 3, 27];
  return [1, 3, 4, 16, 17, 64].flatMap((dim, d) =>
    features.map((F, f) => ({
      ...{ B: ROWS[(2 * d + 5 * f) % ROWS.length]!, F, dim },
      gap: F * dim > 1 && (d + f) % 2 === 0 ? 8 : 0,
    }))
  );
}

const LARGE: Problem[] = [
  { B: 515, F: 27, dim: 16, gap: 0 },
  { B: 70, F: 2, dim: 515, gap: 4 },
  { B: 5377, F: 1, dim: 15, gap: 0 },
];

/**
 * What vectors are scaled by and moved by in turn: ordinary ones, ones with a mean far from 0, long ones, and those
 * whose variance 1e-5 outweighs, down to vectors of one number throughout.
 */
const SCALES = [[1, 0], [1, 3], [2 ** 20, 0], [2 ** -10, 0], [0, 1], [0, 0], [1e-3, 1]] as const;

function vectors(values: Values, { B, F, dim }: Problem, activations: boolean): Float64Array {
  const x = values.normal(B * F * dim);
  const first = values.activations(B * F * dim);
  return x.map((value, i) => {
    const vector = Math.floor(i / dim);
    if (activations && vector % F === 0) return first[i]!;
    const [scale, shift] = SCALES[vector % SCALES.length]!;
    return Math.fround(Math.fround(value * scale) + shift);
  });
}

function stride({ F, dim, gap }: Problem): { stride?: number } {
  return gap === 0 ? {} : { stride: 4 * Math.ceil(F * dim / 4) + gap };
}

/** Tolerances of all vectors, one after the other. */
function eachVector(
  length: number,
  dim: number,
  tolerances: (from: number, to: number) => Float64Array,
): Float64Array {
  const all = new Float64Array(length);
  for (let at = 0; at < length; at += dim) all.set(tolerances(at, at + dim), at);
  return all;
}

const forward =
  (accuracy: Accuracy) =>
  ({ inputs, outputs, values }: Places, problem: Problem, i: number): Placed => {
    const { B, F, dim } = problem;
    const data = vectors(values, problem, i % 2 === 0);
    const x = inputs.place(B, F * dim, data, stride(problem));
    const y = outputs.place(B, F * dim, null, stride(problem));
    return placed(layerNormForwardOp, { x, features: F, dim, y }, () =>
      assertClose(
        `layerNormForward ${B} × ${F} × ${dim}`,
        outputs.values(y),
        layerNormForward(data, dim),
        eachVector(
          data.length,
          dim,
          (from, to) => layerNormTolerances(data.subarray(from, to), accuracy),
        ),
      ));
  };

const backward =
  (accuracy: Accuracy) =>
  ({ inputs, outputs, values }: Places, problem: Problem & { maskFirst: boolean }): Placed => {
    const { B, F, dim, maskFirst } = problem;
    const data = vectors(values, problem, maskFirst);
    const gradient = values.normal(B * F * dim);
    const args = {
      ...{ features: F, dim, maskFirst },
      x: inputs.place(B, F * dim, data, stride(problem)),
      dy: inputs.place(B, F * dim, gradient),
      dx: outputs.place(B, F * dim, null, stride(problem)),
    };
    return placed(layerNormBackwardOp, args, () => {
      const y = layerNormForward(data, dim);
      const tolerances = eachVector(data.length, dim, (from, to) =>
        layerNormGradientTolerances(
          ...[data.subarray(from, to), gradient.subarray(from, to), y.subarray(from, to)] as const,
          accuracy,
        ));
      if (maskFirst) {
        data.forEach((value, i) => i % (F * dim) < dim && !(value > 0) && (tolerances[i] = 0));
      }
      assertClose(
        `layerNormBackward ${B} × ${F} × ${dim}${maskFirst ? " with vector 0 masked" : ""}`,
        outputs.values(args.dx),
        layerNormBackward(data, gradient, F, dim, maskFirst),
        tolerances,
      );
    });
  };

function masks(problems: readonly Problem[]): (Problem & { maskFirst: boolean })[] {
  return problems.flatMap((problem) =>
    [false, true].map((maskFirst) => ({ ...problem, maskFirst }))
  );
}

/** Cases of the layer normalisation. */
export const layerNormCases: readonly ConformanceCase[] = [
  {
    name: "layer norm forward: awkward shapes, vectors far from 0, long, short and constant",
    run: ({ device, accuracy }) => checkPlaced(device, 740, sweep(), forward(accuracy)),
  },
  {
    name: "layer norm forward: large shapes",
    run: ({ device, accuracy }) => checkPlaced(device, 741, LARGE, forward(accuracy)),
  },
  {
    name: "layer norm backward: awkward shapes, vectors far from 0, long, short and constant",
    run: ({ device, accuracy }) => checkPlaced(device, 742, masks(sweep()), backward(accuracy)),
  },
  {
    name: "layer norm backward: large shapes",
    run: ({ device, accuracy }) => checkPlaced(device, 743, masks(LARGE), backward(accuracy)),
  },
];

import {
  varianceNormBackwardOp,
  varianceNormForwardOp,
} from "../../../kernels/variance_norm/op.ts";
import {
  varianceNormBackward,
  varianceNormForward,
} from "../../../kernels/variance_norm/reference.ts";
import {
  type Accuracy,
  sumTolerance,
  varianceNormGradientTolerances,
  varianceNormTolerances,
} from "../error_model.ts";
import {
  assertClose,
  checkPlaced,
  type ConformanceCase,
  type Placed,
  placed,
  type Places,
  ROWS,
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
    features.flatMap((F, f) =>
      [0, 1].map((m) => ({
        ...{ B: ROWS[(2 * d + 5 * f + m) % ROWS.length]!, F, dim },
        gap: F * dim > 1 && (d + f) % 2 === 0 ? 8 : 0,
      }))
    )
  );
}

const LARGE: Problem[] = [
  { B: 515, F: 27, dim: 16, gap: 0 },
  { B: 70, F: 2, dim: 515, gap: 4 },
  { B: 5377, F: 1, dim: 15, gap: 0 },
];

/** What vectors are scaled and moved by in turn: down to those of one number, for which eps alone divides. */
const SCALES = [[1, 0], [1, 3], [2 ** 20, 0], [2 ** -10, 0], [0, 1], [0, 0], [1e-3, 1]] as const;

/** Operands of a problem with their values. */
function operands({ inputs, values }: Places, problem: Problem) {
  const { B, F, dim, gap } = problem;
  const data = values.normal(B * F * dim).map((value, i) => {
    const [scale, shift] = SCALES[Math.floor(i / dim) % SCALES.length]!;
    return Math.fround(Math.fround(value * scale) + shift);
  });
  const gains = values.normal(F);
  // From far below to far above the vectors' variances.
  const added = Float64Array.from({ length: F }, (_, f) => 10 ** (f % 6 - 4)).map(Math.fround);
  const placement = gap === 0 ? {} : { stride: 4 * Math.ceil(F * dim / 4) + gap };
  return {
    ...{ data, gains, added, placement },
    args: {
      ...{ features: F, dim },
      x: inputs.place(B, F * dim, data, placement),
      gain: inputs.place(1, F, gains),
      eps: inputs.place(1, F, added),
    },
  };
}

/** Each vector of a problem with its place. */
function* vectors({ B, F, dim }: Problem): Generator<{ f: number; from: number; to: number }> {
  for (let v = 0; v < B * F; v++) yield { f: v % F, from: v * dim, to: (v + 1) * dim };
}

const forward = (accuracy: Accuracy) => (places: Places, problem: Problem): Placed => {
  const { B, F, dim } = problem;
  const { data, gains, added, placement, args } = operands(places, problem);
  const y = places.outputs.place(B, F * dim, null, placement);
  return placed(varianceNormForwardOp, { ...args, y }, () => {
    const tolerances = new Float64Array(data.length);
    for (const { f, from, to } of vectors(problem)) {
      const x = data.subarray(from, to);
      tolerances.set(varianceNormTolerances(x, gains[f]!, added[f]!, accuracy), from);
    }
    assertClose(
      `varianceNormForward ${B} × ${F} × ${dim}`,
      places.outputs.values(y),
      varianceNormForward(data, dim, gains, added),
      tolerances,
    );
  });
};

const backward = (accuracy: Accuracy) => (places: Places, problem: Problem): Placed => {
  const { B, F, dim } = problem;
  const { inputs, outputs, values } = places;
  const { data, gains, added, placement, args } = operands(places, problem);
  const gradient = values.normal(B * F * dim);
  const dy = inputs.place(B, F * dim, gradient);
  const dx = outputs.place(B, F * dim, null, placement), dgain = outputs.place(1, F);
  return placed(varianceNormBackwardOp, { ...args, dy, dx, dgain }, () => {
    const tolerances = new Float64Array(data.length), ofGains = new Float64Array(F);
    const magnitudes = new Float64Array(F);
    for (const { f, from, to } of vectors(problem)) {
      const bounds = varianceNormGradientTolerances(
        ...[data.subarray(from, to), gradient.subarray(from, to)] as const,
        ...[gains[f]!, added[f]!, accuracy] as const,
      );
      tolerances.set(bounds.dx, from);
      ofGains[f]! += bounds.alongTolerance;
      magnitudes[f]! += Math.abs(bounds.along) + bounds.alongTolerance;
    }
    const want = varianceNormBackward(data, dim, gains, added, gradient);
    const what = `varianceNormBackward ${B} × ${F} × ${dim}`;
    assertClose(what, outputs.values(dx), want.dx, tolerances);
    assertClose(
      `${what}: gains`,
      outputs.values(dgain),
      want.dgain,
      ofGains.map((tolerance, f) => tolerance + sumTolerance(B, magnitudes[f]!)),
    );
  });
};

/** Cases of the variance-only layer normalisation. */
export const varianceNormCases: readonly ConformanceCase[] = [
  {
    name: "variance norm forward: awkward shapes, vectors far from 0, long, short and constant",
    run: ({ device, accuracy }) => checkPlaced(device, 760, sweep(), forward(accuracy)),
  },
  {
    name: "variance norm forward: large shapes",
    run: ({ device, accuracy }) => checkPlaced(device, 761, LARGE, forward(accuracy)),
  },
  {
    name: "variance norm backward: awkward shapes, vectors far from 0, long, short and constant",
    run: ({ device, accuracy }) => checkPlaced(device, 762, sweep(), backward(accuracy)),
  },
  {
    name: "variance norm backward: large shapes",
    run: ({ device, accuracy }) => checkPlaced(device, 763, LARGE, backward(accuracy)),
  },
];

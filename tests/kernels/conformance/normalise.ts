import assert from "node:assert/strict";
import { normaliseBackwardOp, normaliseForwardOp } from "../../../kernels/normalise/op.ts";
import { normaliseBackward, normaliseForward } from "../../../kernels/normalise/reference.ts";
import { type Accuracy, normaliseGradientTolerances, normaliseTolerances } from "../error_model.ts";
import {
  abs,
  assertClose,
  checkPlaced,
  type ConformanceCase,
  type Placed,
  placed,
  type Places,
  ROWS,
  type Values,
} from "./harness.ts";

/** M rows of D floats; `gap` more floats between rows. */
interface Problem {
  readonly M: number;
  readonly D: number;
  readonly gap: number;
}

function sweep(): Problem[] {
  return [1, 2, 3, 4, 15, 16, 17, 64, 65].flatMap((D, d) =>
    [0, 1].map((shift) => ({
      M: ROWS[(2 * d + 3 * shift) % ROWS.length]!,
      D,
      gap: D > 1 && shift === 1 ? 8 : 0,
    }))
  );
}

const LARGE: Problem[] = [{ M: 5377, D: 15, gap: 0 }, { M: 70, D: 515, gap: 4 }];

/** What rows are scaled by in turn: ordinary ones, long and short ones, and those no longer than the least norm. */
const SCALES = [1, 1, 2 ** 30, 2 ** -30, 0, 1e-14, 1e-20];

function rows(values: Values, { M, D }: Problem, activations: boolean): Float64Array {
  const z = activations ? values.activations(M * D) : values.normal(M * D);
  return z.map((x, i) => Math.fround(x * SCALES[Math.floor(i / D) % SCALES.length]!));
}

function stride({ D, gap }: Problem): { stride?: number } {
  return gap === 0 ? {} : { stride: 4 * Math.ceil(D / 4) + gap };
}

const forward =
  (accuracy: Accuracy) =>
  ({ inputs, outputs, values }: Places, problem: Problem, i: number): Placed => {
    const { M, D } = problem;
    const data = rows(values, problem, i % 2 === 0);
    const z = inputs.place(M, D, data, stride(problem));
    const v = outputs.place(M, D, null, stride(problem));
    return placed(normaliseForwardOp, { z, v }, () => {
      const want = normaliseForward(data, M, D);
      const tolerances = normaliseTolerances(want, D, accuracy);
      assertClose(`normaliseForward ${M} × ${D}`, outputs.values(v), want, tolerances);
    });
  };

const backward =
  (accuracy: Accuracy) =>
  ({ inputs, outputs, values }: Places, problem: Problem & { masked: boolean }): Placed => {
    const { M, D, masked } = problem;
    const data = rows(values, problem, masked);
    const gradient = values.normal(M * D);
    const args = {
      masked,
      z: inputs.place(M, D, data, stride(problem)),
      dv: inputs.place(M, D, gradient),
      dz: outputs.place(M, D, null, stride(problem)),
    };
    return placed(normaliseBackwardOp, args, () => {
      // The same formula with every term taken in magnitude.
      const magnitudes = new Float64Array(M * D);
      const unit = normaliseForward(abs(data), M, D);
      for (let i = 0; i < M; i++) {
        let along = 0;
        for (let j = i * D; j < (i + 1) * D; j++) along += unit[j]! * Math.abs(gradient[j]!);
        const length = Math.max(Math.hypot(...data.subarray(i * D, (i + 1) * D)), 1e-12);
        for (let j = i * D; j < (i + 1) * D; j++) {
          magnitudes[j] = (Math.abs(gradient[j]!) + unit[j]! * along) / length;
        }
      }
      const tolerances = normaliseGradientTolerances(magnitudes, D, accuracy);
      if (masked) data.forEach((x, j) => !(x > 0) && (tolerances[j] = 0));
      const got = outputs.values(args.dz);
      assert.ok(got.every(Number.isFinite), "a gradient is not finite");
      assertClose(
        `normaliseBackward ${M} × ${D}${masked ? " masked" : ""}`,
        got,
        normaliseBackward(data, gradient, M, D, masked),
        tolerances,
      );
    });
  };

function masks(problems: readonly Problem[]): (Problem & { masked: boolean })[] {
  return problems.flatMap((problem) => [false, true].map((masked) => ({ ...problem, masked })));
}

/** Cases of the L2 normalisation. */
export const normaliseCases: readonly ConformanceCase[] = [
  {
    name: "normalise forward: awkward shapes, long, short and zero rows",
    run: ({ device, accuracy }) => checkPlaced(device, 700, sweep(), forward(accuracy)),
  },
  {
    name: "normalise forward: large shapes",
    run: ({ device, accuracy }) => checkPlaced(device, 701, LARGE, forward(accuracy)),
  },
  {
    name: "normalise backward: awkward shapes, long, short and zero rows",
    run: ({ device, accuracy }) => checkPlaced(device, 702, masks(sweep()), backward(accuracy)),
  },
  {
    name: "normalise backward: large shapes",
    run: ({ device, accuracy }) => checkPlaced(device, 703, masks(LARGE), backward(accuracy)),
  },
];

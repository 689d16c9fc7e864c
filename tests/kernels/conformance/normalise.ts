import assert from "node:assert/strict";
import { normaliseBackwardOp, normaliseForwardOp } from "../../../kernels/normalise/op.ts";
import { normaliseBackward, normaliseForward } from "../../../kernels/normalise/reference.ts";
import type { Device } from "../../../kernels/types.ts";
import { type Accuracy, normaliseGradientTolerances, normaliseTolerances } from "../error_model.ts";
import {
  abs,
  assertClose,
  type ConformanceCase,
  ROWS,
  runTwice,
  Scope,
  Values,
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

async function checkForward(
  device: Device,
  accuracy: Accuracy,
  seed: number,
  problems: readonly Problem[],
): Promise<void> {
  using scope = new Scope();
  const values = new Values(seed);
  const inputs = scope.arena(device, "input", "rows");
  const outputs = scope.arena(device, "output", "normalised rows");
  const jobs = problems.map((problem, i) => {
    const { M, D } = problem;
    const data = rows(values, problem, i % 2 === 0);
    return {
      ...problem,
      data,
      z: inputs.place(M, D, data, stride(problem)),
      v: outputs.place(M, D, null, stride(problem)),
    };
  });
  inputs.commit();
  outputs.commit();
  const program = scope.own(device.record("normalise forward", (ops) => {
    for (const { z, v } of jobs) ops.add(normaliseForwardOp, { z, v });
  }));
  await runTwice(device, program, outputs.buffer);
  await outputs.download();
  for (const { M, D, data, v } of jobs) {
    const want = normaliseForward(data, M, D);
    assertClose(
      `normaliseForward ${M} × ${D}`,
      outputs.values(v),
      want,
      normaliseTolerances(want, D, accuracy),
    );
  }
}

async function checkBackward(
  device: Device,
  accuracy: Accuracy,
  seed: number,
  problems: readonly Problem[],
): Promise<void> {
  using scope = new Scope();
  const values = new Values(seed);
  const inputs = scope.arena(device, "input", "rows and gradients");
  const outputs = scope.arena(device, "output", "gradients");
  const jobs = problems.flatMap((problem) =>
    [false, true].map((masked) => {
      const { M, D } = problem;
      const data = rows(values, problem, masked);
      const gradient = values.normal(M * D);
      return {
        ...problem,
        masked,
        data,
        gradient,
        z: inputs.place(M, D, data, stride(problem)),
        dv: inputs.place(M, D, gradient),
        dz: outputs.place(M, D, null, stride(problem)),
      };
    })
  );
  inputs.commit();
  outputs.commit();
  const program = scope.own(device.record("normalise backward", (ops) => {
    for (const { z, dv, dz, masked } of jobs) ops.add(normaliseBackwardOp, { z, dv, dz, masked });
  }));
  await runTwice(device, program, outputs.buffer);
  await outputs.download();
  for (const { M, D, masked, data, gradient, dz } of jobs) {
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
    const got = outputs.values(dz);
    assert.ok(got.every(Number.isFinite), "a gradient is not finite");
    assertClose(
      `normaliseBackward ${M} × ${D}${masked ? " masked" : ""}`,
      got,
      normaliseBackward(data, gradient, M, D, masked),
      tolerances,
    );
  }
}

/** Cases of the L2 normalisation. */
export const normaliseCases: readonly ConformanceCase[] = [
  {
    name: "normalise forward: awkward shapes, long, short and zero rows",
    run: ({ device, accuracy }) => checkForward(device, accuracy, 700, sweep()),
  },
  {
    name: "normalise forward: large shapes",
    run: ({ device, accuracy }) => checkForward(device, accuracy, 701, LARGE),
  },
  {
    name: "normalise backward: awkward shapes, long, short and zero rows",
    run: ({ device, accuracy }) => checkBackward(device, accuracy, 702, sweep()),
  },
  {
    name: "normalise backward: large shapes",
    run: ({ device, accuracy }) => checkBackward(device, accuracy, 703, LARGE),
  },
];

import { interactionBackwardOp, interactionForwardOp } from "../../../kernels/interaction/op.ts";
import { interactionWidth } from "../../../kernels/interaction/record.ts";
import { interactionBackward, interactionForward } from "../../../kernels/interaction/reference.ts";
import { sumTolerances } from "../error_model.ts";
import {
  abs,
  assertClose,
  checkPlaced,
  type ConformanceCase,
  type Placed,
  placed,
  type Places,
  ROWS,
} from "./harness.ts";

/** B inputs of F vectors of `dim` floats. */
interface Problem {
  readonly B: number;
  readonly F: number;
  readonly dim: number;
  readonly maskFirst: boolean;
}

function sweep(): Problem[] {
  const problems: Problem[] = [];
  const dims = [1, 3, 4, 16, 17, 64], features = [1, 2, 3, 27];
  for (let d = 0; d < dims.length; d++) {
    for (let f = 0; f < features.length; f++) {
      for (const shift of [0, 3]) {
        problems.push({
          B: ROWS[(d + 2 * f + shift) % ROWS.length]!,
          F: features[f]!,
          dim: dims[d]!,
          maskFirst: (d + f + shift) % 2 === 0,
        });
      }
    }
  }
  return problems;
}

/** Large enough that a device splits it, and the published shapes of Criteo models. */
const LARGE: Problem[] = [
  { B: 259, F: 27, dim: 16, maskFirst: true },
  { B: 70, F: 27, dim: 64, maskFirst: true },
  { B: 33, F: 40, dim: 20, maskFirst: false },
];

function forward({ inputs, outputs, values }: Places, { B, F, dim }: Problem): Placed {
  const data = values.normal(B * F * dim);
  const width = interactionWidth(F, dim);
  const v = inputs.place(B, F * dim, data), r = outputs.place(B, width);
  return placed(interactionForwardOp, { v, features: F, dim, r }, () => {
    const tolerances = sumTolerances(dim, interactionForward(abs(data), B, F, dim));
    // Vector 0 is copied, not computed.
    for (let b = 0; b < B; b++) tolerances.fill(0, b * width, b * width + dim);
    assertClose(
      `interactionForward ${B} × ${F} × ${dim}`,
      outputs.values(r),
      interactionForward(data, B, F, dim),
      tolerances,
    );
  });
}

function backward(
  { inputs, outputs, values }: Places,
  { B, F, dim, maskFirst }: Problem,
): Placed {
  const data = values.normal(B * F * dim);
  const first = values.activations(B * dim);
  for (let b = 0; b < B; b++) data.set(first.subarray(b * dim, (b + 1) * dim), b * F * dim);
  const width = interactionWidth(F, dim);
  const gradient = values.normal(B * width);
  const args = {
    ...{ features: F, dim, maskFirst },
    v: inputs.place(B, F * dim, data),
    dr: inputs.place(B, width, gradient),
    dv: outputs.place(B, F * dim),
  };
  return placed(interactionBackwardOp, args, () => {
    // F - 1 products, and for vector 0 the direct part.
    const magnitudes = interactionBackward(abs(data), abs(gradient), B, F, dim, false);
    const tolerances = sumTolerances(F, magnitudes);
    for (let b = 0; b < B; b++) {
      for (let c = 0; c < dim; c++) {
        const at = b * F * dim + c;
        if (maskFirst && !(data[at]! > 0)) tolerances[at] = 0;
      }
    }
    assertClose(
      `interactionBackward ${B} × ${F} × ${dim}${maskFirst ? " with vector 0 masked" : ""}`,
      outputs.values(args.dv),
      interactionBackward(data, gradient, B, F, dim, maskFirst),
      tolerances,
    );
  });
}

/** Cases of the dot interaction. */
export const interactionCases: readonly ConformanceCase[] = [
  {
    name: "interaction forward: awkward shapes",
    run: ({ device }) => checkPlaced(device, 200, sweep(), forward),
  },
  {
    name: "interaction forward: large shapes",
    run: ({ device }) => checkPlaced(device, 201, LARGE, forward),
  },
  {
    name: "interaction backward: awkward shapes",
    run: ({ device }) => checkPlaced(device, 202, sweep(), backward),
  },
  {
    name: "interaction backward: large shapes",
    run: ({ device }) => checkPlaced(device, 203, LARGE, backward),
  },
];

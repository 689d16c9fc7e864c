import { interactionBackwardOp, interactionForwardOp } from "../../../kernels/interaction/op.ts";
import { interactionWidth } from "../../../kernels/interaction/record.ts";
import { interactionBackward, interactionForward } from "../../../kernels/interaction/reference.ts";
import type { Device } from "../../../kernels/types.ts";
import { sumTolerances } from "../error_model.ts";
import { abs, assertClose, type ConformanceCase, ROWS, Scope, Values } from "./harness.ts";

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

async function checkForward(device: Device, seed: number, problems: readonly Problem[]) {
  using scope = new Scope();
  const values = new Values(seed);
  const inputs = scope.arena(device, "input", "interaction inputs");
  const outputs = scope.arena(device, "output", "interaction outputs");
  const jobs = problems.map((problem) => {
    const { B, F, dim } = problem;
    const v = values.normal(B * F * dim);
    return {
      ...problem,
      data: v,
      v: inputs.place(B, F * dim, v),
      r: outputs.place(B, interactionWidth(F, dim)),
    };
  });
  inputs.commit();
  outputs.commit();
  device.run(scope.own(device.record("interaction forward", (ops) => {
    for (const { v, F, dim, r } of jobs) ops.add(interactionForwardOp, { v, features: F, dim, r });
  })));
  await outputs.download();
  for (const { B, F, dim, data, r } of jobs) {
    const tolerances = sumTolerances(dim, interactionForward(abs(data), B, F, dim));
    // Vector 0 is copied, not computed.
    const width = interactionWidth(F, dim);
    for (let b = 0; b < B; b++) tolerances.fill(0, b * width, b * width + dim);
    assertClose(
      `interactionForward ${B} × ${F} × ${dim}`,
      outputs.values(r),
      interactionForward(data, B, F, dim),
      tolerances,
    );
  }
}

async function checkBackward(device: Device, seed: number, problems: readonly Problem[]) {
  using scope = new Scope();
  const values = new Values(seed);
  const inputs = scope.arena(device, "input", "interaction inputs");
  const outputs = scope.arena(device, "output", "interaction gradients");
  const jobs = problems.map((problem) => {
    const { B, F, dim } = problem;
    const v = values.normal(B * F * dim);
    const first = values.activations(B * dim);
    for (let b = 0; b < B; b++) v.set(first.subarray(b * dim, (b + 1) * dim), b * F * dim);
    const dr = values.normal(B * interactionWidth(F, dim));
    return {
      ...problem,
      data: v,
      gradient: dr,
      v: inputs.place(B, F * dim, v),
      dr: inputs.place(B, interactionWidth(F, dim), dr),
      dv: outputs.place(B, F * dim),
    };
  });
  inputs.commit();
  outputs.commit();
  device.run(scope.own(device.record("interaction backward", (ops) => {
    for (const { v, F, dim, dr, dv, maskFirst } of jobs) {
      ops.add(interactionBackwardOp, { v, features: F, dim, dr, dv, maskFirst });
    }
  })));
  await outputs.download();
  for (const { B, F, dim, data, gradient, dv, maskFirst } of jobs) {
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
      outputs.values(dv),
      interactionBackward(data, gradient, B, F, dim, maskFirst),
      tolerances,
    );
  }
}

/** Cases of the dot interaction. */
export const interactionCases: readonly ConformanceCase[] = [
  {
    name: "interaction forward: awkward shapes",
    run: ({ device }) => checkForward(device, 200, sweep()),
  },
  {
    name: "interaction forward: large shapes",
    run: ({ device }) => checkForward(device, 201, LARGE),
  },
  {
    name: "interaction backward: awkward shapes",
    run: ({ device }) => checkBackward(device, 202, sweep()),
  },
  {
    name: "interaction backward: large shapes",
    run: ({ device }) => checkBackward(device, 203, LARGE),
  },
];

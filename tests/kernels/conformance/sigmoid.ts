import { sigmoidBackwardOp, sigmoidForwardOp } from "../../../kernels/sigmoid/op.ts";
import { sigmoidBackward, sigmoidForward } from "../../../kernels/sigmoid/reference.ts";
import { sigmoidTolerance, sumTolerances } from "../error_model.ts";
import { assertClose, type ConformanceCase, ROWS, runTwice, Scope, Values } from "./harness.ts";

/** Inputs where a careless formula overflows, cancels or divides by 0. */
const EXTREMES = [0, -0, 1e-30, 15, -15, 17, -17, 40, -40, 88, -88, 89, -89, 104, -104, 1e4, -1e4];

/** [M, N, floats more between rows]. */
const SHAPES = [
  ...[1, 2, 3, 4, 5, 15, 20, 64, 65].map((N, n) =>
    [ROWS[(5 * n + 1) % ROWS.length]!, N, N > 1 && n % 2 === 0 ? 4 : 0] as const
  ),
  [1027, 20, 0] as const,
];

/** Cases of the sigmoid as an activation. */
export const sigmoidCases: readonly ConformanceCase[] = [
  {
    name: "sigmoid forward: awkward shapes, extreme inputs",
    run: async ({ device, accuracy }) => {
      using scope = new Scope();
      const values = new Values(720);
      const inputs = scope.arena(device, "input", "inputs");
      const outputs = scope.arena(device, "output", "outputs");
      const jobs = SHAPES.map(([M, N, gap]) => {
        const data = values.normal(M * N).map((x, i) =>
          Math.fround(i % 3 === 0 ? EXTREMES[i % EXTREMES.length]! : 4 * x)
        );
        const placement = gap === 0 ? {} : { stride: 4 * Math.ceil(N / 4) + gap };
        return {
          data,
          x: inputs.place(M, N, data, placement),
          y: outputs.place(M, N, null, placement),
        };
      });
      inputs.commit();
      outputs.commit();
      const program = scope.own(device.record("sigmoid forward", (ops) => {
        for (const { x, y } of jobs) ops.add(sigmoidForwardOp, { x, y });
      }));
      await runTwice(device, program, outputs.buffer);
      await outputs.download();
      for (const { data, y } of jobs) {
        assertClose(
          `sigmoidForward ${y.rows} × ${y.cols}`,
          outputs.values(y),
          sigmoidForward(data),
          data.map((x) => sigmoidTolerance(x, accuracy)),
        );
      }
    },
  },
  {
    name: "sigmoid backward: awkward shapes",
    run: async ({ device }) => {
      using scope = new Scope();
      const values = new Values(721);
      const inputs = scope.arena(device, "input", "outputs and gradients");
      const outputs = scope.arena(device, "output", "gradients");
      const jobs = SHAPES.map(([M, N, gap]) => {
        const data = sigmoidForward(values.normal(M * N).map((x) => 3 * x)).map(Math.fround);
        data.forEach((_, i) => i % 13 === 5 && (data[i] = i % 2));
        const gradient = values.normal(M * N);
        const placement = gap === 0 ? {} : { stride: 4 * Math.ceil(N / 4) + gap };
        return {
          data,
          gradient,
          y: inputs.place(M, N, data, placement),
          dy: inputs.place(M, N, gradient),
          dx: outputs.place(M, N, null, placement),
        };
      });
      inputs.commit();
      outputs.commit();
      const program = scope.own(device.record("sigmoid backward", (ops) => {
        for (const { y, dy, dx } of jobs) ops.add(sigmoidBackwardOp, { y, dy, dx });
      }));
      await runTwice(device, program, outputs.buffer);
      await outputs.download();
      for (const { data, gradient, dx } of jobs) {
        const want = sigmoidBackward(data, gradient);
        // A subtraction and two products.
        assertClose(
          `sigmoidBackward ${dx.rows} × ${dx.cols}`,
          outputs.values(dx),
          want,
          sumTolerances(3, want.map(Math.abs)),
        );
      }
    },
  },
];

import { sigmoidBackwardOp, sigmoidForwardOp } from "../../../kernels/sigmoid/op.ts";
import { sigmoidBackward, sigmoidForward } from "../../../kernels/sigmoid/reference.ts";
import { type Accuracy, sigmoidTolerance, sumTolerances } from "../error_model.ts";
import {
  assertClose,
  checkPlaced,
  type ConformanceCase,
  type Placed,
  placed,
  type Places,
  ROWS,
} from "./harness.ts";

/** Inputs where a careless formula overflows, cancels or divides by 0. */
const EXTREMES = [0, -0, 1e-30, 15, -15, 17, -17, 40, -40, 88, -88, 89, -89, 104, -104, 1e4, -1e4];

/** [M, N, floats more between rows]. */
const SHAPES = [
  ...[1, 2, 3, 4, 5, 15, 20, 64, 65].map((N, n) =>
    [ROWS[(5 * n + 1) % ROWS.length]!, N, N > 1 && n % 2 === 0 ? 4 : 0] as const
  ),
  [1027, 20, 0] as const,
];

type Shape = typeof SHAPES[number];

const forward =
  (accuracy: Accuracy) => ({ inputs, outputs, values }: Places, [M, N, gap]: Shape): Placed => {
    const data = values.normal(M * N).map((x, i) =>
      Math.fround(i % 3 === 0 ? EXTREMES[i % EXTREMES.length]! : 4 * x)
    );
    const placement = gap === 0 ? {} : { stride: 4 * Math.ceil(N / 4) + gap };
    const x = inputs.place(M, N, data, placement), y = outputs.place(M, N, null, placement);
    return placed(sigmoidForwardOp, { x, y }, () =>
      assertClose(
        `sigmoidForward ${M} × ${N}`,
        outputs.values(y),
        sigmoidForward(data),
        data.map((z) => sigmoidTolerance(z, accuracy)),
      ));
  };

function backward({ inputs, outputs, values }: Places, [M, N, gap]: Shape): Placed {
  const data = sigmoidForward(values.normal(M * N).map((x) => 3 * x)).map(Math.fround);
  data.forEach((_, i) => i % 13 === 5 && (data[i] = i % 2));
  const gradient = values.normal(M * N);
  const placement = gap === 0 ? {} : { stride: 4 * Math.ceil(N / 4) + gap };
  const args = {
    y: inputs.place(M, N, data, placement),
    dy: inputs.place(M, N, gradient),
    dx: outputs.place(M, N, null, placement),
  };
  return placed(sigmoidBackwardOp, args, () => {
    const want = sigmoidBackward(data, gradient);
    // A subtraction and two products.
    const tolerances = sumTolerances(3, want.map(Math.abs));
    assertClose(`sigmoidBackward ${M} × ${N}`, outputs.values(args.dx), want, tolerances);
  });
}

/** Cases of the sigmoid as an activation. */
export const sigmoidCases: readonly ConformanceCase[] = [
  {
    name: "sigmoid forward: awkward shapes, extreme inputs",
    run: ({ device, accuracy }) => checkPlaced(device, 720, SHAPES, forward(accuracy)),
  },
  {
    name: "sigmoid backward: awkward shapes",
    run: ({ device }) => checkPlaced(device, 721, SHAPES, backward),
  },
];

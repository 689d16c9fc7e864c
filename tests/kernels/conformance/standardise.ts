import { standardiseOp } from "../../../kernels/standardise/op.ts";
import { standardise } from "../../../kernels/standardise/reference.ts";
import { standardiseTolerance } from "../error_model.ts";
import { assertClose, type ConformanceCase, ROWS, runTwice, Scope, Values } from "./harness.ts";

/** [M, N, floats more between rows]. */
const SHAPES = [
  ...[1, 3, 4, 13, 16, 17, 64, 65].flatMap((N, n) =>
    [0, 3].map((shift) =>
      [ROWS[(5 * n + shift + 1) % ROWS.length]!, N, N > 1 && n % 2 === 0 ? 4 : 0] as const
    )
  ),
  [1027, 13, 0] as const,
  [2050, 1, 0] as const,
];

/** Columns in turn: ordinary ones, far from 0, of large numbers, of one number throughout. */
const COLUMNS = [[1, 0], [0.5, -7], [2 ** 20, 0], [0, 3]] as const;

function columns(values: Values, M: number, N: number): Float64Array {
  return values.normal(M * N).map((x, i) => {
    const [scale, shift] = COLUMNS[i % N % COLUMNS.length]!;
    return Math.fround(Math.fround(x * scale) + shift);
  });
}

function placement(N: number, gap: number): { stride?: number } {
  return gap === 0 ? {} : { stride: 4 * Math.ceil(N / 4) + gap };
}

/** Cases of the standardisation of columns. */
export const standardiseCases: readonly ConformanceCase[] = [
  {
    name: "standardise: awkward shapes, with and without a mean",
    run: async ({ device, accuracy }) => {
      using scope = new Scope();
      const values = new Values(752);
      const inputs = scope.arena(device, "input", "inputs and statistics");
      const outputs = scope.arena(device, "output", "outputs");
      const jobs = SHAPES.flatMap(([M, N, gap]) =>
        ([[true, 1e-5], [false, 1e-5], [true, 0]] as const).map(([centred, eps]) => {
          const data = columns(values, M, N);
          const means = centred ? values.normal(N) : null;
          // Some columns never varied.
          const variances = values.normal(N).map((x, j) =>
            j % 5 === 4 ? eps === 0 ? 2 ** -30 : 0 : Math.fround(x * x)
          );
          return {
            ...{ M, N, data, means, variances, eps: Math.fround(eps) },
            x: inputs.place(M, N, data, placement(N, gap)),
            mean: means === null ? null : inputs.place(1, N, means),
            variance: inputs.place(1, N, variances),
            y: outputs.place(M, N, null, placement(N, gap)),
          };
        })
      );
      inputs.commit();
      outputs.commit();
      const program = scope.own(device.record("standardise", (ops) => {
        for (const { x, mean, variance, eps, y } of jobs) {
          ops.add(standardiseOp, { x, mean, variance, eps, y });
        }
      }));
      await runTwice(device, program, outputs.buffer);
      await outputs.download();
      for (const { M, N, data, means, variances, eps, y } of jobs) {
        const want = standardise(data, means, variances, eps);
        assertClose(
          `standardise ${M} × ${N}${means === null ? " without a mean" : ""}`,
          outputs.values(y),
          want,
          want.map((value, i) => standardiseTolerance(value, variances[i % N]! + eps, accuracy)),
        );
      }
    },
  },
];

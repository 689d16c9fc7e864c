import fc from "../../npm/fast_check.ts";
import {
  linearBackwardInput,
  linearBackwardWeights,
  linearForward,
} from "../../../kernels/linear/reference.ts";
import {
  linearBackwardInputOp,
  linearBackwardWeightsOp,
  linearForwardOp,
} from "../../../kernels/linear/op.ts";
import type { Matrix } from "../../../kernels/types.ts";
import { sumTolerances } from "../error_model.ts";
import type { Placement } from "../arena.ts";
import {
  abs,
  assertClose,
  checkPlaced,
  type ConformanceCase,
  type Placed,
  placed,
  type Places,
  ROWS,
  Scope,
  Values,
} from "./harness.ts";

/** One linear problem: forward or one of the two backward products. */
interface Problem {
  readonly M: number;
  readonly K: number;
  readonly N: number;
  /** ReLU in the forward pass, a mask in the backward pass. */
  readonly gate: boolean;
  /** Extra floats, a multiple of 4, between rows of every matrix wider than one column. */
  readonly gap?: number;
}

type Make = (places: Places, problem: Problem) => Placed;

function placement(cols: number, gap = 0): Placement {
  return gap === 0 || cols === 1 ? {} : { stride: 4 * Math.ceil(cols / 4) + gap };
}

const forward: Make = ({ inputs, outputs, values }, { M, K, N, gate, gap }) => {
  const [x, w, b] = [values.normal(M * K), values.normal(N * K), values.normal(N)];
  const args = {
    x: inputs.place(M, K, x, placement(K, gap)),
    w: inputs.place(N, K, w, placement(K, gap)),
    bias: inputs.place(1, N, b),
    y: outputs.place(M, N, null, placement(N, gap)),
    relu: gate,
  };
  return placed(linearForwardOp, args, () => {
    // K products and the bias; ReLU never widens an error.
    assertClose(
      `linearForward ${M} × ${K} × ${N}${gate ? " with ReLU" : ""}`,
      outputs.values(args.y),
      linearForward(x, w, b, M, K, N, gate),
      sumTolerances(K + 1, linearForward(abs(x), abs(w), abs(b), M, K, N, false)),
    );
  });
};

const backwardInput: Make = ({ inputs, outputs, values }, { M, K, N, gate, gap }) => {
  const [dy, w] = [values.normal(M * N), values.normal(N * K)];
  const mask = gate ? values.activations(M * K) : null;
  const args = {
    dy: inputs.place(M, N, dy, placement(N, gap)),
    w: inputs.place(N, K, w, placement(K, gap)),
    mask: mask === null ? null : inputs.place(M, K, mask, placement(K, gap)),
    dx: outputs.place(M, K, null, placement(K, gap)),
  };
  return placed(linearBackwardInputOp, args, () =>
    assertClose(
      `linearBackwardInput ${M} × ${K} × ${N}${gate ? " with a mask" : ""}`,
      outputs.values(args.dx),
      linearBackwardInput(dy, w, mask, M, K, N),
      // Blocked gradients have magnitude 0, so they must be 0.
      sumTolerances(N, linearBackwardInput(abs(dy), abs(w), mask, M, K, N)),
    ));
};

const backwardWeights: Make = ({ inputs, outputs, values }, { M, K, N, gap }) => {
  const [dy, x] = [values.normal(M * N), values.normal(M * K)];
  // Gradients of weights and bias lie in one buffer, as a model with flat parameters has them.
  const args = {
    dy: inputs.place(M, N, dy, placement(N, gap)),
    x: inputs.place(M, K, x, placement(K, gap)),
    dw: outputs.place(N, K, null, { ...placement(K, gap), align: 64 }),
    db: outputs.place(1, N, null, { align: 64 }),
  };
  return placed(linearBackwardWeightsOp, args, () => {
    const want = linearBackwardWeights(dy, x, M, K, N);
    const magnitudes = linearBackwardWeights(abs(dy), abs(x), M, K, N);
    const shape = `linearBackwardWeights ${M} × ${K} × ${N}`;
    assertClose(
      `${shape}: dw`,
      outputs.values(args.dw),
      want.dw,
      sumTolerances(M, magnitudes.dw),
    );
    assertClose(
      `${shape}: db`,
      outputs.values(args.db),
      want.db,
      sumTolerances(M, magnitudes.db),
    );
  });
};

/** Every pair (K, N) of the awkward widths, with the row counts in turn so that each meets each width. */
function sweep(): Problem[] {
  const widths = [1, 3, 13, 16, 17, 64, 65, 367];
  const problems: Problem[] = [];
  for (let k = 0; k < widths.length; k++) {
    for (let n = 0; n < widths.length; n++) {
      problems.push({
        M: ROWS[(k + 3 * n + Math.floor(n / 2)) % ROWS.length]!,
        K: widths[k]!,
        N: widths[n]!,
        gate: (k + n) % 2 === 0,
      });
    }
  }
  return problems;
}

/** More rows, columns and terms than one block of any sensible kernel, and none a multiple of it. */
const LARGE: Problem[] = [
  { M: 515, K: 129, N: 259, gate: true },
  { M: 1025, K: 13, N: 67, gate: false },
  { M: 3, K: 1031, N: 5, gate: true },
  { M: 2051, K: 16, N: 1, gate: false },
];

const MAKES = { forward, backwardInput, backwardWeights };

/** Cases of the fully connected layer. */
export const linearCases: readonly ConformanceCase[] = [
  ...Object.entries(MAKES).flatMap(([name, make], i): ConformanceCase[] => [
    {
      name: `linear ${name}: awkward shapes`,
      run: ({ device }) => checkPlaced(device, 100 + i, sweep(), make),
    },
    {
      name: `linear ${name}: large shapes`,
      run: ({ device }) => checkPlaced(device, 110 + i, LARGE, make),
    },
  ]),
  {
    name: "linear backwardWeights: a minibatch that parts of whole tiles do not divide",
    run: ({ device }) =>
      checkPlaced(
        ...[device, 121] as const,
        // The second leaves its sums in parts where the first may have left some more.
        [{ M: 300, K: 512, N: 256, gate: false }, { M: 1100, K: 512, N: 256, gate: false }],
        backwardWeights,
      ),
  },
  {
    name: "linear: random shapes, strides and gates",
    run: async ({ device }) => {
      const size = (max: number) => fc.integer({ min: 1, max });
      const problem = fc.record({
        M: fc.integer({ min: 0, max: 80 }),
        K: size(80),
        N: size(80),
        gate: fc.boolean(),
        gap: fc.constantFrom(0, 4, 12, 64),
      });
      const seeds = fc.integer({ min: 0, max: 2 ** 31 });
      await fc.assert(
        fc.asyncProperty(
          seeds,
          fc.array(problem, { minLength: 3, maxLength: 3 }),
          async (seed, p) => {
            for (const make of Object.values(MAKES)) await checkPlaced(device, seed, p, make);
          },
        ),
        { seed: 20260101, numRuns: 6 },
      );
    },
  },
  {
    name: "linear forward: into slot 0 of an interaction matrix and out of a wider one",
    run: async ({ device }) => {
      using scope = new Scope();
      const values = new Values(120);
      const inputs = scope.arena(device, "input", "linear inputs");
      const outputs = scope.arena(device, "output", "interaction matrix");
      const checks: (() => void)[] = [];
      const jobs: { x: Matrix; w: Matrix; bias: Matrix; y: Matrix; relu: boolean }[] = [];
      for (const [B, F, dim] of [[5, 4, 4], [64, 27, 16], [65, 3, 64], [2, 2, 20]] as const) {
        const K = 17;
        const [x, w, b] = [values.normal(B * K), values.normal(dim * K), values.normal(dim)];
        const job = {
          x: inputs.place(B, K, x, { stride: 3 * 20 }),
          w: inputs.place(dim, K, w),
          bias: inputs.place(1, dim, b),
          y: outputs.place(B, dim, null, { stride: F * dim }),
          relu: true,
        };
        jobs.push(job);
        checks.push(() =>
          assertClose(
            `slot 0 of ${B} × ${F} × ${dim}`,
            outputs.values(job.y),
            linearForward(x, w, b, B, K, dim, true),
            sumTolerances(K + 1, linearForward(abs(x), abs(w), abs(b), B, K, dim, false)),
          )
        );
      }
      inputs.commit();
      outputs.commit();
      device.run(scope.own(device.record("slot 0", (ops) => {
        for (const job of jobs) ops.add(linearForwardOp, job);
      })));
      await outputs.download();
      for (const verify of checks) verify();
    },
  },
];

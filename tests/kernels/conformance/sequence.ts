import fc from "../../npm/fast_check.ts";
import { sequenceBackwardOp, sequenceDotOp, sequencePoolOp } from "../../../kernels/sequence/op.ts";
import {
  sequenceBackward,
  sequenceDot,
  sequencePool,
} from "../../../kernels/sequence/reference.ts";
import type { Placement } from "../arena.ts";
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

/** B inputs with a history of S steps out of `steps`, D floats a step. */
interface Problem {
  readonly B: number;
  readonly S: number;
  readonly D: number;
  readonly steps: number;
  /** Floats of the tail; in the backward pass, whether step S was the tail. */
  readonly T: number;
  /** Extra floats, a multiple of 4, between rows of every matrix wider than one column. */
  readonly gap?: number;
}

type Make = (places: Places, problem: Problem) => Placed;

function placement(cols: number, gap = 0): Placement {
  return gap === 0 || cols <= 1 ? {} : { stride: 4 * Math.ceil(cols / 4) + gap };
}

function name(op: string, { B, S, D, steps, T }: Problem): string {
  return `${op} of ${B} inputs, ${S} of ${steps} steps × ${D}, tail ${T}`;
}

const dot: Make = ({ inputs, outputs, values }, problem) => {
  const { B, S, D, steps, gap } = problem;
  const [h, x] = [values.normal(B * steps * D), values.normal(B * D)];
  const args = {
    h: inputs.place(B * steps, D, h, placement(D, gap)),
    steps,
    x: inputs.place(B, D, x, placement(D, gap)),
    a: outputs.place(B, S, null, placement(S, gap)),
  };
  return placed(sequenceDotOp, args, () =>
    assertClose(
      name("sequenceDot", problem),
      outputs.values(args.a),
      sequenceDot(h, x, B, steps, S, D),
      sumTolerances(D, sequenceDot(abs(h), abs(x), B, steps, S, D)),
    ));
};

const pool: Make = ({ inputs, outputs, values }, problem) => {
  const { B, S, D, steps, T, gap } = problem;
  const [h, y, tail] = [
    values.normal(B * steps * D),
    values.normal(B * S),
    values.normal(B * T),
  ];
  const args = {
    h: inputs.place(B * steps, D, h, placement(D, gap)),
    steps,
    y: inputs.place(B, S, y, placement(S, gap)),
    tail: T === 0 ? null : inputs.place(B, T, tail, placement(T, gap)),
    c: outputs.place(B, D + T, null, placement(D + T, gap)),
  };
  return placed(sequencePoolOp, args, () => {
    // The tail is copied, not computed: its magnitude is 0.
    const nothing = new Float64Array(B * T);
    assertClose(
      name("sequencePool", problem),
      outputs.values(args.c),
      sequencePool(h, y, tail, B, steps, S, D, T),
      sumTolerances(S, sequencePool(abs(h), abs(y), nothing, B, steps, S, D, T))
        .map((tolerance, i) => i % (D + T) < D ? tolerance : 0),
    );
  });
};

const backward: Make = ({ inputs, outputs, values }, problem) => {
  const { B, S, D, T, gap } = problem;
  const tailed = T > 0;
  const steps = tailed ? Math.max(problem.steps, S + 1) : problem.steps;
  const width = tailed ? 2 * D : D;
  const [y, da, x, dc, query] = [
    values.normal(B * S),
    values.normal(B * S),
    values.normal(B * D),
    values.normal(B * width),
    values.normal(B * D),
  ];
  const before = values.normal(B * steps * D);
  const args = {
    y: inputs.place(B, S, y, placement(S, gap)),
    da: inputs.place(B, S, da, placement(S, gap)),
    x: inputs.place(B, D, x, placement(D, gap)),
    dc: inputs.place(B, width, dc, placement(width, gap)),
    query: tailed ? inputs.place(B, D, query, placement(D, gap)) : null,
    steps,
    dh: outputs.place(B * steps, D, before, placement(D, gap)),
  };
  return placed(sequenceBackwardOp, args, () => {
    const kept = (i: number): boolean => Math.floor(i / D) % steps >= S + Number(tailed);
    const want = sequenceBackward(y, da, x, dc, tailed ? query : null, B, steps, S, D);
    const magnitudes = sequenceBackward(
      ...[abs(y), abs(da), abs(x), abs(dc), tailed ? abs(query) : null] as const,
      ...[B, steps, S, D] as const,
    );
    assertClose(
      name("sequenceBackward", { ...problem, steps }),
      outputs.values(args.dh),
      want.map((g, i) => kept(i) ? before[i]! : g),
      sumTolerances(2, magnitudes).map((tolerance, i) => kept(i) ? 0 : tolerance),
    );
  });
};

function sweep(): Problem[] {
  const problems: Problem[] = [];
  const dims = [1, 3, 4, 15, 16, 17, 64], histories = [1, 2, 4, 20, 33];
  for (let d = 0; d < dims.length; d++) {
    for (let s = 0; s < histories.length; s++) {
      problems.push({
        B: ROWS[(d + 2 * s) % ROWS.length]!,
        S: histories[s]!,
        D: dims[d]!,
        steps: histories[s]! + (d + s) % 3,
        T: [0, dims[d]!, 5][(d + s) % 3]!,
      });
    }
  }
  return problems;
}

/** TBSM's shape and one that a device splits. */
const LARGE: Problem[] = [
  { B: 259, S: 20, D: 15, steps: 21, T: 15 },
  { B: 515, S: 7, D: 65, steps: 8, T: 0 },
];

const MAKES = { dot, pool, backward };

/** Cases of attention over a sequence. */
export const sequenceCases: readonly ConformanceCase[] = [
  ...Object.entries(MAKES).flatMap(([name, make], i): ConformanceCase[] => [
    {
      name: `sequence ${name}: awkward shapes`,
      run: ({ device }) => checkPlaced(device, 740 + i, sweep(), make),
    },
    {
      name: `sequence ${name}: large shapes`,
      run: ({ device }) => checkPlaced(device, 750 + i, LARGE, make),
    },
  ]),
  {
    name: "sequence: random shapes, strides and tails",
    run: async ({ device }) => {
      const problem = fc.record({
        B: fc.integer({ min: 0, max: 40 }),
        S: fc.integer({ min: 0, max: 30 }),
        D: fc.integer({ min: 1, max: 40 }),
        steps: fc.integer({ min: 1, max: 3 }),
        T: fc.integer({ min: 0, max: 20 }),
        gap: fc.constantFrom(0, 4, 12),
      }).map((p) => ({ ...p, steps: p.S + p.steps }));
      const seeds = fc.integer({ min: 0, max: 2 ** 31 });
      await fc.assert(
        fc.asyncProperty(
          seeds,
          fc.array(problem, { minLength: 3, maxLength: 3 }),
          async (seed, p) => {
            for (const make of Object.values(MAKES)) await checkPlaced(device, seed, p, make);
          },
        ),
        { seed: 20260102, numRuns: 6 },
      );
    },
  },
];

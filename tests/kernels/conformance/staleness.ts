import assert from "node:assert/strict";
import {
  inputScoresOp,
  type LookupLayout,
  rowChangeOp,
  type ScoreCombination,
  staleLookupsOp,
} from "../../../kernels/staleness/op.ts";
import { inputScores, rowChange, staleLookups } from "../../../kernels/staleness/reference.ts";
import type { Device } from "../../../kernels/types.ts";
import { meanScoreTolerance, sumTolerances } from "../error_model.ts";
import {
  assertClose,
  type ConformanceCase,
  Knobs,
  ROWS,
  runTwice,
  Scope,
  Values,
} from "./harness.ts";

/** The largest float32: a row that is never stale. */
const LARGEST = 3.4028234663852886e38;

/** DLRM: table after table, in each an entry an input. */
function dlrm(inputs: number, tables: number): LookupLayout {
  return {
    ...{ inputs, groups: 1, lookups: tables },
    ...{ groupStride: 0, lookupStride: inputs, inputStride: 1 },
  };
}

/** TBSM: table after table, in each the steps of one input after those of another. */
function tbsm(inputs: number, tables: number, steps: number): LookupLayout {
  return {
    ...{ inputs, groups: tables, lookups: steps },
    ...{ groupStride: inputs * steps, lookupStride: 1, inputStride: steps },
  };
}

const LAYOUTS: readonly LookupLayout[] = [
  ...[1, 2, 3, 8, 26].flatMap((tables, t) =>
    [0, 3].map((shift) => dlrm(ROWS[(t + shift) % ROWS.length]!, tables))
  ),
  ...[[1, 1], [3, 2], [3, 21], [2, 5]].map(([tables, steps], i) =>
    tbsm(ROWS[(i + 2) % ROWS.length]!, tables!, steps!)
  ),
  dlrm(515, 26),
  tbsm(257, 3, 20),
  // Room between entries, and lookups of one row that all inputs share.
  {
    ...{ inputs: 67, groups: 2, lookups: 3 },
    ...{ groupStride: 7, lookupStride: 2, inputStride: 15 },
  },
  { inputs: 5, groups: 2, lookups: 2, groupStride: 3, lookupStride: 1, inputStride: 0 },
];

/** Scores as counts of changes have them: many 0, many the same, some never to be stale. */
function scoreRow(values: Values, count: number): Float64Array {
  return values.normal(count).map((x, i) =>
    i % 11 === 3 ? LARGEST : i % 4 === 1 ? 0 : i % 3 === 0 ? 0.25 : Math.fround(Math.abs(x))
  );
}

/** Layouts with scores and lists, each list somewhere in one buffer. */
function place(device: Device, scope: Scope, values: Values) {
  const inputs = scope.arena(device, "input", "scores");
  const outputs = scope.arena(device, "output", "results");
  let end = 1;
  const problems = LAYOUTS.map((layout, i) => {
    const { inputs: B, groups, lookups, groupStride, lookupStride, inputStride } = layout;
    const R = [1, 63, 1000][i % 3]!;
    const scores = scoreRow(values, R);
    const length = B === 0
      ? 0
      : (B - 1) * inputStride + (groups - 1) * groupStride + (lookups - 1) * lookupStride + 1;
    const rows = Uint32Array.from(
      { length },
      () => i % 2 === 0 ? values.skewed(R) : values.integer(R),
    );
    const offset = end;
    end += length + i % 3;
    return { layout, data: scores, rows, offset, scores: inputs.place(1, R, scores) };
  });
  inputs.commit();
  const lists = scope.own(device.createBuffer(4 * end, "row lists"));
  for (const { rows, offset } of problems) device.write(lists, 4 * offset, rows);
  return {
    outputs,
    problems: problems.map(({ offset, ...problem }) => ({
      ...problem,
      list: { buffer: lists, offset, length: problem.rows.length },
    })),
  };
}

function combinations({ lookups }: LookupLayout): ScoreCombination[] {
  const ns = new Set([1, 2, Math.ceil(lookups / 2), lookups - 1, lookups]);
  return [
    ...[...ns].filter((n) => n >= 1 && n <= lookups).map((n) => (
      { kind: "nth-smallest", n } as const
    )),
    { kind: "max" },
    { kind: "mean" },
  ];
}

async function checkScores(
  device: Device,
  kinds: readonly string[],
  seed: number,
  divideUlps: number,
) {
  using scope = new Scope();
  const { outputs, problems } = place(device, scope, new Values(seed));
  const jobs = problems.flatMap((problem, i) =>
    combinations(problem.layout).filter(({ kind }) => kinds.includes(kind)).map((combine) => ({
      ...problem,
      combine,
      out: outputs.place(problem.layout.inputs, 1, null, i % 4 === 3 ? { stride: 4 } : {}),
    }))
  );
  outputs.commit();
  const program = scope.own(device.record("input scores", (ops) => {
    for (const { scores, list, layout, combine, out } of jobs) {
      ops.add(inputScoresOp, { scores, rows: list, layout, combine, out });
    }
  }));
  await runTwice(device, program, outputs.buffer);
  await outputs.download();
  for (const { data, rows, layout, combine, out } of jobs) {
    const want = inputScores(data, rows, layout, combine);
    const lookups = layout.groups * layout.lookups;
    const accuracy = { divideUlps };
    assertClose(
      `inputScores ${JSON.stringify(combine)} ${JSON.stringify(layout)}`,
      outputs.values(out),
      want,
      // Chosen scores are exact; all scores are positive, so that the mean is its own magnitude.
      want.map((mean) => combine.kind === "mean" ? meanScoreTolerance(lookups, mean, accuracy) : 0),
    );
  }
}

/** Cases of the staleness of rows and inputs. */
export const stalenessCases: readonly ConformanceCase[] = [
  ...[false, true].map((accumulate): ConformanceCase => ({
    name: `row change: awkward shapes, ${accumulate ? "added to what is there" : "replacing it"}`,
    run: async ({ device }) => {
      using scope = new Scope();
      const values = new Values(accumulate ? 760 : 761);
      const inputs = scope.arena(device, "input", "snapshots");
      const outputs = scope.arena(device, "output", "changes");
      const shapes = [1, 3, 4, 16, 17, 64].flatMap((dim, d) =>
        [1, 2, 27].map((F, f) => [ROWS[(d + 2 * f) % ROWS.length]!, F, dim] as const)
      );
      const jobs = [...shapes, [1027, 3, 16] as const].map(([M, F, dim], i) => {
        const before = values.normal(M * F * dim);
        // Some vectors stay as they are; in others the last coordinate moves, or another one, or all of them.
        const after = before.map((x, at) => {
          const vector = Math.floor(at / dim);
          const moves = [false, at % dim === dim - 1, at % dim === vector % dim, true][vector % 4];
          return moves ? Math.fround(x + (at % 2 === 0 ? 1 : -1) * (1 + at % 5)) : x;
        });
        const some = values.normal(M * F).map(Math.abs);
        const stride = F * dim > 1 && i % 2 === 0 ? { stride: 4 * Math.ceil(F * dim / 4) + 4 } : {};
        return {
          ...{ F, dim, before, after, some },
          a: inputs.place(M, F * dim, before, stride),
          b: inputs.place(M, F * dim, after),
          change: outputs.place(1, M * F, some),
        };
      });
      inputs.commit();
      outputs.commit();
      device.run(scope.own(device.record("row change", (ops) => {
        for (const { a, b, F, dim, change } of jobs) {
          ops.add(rowChangeOp, { a, b, features: F, dim, change, accumulate });
        }
      })));
      await outputs.download();
      for (const { F, dim, before, after, some, a, change } of jobs) {
        const want = rowChange(before, after, dim, accumulate ? some : null);
        // The largest rounded difference is the largest difference, rounded; then an addition.
        const tolerances = accumulate
          ? sumTolerances(2, want)
          : want.map((x) => Math.abs(x - Math.fround(x)));
        assertClose(
          `rowChange ${a.rows} × ${F} × ${dim}`,
          ...[outputs.values(change), want, tolerances] as const,
        );
      }
    },
  })),
  {
    name: "row change: the rest of a longer row of changes stays",
    run: async ({ device }) => {
      using scope = new Scope();
      const inputs = scope.arena(device, "input", "snapshots");
      const outputs = scope.arena(device, "output", "changes");
      const a = inputs.place(2, 6, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
      const b = inputs.place(2, 6, [1, 2, 3, 4, 5, 7, 7, 6, 9, 10.5, 11, 12]);
      const change = outputs.place(1, 9, [10, 20, 30, 40, 50, 60, 70, 80, 90]);
      inputs.commit();
      outputs.commit();
      const at = { a, b, features: 2, dim: 3, change };
      device.run(scope.own(device.record("row change", (ops) => {
        ops.add(rowChangeOp, { ...at, accumulate: false });
        ops.add(rowChangeOp, { ...at, accumulate: true });
      })));
      await outputs.download();
      assert.deepEqual([...outputs.values(change)], [0, 2, 4, 1, 50, 60, 70, 80, 90]);
    },
  },
  {
    name: "input scores: n-th smallest and max, exactly",
    run: ({ device, accuracy }) =>
      checkScores(device, ["nth-smallest", "max"], 762, accuracy.divideUlps),
  },
  {
    name: "input scores: mean, finite where scores are the largest float",
    run: ({ device, accuracy }) => checkScores(device, ["mean"], 763, accuracy.divideUlps),
  },
  {
    name: "stale lookups: counts exactly, with a threshold read when the program runs",
    run: async ({ device }) => {
      using scope = new Scope();
      const { outputs, problems } = place(device, scope, new Values(764));
      const knobs = scope.own(new Knobs(device));
      const jobs = problems.map((problem, i) => ({
        ...problem,
        out: outputs.place(problem.layout.inputs, 1, null, i % 4 === 3 ? { stride: 4 } : {}),
      }));
      outputs.commit();
      const program = scope.own(device.record("stale lookups", (ops) => {
        for (const { scores, list, layout, out } of jobs) {
          ops.add(staleLookupsOp, {
            scores,
            threshold: knobs.learningRate,
            rows: list,
            layout,
            out,
          });
        }
      }));
      // Of 0 none is below; scores equal to the threshold are not below it.
      for (const limit of [0, 0.25, 0.8, LARGEST]) {
        const threshold = knobs.setLearningRate(limit);
        device.run(program);
        await outputs.download();
        for (const { data, rows, layout, out } of jobs) {
          const want = staleLookups(data, threshold, rows, layout);
          assertClose(
            `staleLookups below ${threshold} ${JSON.stringify(layout)}`,
            ...[outputs.values(out), want, want.map(() => 0)] as const,
          );
        }
      }
    },
  },
  {
    name: "stale lookups: rows written after recording are those that count",
    run: async ({ device }) => {
      using scope = new Scope();
      const inputs = scope.arena(device, "input", "scores");
      const scores = inputs.place(1, 4, [1, 2, 3, 4]);
      inputs.commit();
      const list = scope.own(device.createBuffer(16, "list"));
      const out = device.createMatrix(2, 1, "out");
      scope.own(out.buffer);
      const knobs = scope.own(new Knobs(device));
      knobs.setLearningRate(3);
      const program = scope.own(device.record("stale lookups", (ops) =>
        ops.add(staleLookupsOp, {
          ...{ scores, threshold: knobs.learningRate, layout: dlrm(2, 2), out },
          rows: { buffer: list, offset: 0, length: 4 },
        })));
      for (
        const [rows, want] of [[[0, 3, 1, 1], [2, 1]], [[3, 3, 2, 0], [0, 1]]] as const
      ) {
        device.write(list, 0, Uint32Array.from(rows));
        device.run(program);
        const got = new Float32Array(await device.read(out.buffer, 0, 8));
        assert.deepEqual([...got], want);
      }
    },
  },
  {
    name: "staleness: every op is booked on the stage that is set",
    run: async ({ device }) => {
      using scope = new Scope();
      const inputs = scope.arena(device, "input", "snapshots");
      const outputs = scope.arena(device, "output", "results");
      const [a, b] = [inputs.place(2, 4, Array(8).fill(1)), inputs.place(2, 4, Array(8).fill(2))];
      const change = outputs.place(1, 2), out = outputs.place(2, 1), result = outputs.place(2, 1);
      const scores = inputs.place(1, 2, [0, 1]);
      inputs.commit();
      outputs.commit();
      const rows = {
        buffer: scope.own(device.createBuffer(8, "list")),
        ...{ offset: 0, length: 2 },
      };
      const knobs = scope.own(new Knobs(device));
      const lookups = { scores, rows, layout: dlrm(2, 1) };
      const program = scope.own(device.record("stages", (ops) => {
        ops.stage("snapshot");
        ops.add(rowChangeOp, { a, b, features: 1, dim: 4, change, accumulate: false });
        ops.stage("search");
        ops.add(inputScoresOp, { ...lookups, combine: { kind: "max" }, out });
        ops.stage("classify");
        ops.add(staleLookupsOp, { ...lookups, threshold: knobs.learningRate, out: result });
      }));
      const stages = ["snapshot", "search", "classify"];
      assert.deepEqual(
        program.costs.map(({ op, stage }) => [op, stage]),
        ["row-change", "input-scores", "stale-lookups"].map((op, i) => [op, stages[i]]),
      );
      await device.sync();
      await device.takeStageTimes();
      device.run(program);
      await device.sync();
      const booked = Object.keys(await device.takeStageTimes());
      // Empty if the device cannot tell.
      if (booked.length > 0) assert.deepEqual(booked.toSorted(), stages.toSorted());
    },
  },
];

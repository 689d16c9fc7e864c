import fc from "../../npm/fast_check.ts";
import { LookupGrouper } from "../../../kernels/embedding/group.ts";
import { embeddingBackwardOp, embeddingForwardOp } from "../../../kernels/embedding/op.ts";
import { stateFloats } from "../../../kernels/embedding/record.ts";
import {
  type Bags,
  embeddingBackward,
  embeddingForward,
} from "../../../kernels/embedding/reference.ts";
import type { Device, EmbeddingTables, GroupedLookups, Optimizer } from "../../../kernels/types.ts";
import { type Accuracy, gamma, stepTolerances, sumTolerance } from "../error_model.ts";
import {
  abs,
  assertClose,
  assertSameBits,
  type ConformanceCase,
  Knobs,
  Scope,
  Values,
} from "./harness.ts";

/** Rows of the test tables: one row, few, enough for every lookup to differ, and an odd number. */
const TABLE_ROWS = [1, 5, 200, 37];

const DIMS = [1, 3, 4, 16, 17, 64];

/** How the lookups of a minibatch are spread. */
type Pattern = "single" | "equal" | "different" | "variable" | "empty";

/** Bags of `inputs` inputs over the tables. */
function makeBags(
  values: Values,
  tables: readonly number[],
  inputs: number,
  pattern: Pattern,
): Bags {
  return tables.map((rows) =>
    Array.from({ length: inputs }, (_, b) => {
      switch (pattern) {
        case "single":
          return [values.skewed(rows)];
        case "equal":
          return [rows - 1];
        case "different":
          return [(b * 7 + 3) % rows];
        case "variable":
          return Array.from({ length: b % 5 === 0 ? 0 : values.integer(6) }, () =>
            values.skewed(rows));
        case "empty":
          return [];
      }
    })
  );
}

/** What `data/` would hand to the device for these bags. */
export function groupBags(tables: readonly number[], inputs: number, bags: Bags): GroupedLookups {
  const ids: number[] = [];
  const offsets = [0];
  for (const table of bags) {
    for (const bag of table) {
      ids.push(...bag);
      offsets.push(ids.length);
    }
  }
  const single = bags.every((table) => table.every((bag) => bag.length === 1));
  return new LookupGrouper(tables).group({
    bags: inputs,
    ids: Uint32Array.from(ids),
    offsets: single ? null : Uint32Array.from(offsets),
  });
}

/** Fills all rows with normal numbers and gives them, a float64 array a table. */
async function fillRows(tables: EmbeddingTables, values: Values): Promise<Float64Array[]> {
  const data = values.normal(tables.totalRows * tables.dim);
  await tables.writeRows(0, Float32Array.from(data));
  return splitTables(tables, data, tables.dim);
}

function splitTables(
  tables: EmbeddingTables,
  flat: ArrayLike<number>,
  width: number,
): Float64Array[] {
  return tables.rows.map((rows, t) =>
    Float64Array.from({ length: rows * width }, (_, i) => flat[tables.rowOffsets[t]! * width + i]!)
  );
}

/** How many lookups go into each bag (forward) or row (backward): the number of terms of its sums. */
function countBags(bags: Bags, inputs: number): Float64Array {
  const T = bags.length;
  const counts = new Float64Array(inputs * T);
  for (let t = 0; t < T; t++) {
    for (let b = 0; b < inputs; b++) counts[b * T + t] = bags[t]![b]!.length;
  }
  return counts;
}

interface Minibatch {
  readonly inputs: number;
  readonly pattern: Pattern;
}

async function checkForward(
  device: Device,
  seed: number,
  dim: number,
  tableRows: readonly number[],
  batches: readonly Minibatch[],
  slotsBefore: number,
  slotsAfter: number,
): Promise<void> {
  using scope = new Scope();
  const values = new Values(seed);
  const T = tableRows.length;
  const tables = scope.own(
    device.createTables({ rows: tableRows, dim, optimizer: "sgd" }, "tables"),
  );
  const weights = await fillRows(tables, values);
  const features = slotsBefore + T + slotsAfter;
  const outputs = scope.arena(device, "output", "pooled vectors");
  const jobs = batches.map(({ inputs, pattern }) => {
    const bags = makeBags(values, tableRows, inputs, pattern);
    const grouped = groupBags(tableRows, inputs, bags);
    // Only the tables' own slots may be written: the cells of the matrix are those, the rest is padding.
    const stride = 4 * Math.ceil(features * dim / 4);
    return { inputs, pattern, bags, grouped, stride, cells: inputs * stride };
  });
  const placed = jobs.map((job) => ({
    ...job,
    region: outputs.place(1, job.cells, new Float64Array(job.cells).fill(-7)),
  }));
  outputs.commit();
  const lookups = scope.own(device.createLookups({
    tables: T,
    maxBags: Math.max(...jobs.map((job) => job.inputs)) + 3,
    maxLookups: Math.max(...jobs.map((job) => job.grouped.lookups)) + 5,
  }, "lookups"));
  for (const { grouped, inputs, stride, region } of placed) {
    device.writeLookups(lookups, grouped);
    // The arrays belong to the grouper and are overwritten by its next call: the device must have copied them.
    grouped.rows.fill(0xffffffff);
    grouped.positions.fill(0xffffffff);
    const out = {
      buffer: outputs.buffer,
      offset: region.offset,
      rows: inputs,
      cols: features * dim,
      stride,
    };
    device.run(scope.own(device.record("gather", (ops) => {
      ops.add(embeddingForwardOp, { tables, lookups, out, firstSlot: slotsBefore });
    })));
  }
  await outputs.download();
  for (const { inputs, pattern, bags, stride, region } of placed) {
    const got = outputs.values(region);
    const want = new Float64Array(region.cols).fill(-7);
    const tolerances = new Float64Array(region.cols);
    const pooled = embeddingForward(weights, bags, inputs, dim);
    const magnitudes = embeddingForward(weights.map(abs), bags, inputs, dim);
    const counts = countBags(bags, inputs);
    for (let b = 0; b < inputs; b++) {
      for (let i = 0; i < T * dim; i++) {
        const at = b * stride + slotsBefore * dim + i;
        want[at] = pooled[b * T * dim + i]!;
        // n rows take n - 1 additions: a bag of one row is a copy, an empty bag is exactly 0.
        const additions = Math.max(0, counts[b * T + Math.floor(i / dim)]! - 1);
        tolerances[at] = sumTolerance(additions, magnitudes[b * T * dim + i]!);
      }
    }
    assertClose(
      `embeddingForward of ${inputs} inputs, ${pattern} bags, dim ${dim}`,
      got,
      want,
      tolerances,
    );
  }
}

const BATCHES: Minibatch[] = [
  { inputs: 63, pattern: "single" },
  { inputs: 0, pattern: "variable" },
  { inputs: 64, pattern: "equal" },
  { inputs: 2, pattern: "empty" },
  { inputs: 65, pattern: "variable" },
  { inputs: 1, pattern: "single" },
  { inputs: 65, pattern: "different" },
];

/**
 * Runs one update after another on the same tables. Each step is compared with the reference started from the rows
 * and state read back before it, so that a tolerance covers one step only.
 */
async function checkBackward(
  device: Device,
  accuracy: Accuracy,
  seed: number,
  dim: number,
  tableRows: readonly number[],
  optimizer: Optimizer,
  batches: readonly Minibatch[],
  firstSlot: number,
): Promise<void> {
  using scope = new Scope();
  const values = new Values(seed);
  const T = tableRows.length;
  const tables = scope.own(
    device.createTables({ rows: tableRows, dim, optimizer: optimizer.kind }, "tables"),
  );
  const stateWidth = stateFloats(optimizer.kind, dim);
  const knobs = scope.own(new Knobs(device));
  const jobs = batches.map(({ inputs, pattern }) => {
    const bags = makeBags(values, tableRows, inputs, pattern);
    return { inputs, pattern, bags, grouped: groupBags(tableRows, inputs, bags) };
  });
  const lookups = scope.own(device.createLookups({
    tables: T,
    maxBags: Math.max(...jobs.map((job) => job.inputs)),
    maxLookups: Math.max(...jobs.map((job) => job.grouped.lookups)),
  }, "lookups"));
  await fillRows(tables, values);
  let beforeRows = await tables.readRows(0, tables.totalRows);
  let beforeState = await tables.readState(0, tables.totalRows);
  assert0(beforeState);
  for (const [step, { inputs, pattern, bags, grouped }] of jobs.entries()) {
    const features = firstSlot + T + 1;
    // Some gradients are exactly 0, as after a mask.
    const gradient = values.normal(inputs * T * dim).map((g, i) => i % 11 === 0 ? 0 : g);
    const arena = scope.arena(device, "input", "gradients");
    const all = new Float64Array(inputs * features * dim).fill(NaN);
    for (let b = 0; b < inputs; b++) {
      all.set(
        gradient.subarray(b * T * dim, (b + 1) * T * dim),
        (b * features + firstSlot) * dim,
      );
    }
    const grad = arena.place(inputs, features * dim, all);
    arena.commit();
    const learningRate = knobs.setLearningRate(0.3 / (step + 1));
    device.writeLookups(lookups, grouped);
    grouped.uniqueRows.fill(0xffffffff);
    grouped.segments.fill(0);
    grouped.positions.fill(0xffffffff);
    device.run(scope.own(device.record("update rows", (ops) => {
      ops.add(embeddingBackwardOp, {
        tables,
        lookups,
        grad,
        firstSlot,
        optimizer,
        learningRate: knobs.learningRate,
      });
    })));
    const rows = await tables.readRows(0, tables.totalRows);
    const state = await tables.readState(0, tables.totalRows);

    const wantRows = splitTables(tables, beforeRows, dim);
    const wantState = splitTables(tables, beforeState, stateWidth);
    embeddingBackward(
      wantRows,
      wantState,
      bags,
      inputs,
      dim,
      gradient,
      optimizer,
      learningRate,
    );
    const what = `${optimizer.kind} step ${step}: ${inputs} inputs, ${pattern} bags, dim ${dim}`;
    for (let t = 0; t < T; t++) {
      const sums = new Map<number, { n: number; sum: Float64Array; magnitude: Float64Array }>();
      for (let b = 0; b < inputs; b++) {
        for (const row of bags[t]![b]!) {
          const entry = sums.get(row) ??
            { n: 0, sum: new Float64Array(dim), magnitude: new Float64Array(dim) };
          sums.set(row, entry);
          entry.n++;
          for (let c = 0; c < dim; c++) {
            const g = gradient[(b * T + t) * dim + c]!;
            entry.sum[c]! += g;
            entry.magnitude[c]! += Math.abs(g);
          }
        }
      }
      const rowTolerances = new Float64Array(tableRows[t]! * dim);
      const stateTolerances = new Float64Array(tableRows[t]! * stateWidth);
      for (const [row, { n, sum, magnitude }] of sums) {
        const tolerances = stepTolerances(
          sum,
          magnitude.map((m) => gamma(n - 1) * m),
          optimizer,
          learningRate,
          {
            params: wantRows[t]!.subarray(row * dim, (row + 1) * dim),
            state: wantState[t]!.subarray(row * stateWidth, (row + 1) * stateWidth),
          },
          accuracy,
        );
        rowTolerances.set(tolerances.params, row * dim);
        stateTolerances.set(tolerances.state, row * stateWidth);
      }
      // Rows that were not looked up have tolerance 0: they keep their value.
      const [from, to] = [tables.rowOffsets[t]!, tables.rowOffsets[t + 1]!];
      assertClose(
        `${what}: rows of table ${t}`,
        rows.subarray(from * dim, to * dim),
        wantRows[t]!,
        rowTolerances,
      );
      assertClose(
        `${what}: state of table ${t}`,
        state.subarray(from * stateWidth, to * stateWidth),
        wantState[t]!,
        stateTolerances,
      );
    }
    beforeRows = rows;
    beforeState = state;
  }
}

function assert0(state: Float32Array): void {
  assertSameBits("state of new tables", state, new Float32Array(state.length));
}

const OPTIMIZERS: Optimizer[] = [
  { kind: "sgd" },
  { kind: "adagrad", eps: 2 ** -3 },
  { kind: "rowwise-adagrad", eps: 2 ** -3 },
  // As frameworks have it: invisible beside the root, but what keeps 0 / 0 away.
  { kind: "adagrad", eps: Math.fround(1e-10) },
  { kind: "rowwise-adagrad", eps: Math.fround(1e-10) },
];

/** Cases of the embedding bags. */
export const embeddingCases: readonly ConformanceCase[] = [
  {
    name: "embedding forward: awkward shapes and bags",
    run: async ({ device }) => {
      for (const [i, dim] of DIMS.entries()) {
        await checkForward(device, 300 + i, dim, TABLE_ROWS, BATCHES, 1, i % 2);
      }
    },
  },
  {
    name: "embedding forward: many tables and long bags",
    run: ({ device }) =>
      checkForward(
        device,
        310,
        16,
        Array.from({ length: 26 }, (_, t) => 1 + 13 * t),
        [
          { inputs: 70, pattern: "variable" },
          { inputs: 259, pattern: "single" },
        ],
        1,
        0,
      ),
  },
  ...OPTIMIZERS.map((optimizer, o): ConformanceCase => ({
    name: `embedding backward: ${optimizer.kind} with ${
      optimizer.kind === "sgd" ? "no state" : `eps ${optimizer.eps}`
    }, awkward shapes and bags`,
    run: async ({ device, accuracy }) => {
      for (const [i, dim] of DIMS.entries()) {
        await checkBackward(
          device,
          accuracy,
          320 + 10 * o + i,
          dim,
          TABLE_ROWS,
          optimizer,
          // Small eps is the same code on other numbers: fewer steps.
          o < 3 ? BATCHES : BATCHES.slice(4),
          i % 2,
        );
      }
    },
  })),
  {
    name: "embedding backward: a row looked up thousands of times beside many rare ones",
    run: ({ device, accuracy }) =>
      checkBackward(device, accuracy, 380, 16, [3, 4000, 1], { kind: "adagrad", eps: 0.5 }, [
        { inputs: 2500, pattern: "equal" },
        { inputs: 1500, pattern: "single" },
        { inputs: 1500, pattern: "different" },
      ], 1),
  },
  {
    name: "embedding: random bags",
    run: async ({ device, accuracy }) => {
      const problem = fc.record({
        seed: fc.integer({ min: 0, max: 2 ** 31 }),
        dim: fc.integer({ min: 1, max: 40 }),
        tables: fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 9 }),
        batches: fc.array(
          fc.record({
            inputs: fc.integer({ min: 0, max: 90 }),
            pattern: fc.constantFrom<Pattern>("single", "equal", "different", "variable", "empty"),
          }),
          { minLength: 2, maxLength: 2 },
        ),
        optimizer: fc.constantFrom(...OPTIMIZERS),
        before: fc.integer({ min: 0, max: 2 }),
      });
      await fc.assert(
        fc.asyncProperty(problem, async ({ seed, dim, tables, batches, optimizer, before }) => {
          await checkForward(device, seed, dim, tables, batches, before, 1);
          await checkBackward(device, accuracy, seed, dim, tables, optimizer, batches, before);
        }),
        { seed: 20260102, numRuns: 8 },
      );
    },
  },
];

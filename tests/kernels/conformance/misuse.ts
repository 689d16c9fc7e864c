import assert from "node:assert/strict";
import { bceOp } from "../../../kernels/bce/op.ts";
import { embeddingBackwardOp, embeddingForwardOp } from "../../../kernels/embedding/op.ts";
import { DeviceExamples, type ExampleMaker, type ExampleSize } from "../../../kernels/example.ts";
import { interactionBackwardOp, interactionForwardOp } from "../../../kernels/interaction/op.ts";
import {
  linearBackwardInputOp,
  linearBackwardWeightsOp,
  linearForwardOp,
} from "../../../kernels/linear/op.ts";
import { normaliseBackwardOp, normaliseForwardOp } from "../../../kernels/normalise/op.ts";
import { argumentsOf } from "../../../kernels/op.ts";
import { eachOp, type OpArgs, type OpName, type OpNamed } from "../../../kernels/ops.ts";
import { sequenceBackwardOp, sequenceDotOp, sequencePoolOp } from "../../../kernels/sequence/op.ts";
import { sigmoidBackwardOp, sigmoidForwardOp } from "../../../kernels/sigmoid/op.ts";
import {
  inputScoresOp,
  rowChangeOp,
  type ScoreCombination,
  staleLookupsOp,
} from "../../../kernels/staleness/op.ts";
import { standardiseOp } from "../../../kernels/standardise/op.ts";
import type { Device, Matrix, Recorder } from "../../../kernels/types.ts";
import { denseUpdateOp } from "../../../kernels/update/op.ts";
import {
  varianceNormBackwardOp,
  varianceNormForwardOp,
} from "../../../kernels/variance_norm/op.ts";
import { groupLookups } from "../lookups.ts";
import { type ConformanceCase, Scope } from "./harness.ts";

/** Recording this must throw a RangeError that names the op and one of the arguments. */
interface Mistake {
  readonly op: OpName;
  readonly names: RegExp;
  readonly record: (ops: Recorder) => void;
}

/** Sizes of five inputs. */
const SIZE: ExampleSize = {
  ...{ inputs: 5, cols: 3, units: 7, features: 3, dim: 4, steps: 3, tableRows: 9, scored: 5 },
};

/** What no op takes, whichever it is: matrices, lists and scalars that do not lie in their buffers, and wrong sizes. */
function misplaced(make: ExampleMaker): Mistake[] {
  return eachOp((op) => {
    const args = op.examples[0](make, SIZE);
    return argumentsOf(op, args).flatMap(({ name, use, value }): Mistake[] => {
      const wrong: object[] = [];
      if ((use === "read" || use === "written") && value !== null) {
        wrong.push(
          ...[-4, 1, 4096, NaN].map((offset) => ({ offset })),
          ...[value.cols - 1, value.cols + 0.5].map((stride) => ({ stride })),
          ...[-1, 2.5, 2 ** 40].map((rows) => ({ rows })),
          { cols: value.stride + 1 },
        );
        if (value.cols > 1) wrong.push({ stride: 4 * Math.ceil(value.cols / 4) + 1 });
      }
      if (use === "scalar" || use === "slot") {
        wrong.push(...[-1, 0.5, 4].map((index) => ({ index })));
      }
      if (use === "row-list") {
        wrong.push({ offset: -1 }, { offset: 1 }, { length: value.length + 1 }, { length: 0.5 });
      }
      return wrong.map((change) => ({
        op: op.name,
        names: new RegExp(`: ${name} `),
        record: (ops) => ops.add(op, { ...args, [name]: { ...value as object, ...change } }),
      }));
    });
  }).flat();
}

function mistakes(device: Device, scope: Scope): Mistake[] {
  const matrix = (rows: number, cols: number): Matrix => {
    const m = device.createMatrix(rows, cols, `${rows} × ${cols}`);
    scope.own(m.buffer);
    return m;
  };
  const scalar = { buffer: scope.own(device.createBuffer(16, "scalar")), index: 0 };
  const tables = scope.own(
    device.createTables({ rows: [4, 6], dim: 4, optimizer: "adagrad" }, "tables"),
  );
  const capacity = { maxBags: 8, maxLookups: 20 };
  const lookups = scope.own(device.createLookups({ tables: 2, ...capacity }, "lookups"));
  const three = scope.own(device.createLookups({ tables: 3, ...capacity }, "lookups of three"));

  const linear = {
    x: matrix(5, 3),
    w: matrix(7, 3),
    bias: matrix(1, 7),
    y: matrix(5, 7),
    relu: false,
  };
  const input = {
    dy: matrix(5, 7),
    w: matrix(7, 3),
    dx: matrix(5, 3),
    mask: matrix(5, 3),
  };
  const weights = { dy: matrix(5, 7), x: matrix(5, 3), dw: matrix(7, 3), db: matrix(1, 7) };
  const interact = { v: matrix(5, 12), features: 3, dim: 4, r: matrix(5, 7) };
  const interactBack = { ...interact, dr: interact.r, dv: matrix(5, 12), maskFirst: true };
  const gather = { tables, lookups, out: matrix(5, 12), firstSlot: 1 };
  const adagrad = { kind: "adagrad", eps: 1 } as const;
  const scatter = {
    tables,
    lookups,
    grad: matrix(5, 12),
    firstSlot: 1,
    optimizer: adagrad,
    learningRate: scalar,
  };
  const loss = {
    logits: matrix(5, 1),
    labels: matrix(5, 1),
    weights: matrix(5, 1),
    dlogits: matrix(5, 1),
    losses: matrix(1, 8),
    slot: scalar,
  };
  const update = {
    params: matrix(1, 9),
    grads: matrix(1, 9),
    state: matrix(1, 9),
    optimizer: adagrad,
    learningRate: scalar,
  };
  const cases: Mistake[] = [];
  const add = <Name extends OpName>(
    op: OpNamed<Name>,
    names: string,
    args: OpArgs[Name],
  ): void => {
    cases.push({
      op: op.name,
      names: new RegExp(`\\b(${names})\\b`),
      record: (ops) => ops.add(op, args),
    });
  };
  const forward = (change: Partial<typeof linear>): void =>
    add(linearForwardOp, "x|w|bias|y", { ...linear, ...change });
  forward({ x: matrix(5, 4) });
  forward({ x: matrix(6, 3) });
  forward({ w: matrix(8, 3) });
  forward({ bias: matrix(1, 6) });
  forward({ bias: matrix(7, 1) });
  forward({ y: matrix(7, 5) });
  // Outside the buffer, rows that overlap, and what kernels may not be able to address.
  forward({ y: { ...linear.y, offset: 4 } });
  forward({ y: { ...linear.y, stride: 12 } });
  forward({ y: { ...linear.y, stride: 4 } });
  forward({ x: { ...linear.x, stride: 3 } });
  forward({ w: { ...linear.w, offset: 1, rows: 7 } });
  forward({ x: { ...linear.x, offset: -4 } });
  const backIn = (change: Partial<typeof input>): void =>
    add(linearBackwardInputOp, "dy|w|dx|mask", { ...input, ...change });
  backIn({ dy: matrix(4, 7) });
  backIn({ w: matrix(3, 7) });
  backIn({ dx: matrix(5, 7) });
  backIn({ mask: matrix(4, 3) });
  const backWeights = (change: Partial<typeof weights>): void =>
    add(linearBackwardWeightsOp, "dy|x|dw|db", { ...weights, ...change });
  backWeights({ x: matrix(4, 3) });
  backWeights({ dw: matrix(3, 7) });
  backWeights({ db: matrix(1, 3) });
  add(interactionForwardOp, "v|r", { ...interact, features: 2 });
  add(interactionForwardOp, "v|r", { ...interact, dim: 3 });
  add(interactionForwardOp, "v|r", { ...interact, r: matrix(5, 10) });
  add(interactionBackwardOp, "v|dr|dv", { ...interactBack, dv: matrix(4, 12) });
  add(interactionBackwardOp, "v|dr|dv", { ...interactBack, dr: matrix(5, 6) });
  const gatherWrong = (change: Partial<typeof gather>): void =>
    add(embeddingForwardOp, "out|lookups", { ...gather, ...change });
  gatherWrong({ firstSlot: 2 });
  gatherWrong({ out: matrix(5, 8) });
  gatherWrong({ out: matrix(9, 12) });
  gatherWrong({ lookups: three });
  const scatterWrong = (change: Partial<typeof scatter>, names = "grad|lookups"): void =>
    add(embeddingBackwardOp, names, { ...scatter, ...change });
  scatterWrong({ firstSlot: 2 });
  scatterWrong({ grad: matrix(5, 8) });
  scatterWrong({ lookups: three });
  scatterWrong({ learningRate: { ...scalar, index: 4 } }, "learningRate");
  add(embeddingBackwardOp, "tables", { ...scatter, optimizer: { kind: "sgd" } });
  const lossWrong = (change: Partial<typeof loss>): void =>
    add(bceOp, "logits|labels|weights|dlogits|losses|slot", { ...loss, ...change });
  lossWrong({ labels: matrix(4, 1) });
  lossWrong({ weights: matrix(1, 5) });
  lossWrong({ dlogits: matrix(6, 1) });
  lossWrong({ logits: matrix(5, 2) });
  lossWrong({ slot: { ...scalar, index: 4 } });
  const updateWrong = (change: Partial<typeof update>): void =>
    add(denseUpdateOp, "params|grads|state|parameters", { ...update, ...change });
  updateWrong({ grads: matrix(1, 8) });
  updateWrong({ state: matrix(1, 10) });
  updateWrong({ params: matrix(9, 1) });
  add(denseUpdateOp, "state", { ...update, state: null });
  add(denseUpdateOp, "params|parameters", {
    ...update,
    optimizer: { kind: "rowwise-adagrad", eps: 1 },
  });
  const rows = matrix(5, 3);
  const normalise = { z: rows, dv: rows, dz: matrix(5, 3), masked: true };
  add(normaliseForwardOp, "z|v", { z: rows, v: matrix(3, 5) });
  add(normaliseBackwardOp, "z|dv|dz", { ...normalise, dv: matrix(5, 4) });
  add(normaliseBackwardOp, "z|dv|dz", { ...normalise, dz: matrix(4, 3) });
  const history = { h: matrix(12, 5), steps: 4, x: matrix(3, 5), a: matrix(3, 3) };
  const dotWrong = (change: Partial<typeof history>): void =>
    add(sequenceDotOp, "h|x|a", { ...history, ...change });
  dotWrong({ steps: 2 });
  dotWrong({ steps: 5 });
  dotWrong({ x: matrix(3, 4) });
  dotWrong({ x: matrix(4, 5) });
  dotWrong({ a: matrix(2, 3) });
  dotWrong({ a: matrix(3, 5) });
  const pooled = { ...history, y: matrix(3, 3), tail: matrix(3, 2), c: matrix(3, 7) };
  const poolWrong = (
    change: Partial<Omit<typeof pooled, "tail">> & { tail?: Matrix | null },
  ): void => add(sequencePoolOp, "h|y|tail|c", { ...pooled, ...change });
  poolWrong({ steps: 0 });
  poolWrong({ tail: null });
  poolWrong({ tail: matrix(2, 2) });
  poolWrong({ c: matrix(3, 5) });
  poolWrong({ y: matrix(4, 3) });
  const steps = {
    y: matrix(3, 3),
    da: matrix(3, 3),
    x: matrix(3, 5),
    dc: matrix(3, 10),
    query: matrix(3, 5),
    steps: 4,
    dh: matrix(12, 5),
  };
  const stepsWrong = (change: Partial<Omit<typeof steps, "query">> & { query?: null }): void =>
    add(sequenceBackwardOp, "y|da|x|dc|query|dh", { ...steps, ...change });
  stepsWrong({ steps: 3, dh: matrix(9, 5) });
  stepsWrong({ da: matrix(3, 4) });
  stepsWrong({ x: matrix(3, 4) });
  stepsWrong({ dc: matrix(3, 5) });
  stepsWrong({ query: null });
  stepsWrong({ dh: matrix(15, 5) });
  add(sigmoidForwardOp, "x|y", { x: rows, y: matrix(5, 4) });
  add(sigmoidBackwardOp, "y|dy|dx", { y: rows, dy: matrix(4, 3), dx: matrix(5, 3) });
  add(sigmoidBackwardOp, "y|dy|dx", { y: rows, dy: rows, dx: matrix(5, 2) });
  const vectors = matrix(5, 12);
  const layers = { x: vectors, features: 3, dim: 4, y: matrix(5, 12) };
  const layersBack = { ...layers, dy: layers.y, dx: matrix(5, 12) };
  const gained = { ...layers, gain: matrix(1, 3), eps: matrix(1, 3) };
  const gainedWrong = (change: Partial<typeof gained>): void =>
    add(varianceNormForwardOp, "x|gain|eps|y", { ...gained, ...change });
  gainedWrong({ features: 2 });
  gainedWrong({ gain: matrix(1, 4) });
  gainedWrong({ eps: matrix(3, 1) });
  gainedWrong({ y: matrix(5, 13) });
  const gainedBack = { ...gained, ...layersBack, dgain: matrix(1, 3) };
  const gainedBackWrong = (change: Partial<typeof gainedBack>): void =>
    add(varianceNormBackwardOp, "x|gain|eps|dy|dx|dgain", { ...gainedBack, ...change });
  gainedBackWrong({ gain: matrix(2, 3) });
  gainedBackWrong({ dy: matrix(4, 12) });
  gainedBackWrong({ dgain: matrix(1, 2) });
  const standard = {
    x: rows,
    mean: matrix(1, 3),
    variance: matrix(1, 3),
    eps: 1e-5,
    y: matrix(5, 3),
  };
  const standardWrong = (change: Partial<typeof standard>): void =>
    add(standardiseOp, "x|mean|variance|eps|y", { ...standard, ...change });
  standardWrong({ mean: matrix(1, 2) });
  standardWrong({ variance: matrix(2, 3) });
  standardWrong({ y: matrix(4, 3) });
  standardWrong({ eps: -1e-9 });
  const moved = {
    ...{ a: vectors, b: matrix(5, 12), features: 3, dim: 4, change: matrix(1, 15) },
    accumulate: true,
  };
  const movedWrong = (change: Partial<typeof moved>): void =>
    add(rowChangeOp, "a|b|change", { ...moved, ...change });
  movedWrong({ dim: 5 });
  movedWrong({ b: matrix(6, 12) });
  movedWrong({ change: matrix(1, 14) });
  movedWrong({ change: matrix(2, 15) });
  const layout = {
    ...{ inputs: 5, groups: 2, lookups: 3 },
    ...{ groupStride: 15, lookupStride: 1, inputStride: 3 },
  };
  const list = {
    buffer: scope.own(device.createBuffer(4 * 32, "list")),
    offset: 2,
    length: 30,
  };
  const scored = {
    ...{ scores: matrix(1, 9), threshold: scalar, rows: list, layout, out: matrix(5, 1) },
    combine: { kind: "max" } as ScoreCombination,
  };
  const scoredWrong = (change: Partial<typeof scored>): void => {
    const names = "scores|rows|layout|combine|out";
    add(inputScoresOp, names, { ...scored, ...change });
    if (change.combine !== undefined) return;
    add(staleLookupsOp, names, { ...scored, ...change });
  };
  scoredWrong({ scores: matrix(9, 1) });
  scoredWrong({ out: matrix(4, 1) });
  scoredWrong({ out: matrix(5, 2) });
  scoredWrong({ rows: { ...list, length: 29 } });
  scoredWrong({ rows: { ...list, offset: 3 } });
  scoredWrong({ rows: { ...list, offset: -1 } });
  scoredWrong({ layout: { ...layout, inputStride: 4 } });
  scoredWrong({ layout: { ...layout, groupStride: 16 } });
  scoredWrong({ layout: { ...layout, lookupStride: 2 } });
  scoredWrong({ layout: { ...layout, lookupStride: 0.5 } });
  scoredWrong({ layout: { ...layout, groups: 0 } });
  scoredWrong({ layout: { ...layout, lookups: 0 } });
  for (const n of [0, 4, 1.5, -1, NaN]) scoredWrong({ combine: { kind: "nth-smallest", n } });
  add(staleLookupsOp, "threshold", { ...scored, threshold: { ...scalar, index: 4 } });
  return cases;
}

/** Cases of wrong arguments and use after disposal. */
export const misuseCases: readonly ConformanceCase[] = [
  {
    name: "wrong shapes: recording throws a RangeError that names op and matrix",
    run: async ({ device }) => {
      using scope = new Scope();
      using examples = new DeviceExamples(device);
      for (const { op, names, record } of [...mistakes(device, scope), ...misplaced(examples)]) {
        assert.throws(
          () => scope.own(device.record("wrong", record)),
          (error: unknown) => {
            assert.ok(error instanceof RangeError, `not a RangeError: ${error}`);
            assert.ok(error.message.startsWith(`Cannot record ${op}: `), error.message);
            assert.match(error.message, names);
            return true;
          },
          `a wrong ${names} of ${op} was accepted`,
        );
      }
      // The device goes on working.
      await device.sync();
    },
  },
  {
    name: "wrong ranges: writes, reads, copies and lookups outside throw a RangeError",
    run: async ({ device }) => {
      using scope = new Scope();
      const buffer = scope.own(device.createBuffer(64, "small"));
      const other = scope.own(device.createBuffer(32, "smaller"));
      assert.throws(() => device.write(buffer, 60, new Float32Array(2)), RangeError);
      assert.throws(() => device.write(buffer, 2, new Float32Array(1)), RangeError);
      assert.throws(() => device.write(buffer, -4, new Float32Array(1)), RangeError);
      await assert.rejects(async () => await device.read(buffer, 0, 68), RangeError);
      await assert.rejects(async () => await device.read(buffer, 64, 4), RangeError);
      assert.throws(() => device.copy(buffer, 0, other, 0, 36), RangeError);
      assert.throws(() => device.copy(other, 32, buffer, 0, 4), RangeError);
      assert.throws(() => device.copy(buffer, 1, other, 0, 4), RangeError);
      assert.throws(() => device.createBuffer(-4, "negative"), RangeError);
      assert.throws(
        () => device.createTables({ rows: [2 ** 31, 2 ** 31], dim: 1, optimizer: "sgd" }, "huge"),
        RangeError,
      );
      const lookups = scope.own(
        device.createLookups({ tables: 1, maxBags: 2, maxLookups: 3 }, "lookups"),
      );
      const minibatch = (tables: number, bags: number, count: number) => ({
        bags,
        tables,
        lookups: count,
        rows: new Uint32Array(count),
        offsets: new Uint32Array(tables * bags + 1).fill(count, 1),
        unique: 1,
        uniqueRows: new Uint32Array(count),
        segments: Uint32Array.of(0, count),
        positions: new Uint32Array(count),
      });
      device.writeLookups(lookups, minibatch(1, 2, 3));
      assert.throws(() => device.writeLookups(lookups, minibatch(1, 2, 4)), RangeError);
      assert.throws(() => device.writeLookups(lookups, minibatch(1, 3, 3)), RangeError);
      assert.throws(() => device.writeLookups(lookups, minibatch(2, 1, 2)), RangeError);
    },
  },
  {
    name:
      "wrong rows: running with lookups of rows that the tables do not have throws a RangeError",
    run: async ({ device }) => {
      using scope = new Scope();
      const spec = { rows: [2, 1], dim: 4, optimizer: "sgd" } as const;
      const tables = scope.own(device.createTables(spec, "small"));
      const lookups = scope.own(
        device.createLookups({ tables: 2, maxBags: 2, maxLookups: 4 }, "lookups"),
      );
      const matrix = device.createMatrix(2, 8, "vectors");
      const rate = scope.own(device.createBuffer(4, "rate"));
      scope.own(matrix.buffer);
      const common = { tables, lookups, firstSlot: 0 };
      const gather = scope.own(
        device.record("gather", (ops) => ops.add(embeddingForwardOp, { ...common, out: matrix })),
      );
      const update = scope.own(device.record("update", (ops) =>
        ops.add(embeddingBackwardOp, {
          ...{ ...common, grad: matrix, optimizer: { kind: "sgd" } },
          learningRate: { buffer: rate, index: 0 },
        })));
      const programs = [[gather, "embedding-forward"], [update, "embedding-backward"]] as const;
      // Of larger tables: the last table's row 1 is flat row 3, one too many.
      device.writeLookups(lookups, groupLookups([2, 2], 2, [1, 0, 1, 0]));
      for (const [program, op] of programs) {
        assert.throws(() => device.run(program), {
          name: "RangeError",
          message: `Cannot run ${op}: lookups name flat row 3, but tables small have 3 rows`,
        });
      }
      // The highest row there is will do.
      device.writeLookups(lookups, groupLookups([2, 2], 2, [1, 0, 0, 0]));
      for (const [program] of programs) device.run(program);
      await device.sync();
    },
  },
  {
    name: "disposal: using what is disposed throws, disposing twice does not",
    run: async ({ open }) => {
      const device = await open();
      using scope = new Scope();
      scope.own(device);
      const layer = (): { x: Matrix; w: Matrix; bias: Matrix; y: Matrix; relu: boolean } => ({
        x: device.createMatrix(2, 3, "x"),
        w: device.createMatrix(4, 3, "w"),
        bias: device.createMatrix(1, 4, "bias"),
        y: device.createMatrix(2, 4, "y"),
        relu: true,
      });
      const kept = layer();
      const program = device.record("layer", (ops) => ops.add(linearForwardOp, kept));

      const gone = device.createBuffer(64, "gone");
      gone.dispose();
      gone.dispose();
      assert.throws(() => device.write(gone, 0, new Float32Array(1)));
      await assert.rejects(async () => await device.read(gone, 0, 4));
      assert.throws(() => device.copy(gone, 0, kept.x.buffer, 0, 4));
      assert.throws(() => device.copy(kept.x.buffer, 0, gone, 0, 4));
      const lost = layer();
      lost.w.buffer.dispose();
      assert.throws(() => device.record("lost", (ops) => ops.add(linearForwardOp, lost)));

      const stale = layer();
      const orphan = device.record("orphan", (ops) => ops.add(linearForwardOp, stale));
      stale.y.buffer.dispose();
      assert.throws(() => device.run(orphan), "a program wrote to a disposed buffer");
      const finished = device.record("finished", (ops) => ops.add(linearForwardOp, kept));
      finished.dispose();
      finished.dispose();
      assert.throws(() => device.run(finished));

      const tables = device.createTables({ rows: [4], dim: 4, optimizer: "adagrad" }, "tables");
      const lookups = device.createLookups({ tables: 1, maxBags: 2, maxLookups: 2 }, "lookups");
      const out = device.createMatrix(2, 4, "out");
      tables.dispose();
      tables.dispose();
      await assert.rejects(async () => await tables.readRows(0, 1));
      await assert.rejects(async () => await tables.writeRows(0, new Float32Array(4)));
      await assert.rejects(async () => await tables.readState(0, 1));
      await assert.rejects(async () => await tables.initUniform(1));
      assert.throws(() =>
        device.record("gather", (ops) => {
          ops.add(embeddingForwardOp, { tables, lookups, out, firstSlot: 0 });
        })
      );
      lookups.dispose();
      lookups.dispose();
      assert.throws(() =>
        device.writeLookups(lookups, {
          bags: 0,
          tables: 1,
          lookups: 0,
          rows: new Uint32Array(0),
          offsets: null,
          unique: 0,
          uniqueRows: new Uint32Array(0),
          segments: new Uint32Array(1),
          positions: new Uint32Array(0),
        })
      );

      device.run(program);
      await device.sync();
      device.dispose();
      device.dispose();
      assert.throws(() => device.createBuffer(4, "late"));
      assert.throws(() => device.write(kept.x.buffer, 0, new Float32Array(1)));
      assert.throws(() => device.run(program));
      await assert.rejects(async () => await device.read(kept.x.buffer, 0, 4));
      // What the device owned died with it, and may still be disposed.
      kept.x.buffer.dispose();
      program.dispose();
    },
  },
];

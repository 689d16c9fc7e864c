import assert from "node:assert/strict";
import type {
  Device,
  DeviceBuffer,
  LookupLayout,
  Matrix,
  Recorder,
  RowList,
  Scalar,
} from "../../../kernels/types.ts";
import { type ConformanceCase, Scope } from "./harness.ts";

type Size = readonly [rows: number, cols: number];

/** An op with the sizes of what it reads and writes, by the names of its arguments. */
interface Op {
  readonly op: string;
  readonly read: Readonly<Record<string, Size>>;
  readonly written: Readonly<Record<string, Size>>;
  /** Name of the scalar it reads, if it reads one. */
  readonly scalar?: string;
  readonly record: (ops: Recorder, m: Readonly<Record<string, Matrix>>, s: Scalar) => void;
}

/** Five inputs of two lookups. */
const PAIRS: LookupLayout = {
  inputs: 5,
  groups: 1,
  lookups: 2,
  groupStride: 0,
  lookupStride: 1,
  inputStride: 2,
};

/** Row numbers, all 0, where a matrix of one row lies. */
function rowList({ buffer, offset, cols }: Matrix): RowList {
  return { buffer, offset, length: cols };
}

/** Every op that reads matrices and writes others. */
const OPS: readonly Op[] = [
  {
    op: "linear-forward",
    read: { x: [5, 3], w: [7, 3], bias: [1, 7] },
    written: { y: [5, 7] },
    record: (ops, { x, w, bias, y }) =>
      ops.linearForward({ x: x!, w: w!, bias: bias!, y: y!, relu: true }),
  },
  {
    op: "linear-backward-input",
    read: { dy: [5, 7], w: [7, 3], mask: [5, 3] },
    written: { dx: [5, 3] },
    record: (ops, { dy, w, mask, dx }) =>
      ops.linearBackwardInput({ dy: dy!, w: w!, mask: mask!, dx: dx! }),
  },
  {
    op: "linear-backward-weights",
    read: { dy: [5, 7], x: [5, 3] },
    written: { dw: [7, 3], db: [1, 7] },
    record: (ops, { dy, x, dw, db }) =>
      ops.linearBackwardWeights({ dy: dy!, x: x!, dw: dw!, db: db! }),
  },
  {
    op: "interaction-forward",
    read: { v: [5, 12] },
    written: { r: [5, 7] },
    record: (ops, { v, r }) => ops.interactionForward({ v: v!, features: 3, dim: 4, r: r! }),
  },
  {
    op: "interaction-backward",
    read: { v: [5, 12], dr: [5, 7] },
    written: { dv: [5, 12] },
    record: (ops, { v, dr, dv }) =>
      ops.interactionBackward({
        ...{ v: v!, features: 3, dim: 4, dr: dr!, dv: dv!, maskFirst: true },
      }),
  },
  {
    op: "normalise-forward",
    read: { z: [5, 3] },
    written: { v: [5, 3] },
    record: (ops, { z, v }) => ops.normaliseForward({ z: z!, v: v! }),
  },
  {
    op: "normalise-backward",
    read: { z: [5, 3], dv: [5, 3] },
    written: { dz: [5, 3] },
    record: (ops, { z, dv, dz }) =>
      ops.normaliseBackward({ z: z!, dv: dv!, dz: dz!, masked: true }),
  },
  {
    op: "sequence-dot",
    read: { h: [12, 5], x: [3, 5] },
    written: { a: [3, 3] },
    record: (ops, { h, x, a }) => ops.sequenceDot({ h: h!, steps: 4, x: x!, a: a! }),
  },
  {
    op: "sequence-pool",
    read: { h: [12, 5], y: [3, 3], tail: [3, 2] },
    written: { c: [3, 7] },
    record: (ops, { h, y, tail, c }) =>
      ops.sequencePool({ h: h!, steps: 4, y: y!, tail: tail!, c: c! }),
  },
  {
    op: "sequence-backward",
    read: { y: [3, 3], da: [3, 3], x: [3, 5], dc: [3, 10], query: [3, 5] },
    written: { dh: [12, 5] },
    record: (ops, { y, da, x, dc, query, dh }) =>
      ops.sequenceBackward({
        ...{ y: y!, da: da!, x: x!, dc: dc!, query: query!, steps: 4, dh: dh! },
      }),
  },
  {
    op: "sigmoid-forward",
    read: { x: [5, 3] },
    written: { y: [5, 3] },
    record: (ops, { x, y }) => ops.sigmoidForward({ x: x!, y: y! }),
  },
  {
    op: "sigmoid-backward",
    read: { y: [5, 3], dy: [5, 3] },
    written: { dx: [5, 3] },
    record: (ops, { y, dy, dx }) => ops.sigmoidBackward({ y: y!, dy: dy!, dx: dx! }),
  },
  {
    op: "layer-norm-forward",
    read: { x: [5, 12] },
    written: { y: [5, 12] },
    record: (ops, { x, y }) => ops.layerNormForward({ x: x!, features: 3, dim: 4, y: y! }),
  },
  {
    op: "layer-norm-backward",
    read: { x: [5, 12], dy: [5, 12] },
    written: { dx: [5, 12] },
    record: (ops, { x, dy, dx }) =>
      ops.layerNormBackward({
        ...{ x: x!, features: 3, dim: 4, dy: dy!, dx: dx!, maskFirst: true },
      }),
  },
  {
    op: "column-statistics",
    read: { x: [5, 3] },
    written: { mean: [1, 3], variance: [1, 3] },
    scalar: "weight",
    record: (ops, { x, mean, variance }, weight) =>
      ops.columnStatistics({ x: x!, mean: mean!, variance: variance!, weight }),
  },
  {
    op: "standardise",
    read: { x: [5, 3], mean: [1, 3], variance: [1, 3] },
    written: { y: [5, 3] },
    record: (ops, { x, mean, variance, y }) =>
      ops.standardise({ x: x!, mean: mean!, variance: variance!, y: y! }),
  },
  {
    op: "row-change",
    read: { a: [5, 12], b: [5, 12] },
    written: { change: [1, 15] },
    record: (ops, { a, b, change }) =>
      ops.rowChange({
        ...{ a: a!, b: b!, features: 3, dim: 4, change: change!, accumulate: false },
      }),
  },
  {
    // A list of rows has no columns; its place in the shared buffer is all that matters here.
    op: "input-scores",
    read: { scores: [1, 9], rows: [1, 10] },
    written: { out: [5, 1] },
    record: (ops, { scores, rows, out }) =>
      ops.inputScores({
        ...{ scores: scores!, rows: rowList(rows!), layout: PAIRS, out: out! },
        combine: { kind: "mean" },
      }),
  },
  {
    op: "stale-lookups",
    read: { scores: [1, 9], rows: [1, 10] },
    written: { out: [5, 1] },
    scalar: "threshold",
    record: (ops, { scores, rows, out }, threshold) =>
      ops.staleLookups({
        ...{ scores: scores!, threshold, rows: rowList(rows!), layout: PAIRS, out: out! },
      }),
  },
  {
    op: "bce",
    read: { logits: [5, 1], labels: [5, 1] },
    written: { dlogits: [5, 1], losses: [1, 8] },
    scalar: "slot",
    record: (ops, { logits, labels, dlogits, losses }, slot) =>
      ops.bce({
        ...{ logits: logits!, labels: labels!, dlogits: dlogits!, losses: losses!, slot },
      }),
  },
  {
    op: "dense-update",
    read: { grads: [1, 9] },
    written: { params: [1, 9], state: [1, 9] },
    scalar: "learningRate",
    record: (ops, { params, grads, state }, learningRate) =>
      ops.denseUpdate({
        ...{ params: params!, grads: grads!, state: state!, learningRate },
        optimizer: { kind: "adagrad", eps: 1 },
      }),
  },
];

/** Floats that each matrix gets of a shared buffer; also what offsets are multiples of. */
const PLACE = 256;

/** Matrices of which those named in `together` share a buffer, without overlapping. */
function layOut(
  device: Device,
  scope: Scope,
  sizes: Readonly<Record<string, Size>>,
  together: readonly string[],
): { matrices: Record<string, Matrix>; shared: DeviceBuffer } {
  const shared = scope.own(device.createBuffer(4 * PLACE * (together.length + 1), "shared"));
  const matrices = Object.fromEntries(
    Object.entries(sizes).map(([name, [rows, cols]]) => {
      const place = together.indexOf(name);
      if (place >= 0) {
        const stride = 4 * Math.ceil(cols / 4);
        return [name, { buffer: shared, offset: PLACE * (place + 1), rows, cols, stride }];
      }
      const m = device.createMatrix(rows, cols, name);
      scope.own(m.buffer);
      return [name, m];
    }),
  );
  return { matrices, shared };
}

/** Cases of matrices that share a buffer. */
export const sharingCases: readonly ConformanceCase[] = OPS.map((
  { op, read, written, scalar, record },
): ConformanceCase => ({
  name: `sharing: ${op} writes no buffer that it reads, but several outputs to one`,
  run: async ({ device }) => {
    using scope = new Scope();
    const sizes = { ...read, ...written };
    const knob = { buffer: scope.own(device.createBuffer(16, "knob")), index: 0 };
    const outputs = Object.keys(written), inputs = Object.keys(read);
    const refuse = (input: string, output: string, s: Scalar, m: Record<string, Matrix>): void =>
      assert.throws(
        () => scope.own(device.record("sharing", (ops) => record(ops, m, s))),
        (error: unknown) => {
          assert.ok(error instanceof RangeError, `not a RangeError: ${error}`);
          assert.match(
            error.message,
            new RegExp(
              `^Cannot record ${op}(-adagrad)?: ${output} is written to buffer shared, which holds ${input} to be read$`,
            ),
          );
          return true;
        },
        `${input} and ${output} shared a buffer`,
      );
    for (const output of outputs) {
      for (const input of inputs) {
        refuse(input, output, knob, layOut(device, scope, sizes, [input, output]).matrices);
      }
      if (scalar !== undefined) {
        const { matrices, shared } = layOut(device, scope, sizes, [output]);
        refuse(scalar, output, { buffer: shared, index: 0 }, matrices);
      }
    }
    for (const together of [outputs, inputs]) {
      const { matrices } = layOut(device, scope, sizes, together);
      device.run(scope.own(device.record("allowed", (ops) => record(ops, matrices, knob))));
    }
    await device.sync();
  },
}));

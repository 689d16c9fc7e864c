/**
 * The checks of every op's arguments when it is recorded, the same on both devices. Each throws a `RangeError` that
 * names the op and the matrix.
 *
 * @module
 */

import { interactionWidth } from "./interaction/record.ts";
import type {
  BceArgs,
  ColumnStatisticsArgs,
  DenseUpdateArgs,
  DeviceBuffer,
  EmbeddingBackwardArgs,
  EmbeddingForwardArgs,
  EmbeddingTables,
  GroupedLookups,
  InputScoresArgs,
  InteractionBackwardArgs,
  InteractionForwardArgs,
  LayerNormBackwardArgs,
  LayerNormForwardArgs,
  LinearBackwardInputArgs,
  LinearBackwardWeightsArgs,
  LinearForwardArgs,
  LookupBuffers,
  LookupLayout,
  Matrix,
  NormaliseBackwardArgs,
  NormaliseForwardArgs,
  RowChangeArgs,
  RowList,
  Scalar,
  ScoreCombination,
  SequenceBackwardArgs,
  SequenceDotArgs,
  SequencePoolArgs,
  SigmoidBackwardArgs,
  SigmoidForwardArgs,
  StaleLookupsArgs,
  StandardiseArgs,
  TablesSpec,
} from "./types.ts";

/** Floats from one row to the next of a matrix made by `Device.createMatrix`. */
export function paddedStride(cols: number): number {
  return cols === 1 ? 1 : Math.ceil(cols / 4) * 4;
}

/** Throws unless a buffer's size is a whole number of bytes. */
export function checkByteLength(byteLength: number, label: string): void {
  if (!isCount(byteLength)) {
    throw new RangeError(
      `Cannot create buffer ${label}: its size is ${byteLength} bytes, not a whole number`,
    );
  }
}

/** Throws unless a matrix's size is two whole numbers. */
export function checkMatrixSize(rows: number, cols: number, label: string): void {
  if (!isCount(rows) || !isCount(cols)) {
    throw new RangeError(
      `Cannot create matrix ${label}: its size is ${rows} × ${cols}, not two whole numbers`,
    );
  }
}

/** Throws unless `byteOffset` and `byteLength` are multiples of 4 inside the buffer. */
export function checkRange(
  action: "write" | "read" | "copy",
  buffer: { readonly label: string; readonly byteLength: number },
  byteOffset: number,
  byteLength: number,
): void {
  if (!isCount(byteOffset) || !isCount(byteLength) || byteOffset + byteLength > buffer.byteLength) {
    throw new RangeError(
      `Cannot ${action} ${byteLength} bytes at ${byteOffset} of buffer ${buffer.label}: it has ${buffer.byteLength} bytes`,
    );
  }
  if (byteOffset % 4 !== 0 || byteLength % 4 !== 0) {
    throw new RangeError(
      `Cannot ${action} ${byteLength} bytes at ${byteOffset} of buffer ${buffer.label}: both must be multiples of 4`,
    );
  }
}

/** Throws unless the tables' sizes are whole numbers with a sum below 2^32; returns the first flat row of each, and the sum. */
export function checkTables(spec: TablesSpec, label: string): number[] {
  if (!isCount(spec.dim) || spec.dim === 0) {
    throw new RangeError(
      `Cannot create tables ${label}: dim is ${spec.dim}, not a positive integer`,
    );
  }
  const offsets = [0];
  spec.rows.forEach((rows, t) => {
    if (!isCount(rows)) {
      throw new RangeError(
        `Cannot create tables ${label}: table ${t} has ${rows} rows, not a whole number`,
      );
    }
    offsets.push(offsets.at(-1)! + rows);
  });
  if (offsets.at(-1)! >= 2 ** 32) {
    throw new RangeError(
      `Cannot create tables ${label}: they have ${
        offsets.at(-1)
      } rows together, and must have fewer than 2^32`,
    );
  }
  return offsets;
}

/** Throws unless the capacity of lookup buffers is made of whole numbers. */
export function checkLookupCapacity(
  shape: { tables: number; maxBags: number; maxLookups: number },
  label: string,
): void {
  for (const name of ["tables", "maxBags", "maxLookups"] as const) {
    if (!isCount(shape[name])) {
      throw new RangeError(
        `Cannot create lookups ${label}: ${name} is ${shape[name]}, not a whole number`,
      );
    }
  }
}

/** Throws unless a minibatch's lookups fit the buffers. */
export function checkLookups(buffers: LookupBuffers, lookups: GroupedLookups): void {
  const fail = (what: string, is: number, room: string, has: number): never => {
    throw new RangeError(`Cannot write lookups: ${what} is ${is}, but ${room} is ${has}`);
  };
  if (lookups.tables !== buffers.tables) {
    fail("tables", lookups.tables, "the buffers' tables", buffers.tables);
  }
  if (lookups.bags > buffers.maxBags) fail("bags", lookups.bags, "maxBags", buffers.maxBags);
  if (lookups.lookups > buffers.maxLookups) {
    fail("lookups", lookups.lookups, "maxLookups", buffers.maxLookups);
  }
  if (lookups.unique > lookups.lookups) {
    fail("unique", lookups.unique, "the number of lookups", lookups.lookups);
  }
  if (lookups.offsets === null && lookups.lookups !== lookups.tables * lookups.bags) {
    fail("lookups", lookups.lookups, "the number of bags of one", lookups.tables * lookups.bags);
  }
}

/** Highest flat row that lookups name; -1 where they name none. */
export function highestRow({ unique, uniqueRows }: GroupedLookups): number {
  let highest = -1;
  for (let u = 0; u < unique; u++) highest = Math.max(highest, uniqueRows[u]!);
  return highest;
}

/** Throws unless the tables have the highest flat row that the lookups written last name. */
export function checkHighestRow(op: string, highest: number, tables: EmbeddingTables): void {
  if (highest >= tables.totalRows) {
    throw new RangeError(
      `Cannot run ${op}: lookups name flat row ${highest}, but tables ${tables.label} have ${tables.totalRows} rows`,
    );
  }
}

/** Throws unless flat rows [start, start + count) exist. */
export function checkRows(
  action: string,
  tables: EmbeddingTables,
  start: number,
  count: number,
): void {
  if (!isCount(start) || !isCount(count) || start + count > tables.totalRows) {
    throw new RangeError(
      `Cannot ${action} ${count} rows from row ${start} of tables ${tables.label}: they have ${tables.totalRows} rows`,
    );
  }
}

/**
 * Throws unless every flat row of a list exists and `data`, where there is any, has `perRow` floats for each.
 */
export function checkRowList(
  action: string,
  tables: EmbeddingTables,
  rows: Uint32Array,
  data: Float32Array | null,
  perRow: number,
): void {
  for (const row of rows) {
    if (row >= tables.totalRows) {
      throw new RangeError(
        `Cannot ${action} row ${row} of tables ${tables.label}: they have ${tables.totalRows} rows`,
      );
    }
  }
  if (data !== null && data.length !== rows.length * perRow) {
    throw new RangeError(
      `Cannot ${action} ${data.length} floats to ${rows.length} rows of tables ${tables.label}: a row has ${perRow}`,
    );
  }
}

/** Whole rows in `data`; throws if its length is not a multiple of `perRow`. */
export function countRows(
  action: string,
  tables: EmbeddingTables,
  data: Float32Array,
  perRow: number,
): number {
  if (perRow === 0 ? data.length !== 0 : data.length % perRow !== 0) {
    throw new RangeError(
      `Cannot ${action} ${data.length} floats to tables ${tables.label}: a row has ${perRow}`,
    );
  }
  return perRow === 0 ? 0 : data.length / perRow;
}

/** Throws unless the seed is an unsigned 32-bit integer. */
export function checkSeed(seed: number): void {
  if (!isCount(seed) || seed > 0xffffffff) {
    throw new RangeError(
      `Cannot use seed ${seed}: it must be an integer from 0 to 4294967295`,
    );
  }
}

/** Checks Y = act(X Wᵀ + b). */
export function checkLinearForward({ x, w, bias, y }: LinearForwardArgs): void {
  const op = "linear-forward";
  checkMatrices(op, { x, w, bias }, { y });
  expectSize(op, "w", w, w.rows, x.cols, "K of x");
  expectSize(op, "bias", bias, 1, w.rows, "N of w");
  expectSize(op, "y", y, x.rows, w.rows, "M of x and N of w");
}

/** Checks dX = (dY W) ∘ [mask > 0]. */
export function checkLinearBackwardInput({ dy, w, dx, mask }: LinearBackwardInputArgs): void {
  const op = "linear-backward-input";
  checkMatrices(op, { dy, w, ...(mask === null ? {} : { mask }) }, { dx });
  expectSize(op, "w", w, dy.cols, w.cols, "N of dy");
  expectSize(op, "dx", dx, dy.rows, w.cols, "M of dy and K of w");
  if (mask !== null) expectSize(op, "mask", mask, dx.rows, dx.cols, "M and K of dx");
}

/** Checks dW = dYᵀ X and db. */
export function checkLinearBackwardWeights({ dy, x, dw, db }: LinearBackwardWeightsArgs): void {
  const op = "linear-backward-weights";
  checkMatrices(op, { dy, x }, { dw, db });
  expectSize(op, "x", x, dy.rows, x.cols, "M of dy");
  expectSize(op, "dw", dw, dy.cols, x.cols, "N of dy and K of x");
  expectSize(op, "db", db, 1, dy.cols, "N of dy");
}

/** Checks the sum-pooled gather. */
export function checkEmbeddingForward(args: EmbeddingForwardArgs): void {
  const op = "embedding-forward";
  checkMatrices(op, {}, { out: args.out });
  checkEmbedding(op, "out", args.out, args);
}

/** Checks the gather's gradient and update. The optimizer must be the one the tables were made for. */
export function checkEmbeddingBackward(args: EmbeddingBackwardArgs): void {
  const op = `embedding-backward-${args.optimizer.kind}`;
  checkMatrices(op, { grad: args.grad }, {});
  checkEmbedding(op, "grad", args.grad, args);
  checkScalar(op, "learningRate", args.learningRate, {});
  if (args.optimizer.kind !== args.tables.optimizer) {
    throw new RangeError(
      `Cannot record ${op}: tables ${args.tables.label} were made for ${args.tables.optimizer}`,
    );
  }
}

/** Checks the dot interaction. */
export function checkInteractionForward({ v, features, dim, r }: InteractionForwardArgs): void {
  const op = "interaction-forward";
  checkFeatures(op, "v", features, dim);
  checkMatrices(op, { v }, { r });
  expectSize(op, "v", v, v.rows, features * dim, "features × dim");
  expectSize(op, "r", r, v.rows, interactionWidth(features, dim), "dim + F(F-1)/2");
}

/** Checks the dot interaction's gradient. */
export function checkInteractionBackward(args: InteractionBackwardArgs): void {
  const op = "interaction-backward";
  const { v, features, dim, dr, dv } = args;
  checkFeatures(op, "v", features, dim);
  checkMatrices(op, { v, dr }, { dv });
  expectSize(op, "v", v, v.rows, features * dim, "features × dim");
  expectSize(op, "dr", dr, v.rows, interactionWidth(features, dim), "dim + F(F-1)/2");
  expectSize(op, "dv", dv, v.rows, features * dim, "features × dim");
}

/** Checks the L2 normalisation. */
export function checkNormaliseForward({ z, v }: NormaliseForwardArgs): void {
  const op = "normalise-forward";
  checkMatrices(op, { z }, { v });
  expectSize(op, "v", v, z.rows, z.cols, "as z");
}

/** Checks the L2 normalisation's gradient. */
export function checkNormaliseBackward({ z, dv, dz }: NormaliseBackwardArgs): void {
  const op = "normalise-backward";
  checkMatrices(op, { z, dv }, { dz });
  expectSize(op, "dv", dv, z.rows, z.cols, "as z");
  expectSize(op, "dz", dz, z.rows, z.cols, "as z");
}

/** Checks the scores of a history. */
export function checkSequenceDot({ h, steps, x, a }: SequenceDotArgs): void {
  const op = "sequence-dot";
  checkMatrices(op, { h, x }, { a });
  checkSteps(op, "h", h, steps, a.rows, a.cols);
  expectSize(op, "x", x, a.rows, h.cols, "B of a and D of h");
}

/** Checks the weighted sum of a history. */
export function checkSequencePool({ h, steps, y, tail, c }: SequencePoolArgs): void {
  const op = "sequence-pool";
  checkMatrices(op, { h, y, ...(tail === null ? {} : { tail }) }, { c });
  checkSteps(op, "h", h, steps, y.rows, y.cols);
  const T = tail?.cols ?? 0;
  if (tail !== null) expectSize(op, "tail", tail, y.rows, T, "B of y");
  expectSize(op, "c", c, y.rows, h.cols + T, "B of y, D of h and T of tail");
}

/** Checks the gradient of a history's steps. */
export function checkSequenceBackward(args: SequenceBackwardArgs): void {
  const { y, da, x, dc, query, steps, dh } = args;
  const op = "sequence-backward";
  checkMatrices(op, { y, da, x, dc, ...(query === null ? {} : { query }) }, { dh });
  const [B, S, D] = [y.rows, y.cols, dh.cols];
  checkSteps(op, "dh", dh, steps, B, query === null ? S : S + 1);
  expectSize(op, "da", da, B, S, "as y");
  expectSize(op, "x", x, B, D, "B of y and D of dh");
  if (query === null) {
    expectSize(op, "dc", dc, B, D, "B of y and D of dh");
  } else {
    expectSize(op, "dc", dc, B, 2 * D, "B of y, and D of dh twice");
    expectSize(op, "query", query, B, D, "B of y and D of dh");
  }
}

/** Checks the sigmoid. */
export function checkSigmoidForward({ x, y }: SigmoidForwardArgs): void {
  const op = "sigmoid-forward";
  checkMatrices(op, { x }, { y });
  expectSize(op, "y", y, x.rows, x.cols, "as x");
}

/** Checks the sigmoid's gradient. */
export function checkSigmoidBackward({ y, dy, dx }: SigmoidBackwardArgs): void {
  const op = "sigmoid-backward";
  checkMatrices(op, { y, dy }, { dx });
  expectSize(op, "dy", dy, y.rows, y.cols, "as y");
  expectSize(op, "dx", dx, y.rows, y.cols, "as y");
}

/** Checks the layer normalisation. */
export function checkLayerNormForward({ x, features, dim, y }: LayerNormForwardArgs): void {
  const op = "layer-norm-forward";
  checkMatrices(op, { x }, { y });
  checkFeatures(op, "x", features, dim);
  expectSize(op, "x", x, x.rows, features * dim, "features of dim floats");
  expectSize(op, "y", y, x.rows, x.cols, "as x");
}

/** Checks the layer normalisation's gradient. */
export function checkLayerNormBackward(args: LayerNormBackwardArgs): void {
  const { x, features, dim, dy, dx } = args;
  const op = "layer-norm-backward";
  checkMatrices(op, { x, dy }, { dx });
  checkFeatures(op, "x", features, dim);
  expectSize(op, "x", x, x.rows, features * dim, "features of dim floats");
  expectSize(op, "dy", dy, x.rows, x.cols, "as x");
  expectSize(op, "dx", dx, x.rows, x.cols, "as x");
}

/** Checks the update of columns' running statistics. */
export function checkColumnStatistics({ x, mean, variance, weight }: ColumnStatisticsArgs): void {
  const op = "column-statistics";
  checkMatrices(op, { x }, { mean, variance });
  expectSize(op, "mean", mean, 1, x.cols, "one number a column of x");
  expectSize(op, "variance", variance, 1, x.cols, "one number a column of x");
  checkScalar(op, "weight", weight, { mean, variance });
}

/** Checks the division of columns by their standard deviation. */
export function checkStandardise({ x, mean, variance, y }: StandardiseArgs): void {
  const op = "standardise";
  checkMatrices(op, { x, ...(mean === null ? {} : { mean }), variance }, { y });
  if (mean !== null) expectSize(op, "mean", mean, 1, x.cols, "one number a column of x");
  expectSize(op, "variance", variance, 1, x.cols, "one number a column of x");
  expectSize(op, "y", y, x.rows, x.cols, "as x");
}

/** Checks the vectors' change. */
export function checkRowChange({ a, b, features, dim, change }: RowChangeArgs): void {
  const op = "row-change";
  checkMatrices(op, { a, b }, { change });
  checkFeatures(op, "a", features, dim);
  expectSize(op, "a", a, a.rows, features * dim, "features of dim floats");
  expectSize(op, "b", b, a.rows, a.cols, "as a");
  const least = a.rows * features;
  expectSize(op, "change", change, 1, Math.max(least, change.cols), "one number a vector of a");
}

/** Checks the inputs' scores. */
export function checkInputScores({ scores, rows, layout, combine, out }: InputScoresArgs): void {
  const op = "input-scores";
  checkScores(op, scores, rows, layout, out);
  checkCombination(op, combine, layout);
}

/** Checks the count of stale lookups. */
export function checkStaleLookups(args: StaleLookupsArgs): void {
  const { scores, threshold, rows, layout, out } = args;
  const op = "stale-lookups";
  checkScores(op, scores, rows, layout, out);
  checkScalar(op, "threshold", threshold, { out });
}

/** Checks the binary cross-entropy. The slot's value is known only when the op runs. */
export function checkBce({ logits, labels, dlogits, losses, slot }: BceArgs): void {
  const op = "bce";
  checkMatrices(op, { logits, labels }, { dlogits, losses });
  expectSize(op, "logits", logits, logits.rows, 1, "one logit an input");
  expectSize(op, "labels", labels, logits.rows, 1, "one label a logit");
  expectSize(op, "dlogits", dlogits, logits.rows, 1, "one gradient a logit");
  expectSize(op, "losses", losses, 1, Math.max(1, losses.cols), "one row of slots");
  checkScalar(op, "slot", slot, { dlogits, losses });
}

/** Checks the dense update. */
export function checkDenseUpdate(args: DenseUpdateArgs): void {
  const { params, grads, state, optimizer, learningRate } = args;
  const op = `dense-update-${optimizer.kind}`;
  if (optimizer.kind === "rowwise-adagrad") {
    throw new RangeError(`Cannot record ${op}: dense parameters have no rows, use adagrad`);
  }
  const written = { params, ...(state === null ? {} : { state }) };
  checkMatrices(op, { grads }, written);
  expectSize(op, "params", params, 1, params.cols, "one row");
  expectSize(op, "grads", grads, 1, params.cols, "n of params");
  if ((state === null) !== (optimizer.kind === "sgd")) {
    throw new RangeError(
      `Cannot record ${op}: state is ${state === null ? "missing" : "given, and sgd has none"}`,
    );
  }
  if (state !== null) expectSize(op, "state", state, 1, params.cols, "n of params");
  checkScalar(op, "learningRate", learningRate, written);
}

function checkEmbedding(
  op: string,
  name: string,
  m: Matrix,
  { tables, lookups, firstSlot }: Pick<
    EmbeddingForwardArgs,
    "tables" | "lookups" | "firstSlot"
  >,
): void {
  const T = tables.rows.length;
  if (lookups.tables !== T) {
    throw new RangeError(
      `Cannot record ${op}: lookups are for ${lookups.tables} tables, but there are ${T}`,
    );
  }
  if (m.rows > lookups.maxBags) {
    throw new RangeError(
      `Cannot record ${op}: ${name} has ${m.rows} rows, but lookups hold at most ${lookups.maxBags} bags a table`,
    );
  }
  if (!isCount(firstSlot) || (firstSlot + T) * tables.dim > m.cols) {
    throw new RangeError(
      `Cannot record ${op}: ${name} has ${m.cols} columns, too few for ${T} vectors of ${tables.dim} from slot ${firstSlot}`,
    );
  }
}

function checkFeatures(op: string, name: string, features: number, dim: number): void {
  if (!isCount(features) || features === 0 || !isCount(dim) || dim === 0) {
    throw new RangeError(
      `Cannot record ${op}: ${name} has ${features} features of ${dim} floats, not two positive integers`,
    );
  }
}

/** The row numbers themselves are in the device's memory, where nothing checks them. */
function checkScores(
  op: string,
  scores: Matrix,
  rows: RowList,
  layout: LookupLayout,
  out: Matrix,
): void {
  checkMatrices(op, { scores }, { out });
  expectSize(op, "scores", scores, 1, scores.cols, "one row of scores");
  const { buffer, offset, length } = rows;
  if (!isCount(offset) || !isCount(length) || 4 * (offset + length) > buffer.byteLength) {
    throw new RangeError(
      `Cannot record ${op}: rows has ${length} entries from ${offset} of buffer ${buffer.label}, which has ${
        Math.floor(buffer.byteLength / 4)
      }`,
    );
  }
  checkApart(op, "rows", buffer, { out });
  const { inputs, groups, lookups, groupStride, lookupStride, inputStride } = layout;
  if (!Object.values(layout).every(isCount) || groups === 0 || lookups === 0) {
    throw new RangeError(
      `Cannot record ${op}: layout has ${inputs} inputs of ${groups} groups of ${lookups} lookups with strides ${inputStride}, ${groupStride} and ${lookupStride}, not whole numbers with a group and a lookup at least`,
    );
  }
  const end = (inputs - 1) * inputStride + (groups - 1) * groupStride +
    (lookups - 1) * lookupStride + 1;
  if (inputs > 0 && end > length) {
    throw new RangeError(
      `Cannot record ${op}: layout ends at entry ${end} of rows, which has ${length}`,
    );
  }
  expectSize(op, "out", out, inputs, 1, "one number an input of layout");
}

function checkCombination(op: string, combine: ScoreCombination, { lookups }: LookupLayout): void {
  if (combine.kind !== "nth-smallest") return;
  if (!isCount(combine.n) || combine.n < 1 || combine.n > lookups) {
    throw new RangeError(
      `Cannot record ${op}: combine has n ${combine.n}, not an integer from 1 to the ${lookups} lookups of a group`,
    );
  }
}

function checkSteps(
  op: string,
  name: string,
  h: Matrix,
  steps: number,
  inputs: number,
  least: number,
): void {
  if (!isCount(steps) || steps < least) {
    throw new RangeError(
      `Cannot record ${op}: ${name} has ${steps} steps an input, but must have at least ${least}`,
    );
  }
  expectSize(op, name, h, inputs * steps, h.cols, "steps of every input");
}

function checkScalar(
  op: string,
  name: string,
  { buffer, index }: Scalar,
  written: Readonly<Record<string, Matrix>>,
): void {
  if (!isCount(index) || 4 * index + 4 > buffer.byteLength) {
    throw new RangeError(
      `Cannot record ${op}: ${name} is number ${index} of buffer ${buffer.label}, which has ${
        Math.floor(buffer.byteLength / 4)
      }`,
    );
  }
  checkApart(op, name, buffer, written);
}

/** WebGPU binds a buffer either for reading or for writing. */
function checkApart(
  op: string,
  name: string,
  buffer: DeviceBuffer,
  written: Readonly<Record<string, Matrix>>,
): void {
  for (const [other, m] of Object.entries(written)) {
    if (m.buffer === buffer) {
      throw new RangeError(
        `Cannot record ${op}: ${other} is written to buffer ${buffer.label}, which holds ${name} to be read`,
      );
    }
  }
}

/** What is read and updated in place counts as written. */
function checkMatrices(
  op: string,
  read: Readonly<Record<string, Matrix>>,
  written: Readonly<Record<string, Matrix>>,
): void {
  for (const [name, { buffer }] of Object.entries(read)) checkApart(op, name, buffer, written);
  for (const [name, m] of Object.entries({ ...read, ...written })) {
    const { offset, rows, cols, stride, buffer } = m;
    const fail = (why: string): never => {
      throw new RangeError(`Cannot record ${op}: ${name} ${why}`);
    };
    if (![offset, rows, cols, stride].every(isCount)) {
      fail(`has offset ${offset}, ${rows} × ${cols} and stride ${stride}, not whole numbers`);
    }
    if (stride < cols) fail(`has ${cols} columns, more than its stride of ${stride}`);
    const column = cols === 1 && stride === 1;
    if (offset % 4 !== 0 || (stride % 4 !== 0 && !column)) {
      fail(`has offset ${offset} and stride ${stride}, not multiples of 4`);
    }
    const end = rows === 0 || cols === 0 ? offset : offset + (rows - 1) * stride + cols;
    if (4 * end > buffer.byteLength) {
      fail(`ends at float ${end} of buffer ${buffer.label}, which has ${buffer.byteLength} bytes`);
    }
  }
}

function expectSize(
  op: string,
  name: string,
  m: Matrix,
  rows: number,
  cols: number,
  because: string,
): void {
  if (m.rows !== rows || m.cols !== cols) {
    throw new RangeError(
      `Cannot record ${op}: ${name} is ${m.rows} × ${m.cols}, but must be ${rows} × ${cols} (${because})`,
    );
  }
}

function isCount(n: number): boolean {
  return Number.isSafeInteger(n) && n >= 0;
}

/**
 * A device whose arithmetic is the float64 references, rounded to float32 when stored. Slow and obvious: it tests the
 * conformance suite itself, and the training loop without a kernel.
 *
 * @module
 */

import { RandomStream, toUnit } from "../../core/random.ts";
import { bce } from "../../kernels/bce/reference.ts";
import {
  bceCost,
  columnStatisticsCost,
  denseUpdateCost,
  embeddingBackwardCost,
  embeddingForwardCost,
  inputScoresCost,
  interactionBackwardCost,
  interactionForwardCost,
  layerNormBackwardCost,
  layerNormForwardCost,
  linearBackwardInputCost,
  linearBackwardWeightsCost,
  linearForwardCost,
  normaliseBackwardCost,
  normaliseForwardCost,
  rowChangeCost,
  sequenceBackwardCost,
  sequenceDotCost,
  sequencePoolCost,
  sigmoidBackwardCost,
  sigmoidForwardCost,
  staleLookupsCost,
  standardiseCost,
} from "../../kernels/costs.ts";
import { stateFloats } from "../../kernels/embedding/record.ts";
import {
  type Bags,
  embeddingBackward,
  embeddingForward,
} from "../../kernels/embedding/reference.ts";
import { interactionBackward, interactionForward } from "../../kernels/interaction/reference.ts";
import { layerNormBackward, layerNormForward } from "../../kernels/layer_norm/reference.ts";
import {
  linearBackwardInput,
  linearBackwardWeights,
  linearForward,
} from "../../kernels/linear/reference.ts";
import { normaliseBackward, normaliseForward } from "../../kernels/normalise/reference.ts";
import { sequenceBackward, sequenceDot, sequencePool } from "../../kernels/sequence/reference.ts";
import {
  checkBce,
  checkByteLength,
  checkColumnStatistics,
  checkDenseUpdate,
  checkEmbeddingBackward,
  checkEmbeddingForward,
  checkHighestRow,
  checkInputScores,
  checkInteractionBackward,
  checkInteractionForward,
  checkLayerNormBackward,
  checkLayerNormForward,
  checkLinearBackwardInput,
  checkLinearBackwardWeights,
  checkLinearForward,
  checkLookups,
  checkNormaliseBackward,
  checkNormaliseForward,
  checkRange,
  checkRowChange,
  checkRowList,
  checkRows,
  checkSequenceBackward,
  checkSequenceDot,
  checkSequencePool,
  checkSigmoidBackward,
  checkSigmoidForward,
  checkStaleLookups,
  checkStandardise,
  checkTables,
  countRows,
  highestRow,
  paddedStride,
} from "../../kernels/shapes.ts";
import { sigmoidBackward, sigmoidForward } from "../../kernels/sigmoid/reference.ts";
import { inputScores, rowChange, staleLookups } from "../../kernels/staleness/reference.ts";
import { columnStatistics, standardise } from "../../kernels/standardise/reference.ts";
import type {
  BceArgs,
  ColumnStatisticsArgs,
  DenseUpdateArgs,
  Device,
  DeviceBuffer,
  DeviceCounters,
  DeviceInfo,
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
  Matrix,
  NormaliseBackwardArgs,
  NormaliseForwardArgs,
  OpCost,
  Optimizer,
  Program,
  Recorder,
  RowChangeArgs,
  RowList,
  Scalar,
  SequenceBackwardArgs,
  SequenceDotArgs,
  SequencePoolArgs,
  SigmoidBackwardArgs,
  SigmoidForwardArgs,
  Stage,
  StaleLookupsArgs,
  StandardiseArgs,
  TablesSpec,
} from "../../kernels/types.ts";
import { applyOptimizer } from "../../kernels/update/reference.ts";
import { unpack } from "./arena.ts";

/** The arithmetic of a {@linkcode ReferenceDevice}; a test replaces single functions to see whether others notice. */
export interface ReferenceOps {
  readonly linearForward: typeof linearForward;
  readonly linearBackwardInput: typeof linearBackwardInput;
  readonly linearBackwardWeights: typeof linearBackwardWeights;
  readonly interactionForward: typeof interactionForward;
  readonly interactionBackward: typeof interactionBackward;
  readonly embeddingForward: typeof embeddingForward;
  readonly embeddingBackward: typeof embeddingBackward;
  readonly normaliseForward: typeof normaliseForward;
  readonly normaliseBackward: typeof normaliseBackward;
  readonly sequenceDot: typeof sequenceDot;
  readonly sequencePool: typeof sequencePool;
  readonly sequenceBackward: typeof sequenceBackward;
  readonly sigmoidForward: typeof sigmoidForward;
  readonly sigmoidBackward: typeof sigmoidBackward;
  readonly layerNormForward: typeof layerNormForward;
  readonly layerNormBackward: typeof layerNormBackward;
  readonly columnStatistics: typeof columnStatistics;
  readonly standardise: typeof standardise;
  readonly rowChange: typeof rowChange;
  readonly inputScores: typeof inputScores;
  readonly staleLookups: typeof staleLookups;
  readonly bce: typeof bce;
  readonly applyOptimizer: typeof applyOptimizer;
}

/** The references as they are. */
export const REFERENCE_OPS: ReferenceOps = {
  linearForward,
  linearBackwardInput,
  linearBackwardWeights,
  interactionForward,
  interactionBackward,
  embeddingForward,
  embeddingBackward,
  normaliseForward,
  normaliseBackward,
  sequenceDot,
  sequencePool,
  sequenceBackward,
  sigmoidForward,
  sigmoidBackward,
  layerNormForward,
  layerNormBackward,
  columnStatistics,
  standardise,
  rowChange,
  inputScores,
  staleLookups,
  bce,
  applyOptimizer,
};

/** Opens a {@linkcode ReferenceDevice}. */
export function openReferenceDevice(ops: Partial<ReferenceOps> = {}): Promise<Device> {
  return Promise.resolve(new ReferenceDevice({ ...REFERENCE_OPS, ...ops }));
}

/** Something that lives on the device and may be disposed. */
class Resource {
  readonly label: string;
  readonly device: ReferenceDevice;
  readonly bytes: number;
  #disposed = false;

  constructor(device: ReferenceDevice, bytes: number, label: string) {
    this.device = device;
    this.bytes = bytes;
    this.label = label;
    device.adopt(this);
  }

  assertAlive(): void {
    if (this.#disposed) throw new Error(`Cannot use ${this.label}: it is disposed`);
    this.device.assertAlive();
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.device.release(this);
  }
}

class ReferenceBuffer extends Resource implements DeviceBuffer {
  readonly byteLength: number;
  readonly floats: Float32Array;

  constructor(device: ReferenceDevice, byteLength: number, label: string) {
    super(device, byteLength, label);
    this.byteLength = byteLength;
    this.floats = new Float32Array(Math.ceil(byteLength / 4));
  }
}

class ReferenceTables extends Resource implements EmbeddingTables {
  readonly rows: readonly number[];
  readonly dim: number;
  readonly optimizer: Optimizer["kind"];
  readonly totalRows: number;
  readonly rowOffsets: readonly number[];
  readonly stateWidth: number;
  readonly weights: Float32Array;
  readonly state: Float32Array;

  constructor(device: ReferenceDevice, spec: TablesSpec, label: string) {
    const offsets = checkTables(spec, label);
    const total = offsets.at(-1)!;
    const stateWidth = stateFloats(spec.optimizer, spec.dim);
    super(device, 4 * total * (spec.dim + stateWidth), label);
    this.rows = spec.rows;
    this.dim = spec.dim;
    this.optimizer = spec.optimizer;
    this.totalRows = total;
    this.rowOffsets = offsets;
    this.stateWidth = stateWidth;
    this.weights = new Float32Array(total * spec.dim);
    this.state = new Float32Array(total * stateWidth);
  }

  async initUniform(seed: number): Promise<void> {
    await Promise.resolve();
    this.assertAlive();
    const random = new RandomStream(seed, "tables", 0);
    for (let t = 0; t < this.rows.length; t++) {
      const bound = Math.fround(Math.sqrt(1 / this.rows[t]!));
      const end = this.rowOffsets[t + 1]! * this.dim;
      for (let e = this.rowOffsets[t]! * this.dim; e < end; e++) {
        this.weights[e] = Math.fround(2 * toUnit(random.uint32(e)) - 1) * bound;
      }
    }
    this.state.fill(0);
  }

  readRows(start: number, count: number): Promise<Float32Array> {
    return this.#read(this.weights, this.dim, start, count);
  }

  writeRows(start: number, data: Float32Array): Promise<void> {
    return this.#write(this.weights, this.dim, start, data);
  }

  readState(start: number, count: number): Promise<Float32Array> {
    return this.#read(this.state, this.stateWidth, start, count);
  }

  writeState(start: number, data: Float32Array): Promise<void> {
    return this.#write(this.state, this.stateWidth, start, data);
  }

  readRowsAt(rows: Uint32Array): Promise<Float32Array> {
    return this.#readAt(this.weights, this.dim, rows);
  }

  writeRowsAt(rows: Uint32Array, data: Float32Array): Promise<void> {
    return this.#writeAt(this.weights, this.dim, rows, data);
  }

  readStateAt(rows: Uint32Array): Promise<Float32Array> {
    return this.#readAt(this.state, this.stateWidth, rows);
  }

  writeStateAt(rows: Uint32Array, data: Float32Array): Promise<void> {
    return this.#writeAt(this.state, this.stateWidth, rows, data);
  }

  async #readAt(from: Float32Array, width: number, rows: Uint32Array): Promise<Float32Array> {
    await Promise.resolve();
    this.assertAlive();
    checkRowList("read", this, rows, null, width);
    const list = new Float32Array(rows.length * width);
    rows.forEach((row, i) => list.set(from.subarray(row * width, (row + 1) * width), i * width));
    return list;
  }

  async #writeAt(
    to: Float32Array,
    width: number,
    rows: Uint32Array,
    data: Float32Array,
  ): Promise<void> {
    await Promise.resolve();
    this.assertAlive();
    checkRowList("write", this, rows, data, width);
    rows.forEach((row, i) => to.set(data.subarray(i * width, (i + 1) * width), row * width));
  }

  async #read(
    from: Float32Array,
    width: number,
    start: number,
    count: number,
  ): Promise<Float32Array> {
    await Promise.resolve();
    this.assertAlive();
    checkRows("read", this, start, count);
    const rows = from.slice(start * width, (start + count) * width);
    this.device.counters.bytesDownloaded += rows.byteLength;
    return rows;
  }

  async #write(to: Float32Array, width: number, start: number, data: Float32Array): Promise<void> {
    await Promise.resolve();
    this.assertAlive();
    checkRows("write", this, start, countRows("write", this, data, width));
    to.set(data, start * width);
    this.device.counters.bytesUploaded += data.byteLength;
  }
}

class ReferenceLookups extends Resource implements LookupBuffers {
  readonly tables: number;
  readonly maxBags: number;
  readonly maxLookups: number;
  current: {
    readonly bags: number;
    readonly rows: Uint32Array;
    readonly offsets: Uint32Array;
    readonly highest: number;
    /** Flat rows that are updated: all those looked up, unless some are frozen. */
    readonly updated: ReadonlySet<number>;
  } = {
    highest: -1,
    updated: new Set(),
    bags: 0,
    rows: new Uint32Array(0),
    offsets: new Uint32Array(1),
  };

  constructor(
    device: ReferenceDevice,
    shape: { tables: number; maxBags: number; maxLookups: number },
    label: string,
  ) {
    super(device, 4 * (4 * shape.maxLookups + shape.tables * shape.maxBags + 2), label);
    this.tables = shape.tables;
    this.maxBags = shape.maxBags;
    this.maxLookups = shape.maxLookups;
  }
}

class ReferenceProgram extends Resource implements Program {
  readonly costs: OpCost[] = [];
  readonly steps: (() => void)[] = [];

  constructor(device: ReferenceDevice, label: string) {
    super(device, 0, label);
  }
}

class ReferenceDevice implements Device {
  readonly info: DeviceInfo = {
    kind: "cpu",
    name: "float64 references",
    details: {},
    isFallbackAdapter: true,
    threads: 1,
  };
  readonly counters: DeviceCounters = {
    bytesAllocated: 0,
    peakBytesAllocated: 0,
    bytesUploaded: 0,
    bytesDownloaded: 0,
    dispatches: 0,
    submissions: 0,
  };
  readonly #ops: ReferenceOps;
  readonly #alive = new Set<Resource>();
  #disposed = false;

  constructor(ops: ReferenceOps) {
    this.#ops = ops;
  }

  assertAlive(): void {
    if (this.#disposed) throw new Error("Cannot use the device: it is disposed");
  }

  adopt(resource: Resource): void {
    this.assertAlive();
    this.#alive.add(resource);
    this.counters.bytesAllocated += resource.bytes;
    this.counters.peakBytesAllocated = Math.max(
      this.counters.peakBytesAllocated,
      this.counters.bytesAllocated,
    );
  }

  release(resource: Resource): void {
    if (this.#alive.delete(resource)) this.counters.bytesAllocated -= resource.bytes;
  }

  createBuffer(byteLength: number, label: string): DeviceBuffer {
    checkByteLength(byteLength, label);
    return new ReferenceBuffer(this, byteLength, label);
  }

  createMatrix(rows: number, cols: number, label: string): Matrix {
    const stride = paddedStride(cols);
    const buffer = this.createBuffer(4 * rows * stride, label);
    return { buffer, offset: 0, rows, cols, stride };
  }

  createTables(spec: TablesSpec, label: string): EmbeddingTables {
    return new ReferenceTables(this, spec, label);
  }

  createLookups(
    shape: { tables: number; maxBags: number; maxLookups: number },
    label: string,
  ): LookupBuffers {
    return new ReferenceLookups(this, shape, label);
  }

  write(buffer: DeviceBuffer, byteOffset: number, data: Float32Array | Uint32Array): void {
    const floats = this.#floats(buffer);
    checkRange("write", buffer, byteOffset, data.byteLength);
    new Uint32Array(floats.buffer, byteOffset, data.length).set(
      new Uint32Array(data.buffer, data.byteOffset, data.length),
    );
    this.counters.bytesUploaded += data.byteLength;
  }

  writeLookups(buffers: LookupBuffers, lookups: GroupedLookups): void {
    const target = own(buffers, ReferenceLookups);
    const bagsTotal = lookups.tables * lookups.bags;
    checkLookups(target, lookups);
    const offsets = lookups.offsets?.slice(0, bagsTotal + 1) ??
      Uint32Array.from({ length: bagsTotal + 1 }, (_, i) => i);
    target.current = {
      bags: lookups.bags,
      rows: lookups.rows.slice(0, lookups.lookups),
      offsets,
      highest: highestRow(lookups),
      updated: new Set(lookups.uniqueRows.subarray(0, lookups.unique)),
    };
    this.counters.bytesUploaded += 4 * (2 * lookups.lookups + 2 * lookups.unique + 1) +
      (lookups.offsets === null ? 0 : offsets.byteLength);
  }

  read(buffer: DeviceBuffer, byteOffset: number, byteLength: number): Promise<ArrayBuffer> {
    // Copied before this returns: what is called afterwards may not change it.
    const floats = this.#floats(buffer);
    checkRange("read", buffer, byteOffset, byteLength);
    this.counters.bytesDownloaded += byteLength;
    const part = floats.slice(byteOffset / 4, (byteOffset + byteLength) / 4);
    return Promise.resolve(part.buffer as ArrayBuffer);
  }

  copy(
    from: DeviceBuffer,
    fromByteOffset: number,
    to: DeviceBuffer,
    toByteOffset: number,
    byteLength: number,
  ): void {
    checkRange("copy", from, fromByteOffset, byteLength);
    checkRange("copy", to, toByteOffset, byteLength);
    const start = fromByteOffset / 4;
    this.#floats(to).set(
      this.#floats(from).slice(start, start + byteLength / 4),
      toByteOffset / 4,
    );
  }

  record(label: string, body: (ops: Recorder) => void): Program {
    const program = new ReferenceProgram(this, label);
    body(new ReferenceRecorder(program, this.#ops));
    return program;
  }

  run(program: Program): void {
    const recorded = own(program, ReferenceProgram);
    for (const step of recorded.steps) step();
    this.counters.dispatches += recorded.steps.length;
    this.counters.submissions++;
  }

  async sync(): Promise<void> {
    await Promise.resolve();
    this.assertAlive();
  }

  takeStageTimes(): Promise<Partial<Record<Stage, number>>> {
    return Promise.resolve({});
  }

  dispose(): void {
    for (const resource of [...this.#alive]) resource.dispose();
    this.#disposed = true;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #floats(buffer: DeviceBuffer): Float32Array {
    return own(buffer, ReferenceBuffer).floats;
  }
}

/** The reference implementation behind an interface, checked to be alive. */
function own<T extends Resource>(value: unknown, type: new (...args: never[]) => T): T {
  if (!(value instanceof type)) throw new TypeError("Cannot use an object of another device");
  value.assertAlive();
  return value;
}

function load(m: Matrix): Float64Array {
  return unpack(own(m.buffer, ReferenceBuffer).floats, m);
}

function store(m: Matrix, values: Float64Array): void {
  const { floats } = own(m.buffer, ReferenceBuffer);
  for (let i = 0; i < m.rows; i++) {
    for (let j = 0; j < m.cols; j++) floats[m.offset + i * m.stride + j] = values[i * m.cols + j]!;
  }
}

function loadRows({ buffer, offset, length }: RowList): Uint32Array {
  return new Uint32Array(own(buffer, ReferenceBuffer).floats.buffer, 4 * offset, length);
}

function loadFloat(s: Scalar): number {
  return own(s.buffer, ReferenceBuffer).floats[s.index]!;
}

class ReferenceRecorder implements Recorder {
  readonly #program: ReferenceProgram;
  readonly #ops: ReferenceOps;
  #stage: Stage = "forward";

  constructor(program: ReferenceProgram, ops: ReferenceOps) {
    this.#program = program;
    this.#ops = ops;
  }

  stage(stage: Stage): void {
    this.#stage = stage;
  }

  linearForward(args: LinearForwardArgs): void {
    checkLinearForward(args);
    const { x, w, bias, y, relu } = args;
    this.#add([x, w, bias, y], linearForwardCost(this.#stage, args), () => {
      const [M, K, N] = [x.rows, x.cols, w.rows];
      store(y, this.#ops.linearForward(load(x), load(w), load(bias), M, K, N, relu));
    });
  }

  linearBackwardInput(args: LinearBackwardInputArgs): void {
    checkLinearBackwardInput(args);
    const { dy, w, dx, mask } = args;
    this.#add([dy, w, dx, mask], linearBackwardInputCost(this.#stage, args), () => {
      const gate = mask === null ? null : load(mask);
      const [M, K, N] = [dy.rows, w.cols, dy.cols];
      store(dx, this.#ops.linearBackwardInput(load(dy), load(w), gate, M, K, N));
    });
  }

  linearBackwardWeights(args: LinearBackwardWeightsArgs): void {
    checkLinearBackwardWeights(args);
    const { dy, x, dw, db } = args;
    this.#add([dy, x, dw, db], linearBackwardWeightsCost(this.#stage, args), () => {
      const [M, K, N] = [dy.rows, x.cols, dy.cols];
      const grads = this.#ops.linearBackwardWeights(load(dy), load(x), M, K, N);
      store(dw, grads.dw);
      store(db, grads.db);
    });
  }

  embeddingForward(args: EmbeddingForwardArgs): void {
    checkEmbeddingForward(args);
    const tables = own(args.tables, ReferenceTables);
    const lookups = own(args.lookups, ReferenceLookups);
    const { out, firstSlot } = args;
    this.#add([out], embeddingForwardCost(this.#stage, args), () => {
      // A gather takes any flat row in any slot, as snapshots want it: every slot sees all tables.
      const bags = readBags("embedding-forward", tables, lookups, out.rows).map((bags, t) =>
        bags.map((bag) => bag.map((row) => row + tables.rowOffsets[t]!))
      );
      const all = Float64Array.from(tables.weights);
      const weights = tables.rows.map(() => all);
      store(
        slots(out, firstSlot, tables),
        this.#ops.embeddingForward(weights, bags, out.rows, tables.dim),
      );
    });
  }

  embeddingBackward(args: EmbeddingBackwardArgs): void {
    checkEmbeddingBackward(args);
    const tables = own(args.tables, ReferenceTables);
    const lookups = own(args.lookups, ReferenceLookups);
    const { grad, firstSlot, optimizer, learningRate } = args;
    this.#add([grad], embeddingBackwardCost(this.#stage, args), () => {
      const weights = split(tables, tables.weights, tables.dim);
      const state = split(tables, tables.state, tables.stateWidth);
      this.#ops.embeddingBackward(
        weights,
        state,
        readBags("embedding-backward", tables, lookups, grad.rows).map((bags, t) =>
          bags.map((bag) =>
            bag.filter((row) => lookups.current.updated.has(tables.rowOffsets[t]! + row))
          )
        ),
        grad.rows,
        tables.dim,
        load(slots(grad, firstSlot, tables)),
        optimizer,
        loadFloat(learningRate),
      );
      for (let t = 0; t < tables.rows.length; t++) {
        tables.weights.set(weights[t]!, tables.rowOffsets[t]! * tables.dim);
        tables.state.set(state[t]!, tables.rowOffsets[t]! * tables.stateWidth);
      }
    });
  }

  interactionForward(args: InteractionForwardArgs): void {
    checkInteractionForward(args);
    const { v, features, dim, r } = args;
    this.#add([v, r], interactionForwardCost(this.#stage, args), () => {
      store(r, this.#ops.interactionForward(load(v), v.rows, features, dim));
    });
  }

  interactionBackward(args: InteractionBackwardArgs): void {
    checkInteractionBackward(args);
    const { v, features, dim, dr, dv, maskFirst } = args;
    this.#add([v, dr, dv], interactionBackwardCost(this.#stage, args), () => {
      store(
        dv,
        this.#ops.interactionBackward(load(v), load(dr), v.rows, features, dim, maskFirst),
      );
    });
  }

  normaliseForward(args: NormaliseForwardArgs): void {
    checkNormaliseForward(args);
    const { z, v } = args;
    this.#add([z, v], normaliseForwardCost(this.#stage, args), () => {
      store(v, this.#ops.normaliseForward(load(z), z.rows, z.cols));
    });
  }

  normaliseBackward(args: NormaliseBackwardArgs): void {
    checkNormaliseBackward(args);
    const { z, dv, dz, masked } = args;
    this.#add([z, dv, dz], normaliseBackwardCost(this.#stage, args), () => {
      store(dz, this.#ops.normaliseBackward(load(z), load(dv), z.rows, z.cols, masked));
    });
  }

  sequenceDot(args: SequenceDotArgs): void {
    checkSequenceDot(args);
    const { h, steps, x, a } = args;
    this.#add([h, x, a], sequenceDotCost(this.#stage, args), () => {
      store(a, this.#ops.sequenceDot(load(h), load(x), a.rows, steps, a.cols, h.cols));
    });
  }

  sequencePool(args: SequencePoolArgs): void {
    checkSequencePool(args);
    const { h, steps, y, tail, c } = args;
    this.#add([h, y, tail, c], sequencePoolCost(this.#stage, args), () => {
      const behind = tail === null ? new Float64Array(0) : load(tail);
      const [B, S, D, T] = [y.rows, y.cols, h.cols, tail?.cols ?? 0];
      store(c, this.#ops.sequencePool(load(h), load(y), behind, B, steps, S, D, T));
    });
  }

  sequenceBackward(args: SequenceBackwardArgs): void {
    checkSequenceBackward(args);
    const { y, da, x, dc, query, steps, dh } = args;
    this.#add([y, da, x, dc, query, dh], sequenceBackwardCost(this.#stage, args), () => {
      const [B, S, D] = [y.rows, y.cols, dh.cols];
      const others = query === null ? null : load(query);
      const [weights, scores] = [load(y), load(da)];
      const dSteps = this.#ops.sequenceBackward(
        ...[weights, scores, load(x), load(dc)] as const,
        ...[others, B, steps, S, D] as const,
      );
      const written = S + Number(query !== null);
      const kept = load(dh);
      for (let b = 0; b < B; b++) {
        const [from, to] = [b * steps * D, (b * steps + written) * D];
        kept.set(dSteps.subarray(from, to), from);
      }
      store(dh, kept);
    });
  }

  sigmoidForward(args: SigmoidForwardArgs): void {
    checkSigmoidForward(args);
    const { x, y } = args;
    this.#add([x, y], sigmoidForwardCost(this.#stage, args), () => {
      store(y, this.#ops.sigmoidForward(load(x)));
    });
  }

  sigmoidBackward(args: SigmoidBackwardArgs): void {
    checkSigmoidBackward(args);
    const { y, dy, dx } = args;
    this.#add([y, dy, dx], sigmoidBackwardCost(this.#stage, args), () => {
      store(dx, this.#ops.sigmoidBackward(load(y), load(dy)));
    });
  }

  layerNormForward(args: LayerNormForwardArgs): void {
    checkLayerNormForward(args);
    const { x, dim, y } = args;
    this.#add([x, y], layerNormForwardCost(this.#stage, args), () => {
      store(y, this.#ops.layerNormForward(load(x), dim));
    });
  }

  layerNormBackward(args: LayerNormBackwardArgs): void {
    checkLayerNormBackward(args);
    const { x, features, dim, dy, dx, maskFirst } = args;
    this.#add([x, dy, dx], layerNormBackwardCost(this.#stage, args), () => {
      store(dx, this.#ops.layerNormBackward(load(x), load(dy), features, dim, maskFirst));
    });
  }

  columnStatistics(args: ColumnStatisticsArgs): void {
    checkColumnStatistics(args);
    const { x, mean, variance, weight } = args;
    this.#add([x, mean, variance], columnStatisticsCost(this.#stage, args), () => {
      const after = this.#ops.columnStatistics(
        ...[load(x), load(mean), load(variance), loadFloat(weight)] as const,
      );
      store(mean, after.mean);
      store(variance, after.variance);
    });
  }

  standardise(args: StandardiseArgs): void {
    checkStandardise(args);
    const { x, mean, variance, y } = args;
    this.#add([x, mean, variance, y], standardiseCost(this.#stage, args), () => {
      store(y, this.#ops.standardise(load(x), mean === null ? null : load(mean), load(variance)));
    });
  }

  rowChange(args: RowChangeArgs): void {
    checkRowChange(args);
    const { a, b, features, dim, change, accumulate } = args;
    this.#add([a, b, change], rowChangeCost(this.#stage, args), () => {
      const written = { ...change, buffer: change.buffer, cols: a.rows * features };
      const before = accumulate ? load(written) : null;
      store(written, this.#ops.rowChange(load(a), load(b), dim, before));
    });
  }

  inputScores(args: InputScoresArgs): void {
    checkInputScores(args);
    const { scores, rows, layout, combine, out } = args;
    this.#add([scores, rows, out], inputScoresCost(this.#stage, args), () => {
      store(out, this.#ops.inputScores(load(scores), loadRows(rows), layout, combine));
    });
  }

  staleLookups(args: StaleLookupsArgs): void {
    checkStaleLookups(args);
    const { scores, threshold, rows, layout, out } = args;
    this.#add([scores, rows, out], staleLookupsCost(this.#stage, args), () => {
      const below = loadFloat(threshold);
      store(out, this.#ops.staleLookups(load(scores), below, loadRows(rows), layout));
    });
  }

  bce(args: BceArgs): void {
    checkBce(args);
    const { logits, labels, dlogits, losses, slot } = args;
    this.#add([logits, labels, dlogits, losses], bceCost(this.#stage, args), () => {
      const { loss, dlogits: gradient } = this.#ops.bce(load(logits), load(labels));
      const bits = new Uint32Array(own(slot.buffer, ReferenceBuffer).floats.buffer);
      own(losses.buffer, ReferenceBuffer).floats[losses.offset + bits[slot.index]!] = loss;
      store(dlogits, gradient);
    });
  }

  denseUpdate(args: DenseUpdateArgs): void {
    checkDenseUpdate(args);
    const { params, grads, state, optimizer, learningRate } = args;
    this.#add([params, grads, state], denseUpdateCost(this.#stage, args), () => {
      const weights = load(params);
      const accumulator = state === null ? new Float64Array(0) : load(state);
      const rate = loadFloat(learningRate);
      this.#ops.applyOptimizer(weights, load(grads), accumulator, optimizer, rate);
      store(params, weights);
      if (state !== null) store(state, accumulator);
    });
  }

  #add(used: readonly (Matrix | RowList | null)[], cost: OpCost, step: () => void): void {
    for (const it of used) if (it !== null) own(it.buffer, ReferenceBuffer);
    this.#program.steps.push(step);
    this.#program.costs.push(cost);
  }
}

/** The vectors of all tables, without those before and after. */
function slots(m: Matrix, firstSlot: number, tables: ReferenceTables): Matrix {
  const { dim, rows } = tables;
  return { ...m, buffer: m.buffer, offset: m.offset + firstSlot * dim, cols: rows.length * dim };
}

/** A flat array over all tables' rows, one float64 copy a table. */
function split(tables: ReferenceTables, flat: Float32Array, width: number): Float64Array[] {
  return tables.rows.map((_, t) =>
    Float64Array.from(
      flat.subarray(tables.rowOffsets[t]! * width, tables.rowOffsets[t + 1]! * width),
    )
  );
}

function readBags(
  op: string,
  tables: ReferenceTables,
  lookups: ReferenceLookups,
  inputs: number,
): Bags {
  lookups.assertAlive();
  tables.assertAlive();
  const { bags, rows, offsets, highest } = lookups.current;
  checkHighestRow(op, highest, tables);
  if (bags !== inputs) {
    throw new RangeError(
      `Cannot run an embedding op: the lookups hold ${bags} inputs and should hold ${inputs}`,
    );
  }
  return tables.rows.map((_, t) =>
    Array.from({ length: bags }, (_, b) =>
      Array.from(
        rows.subarray(offsets[t * bags + b]!, offsets[t * bags + b + 1]!),
        (row) => row - tables.rowOffsets[t]!,
      ))
  );
}

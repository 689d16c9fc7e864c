/**
 * The contract between the kernels and whoever trains with them: matrices, embedding tables, lookups,
 * recorded programs and the two devices behind one interface.
 *
 * @module
 */

/** Where the arithmetic runs: WASM SIMD on Workers, or WebGPU. */
export type DeviceKind = "cpu" | "webgpu";

/** What a device is, for results and error messages. */
export interface DeviceInfo {
  readonly kind: DeviceKind;
  /** Adapter description (`llvmpipe (…)`, `NVIDIA …`) or `WASM SIMD`. */
  readonly name: string;
  /** Adapter vendor, architecture and driver where known; empty otherwise. */
  readonly details: Readonly<Record<string, string | number>>;
  /** True for a software adapter: results hold, speeds mean nothing. */
  readonly isFallbackAdapter: boolean;
  /** Threads that do arithmetic (1 on WebGPU). */
  readonly threads: number;
}

/** What a device has done since it was opened. Monotonic; take differences. */
export interface DeviceCounters {
  /** Bytes of buffers and tables alive now. */
  bytesAllocated: number;
  /** Largest `bytesAllocated` so far. */
  peakBytesAllocated: number;
  /** Bytes copied host to device by `write`, `writeLookups` and table writes. */
  bytesUploaded: number;
  /** Bytes copied device to host. */
  bytesDownloaded: number;
  /** Kernels launched. */
  dispatches: number;
  /** Command submissions (WebGPU) or program runs (CPU). */
  submissions: number;
}

/** Memory on a device, zero-filled when created. */
export interface DeviceBuffer {
  readonly label: string;
  readonly byteLength: number;
  /** Gives the memory back; using the buffer afterwards throws. Disposing twice is harmless. */
  dispose(): void;
}

/**
 * A float32 matrix inside a buffer. Element (i, j) is at `offset + i * stride + j`, counted in floats.
 * Strides and offsets are multiples of 4 floats, except for columns of width 1, whose stride may be 1.
 * Padding between `cols` and `stride` is never read for its value and never written by an op.
 */
export interface Matrix {
  readonly buffer: DeviceBuffer;
  /** Floats from the start of the buffer. */
  readonly offset: number;
  readonly rows: number;
  readonly cols: number;
  /** Floats from one row to the next. */
  readonly stride: number;
}

/** One 4-byte number in a buffer, read by a kernel when it runs, so that a recorded program need not change. */
export interface Scalar {
  readonly buffer: DeviceBuffer;
  /** In units of 4 bytes. */
  readonly index: number;
}

/** How rows and weights are updated. `eps` is added outside the root, as torch does; accumulators start at 0. */
export type Optimizer =
  | { readonly kind: "sgd" }
  | { readonly kind: "adagrad"; readonly eps: number }
  | { readonly kind: "rowwise-adagrad"; readonly eps: number };

/** Shape of a set of embedding tables that share one width. */
export interface TablesSpec {
  /** Rows of each table. Their sum must be below 2^32. */
  readonly rows: readonly number[];
  /** Floats in a row. */
  readonly dim: number;
  /** Decides which optimizer state is allocated beside the rows (none, one float a coordinate, one float a row). */
  readonly optimizer: Optimizer["kind"];
}

/**
 * Embedding tables on a device. Rows of all tables form one flat sequence: row r of table t is flat row
 * `rowOffsets[t] + r`.
 */
export interface EmbeddingTables extends TablesSpec {
  readonly label: string;
  readonly totalRows: number;
  /** First flat row of each table, and the total at the end: T + 1 numbers. */
  readonly rowOffsets: readonly number[];
  /** Fills table t with U(-sqrt(1/rows_t), +sqrt(1/rows_t)), the same bits on every device; state becomes 0. See `core/random.ts`. */
  initUniform(seed: number): Promise<void>;
  /** Copies flat rows [start, start + count) to the host: count × dim floats. */
  readRows(start: number, count: number): Promise<Float32Array>;
  /** Overwrites flat rows from `start`; `data` is count × dim floats. */
  writeRows(start: number, data: Float32Array): Promise<void>;
  /** Optimizer state of flat rows: count × dim (adagrad), count (rowwise-adagrad) or 0 floats (sgd). */
  readState(start: number, count: number): Promise<Float32Array>;
  /** Overwrites optimizer state from flat row `start`. */
  writeState(start: number, data: Float32Array): Promise<void>;
  dispose(): void;
}

/**
 * The lookups of one minibatch over all tables, grouped for the backward pass (host memory). Bag (t, b) is
 * number `t * bags + b`. Made by `groupLookups` in `kernels/embedding/group.ts`, which validates the ids.
 */
export interface GroupedLookups {
  /** Inputs of the minibatch: bags per table. */
  readonly bags: number;
  /** Number of tables. */
  readonly tables: number;
  /** Total lookups, at most the length of `rows` and `positions`. */
  readonly lookups: number;
  /** Flat row of each lookup, in bag order. */
  readonly rows: Uint32Array;
  /** First lookup of each bag, and the total at the end (tables × bags + 1), or null when every bag has exactly one. */
  readonly offsets: Uint32Array | null;
  /** Number of different rows. */
  readonly unique: number;
  /** The different flat rows: grouped by table, in order of first appearance. */
  readonly uniqueRows: Uint32Array;
  /** First entry of each row's segment in `positions`, and the total at the end: unique + 1 numbers. */
  readonly segments: Uint32Array;
  /** Bag number of each lookup, grouped by row, ascending within a row. */
  readonly positions: Uint32Array;
}

/** Device memory that holds one minibatch's grouped lookups, rewritten before each run. */
export interface LookupBuffers {
  readonly tables: number;
  readonly maxBags: number;
  readonly maxLookups: number;
  dispose(): void;
}

/** Y = act(X Wᵀ + b): X is M × K, W is N × K, b has N floats, Y is M × N. */
export interface LinearForwardArgs {
  readonly x: Matrix;
  readonly w: Matrix;
  /** 1 × N. */
  readonly bias: Matrix;
  readonly y: Matrix;
  readonly relu: boolean;
}

/** dX = (dY W) ∘ [mask > 0]: dY is M × N, W is N × K, dX and mask are M × K. Without a mask nothing is zeroed. */
export interface LinearBackwardInputArgs {
  readonly dy: Matrix;
  readonly w: Matrix;
  readonly dx: Matrix;
  /** The layer's input if a ReLU made it: its zeros block the gradient. */
  readonly mask: Matrix | null;
}

/** dW = dYᵀ X and db = column sums of dY: dY is M × N, X is M × K, dW is N × K, db has N floats. Overwrites both. */
export interface LinearBackwardWeightsArgs {
  readonly dy: Matrix;
  readonly x: Matrix;
  readonly dw: Matrix;
  /** 1 × N. */
  readonly db: Matrix;
}

/**
 * Sum-pooled gather. Row b of `out` holds F vectors of `dim` floats; the bag of table t goes to vector
 * `firstSlot + t`. An empty bag gives zeros.
 */
export interface EmbeddingForwardArgs {
  readonly tables: EmbeddingTables;
  readonly lookups: LookupBuffers;
  readonly out: Matrix;
  readonly firstSlot: number;
}

/**
 * Gradient of the sum-pooled gather fused with the optimizer. For each different row the gradients of its
 * bags (vectors `firstSlot + t` of `grad`) are summed in a fixed order and the row is updated once.
 */
export interface EmbeddingBackwardArgs {
  readonly tables: EmbeddingTables;
  readonly lookups: LookupBuffers;
  readonly grad: Matrix;
  readonly firstSlot: number;
  readonly optimizer: Optimizer;
  readonly learningRate: Scalar;
}

/**
 * Dot interaction of DLRM. Row b of `v` holds F vectors of `dim` floats. Row b of `r` is vector 0 followed by
 * the dot products (1,0), (2,0), (2,1), (3,0), … : dim + F(F-1)/2 floats.
 */
export interface InteractionForwardArgs {
  readonly v: Matrix;
  readonly features: number;
  readonly dim: number;
  readonly r: Matrix;
}

/** Gradient of the dot interaction: dv from dr and v. With `maskFirst`, vector 0 came out of a ReLU and its zeros block the gradient. */
export interface InteractionBackwardArgs {
  readonly v: Matrix;
  readonly features: number;
  readonly dim: number;
  readonly dr: Matrix;
  readonly dv: Matrix;
  readonly maskFirst: boolean;
}

/**
 * Mean binary cross-entropy of logits and its gradient: loss = mean(max(z,0) - z·y + log1p(exp(-|z|))),
 * dz = (sigmoid(z) - y) / M. The loss is written to `losses[slot]`, so that steps accumulate unread on the device.
 */
export interface BceArgs {
  /** M × 1. */
  readonly logits: Matrix;
  /** M × 1, each 0 or 1. */
  readonly labels: Matrix;
  /** M × 1. */
  readonly dlogits: Matrix;
  /** 1 × slots. */
  readonly losses: Matrix;
  /** u32: which slot of `losses` to write. */
  readonly slot: Scalar;
}

/** One optimizer step over a flat run of parameters. `rowwise-adagrad` is not defined here; dense weights use plain Adagrad. */
export interface DenseUpdateArgs {
  /** 1 × n. */
  readonly params: Matrix;
  /** 1 × n. */
  readonly grads: Matrix;
  /** 1 × n accumulator; null for sgd. */
  readonly state: Matrix | null;
  readonly optimizer: Optimizer;
  readonly learningRate: Scalar;
}

/** The stages time is booked on, measured and simulated alike. */
export type Stage =
  | "prepare"
  | "gather"
  | "upload"
  | "forward"
  | "interact"
  | "backward"
  | "download"
  | "update-rows"
  | "update-dense"
  | "allreduce"
  | "sync-hot"
  | "snapshot"
  | "search"
  | "classify"
  | "evaluate";

/** What one recorded op is and costs, from its kernel's record. */
export interface OpCost {
  readonly op: string;
  readonly stage: Stage;
  /** The op's shape, by the names of its record. */
  readonly shape: Readonly<Record<string, number>>;
  readonly flops: number;
  /** Bytes that have to move between memory and the arithmetic at least once. */
  readonly bytes: number;
}

/** Appends ops to a program. Shapes are checked when recorded; a wrong one throws a `RangeError` that names op and matrix. */
export interface Recorder {
  /** Books the ops that follow on a stage. The first is "forward" unless set. */
  stage(stage: Stage): void;
  linearForward(args: LinearForwardArgs): void;
  linearBackwardInput(args: LinearBackwardInputArgs): void;
  linearBackwardWeights(args: LinearBackwardWeightsArgs): void;
  embeddingForward(args: EmbeddingForwardArgs): void;
  embeddingBackward(args: EmbeddingBackwardArgs): void;
  interactionForward(args: InteractionForwardArgs): void;
  interactionBackward(args: InteractionBackwardArgs): void;
  bce(args: BceArgs): void;
  denseUpdate(args: DenseUpdateArgs): void;
}

/** A recorded sequence of ops, replayed by `Device.run`. */
export interface Program {
  readonly label: string;
  readonly costs: readonly OpCost[];
  dispose(): void;
}

/** One device. All of its buffers, tables and programs belong to it and die with it. */
export interface Device {
  readonly info: DeviceInfo;
  readonly counters: Readonly<DeviceCounters>;
  createBuffer(byteLength: number, label: string): DeviceBuffer;
  /** A zero-filled matrix in a buffer of its own, its stride rounded up to 4 floats (1 for a single column). */
  createMatrix(rows: number, cols: number, label: string): Matrix;
  createTables(spec: TablesSpec, label: string): EmbeddingTables;
  createLookups(
    shape: { tables: number; maxBags: number; maxLookups: number },
    label: string,
  ): LookupBuffers;
  /** Copies host bytes into a buffer. Ordered with `run`: a program run later sees them, one run earlier does not. */
  write(
    buffer: DeviceBuffer,
    byteOffset: number,
    data: Float32Array | Uint32Array,
  ): void;
  writeLookups(buffers: LookupBuffers, lookups: GroupedLookups): void;
  /** Copies bytes to the host after everything run so far. Throws any error a kernel left behind. */
  read(
    buffer: DeviceBuffer,
    byteOffset: number,
    byteLength: number,
  ): Promise<ArrayBuffer>;
  /** Copies within the device, ordered with `run`. Offsets and length are multiples of 4. */
  copy(
    from: DeviceBuffer,
    fromByteOffset: number,
    to: DeviceBuffer,
    toByteOffset: number,
    byteLength: number,
  ): void;
  record(label: string, body: (ops: Recorder) => void): Program;
  /** Runs a program (CPU: before returning; WebGPU: queued). The lookups it reads are those written last. */
  run(program: Program): void;
  /** Waits for everything run so far; throws any error a kernel left behind, with the kernel's name. */
  sync(): Promise<void>;
  /** Milliseconds booked on each stage by programs since the last call; call after `sync`. Empty if the device cannot tell. */
  takeStageTimes(): Promise<Partial<Record<Stage, number>>>;
  dispose(): void;
}

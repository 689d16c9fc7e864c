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
  /** Which of the two implementations of the ops. */
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
  /** Name given at creation; error messages use it. */
  readonly label: string;
  /** Bytes asked for; the device may hold more. */
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
  /** Memory that holds it, perhaps among other matrices. */
  readonly buffer: DeviceBuffer;
  /** Floats from the start of the buffer. */
  readonly offset: number;
  /** Number of rows, 0 or more. */
  readonly rows: number;
  /** Floats in a row, without padding; at most `stride`. */
  readonly cols: number;
  /** Floats from one row to the next. */
  readonly stride: number;
}

/** One 4-byte number in a buffer, read by a kernel when it runs, so that a recorded program need not change. */
export interface Scalar {
  /** Memory that holds it, usually with a program's other scalars. */
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
  /** Name given at creation; error messages use it. */
  readonly label: string;
  /** Rows of all tables together, below 2^32. */
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
  /** Copies single flat rows to the host, in the order given: rows.length × dim floats. */
  readRowsAt(rows: Uint32Array): Promise<Float32Array>;
  /** Overwrites single flat rows, each named once; `data` is rows.length × dim floats. */
  writeRowsAt(rows: Uint32Array, data: Float32Array): Promise<void>;
  /** Optimizer state of single flat rows, as {@linkcode EmbeddingTables.readState}. */
  readStateAt(rows: Uint32Array): Promise<Float32Array>;
  /** Overwrites the optimizer state of single flat rows, each named once. */
  writeStateAt(rows: Uint32Array, data: Float32Array): Promise<void>;
  /** Gives rows and state back; using the tables afterwards throws. Disposing twice is harmless. */
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
  /** Number of different rows; fewer where the backward pass is to leave some as they are. */
  readonly unique: number;
  /** The different flat rows: grouped by table, in order of first appearance. */
  readonly uniqueRows: Uint32Array;
  /** First entry of each row's segment in `positions`, and the total at the end: unique + 1 numbers. */
  readonly segments: Uint32Array;
  /** Bag number of each lookup, grouped by row, ascending within a row; what lies beyond the last segment is not read. */
  readonly positions: Uint32Array;
}

/** Device memory that holds one minibatch's grouped lookups, rewritten before each run. */
export interface LookupBuffers {
  /** Number of tables; that of the lookups written must be the same. */
  readonly tables: number;
  /** Bags a table that fit: the largest minibatch. */
  readonly maxBags: number;
  /** Lookups over all tables that fit. */
  readonly maxLookups: number;
  /** Gives the memory back; using the buffers afterwards throws. Disposing twice is harmless. */
  dispose(): void;
}

/** Y = act(X Wᵀ + b): X is M × K, W is N × K, b has N floats, Y is M × N. */
export interface LinearForwardArgs {
  /** M × K, read: one input a row. */
  readonly x: Matrix;
  /** N × K, read: one output unit a row, as PyTorch stores it. */
  readonly w: Matrix;
  /** 1 × N. */
  readonly bias: Matrix;
  /** M × N, written. */
  readonly y: Matrix;
  /** Whether act is max(0, ·); otherwise the identity. */
  readonly relu: boolean;
}

/** dX = (dY W) ∘ [mask > 0]: dY is M × N, W is N × K, dX and mask are M × K. Without a mask nothing is zeroed. */
export interface LinearBackwardInputArgs {
  /** M × N, read: gradient of the layer's output before its activation. */
  readonly dy: Matrix;
  /** N × K, read. */
  readonly w: Matrix;
  /** M × K, written. */
  readonly dx: Matrix;
  /** The layer's input if a ReLU made it: its zeros block the gradient. */
  readonly mask: Matrix | null;
}

/** dW = dYᵀ X and db = column sums of dY: dY is M × N, X is M × K, dW is N × K, db has N floats. Overwrites both. */
export interface LinearBackwardWeightsArgs {
  /** M × N, read: gradient of the layer's output before its activation. */
  readonly dy: Matrix;
  /** M × K, read: the layer's input. */
  readonly x: Matrix;
  /** N × K, written. */
  readonly dw: Matrix;
  /** 1 × N. */
  readonly db: Matrix;
}

/**
 * Sum-pooled gather. Row b of `out` holds F vectors of `dim` floats; the bag of table t goes to vector
 * `firstSlot + t`. An empty bag gives zeros.
 */
export interface EmbeddingForwardArgs {
  /** T tables of width `dim`, read. */
  readonly tables: EmbeddingTables;
  /** Of T tables; those written last decide which rows are summed. */
  readonly lookups: LookupBuffers;
  /** Bags × (F · dim), F at least `firstSlot` + T; only the T vectors from `firstSlot` on are written. */
  readonly out: Matrix;
  /** Vector of `out` for table 0, counted in vectors of `dim` floats. */
  readonly firstSlot: number;
}

/**
 * Gradient of the sum-pooled gather fused with the optimizer. For each different row the gradients of its
 * bags (vectors `firstSlot + t` of `grad`) are summed in a fixed order and the row is updated once.
 */
export interface EmbeddingBackwardArgs {
  /** T tables of width `dim`; rows looked up and their state are updated in place. */
  readonly tables: EmbeddingTables;
  /** Of T tables; those written last decide which rows are updated. */
  readonly lookups: LookupBuffers;
  /** Bags × (F · dim), F at least `firstSlot` + T; read from vector `firstSlot` on. */
  readonly grad: Matrix;
  /** Vector of `grad` for table 0, counted in vectors of `dim` floats. */
  readonly firstSlot: number;
  /** Its kind must be the one that the tables were made for. */
  readonly optimizer: Optimizer;
  /** f32: factor of the update, read when the program runs. */
  readonly learningRate: Scalar;
}

/**
 * Dot interaction of DLRM. Row b of `v` holds F vectors of `dim` floats. Row b of `r` is vector 0 followed by
 * the dot products (1,0), (2,0), (2,1), (3,0), … : dim + F(F-1)/2 floats.
 */
export interface InteractionForwardArgs {
  /** B × (F · dim), read. */
  readonly v: Matrix;
  /** F, vectors an input: the dense features' one and one a table. */
  readonly features: number;
  /** Floats in a vector. */
  readonly dim: number;
  /** B × (dim + F(F-1)/2), written. */
  readonly r: Matrix;
}

/** Gradient of the dot interaction: dv from dr and v. With `maskFirst`, vector 0 came out of a ReLU and its zeros block the gradient. */
export interface InteractionBackwardArgs {
  /** B × (F · dim), read: the forward op's input. */
  readonly v: Matrix;
  /** F, vectors an input: the dense features' one and one a table. */
  readonly features: number;
  /** Floats in a vector. */
  readonly dim: number;
  /** B × (dim + F(F-1)/2), read: gradient of the forward op's output. */
  readonly dr: Matrix;
  /** B × (F · dim), written. */
  readonly dv: Matrix;
  /** Whether the gradient of vector 0 is zeroed where vector 0 of `v` is not above 0. */
  readonly maskFirst: boolean;
}

/** L2 normalisation of rows, v = z / max(‖z‖, 1e-12): z and v are M × D. */
export interface NormaliseForwardArgs {
  /** M × D, read. */
  readonly z: Matrix;
  /** M × D, written. */
  readonly v: Matrix;
}

/**
 * Gradient of the L2 normalisation from its input z: dz = (dv − v (v·dv)) / ‖z‖, and dv / 1e-12 for rows no longer
 * than that. With `masked`, z came out of a ReLU and its zeros block the gradient: a row of zeros then gets zeros.
 * All are M × D.
 */
export interface NormaliseBackwardArgs {
  /** M × D, read: the forward op's input. */
  readonly z: Matrix;
  /** M × D, read: gradient of the forward op's output. */
  readonly dv: Matrix;
  /** M × D, written. */
  readonly dz: Matrix;
  /** Whether the gradient is zeroed where z is not above 0. */
  readonly masked: boolean;
}

/** Scores of a history, a[b, s] = h[b, s] · x[b] for the first S steps of each input. */
export interface SequenceDotArgs {
  /** (B · steps) × D, read: step s of input b is row `b * steps + s`. */
  readonly h: Matrix;
  /** Steps an input, at least S. */
  readonly steps: number;
  /** B × D, read. */
  readonly x: Matrix;
  /** B × S, written. */
  readonly a: Matrix;
}

/** Weighted sum of a history, with something behind it: c[b] = [Σ_s y[b, s] h[b, s]; tail[b]]. */
export interface SequencePoolArgs {
  /** (B · steps) × D, read: step s of input b is row `b * steps + s`. */
  readonly h: Matrix;
  /** Steps an input, at least S. */
  readonly steps: number;
  /** B × S, read. */
  readonly y: Matrix;
  /** B × T, read, or null for no floats. */
  readonly tail: Matrix | null;
  /** B × (D + T), written. */
  readonly c: Matrix;
}

/**
 * Gradient of the steps h where scores are a = dot(h, x) and the pooled history is c = pool(h, y, tail):
 * dh[b, s] = y[b, s] dc[b] + da[b, s] x[b] for s < S. With `query`, the tail was step S itself, whose gradient is that
 * of the tail and `query` together. Steps after these are left as they are.
 */
export interface SequenceBackwardArgs {
  /** B × S, read: the weights of the pooling. */
  readonly y: Matrix;
  /** B × S, read: gradient of the scores. */
  readonly da: Matrix;
  /** B × D, read: what the scores are taken with. */
  readonly x: Matrix;
  /** B × D, read, or B × 2D with `query`: the gradient of the tail behind that of the sum. */
  readonly dc: Matrix;
  /** B × D, read: the gradient that step S has from elsewhere; null where it is no tail. */
  readonly query: Matrix | null;
  /** Steps an input: at least S, with `query` S + 1. */
  readonly steps: number;
  /** (B · steps) × D, written as far as step S, without `query` S − 1. */
  readonly dh: Matrix;
}

/** y = sigmoid(x), both M × N. */
export interface SigmoidForwardArgs {
  /** M × N, read. */
  readonly x: Matrix;
  /** M × N, written. */
  readonly y: Matrix;
}

/** dx = dy · y (1 − y), from the sigmoid's output y: all M × N. */
export interface SigmoidBackwardArgs {
  /** M × N, read: the forward op's output. */
  readonly y: Matrix;
  /** M × N, read: gradient of y. */
  readonly dy: Matrix;
  /** M × N, written. */
  readonly dx: Matrix;
}

/**
 * Layer normalisation of vectors (Ba et al. 2016, arXiv:1607.06450) without its affine part:
 * y = (x − mean) / sqrt(variance + 1e-5), mean and biased variance over the `dim` coordinates of each vector.
 */
export interface LayerNormForwardArgs {
  /** B × (features · dim), read. */
  readonly x: Matrix;
  /** Vectors an input. */
  readonly features: number;
  /** Floats in a vector. */
  readonly dim: number;
  /** B × (features · dim), written. */
  readonly y: Matrix;
}

/**
 * Gradient of the layer normalisation from its input x, whose statistics are computed anew: with s = sqrt(variance +
 * 1e-5), dx = (dy − mean(dy) − y · mean(dy · y)) / s.
 */
export interface LayerNormBackwardArgs {
  /** B × (features · dim), read: the forward op's input. */
  readonly x: Matrix;
  /** Vectors an input. */
  readonly features: number;
  /** Floats in a vector. */
  readonly dim: number;
  /** B × (features · dim), read: gradient of the forward op's output. */
  readonly dy: Matrix;
  /** B × (features · dim), written. */
  readonly dx: Matrix;
  /** Whether vector 0 of x came out of a ReLU: its gradient is zeroed where vector 0 of x is not above 0. */
  readonly maskFirst: boolean;
}

/**
 * Running statistics of columns, updated in place: mean += w (m − mean) and variance += w (v − variance), where m and v
 * are a minibatch's column means and biased variances. A minibatch without rows changes nothing.
 */
export interface ColumnStatisticsArgs {
  /** M × N, read. */
  readonly x: Matrix;
  /** 1 × N, updated in place. */
  readonly mean: Matrix;
  /** 1 × N, updated in place. */
  readonly variance: Matrix;
  /** f32: w, read when the program runs; 1 replaces what was there. */
  readonly weight: Scalar;
}

/**
 * Columns brought to mean 0 and variance 1 by given statistics: y = (x − mean) / sqrt(variance + 1e-5). Without a mean
 * nothing is subtracted, which makes it the op's own gradient with the statistics held constant: dx from dy.
 */
export interface StandardiseArgs {
  /** M × N, read. */
  readonly x: Matrix;
  /** 1 × N, read; null where nothing is to be subtracted. */
  readonly mean: Matrix | null;
  /** 1 × N, read; not below 0. */
  readonly variance: Matrix;
  /** M × N, written. */
  readonly y: Matrix;
}

/**
 * How far embedding rows have moved between two snapshots: the largest absolute change of a coordinate,
 * change[m · features + f] = max over the vector's coordinates of |a − b|.
 */
export interface RowChangeArgs {
  /** M × (features · dim), read. */
  readonly a: Matrix;
  /** M × (features · dim), read. */
  readonly b: Matrix;
  /** Vectors (embedding rows) in a row of a and b. */
  readonly features: number;
  /** Floats in a vector. */
  readonly dim: number;
  /** 1 × at least M · features; the first M · features are written. */
  readonly change: Matrix;
  /** Whether the changes are added to what `change` holds; otherwise they replace it. */
  readonly accumulate: boolean;
}

/**
 * A list of u32 row numbers in a buffer. That every number is below the number of rows it is used with is the caller's
 * promise: the list is device memory, and `Device.run` does not check it.
 */
export interface RowList {
  /** Memory that holds it, perhaps among other things; `Device.write` takes a `Uint32Array`. */
  readonly buffer: DeviceBuffer;
  /** First entry, in units of 4 bytes from the start of the buffer. */
  readonly offset: number;
  /** Number of entries. */
  readonly length: number;
}

/**
 * Where the lookups of a minibatch stand in a {@linkcode RowList}: lookup l of group g of input b is entry
 * `g * groupStride + l * lookupStride + b * inputStride`. DLRM with one lookup a table, table after table: one group,
 * T lookups, lookup stride B, input stride 1. TBSM, whose inputs are sequences of steps: a group a table with a lookup
 * a step, group stride B · steps, lookup stride 1, input stride `steps`.
 */
export interface LookupLayout {
  /** B, inputs of the minibatch. */
  readonly inputs: number;
  /** Groups an input, 1 or more. */
  readonly groups: number;
  /** Lookups a group, 1 or more. */
  readonly lookups: number;
  /** Entries from one group of an input to its next. */
  readonly groupStride: number;
  /** Entries from one lookup of a group to its next. */
  readonly lookupStride: number;
  /** Entries from one input to the next. */
  readonly inputStride: number;
}

/**
 * How an input's score is made of its lookups' scores. `nth-smallest`: the largest over the groups of the n-th smallest
 * of a group, 1 ≤ n ≤ lookups, where rows that are looked up twice count twice. `max` and `mean`: of all its lookups.
 */
export type ScoreCombination =
  | { readonly kind: "nth-smallest"; readonly n: number }
  | { readonly kind: "max" }
  | { readonly kind: "mean" };

/** A score for each input from the scores of the rows it looks up. */
export interface InputScoresArgs {
  /** 1 × R, read: a score for each row, finite (an infinite one gives no defined result); 3.4028234663852886e38 will do. */
  readonly scores: Matrix;
  /** Read; its row numbers must be below R, which nothing checks: a wrong one reads memory of something else, or none. */
  readonly rows: RowList;
  /** Which entries of `rows` are whose. */
  readonly layout: LookupLayout;
  /** How the lookups' scores become one. */
  readonly combine: ScoreCombination;
  /** B × 1, written. */
  readonly out: Matrix;
}

/**
 * The least number of stale lookups in a group of each input: out[b] = min over its groups of the number of lookups
 * whose score is below the threshold (strictly). An input may be skipped where this is at least as high as a limit.
 */
export interface StaleLookupsArgs {
  /** 1 × R, read: a score for each row, finite. */
  readonly scores: Matrix;
  /** f32, finite: read when the program runs. */
  readonly threshold: Scalar;
  /** Read; its row numbers must be below R, which nothing checks: a wrong one reads memory of something else, or none. */
  readonly rows: RowList;
  /** Which entries of `rows` are whose. */
  readonly layout: LookupLayout;
  /** B × 1, written: whole numbers. */
  readonly out: Matrix;
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
  /** `sgd` or `adagrad`. */
  readonly optimizer: Optimizer;
  /** f32: factor of the update, read when the program runs. */
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
  /** Name of the op's record, such as `linear-forward`. */
  readonly op: string;
  /** Stage that was set when the op was recorded; its time is booked there. */
  readonly stage: Stage;
  /** The op's shape, by the names of its record. */
  readonly shape: Readonly<Record<string, number>>;
  /** Floating-point operations; a multiply-add counts 2. Embedding ops count full lookup buffers, an upper bound. */
  readonly flops: number;
  /** Bytes that have to move between memory and the arithmetic at least once; bounded above as `flops` is. */
  readonly bytes: number;
}

/**
 * Appends ops to a program. Shapes are checked when recorded; a wrong one throws a `RangeError` that names op and matrix.
 *
 * What an op writes must not share a buffer with what it only reads, wherever in the buffer they lie: that throws a
 * `RangeError` too, since WebGPU cannot do it. Several outputs of one op may share a buffer.
 */
export interface Recorder {
  /** Books the ops that follow on a stage. The first is "forward" unless set. */
  stage(stage: Stage): void;
  /** Appends Y = act(X Wᵀ + b). */
  linearForward(args: LinearForwardArgs): void;
  /** Appends dX = (dY W) ∘ [mask > 0]. */
  linearBackwardInput(args: LinearBackwardInputArgs): void;
  /** Appends dW = dYᵀ X and db = column sums of dY. */
  linearBackwardWeights(args: LinearBackwardWeightsArgs): void;
  /** Appends the sum-pooled gather; its rows must be the bags of the lookups when the program runs. */
  embeddingForward(args: EmbeddingForwardArgs): void;
  /** Appends the gather's gradient with the update of each row looked up. */
  embeddingBackward(args: EmbeddingBackwardArgs): void;
  /** Appends the dot interaction. */
  interactionForward(args: InteractionForwardArgs): void;
  /** Appends the dot interaction's gradient. */
  interactionBackward(args: InteractionBackwardArgs): void;
  /** Appends the L2 normalisation of rows. */
  normaliseForward(args: NormaliseForwardArgs): void;
  /** Appends the L2 normalisation's gradient. */
  normaliseBackward(args: NormaliseBackwardArgs): void;
  /** Appends the scores of a history. */
  sequenceDot(args: SequenceDotArgs): void;
  /** Appends the weighted sum of a history, with a tail behind it. */
  sequencePool(args: SequencePoolArgs): void;
  /** Appends the gradient of a history's steps, and of the query behind them. */
  sequenceBackward(args: SequenceBackwardArgs): void;
  /** Appends the sigmoid. */
  sigmoidForward(args: SigmoidForwardArgs): void;
  /** Appends the sigmoid's gradient. */
  sigmoidBackward(args: SigmoidBackwardArgs): void;
  /** Appends the layer normalisation of vectors. */
  layerNormForward(args: LayerNormForwardArgs): void;
  /** Appends the layer normalisation's gradient. */
  layerNormBackward(args: LayerNormBackwardArgs): void;
  /** Appends the update of columns' running mean and variance. */
  columnStatistics(args: ColumnStatisticsArgs): void;
  /** Appends the division of columns by their standard deviation, with or without a mean taken off. */
  standardise(args: StandardiseArgs): void;
  /** Appends the largest absolute coordinate change of vectors between two snapshots. */
  rowChange(args: RowChangeArgs): void;
  /** Appends a score for each input from those of its lookups; a `RangeError` for an n-th smallest that no group has. */
  inputScores(args: InputScoresArgs): void;
  /** Appends the count of each input's lookups whose score is below a threshold. */
  staleLookups(args: StaleLookupsArgs): void;
  /** Appends the mean binary cross-entropy of logits and its gradient. */
  bce(args: BceArgs): void;
  /** Appends one optimizer step over dense parameters; a `RangeError` for `rowwise-adagrad`. */
  denseUpdate(args: DenseUpdateArgs): void;
}

/** A recorded sequence of ops, replayed by `Device.run`. */
export interface Program {
  /** Name given when recorded; error messages use it. */
  readonly label: string;
  /** One for each op, in the order recorded. */
  readonly costs: readonly OpCost[];
  /** Gives its own memory back, not the buffers it uses; running it afterwards throws. Twice is harmless. */
  dispose(): void;
}

/** One device. All of its buffers, tables and programs belong to it and die with it. */
export interface Device extends Disposable {
  /** What it is, fixed when it was opened. */
  readonly info: DeviceInfo;
  /** Live counts; copy them before taking differences. */
  readonly counters: Readonly<DeviceCounters>;
  /** Zero-filled memory. Throws a `RangeError` that names label and limit if the device cannot hold it. */
  createBuffer(byteLength: number, label: string): DeviceBuffer;
  /** A zero-filled matrix in a buffer of its own, its stride rounded up to 4 floats (1 for a single column). */
  createMatrix(rows: number, cols: number, label: string): Matrix;
  /** Zero-filled tables and optimizer state. Throws a `RangeError` for sizes that are wrong or cannot be held. */
  createTables(spec: TablesSpec, label: string): EmbeddingTables;
  /** Empty room for minibatches of up to `maxBags` bags a table and `maxLookups` lookups over all tables. */
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
  /** Copies a minibatch's lookups, ordered with `run`. Throws a `RangeError` if they do not fit `buffers`. */
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
  /** Makes a program of the ops that `body` appends, which throw a `RangeError` if their shapes do not fit. */
  record(label: string, body: (ops: Recorder) => void): Program;
  /**
   * Runs a program (CPU: before returning; WebGPU: queued). The lookups it reads are those written last: a `RangeError`
   * if they name rows that the tables do not have.
   */
  run(program: Program): void;
  /** Waits for everything run so far; throws any error a kernel left behind, with the kernel's name. */
  sync(): Promise<void>;
  /** Milliseconds booked on each stage by programs since the last call; call after `sync`. Empty if the device cannot tell. */
  takeStageTimes(): Promise<Partial<Record<Stage, number>>>;
  /** Gives back everything made on it and ends its threads; using it afterwards throws. Twice is harmless. */
  dispose(): void;
}

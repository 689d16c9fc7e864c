/**
 * Where things lie in the main shared memory, read by the TypeScript host and by the AssemblyScript kernels alike, so
 * this file keeps to what both languages understand.
 *
 * @module
 */

/** Bumped once a run; parked threads wait on it. */
export const GENERATION = 1024;
/** 1 when the threads are to return. */
export const STOP = 1028;
/** How many threads are parked on GENERATION. */
export const PARKED = 1088;
/** Arrivals at barriers, all threads together, since the device was opened. */
export const ARRIVED = 1152;
/** Barriers passed since the device was opened; threads wait on it. */
export const EPOCH = 1216;
/** How many threads are asleep on EPOCH. */
export const ASLEEP = 1220;
/** 1 once a thread has trapped: threads then stop waiting for each other. */
export const FAILED = 1280;
/** Number of threads. */
export const THREADS = 1284;
/** First op record of the program to run. */
export const PROGRAM = 1288;
/** Number of op records. */
export const OPS = 1292;
/** Workspace that the threads share within an op. */
export const WORKSPACE = 1296;
/** First thread's own scratch, and the bytes from one thread's to the next. */
export const SCRATCH = 1300;
export const SCRATCH_STRIDE = 1304;
/** 1 when matrix products are to take the wide tile where it fits. */
export const WIDE = 1308;
/** The first bytes of a thread's scratch are for one tile of a matrix product. */
export const TILE_BYTES = 192;
/** Milliseconds booked on each stage, float64, and how many stages fit. */
export const STAGE_TIMES = 1344;
export const STAGE_SLOTS = 32;
/** 64 zero bytes. */
export const ZEROS = 1600;
/** The heap begins here. */
export const HEAP = 4096;

/** An op record: code, stage and arguments in the first half, then one task counter a phase, each on its own line. */
export const RECORD_BYTES = 256;
export const RECORD_STAGE = 4;
export const RECORD_ARGS = 8;
export const RECORD_COUNTERS = 128;
export const COUNTER_STRIDE = 64;

/** Optimizer codes. */
export const SGD = 0;
export const ADAGRAD = 1;
export const ROWWISE_ADAGRAD = 2;

/** How an input's score is made of its lookups' scores. */
export const NTH_SMALLEST = 0;
export const NTH_LARGEST = 1;
export const MEAN = 2;
/** Inputs that a thread scores at a time. */
export const SCORED_INPUTS = 64;

/** Header of lookup buffers, in bytes: counts of the minibatch written last, then the addresses of the lists. */
export const LOOKUP_BAGS = 0;
export const LOOKUP_UNIQUE = 4;
/** 0 when every bag has exactly one lookup. */
export const LOOKUP_HAS_OFFSETS = 8;
export const LOOKUP_ROWS = 16;
export const LOOKUP_OFFSETS = 20;
export const LOOKUP_UNIQUE_ROWS = 24;
export const LOOKUP_SEGMENTS = 28;
export const LOOKUP_POSITIONS = 32;
export const LOOKUP_HEADER_BYTES = 64;

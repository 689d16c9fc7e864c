// How the threads of a device share one op's work: tasks claimed from a counter, and barriers between phases.

import {
  ARRIVED,
  ASLEEP,
  COUNTER_STRIDE,
  EPOCH,
  FAILED,
  RECORD_ARGS,
  RECORD_COUNTERS,
  SCRATCH,
  SCRATCH_STRIDE,
  THREADS,
  TILE_BYTES,
} from "./layout";

// Long enough to bridge the tail of an op's last tasks, short enough not to starve another process on a busy machine.
export const SPINS = 20000;
const WAIT_NANOSECONDS: i64 = 100_000_000;

// Wasm globals belong to an instance, and each thread has its own.
let passed: i32 = 0;
let scratchAddress: usize = 0;

/** The number of the next task of an op's phase that nobody has taken yet. */
@inline
export function claim(op: usize, phase: i32): i32 {
  return atomic.add<i32>(op + RECORD_COUNTERS + phase * COUNTER_STRIDE, 1);
}

/** Word i of an op record; `words.as`, which the build writes, has the words of each op by name. */
@inline
export function arg(op: usize, i: i32): i32 {
  return load<i32>(op + RECORD_ARGS + (i << 2));
}

@inline
export function argF32(op: usize, i: i32): f32 {
  return load<f32>(op + RECORD_ARGS + (i << 2));
}

/** Address in the tables' memory: words i (low half) and i + 1. */
@inline
export function argI64(op: usize, i: i32): i64 {
  return load<i64>(op + RECORD_ARGS + (i << 2));
}

/** Room of this thread's own for one tile of a matrix product. */
@inline
export function tileScratch(): usize {
  return scratchAddress;
}

/** The rest of this thread's own scratch memory. */
@inline
export function scratch(): usize {
  return scratchAddress + TILE_BYTES;
}

/** Finds this thread's scratch; call before each run. */
export function enter(thread: i32): void {
  scratchAddress = load<usize>(SCRATCH) + thread * load<usize>(SCRATCH_STRIDE);
}

/** Returns when every thread has come here. The counts only ever grow, and may wrap. */
export function barrier(): void {
  passed += 1;
  if (atomic.add<i32>(ARRIVED, 1) + 1 == passed * load<i32>(THREADS)) {
    atomic.store<i32>(EPOCH, passed);
    if (atomic.load<i32>(ASLEEP) != 0) atomic.notify(EPOCH, -1);
    return;
  }
  for (let i = 0; i < SPINS; i++) {
    if (atomic.load<i32>(EPOCH) - passed >= 0) return;
  }
  atomic.add<i32>(ASLEEP, 1);
  while (true) {
    const epoch = atomic.load<i32>(EPOCH);
    if (epoch - passed >= 0 || atomic.load<i32>(FAILED) != 0) break;
    atomic.wait<i32>(EPOCH, epoch, WAIT_NANOSECONDS);
  }
  atomic.sub<i32>(ASLEEP, 1);
}

// Entry of the WASM module. Every thread has its own instance over the same memories and walks the same program; a
// barrier stands after each op.

import {
  COUNTER_STRIDE,
  FAILED,
  GENERATION,
  OPS,
  PARKED,
  PROGRAM,
  RECORD_BYTES,
  RECORD_COUNTERS,
  RECORD_STAGE,
  STAGE_TIMES,
  STOP,
} from "./layout";
import { perform } from "./perform.as";
import { barrier, enter, SPINS } from "./team.as";

/** Milliseconds on a steady clock. */
@external("host", "now")
declare function now(): f64;

/** Runs the program as thread 0, with all others; returns when its last op is done everywhere. */
export function run(program: usize, ops: i32): void {
  for (let i = 0; i < ops; i++) {
    const counters = program + i * RECORD_BYTES + RECORD_COUNTERS;
    store<i32>(counters, 0);
    store<i32>(counters + COUNTER_STRIDE, 0);
  }
  store<usize>(PROGRAM, program);
  store<i32>(OPS, ops);
  atomic.add<i32>(GENERATION, 1);
  if (atomic.load<i32>(PARKED) != 0) atomic.notify(GENERATION, -1);
  execute(0);
}

/** Runs programs as another thread, until told to stop. */
export function work(thread: i32, generation: i32): void {
  while (true) {
    for (let i = 0; i < SPINS; i++) {
      if (atomic.load<i32>(GENERATION) != generation) break;
    }
    if (atomic.load<i32>(GENERATION) == generation) {
      atomic.add<i32>(PARKED, 1);
      while (atomic.load<i32>(GENERATION) == generation) {
        atomic.wait<i32>(GENERATION, generation, -1);
      }
      atomic.sub<i32>(PARKED, 1);
    }
    generation += 1;
    if (atomic.load<i32>(STOP) != 0 || atomic.load<i32>(FAILED) != 0) return;
    execute(thread);
  }
}

function execute(thread: i32): void {
  enter(thread);
  const program = load<usize>(PROGRAM);
  const ops = load<i32>(OPS);
  let before: f64 = thread == 0 ? now() : 0;
  for (let i = 0; i < ops; i++) {
    const op = program + i * RECORD_BYTES;
    perform(op);
    barrier();
    if (atomic.load<i32>(FAILED) != 0) return;
    if (thread == 0) {
      const after = now();
      const booked = STAGE_TIMES + (load<i32>(op, RECORD_STAGE) << 3);
      store<f64>(booked, load<f64>(booked) + after - before);
      before = after;
    }
  }
}

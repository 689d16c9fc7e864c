// Entry of the WASM module. Every thread has its own instance over the same memories and walks the same program; a
// barrier stands after each op.

import { bce } from "../bce/bce.as";
import { embeddingBackward, embeddingForward } from "../embedding/embedding.as";
import { initUniform } from "../embedding/init.as";
import { interactionBackward, interactionForward } from "../interaction/interaction.as";
import { layerNormBackward, layerNormForward } from "../layer_norm/layer_norm.as";
import { linearBackwardInput, linearBackwardWeights, linearForward } from "../linear/linear.as";
import { normaliseBackward, normaliseForward } from "../normalise/normalise.as";
import { sequenceBackward, sequenceDot, sequencePool } from "../sequence/sequence.as";
import { sigmoidBackward, sigmoidForward } from "../sigmoid/sigmoid.as";
import { inputScores, rowChange, staleLookups } from "../staleness/staleness.as";
import { columnStatistics, standardise } from "../standardise/standardise.as";
import { denseUpdate } from "../update/update.as";
import {
  BCE,
  COLUMN_STATISTICS,
  COUNTER_STRIDE,
  DENSE_UPDATE,
  EMBEDDING_BACKWARD,
  EMBEDDING_FORWARD,
  FAILED,
  GENERATION,
  INIT_UNIFORM,
  INPUT_SCORES,
  INTERACTION_BACKWARD,
  INTERACTION_FORWARD,
  LAYER_NORM_BACKWARD,
  LAYER_NORM_FORWARD,
  LINEAR_BACKWARD_INPUT,
  LINEAR_BACKWARD_WEIGHTS,
  LINEAR_FORWARD,
  NORMALISE_BACKWARD,
  NORMALISE_FORWARD,
  OPS,
  PARKED,
  PROGRAM,
  RECORD_BYTES,
  RECORD_COUNTERS,
  RECORD_STAGE,
  ROW_CHANGE,
  SEQUENCE_BACKWARD,
  SEQUENCE_DOT,
  SEQUENCE_POOL,
  SIGMOID_BACKWARD,
  SIGMOID_FORWARD,
  STAGE_TIMES,
  STALE_LOOKUPS,
  STANDARDISE,
  STOP,
} from "./layout";
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

function perform(op: usize): void {
  switch (load<i32>(op)) {
    case LINEAR_FORWARD:
      return linearForward(op);
    case LINEAR_BACKWARD_INPUT:
      return linearBackwardInput(op);
    case LINEAR_BACKWARD_WEIGHTS:
      return linearBackwardWeights(op);
    case EMBEDDING_FORWARD:
      return embeddingForward(op);
    case EMBEDDING_BACKWARD:
      return embeddingBackward(op);
    case INTERACTION_FORWARD:
      return interactionForward(op);
    case INTERACTION_BACKWARD:
      return interactionBackward(op);
    case BCE:
      return bce(op);
    case DENSE_UPDATE:
      return denseUpdate(op);
    case INIT_UNIFORM:
      return initUniform(op);
    case NORMALISE_FORWARD:
      return normaliseForward(op);
    case NORMALISE_BACKWARD:
      return normaliseBackward(op);
    case SEQUENCE_DOT:
      return sequenceDot(op);
    case SEQUENCE_POOL:
      return sequencePool(op);
    case SEQUENCE_BACKWARD:
      return sequenceBackward(op);
    case SIGMOID_FORWARD:
      return sigmoidForward(op);
    case SIGMOID_BACKWARD:
      return sigmoidBackward(op);
    case LAYER_NORM_FORWARD:
      return layerNormForward(op);
    case LAYER_NORM_BACKWARD:
      return layerNormBackward(op);
    case COLUMN_STATISTICS:
      return columnStatistics(op);
    case STANDARDISE:
      return standardise(op);
    case ROW_CHANGE:
      return rowChange(op);
    case INPUT_SCORES:
      return inputScores(op);
    case STALE_LOOKUPS:
      return staleLookups(op);
    default:
      unreachable();
  }
}

/**
 * Recording of programs for the CPU device: ops become records in the main memory, which every thread interprets.
 *
 * @module
 */

import { encodeBce } from "../bce/wasm.ts";
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
} from "../costs.ts";
import { encodeEmbeddingBackward, encodeEmbeddingForward } from "../embedding/wasm.ts";
import { encodeInteractionBackward, encodeInteractionForward } from "../interaction/wasm.ts";
import { encodeLayerNormBackward, encodeLayerNormForward } from "../layer_norm/wasm.ts";
import {
  encodeLinearBackwardInput,
  encodeLinearBackwardWeights,
  encodeLinearForward,
} from "../linear/wasm.ts";
import { encodeNormaliseBackward, encodeNormaliseForward } from "../normalise/wasm.ts";
import { encodeSequenceBackward, encodeSequenceDot, encodeSequencePool } from "../sequence/wasm.ts";
import {
  checkBce,
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
  checkNormaliseBackward,
  checkNormaliseForward,
  checkRowChange,
  checkSequenceBackward,
  checkSequenceDot,
  checkSequencePool,
  checkSigmoidBackward,
  checkSigmoidForward,
  checkStaleLookups,
  checkStandardise,
} from "../shapes.ts";
import { encodeSigmoidBackward, encodeSigmoidForward } from "../sigmoid/wasm.ts";
import { encodeInputScores, encodeRowChange, encodeStaleLookups } from "../staleness/wasm.ts";
import { encodeColumnStatistics, encodeStandardise } from "../standardise/wasm.ts";
import type {
  BceArgs,
  ColumnStatisticsArgs,
  DenseUpdateArgs,
  EmbeddingBackwardArgs,
  EmbeddingForwardArgs,
  EmbeddingTables,
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
  Program,
  Recorder,
  RowChangeArgs,
  Scalar,
  SequenceBackwardArgs,
  SequenceDotArgs,
  SequencePoolArgs,
  SigmoidBackwardArgs,
  SigmoidForwardArgs,
  Stage,
  StaleLookupsArgs,
  StandardiseArgs,
} from "../types.ts";
import { encodeDenseUpdate } from "../update/wasm.ts";
import { RECORD_ARGS, RECORD_BYTES, RECORD_STAGE } from "./layout.ts";
import { CpuBuffer, CpuLookups, CpuTables } from "./memory.ts";
import type { Store } from "./memory.ts";
import type { Place, WasmOp } from "./op.ts";

/** Stages in the order of their slots in the shared memory. */
export const STAGES: readonly Stage[] = [
  "prepare",
  "gather",
  "upload",
  "forward",
  "interact",
  "backward",
  "download",
  "update-rows",
  "update-dense",
  "allreduce",
  "sync-hot",
  "snapshot",
  "search",
  "classify",
  "evaluate",
];

/** Slot of time that no stage is booked for. */
export const NO_STAGE: number = STAGES.length;

/** Writes one op record. */
export function writeRecord(store: Store, address: number, op: WasmOp, stage: number): void {
  const words = store.words(address, RECORD_BYTES / 4);
  words[0] = op.code;
  words[RECORD_STAGE / 4] = stage;
  words.set(op.words, RECORD_ARGS / 4);
}

/** Collects a program's ops. */
export class CpuRecorder implements Recorder, Place {
  readonly ops: WasmOp[] = [];
  readonly costs: OpCost[] = [];
  /** Checks that depend on what is in memory when the program runs. */
  readonly checks = new Map<string | object, () => void>();
  readonly #store: Store;
  #stage: Stage = "forward";

  constructor(store: Store) {
    this.#store = store;
  }

  stage(stage: Stage): void {
    this.#stage = stage;
  }

  linearForward(args: LinearForwardArgs): void {
    checkLinearForward(args);
    this.#push(encodeLinearForward(this, args), linearForwardCost(this.#stage, args));
  }

  linearBackwardInput(args: LinearBackwardInputArgs): void {
    checkLinearBackwardInput(args);
    this.#push(encodeLinearBackwardInput(this, args), linearBackwardInputCost(this.#stage, args));
  }

  linearBackwardWeights(args: LinearBackwardWeightsArgs): void {
    checkLinearBackwardWeights(args);
    this.#push(
      encodeLinearBackwardWeights(this, args),
      linearBackwardWeightsCost(this.#stage, args),
    );
  }

  embeddingForward(args: EmbeddingForwardArgs): void {
    checkEmbeddingForward(args);
    this.#push(encodeEmbeddingForward(this, args), embeddingForwardCost(this.#stage, args));
    this.#checkLookups("embedding-forward", args, args.out);
  }

  embeddingBackward(args: EmbeddingBackwardArgs): void {
    checkEmbeddingBackward(args);
    this.#push(encodeEmbeddingBackward(this, args), embeddingBackwardCost(this.#stage, args));
    this.#checkLookups("embedding-backward", args, args.grad);
    (args.tables as CpuTables).stateUsed = true;
  }

  interactionForward(args: InteractionForwardArgs): void {
    checkInteractionForward(args);
    this.#push(encodeInteractionForward(this, args), interactionForwardCost(this.#stage, args));
  }

  interactionBackward(args: InteractionBackwardArgs): void {
    checkInteractionBackward(args);
    this.#push(encodeInteractionBackward(this, args), interactionBackwardCost(this.#stage, args));
  }

  normaliseForward(args: NormaliseForwardArgs): void {
    checkNormaliseForward(args);
    this.#push(encodeNormaliseForward(this, args), normaliseForwardCost(this.#stage, args));
  }

  normaliseBackward(args: NormaliseBackwardArgs): void {
    checkNormaliseBackward(args);
    this.#push(encodeNormaliseBackward(this, args), normaliseBackwardCost(this.#stage, args));
  }

  sequenceDot(args: SequenceDotArgs): void {
    checkSequenceDot(args);
    this.#push(encodeSequenceDot(this, args), sequenceDotCost(this.#stage, args));
  }

  sequencePool(args: SequencePoolArgs): void {
    checkSequencePool(args);
    this.#push(encodeSequencePool(this, args), sequencePoolCost(this.#stage, args));
  }

  sequenceBackward(args: SequenceBackwardArgs): void {
    checkSequenceBackward(args);
    this.#push(encodeSequenceBackward(this, args), sequenceBackwardCost(this.#stage, args));
  }

  sigmoidForward(args: SigmoidForwardArgs): void {
    checkSigmoidForward(args);
    this.#push(encodeSigmoidForward(this, args), sigmoidForwardCost(this.#stage, args));
  }

  sigmoidBackward(args: SigmoidBackwardArgs): void {
    checkSigmoidBackward(args);
    this.#push(encodeSigmoidBackward(this, args), sigmoidBackwardCost(this.#stage, args));
  }

  layerNormForward(args: LayerNormForwardArgs): void {
    checkLayerNormForward(args);
    this.#push(encodeLayerNormForward(this, args), layerNormForwardCost(this.#stage, args));
  }

  layerNormBackward(args: LayerNormBackwardArgs): void {
    checkLayerNormBackward(args);
    this.#push(encodeLayerNormBackward(this, args), layerNormBackwardCost(this.#stage, args));
  }

  columnStatistics(args: ColumnStatisticsArgs): void {
    checkColumnStatistics(args);
    this.#push(encodeColumnStatistics(this, args), columnStatisticsCost(this.#stage, args));
  }

  standardise(args: StandardiseArgs): void {
    checkStandardise(args);
    this.#push(encodeStandardise(this, args), standardiseCost(this.#stage, args));
  }

  rowChange(args: RowChangeArgs): void {
    checkRowChange(args);
    this.#push(encodeRowChange(this, args), rowChangeCost(this.#stage, args));
  }

  inputScores(args: InputScoresArgs): void {
    checkInputScores(args);
    this.#push(encodeInputScores(this, args), inputScoresCost(this.#stage, args));
  }

  staleLookups(args: StaleLookupsArgs): void {
    checkStaleLookups(args);
    this.#push(encodeStaleLookups(this, args), staleLookupsCost(this.#stage, args));
  }

  bce(args: BceArgs): void {
    checkBce(args);
    this.#push(encodeBce(this, args), bceCost(this.#stage, args));
    const address = this.scalar(args.slot);
    const slots = args.losses.cols;
    this.checks.set(`bce ${address} ${slots}`, () => {
      const slot = this.#store.words(address, 1)[0]!;
      if (slot >= slots) {
        throw new RangeError(`Cannot run bce: slot is ${slot}, but losses has ${slots} slots`);
      }
    });
  }

  denseUpdate(args: DenseUpdateArgs): void {
    checkDenseUpdate(args);
    this.#push(encodeDenseUpdate(this, args), denseUpdateCost(this.#stage, args));
  }

  matrix(m: Matrix): number {
    return this.#buffer(m.buffer) + 4 * m.offset;
  }

  scalar(s: Scalar): number {
    return this.#buffer(s.buffer) + 4 * s.index;
  }

  tables(t: EmbeddingTables): { rows: number; state: number } {
    const tables = this.#own(t, t instanceof CpuTables, t.label) as CpuTables;
    return { rows: tables.address, state: tables.stateAddress };
  }

  lookups(l: LookupBuffers): number {
    return (this.#own(l, l instanceof CpuLookups, "lookups") as CpuLookups).address;
  }

  #buffer(buffer: object & { readonly label: string }): number {
    return (this.#own(buffer, buffer instanceof CpuBuffer, buffer.label) as CpuBuffer).address;
  }

  /** Notes that a program uses something, which must be of this device and alive. */
  #own(it: object, isCpu: boolean, label: string): object {
    const owned = it as CpuBuffer | CpuTables | CpuLookups;
    if (!isCpu || owned.store !== this.#store) {
      throw new TypeError(`Cannot record a program: ${label} belongs to another device`);
    }
    owned.check("record a program");
    this.checks.set(owned, () => owned.check("run a program"));
    return owned;
  }

  #push(op: WasmOp, cost: OpCost): void {
    this.ops.push(op);
    this.costs.push(cost);
  }

  #checkLookups(
    op: string,
    { tables, lookups }: Pick<EmbeddingForwardArgs, "tables" | "lookups">,
    { rows }: Matrix,
  ): void {
    const written = lookups as CpuLookups;
    this.checks.set(`${op} ${written.address} ${rows} ${tables.totalRows}`, () => {
      if (written.bags !== rows) {
        const is = written.bags < 0 ? "nothing written" : `${written.bags} bags a table`;
        throw new RangeError(`Cannot run ${op}: lookups have ${is}, but the matrix ${rows} rows`);
      }
      checkHighestRow(op, written.highestRow, tables);
    });
  }
}

/** A recorded program in the main memory. */
export class CpuProgram implements Program {
  readonly label: string;
  readonly costs: readonly OpCost[];
  readonly store: Store;
  /** Of the first op record. */
  readonly address: number;
  readonly #checks: readonly (() => void)[];
  #disposed = false;

  constructor(store: Store, label: string, recorder: CpuRecorder) {
    this.store = store;
    this.label = label;
    this.costs = recorder.costs;
    this.#checks = [...recorder.checks.values()];
    this.address = store.allocate(RECORD_BYTES * recorder.ops.length, `program ${label}`);
    recorder.ops.forEach((op, i) => {
      const stage = STAGES.indexOf(recorder.costs[i]!.stage);
      writeRecord(store, this.address + i * RECORD_BYTES, op, stage);
    });
  }

  /** Throws if the program, or anything it uses, cannot be run as it is now. */
  check(): void {
    if (this.#disposed) {
      throw new Error(`Cannot run a program: program ${this.label} is disposed`);
    }
    for (const check of this.#checks) check();
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    if (this.store.alive) this.store.release(this.address);
  }
}

/**
 * Recording of programs for the CPU device: ops become records in the main memory, which every thread interprets.
 *
 * @module
 */

import { checkOp } from "../check_op.ts";
import { UNSTAGED } from "../op.ts";
import type { OpArgs, OpName, OpNamed } from "../ops.ts";
import type {
  EmbeddingTables,
  LookupBuffers,
  Matrix,
  OpCost,
  Program,
  Recorder,
  Scalar,
} from "../types.ts";
import { ENCODERS, opCode } from "./encoders.ts";
import { RECORD_ARGS, RECORD_BYTES, RECORD_STAGE } from "./layout.ts";
import { CpuBuffer, CpuLookups, CpuTables } from "./memory.ts";
import type { Store } from "./memory.ts";
import { encodeOp, type Place, type WasmOp } from "./op.ts";

/** Writes one op record, whose time goes to a slot. */
export function writeRecord(store: Store, address: number, op: WasmOp, slot: number): void {
  const words = store.words(address, RECORD_BYTES / 4);
  words[0] = op.code;
  words[RECORD_STAGE / 4] = slot;
  words.set(op.words, RECORD_ARGS / 4);
}

/** Collects a program's ops. */
export class CpuRecorder implements Recorder, Place {
  readonly ops: WasmOp[] = [];
  readonly costs: OpCost[] = [];
  /** Checks that depend on what is in memory when the program runs. */
  readonly checks = new Map<string | object, () => void>();
  readonly #store: Store;
  #stage = UNSTAGED;

  constructor(store: Store) {
    this.#store = store;
  }

  stage(stage: string): void {
    this.#stage = stage;
  }

  add<Name extends OpName>(op: OpNamed<Name>, args: OpArgs[Name]): void {
    checkOp(op, args);
    this.ops.push(encodeOp(opCode(op.name), ENCODERS[op.name], this, args));
    this.costs.push({ ...op.cost(args), stage: this.#stage });
  }

  matrix(m: Matrix): number {
    return this.#buffer(m.buffer) + 4 * m.offset;
  }

  scalar(s: Scalar): number {
    return this.#buffer(s.buffer) + 4 * s.index;
  }

  tables(t: EmbeddingTables): CpuTables {
    return this.#own(t, t instanceof CpuTables, t.label) as CpuTables;
  }

  updatedTables(t: EmbeddingTables): CpuTables {
    const tables = this.tables(t);
    tables.stateUsed = true;
    return tables;
  }

  lookups(l: LookupBuffers): CpuLookups {
    return this.#own(l, l instanceof CpuLookups, "lookups") as CpuLookups;
  }

  word(address: number): number {
    return this.#store.words(address, 1)[0]!;
  }

  beforeRun(key: string, check: () => void): void {
    this.checks.set(key, check);
  }

  #buffer(buffer: object & { readonly label: string }): number {
    return (this.#own(buffer, buffer instanceof CpuBuffer, buffer.label) as CpuBuffer).address;
  }

  /** Notes that a program uses something. Throws unless it belongs to this device and is not disposed. */
  #own(it: object, isCpu: boolean, label: string): object {
    const owned = it as CpuBuffer | CpuTables | CpuLookups;
    if (!isCpu || owned.store !== this.#store) {
      throw new TypeError(`Cannot record a program: ${label} belongs to another device`);
    }
    owned.check("record a program");
    this.checks.set(owned, () => owned.check("run a program"));
    return owned;
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
    const slots = recorder.costs.map(({ stage }) => store.stages.slot(stage));
    this.address = store.allocate(RECORD_BYTES * recorder.ops.length, `program ${label}`);
    recorder.ops.forEach((op, i) => {
      writeRecord(store, this.address + i * RECORD_BYTES, op, slots[i]!);
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

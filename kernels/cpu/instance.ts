/**
 * One thread's instance of the WASM module, and the note a failed thread leaves for the others.
 *
 * @module
 */

import { ASLEEP, EPOCH, FAILED, GENERATION, HEAP } from "./layout.ts";

/** What a Worker needs to join. */
export interface Invitation {
  readonly module: WebAssembly.Module;
  /** The module of the wide tiles. */
  readonly wide: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly tables: WebAssembly.Memory;
  /** From 1 on; thread 0 is the one that opened the device. */
  readonly thread: number;
  /** Programs run before this thread joined. */
  readonly generation: number;
}

/** What the module exports. */
export interface Kernels {
  /** Runs op records as thread 0 and returns when they are done. */
  run(program: number, ops: number): void;
  /** Runs programs as another thread until told to stop. */
  work(thread: number, generation: number): void;
}

/** Text of the failure: its length, then UTF-8 bytes. */
const FAILURE_TEXT = 2048;

/** Instantiates the module for the calling thread. */
export function instantiate(
  { module, wide, memory, tables }: Omit<Invitation, "thread" | "generation">,
): Kernels {
  const own = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  const tiles = new WebAssembly.Instance(wide, { env: { own, memory } });
  const instance = new WebAssembly.Instance(module, {
    env: { memory, tables },
    wide: tiles.exports,
    host: { now: () => performance.now() },
  });
  return instance.exports as unknown as Kernels;
}

/** Notes that a thread cannot go on, and wakes all that wait for it. */
export function markFailed(memory: WebAssembly.Memory, text: string): void {
  const words = new Int32Array(memory.buffer);
  if (Atomics.compareExchange(words, FAILED / 4, 0, 1) === 0) {
    const bytes = new TextEncoder().encode(text).subarray(0, HEAP - FAILURE_TEXT - 4);
    words[FAILURE_TEXT / 4] = bytes.length;
    new Uint8Array(memory.buffer).set(bytes, FAILURE_TEXT + 4);
  }
  if (Atomics.load(words, ASLEEP / 4) > 0) Atomics.notify(words, EPOCH / 4);
  Atomics.notify(words, GENERATION / 4);
}

/** The failure noted, or null. */
export function failure(memory: WebAssembly.Memory): string | null {
  const words = new Int32Array(memory.buffer);
  if (Atomics.load(words, FAILED / 4) === 0) return null;
  const length = words[FAILURE_TEXT / 4]!;
  return new TextDecoder().decode(
    new Uint8Array(memory.buffer, FAILURE_TEXT + 4, length).slice(),
  );
}

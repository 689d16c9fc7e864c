/**
 * The threads of a CPU device and the memories they share.
 *
 * @module
 */

import type { Worker } from "node:worker_threads";
import { nodeModule } from "../../core/node.ts";
import { failure, instantiate, markFailed } from "./instance.ts";
import type { Invitation, Kernels } from "./instance.ts";
import { KERNELS_WASM, WIDE_WASM } from "./kernels.wasm.ts";
import { GENERATION, STOP, THREADS } from "./layout.ts";

const PAGE = 65536;
const MAIN_PAGES = 65536;
const TABLE_PAGES = 262144;
/** Vectors are read whole, so a little beyond the last float. */
const MARGIN = 128;

/** The memories and the calling thread's instance; dropped when the team closes, so that they can be reclaimed. */
interface Shared {
  readonly memory: WebAssembly.Memory;
  readonly tables: WebAssembly.Memory;
  readonly kernels: Kernels;
}

/** The calling thread and its Workers, over two shared memories. */
export class Team {
  readonly threads: number;
  #shared: Shared | null;
  readonly #workers: Worker[] = [];

  private constructor(threads: number, module: WebAssembly.Module, wide: WebAssembly.Module) {
    this.threads = threads;
    const memory = new WebAssembly.Memory({ initial: 1, maximum: MAIN_PAGES, shared: true });
    const tables = new WebAssembly.Memory(
      // Deno's types do not know 64-bit memories yet.
      {
        address: "i64",
        initial: 0n,
        maximum: BigInt(TABLE_PAGES),
        shared: true,
      } as unknown as WebAssembly.MemoryDescriptor,
    );
    this.#shared = { memory, tables, kernels: instantiate({ module, wide, memory, tables }) };
    new Int32Array(memory.buffer)[THREADS / 4] = threads;
  }

  /** Activations, dense parameters, lookups: 32-bit addresses, up to 4 GiB. */
  get memory(): WebAssembly.Memory {
    return this.#open.memory;
  }

  /** Embedding tables and their optimizer state: 64-bit addresses, up to 16 GiB. */
  get tables(): WebAssembly.Memory {
    return this.#open.tables;
  }

  get #open(): Shared {
    if (this.#shared === null) throw new Error("Cannot use the CPU device: it is disposed");
    return this.#shared;
  }

  /** Starts `threads - 1` Workers and waits until they are ready. Throws if one cannot start. */
  static async open(threads: number): Promise<Team> {
    const { module, wide } = modules();
    const team = new Team(threads, module, wide);
    try {
      const { memory, tables } = team;
      await Promise.all(
        Array.from(
          { length: threads - 1 },
          (_, i) => team.#invite({ module, wide, memory, tables, thread: i + 1, generation: 0 }),
        ),
      );
    } catch (error) {
      team.close();
      throw error;
    }
    return team;
  }

  /**
   * Runs op records on all threads and returns when they are done. Throws if a thread fails, and at every later call.
   */
  run(program: number, ops: number): void {
    this.check();
    try {
      this.#open.kernels.run(program, ops);
    } catch (error) {
      markFailed(this.memory, `thread 0: ${String(error)}`);
    }
    this.check();
  }

  /** Throws if a thread has failed. */
  check(): void {
    const text = failure(this.memory);
    if (text !== null) throw new Error(`Cannot use the CPU device: a kernel failed on ${text}`);
  }

  /** Makes the main memory reach to `end`. */
  growMain(end: number): void {
    const missing = Math.ceil((end + MARGIN) / PAGE) - this.memory.buffer.byteLength / PAGE;
    if (missing > 0) this.memory.grow(missing);
  }

  /** Makes the tables' memory reach to `end`. */
  growTables(end: number): void {
    const missing = Math.ceil((end + MARGIN) / PAGE) - this.tables.buffer.byteLength / PAGE;
    if (missing > 0) this.tables.grow(BigInt(missing) as unknown as number);
  }

  /** Ends the Workers and lets go of the memories. */
  close(): void {
    if (this.#shared === null) return;
    const words = new Int32Array(this.#shared.memory.buffer);
    Atomics.store(words, STOP / 4, 1);
    Atomics.add(words, GENERATION / 4, 1);
    Atomics.notify(words, GENERATION / 4);
    for (const worker of this.#workers) worker.terminate();
    this.#workers.length = 0;
    this.#shared = null;
  }

  #invite(invitation: Invitation): Promise<void> {
    // Without variables of its own a Worker copies all of the process's, for which Deno asks whoever sits at the terminal.
    const { Worker } = nodeModule("node:worker_threads");
    const worker = new Worker(workerUrl(), { name: `kernels ${invitation.thread}`, env: {} });
    this.#workers.push(worker);
    return new Promise((resolve, reject) => {
      worker.once("message", () => {
        // From here on the caller never waits for a message of it, so it need not keep the process alive.
        worker.unref();
        resolve();
      });
      worker.on("error", (error: Error) => {
        const text = `thread ${invitation.thread}: ${error.message}`;
        markFailed(invitation.memory, text);
        reject(new Error(`Cannot open the CPU device: a Worker failed on ${text}`));
      });
      worker.postMessage(invitation);
    });
  }
}

/** Both modules. What V8 has optimised of them serves every device of the process, so they are kept. */
function modules(): { readonly module: WebAssembly.Module; readonly wide: WebAssembly.Module } {
  return compiled ??= {
    module: new WebAssembly.Module(Uint8Array.fromBase64(KERNELS_WASM)),
    wide: new WebAssembly.Module(Uint8Array.fromBase64(WIDE_WASM)),
  };
}

let compiled: ReturnType<typeof modules> | null = null;

/**
 * The Workers' module. Only workers loaded from files can be unreferenced, so a module at another URL is imported by a
 * data URL.
 */
function workerUrl(): URL {
  const url = new URL("./worker.ts", import.meta.url);
  if (url.protocol === "file:") return url;
  return new URL(`data:text/javascript,import ${encodeURIComponent(JSON.stringify(url.href))}`);
}

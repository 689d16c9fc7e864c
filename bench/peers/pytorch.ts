/**
 * A PyTorch process that trains the same DLRM on the same minibatches, round by round.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import type { Inputs } from "../../data/types.ts";
import { readableEnv } from "../../core/deno.ts";
import { writeAll } from "../../core/files.ts";
import type { DlrmShape } from "../../train/model/dlrm.ts";

/** How PyTorch trains: as DLRM's own program, as one captured CUDA graph (on a CPU not captured), or by FBGEMM's tables. */
export const PEER_FORMS = ["eager", "graphs", "fbgemm"] as const;

/** One of them. */
export type PeerForm = typeof PEER_FORMS[number];

/** What to start. */
export interface PeerOptions {
  readonly python: string;
  /** Of the model and its minibatches. */
  readonly folder: string;
  readonly device: "cpu" | "cuda";
  /** 0 leaves torch its default. */
  readonly threads: number;
  readonly form: PeerForm;
}

/** What the process says of itself. */
interface PeerInfo {
  readonly torch: string;
  readonly device: string;
  readonly name: string;
  /** The BLAS library that torch has loaded, or empty. */
  readonly blas: string;
}

/** One answer. */
interface PeerRound {
  readonly ms: number;
  readonly losses: readonly number[];
}

const SCRIPT = new URL("./dlrm.py", import.meta.url);

/** The first Python that imports torch, or null with the reasons. */
export async function findPython(
  asked: string | null,
): Promise<{ python: string; note?: string } | { missing: string }> {
  const candidates = asked === null ? ["python3", "/usr/bin/python3"] : [asked];
  const reasons: string[] = [];
  for (const python of candidates) {
    try {
      const { child, cleaned } = startPython(python, {
        args: ["-c", "import torch, numpy"],
        stdout: "piped",
        stderr: "piped",
      });
      const { success, code, stderr } = await child.output();
      if (success) return { python, ...(cleaned ? { note: CLEANED } : {}) };
      reasons.push(`${python}: ${lastLine(stderr) || `exit status ${code}`}`);
    } catch (error) {
      reasons.push(`${python}: ${reasonOf(error, python)}`);
    }
  }
  return { missing: reasons.join("; ") };
}

const CLEANED =
  "PyTorch was started with the variables PATH and HOME alone (no CUDA_VISIBLE_DEVICES, no PYTHONPATH): LD_LIBRARY_PATH or one like it is set, which a task that may run only some programs cannot hand on; start it without, or with leave to run anything";

/**
 * Starts Python. A task that may run only some programs may hand them no variable that changes what they load, such as
 * LD_LIBRARY_PATH, which images with CUDA often set and PyTorch's packages do not need: then Python gets PATH and HOME alone.
 */
function startPython(
  python: string,
  options: Deno.CommandOptions,
): { readonly child: Deno.ChildProcess; readonly cleaned: boolean } {
  try {
    return { child: new Deno.Command(python, options).spawn(), cleaned: false };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    const clean = { ...options, clearEnv: true, env: readableEnv(["PATH", "HOME"]) };
    return { child: new Deno.Command(python, clean).spawn(), cleaned: true };
  }
}

function reasonOf(error: unknown, python: string): string {
  if (error instanceof Deno.errors.NotCapable) {
    return `Deno was started without the permission to run it; the task's command in deno.json with --allow-run=git,${python} has it`;
  }
  return error instanceof Error ? error.message : String(error);
}

function lastLine(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).trimEnd().split("\n").at(-1) ?? "";
}

/** Writes what the process reads beside the weights: shapes and minibatches, all of one size. */
export async function writePeerFolder(
  folder: string,
  shape: DlrmShape,
  minibatches: readonly Inputs[],
  learningRate: number,
): Promise<void> {
  const batch = minibatches[0]!.size;
  await Deno.writeTextFile(
    `${folder}/config.json`,
    JSON.stringify({
      bottom: shape.bottom,
      top: shape.top,
      dim: shape.dim,
      table_rows: shape.tableRows,
      batch,
      batches: minibatches.length,
      learning_rate: learningRate,
    }),
  );
  const write = async (name: string, part: (m: Inputs) => Float32Array | Uint32Array) => {
    using file = await Deno.open(`${folder}/${name}`, {
      create: true,
      write: true,
      truncate: true,
    });
    for (const minibatch of minibatches) {
      const { buffer, byteOffset, byteLength } = part(minibatch);
      await writeAll(file, new Uint8Array(buffer, byteOffset, byteLength));
    }
  };
  await write("dense.f32", (m) => m.dense.subarray(0, batch * shape.bottom[0]!));
  await write("ids.u32", (m) => m.ids.subarray(0, batch * shape.tableRows.length));
  await write("labels.f32", (m) => m.labels.subarray(0, batch));
}

/** A running peer. It sleeps between rounds. */
export class PyTorchPeer {
  readonly info: PeerInfo;
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: AsyncIterator<string>;

  private constructor(
    info: PeerInfo,
    child: Deno.ChildProcess,
    lines: AsyncIterator<string>,
  ) {
    this.info = info;
    this.#child = child;
    this.#writer = child.stdin.getWriter();
    this.#lines = lines;
  }

  /** Starts a process on a folder; or says why this form cannot be had here, such as a library that is not installed. */
  static async start(
    { python, folder, device, threads, form }: PeerOptions,
  ): Promise<PyTorchPeer | { readonly unavailable: string }> {
    const { child } = startPython(python, {
      args: ["-u", fileURLToPath(SCRIPT), folder, device, String(threads), form],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    });
    const lines = readLines(child.stdout);
    try {
      const answer: PeerInfo | { readonly unavailable: string } = JSON.parse(await nextLine(lines));
      if (!("unavailable" in answer)) return new PyTorchPeer(answer, child, lines);
      await child.stdin.close().catch(() => {});
      await child.status;
      return answer;
    } catch (error) {
      await child.stdin.close().catch(() => {});
      await child.status;
      throw error;
    }
  }

  /** Trains some minibatches and waits for the end. */
  async run(steps: number): Promise<PeerRound> {
    await this.#writer.write(new TextEncoder().encode(`run ${steps}\n`));
    return JSON.parse(await nextLine(this.#lines));
  }

  /** Ends the process. */
  async close(): Promise<void> {
    // A process that has gone already has closed its end.
    await this.#writer.close().catch(() => {});
    await this.#child.status;
  }
}

async function nextLine(lines: AsyncIterator<string>): Promise<string> {
  const { value, done } = await lines.next();
  if (done) throw new Error("Cannot go on with PyTorch: its process has ended");
  return value;
}

async function* readLines(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}

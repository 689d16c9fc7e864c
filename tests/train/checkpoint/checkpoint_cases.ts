/** Checkpoints whose content follows from a number, so that a mixture of two would be seen. */

import assert from "node:assert/strict";
import type { Checkpoint, CheckpointStore } from "../../../train/checkpoint/store.ts";
import type { TensorSource } from "../../../train/weights/safetensors.ts";

/** Name of checkpoint `n`. */
export function nameOf(n: number): string {
  return `step-${String(n).padStart(8, "0")}`;
}

/** The tensors of checkpoint `n`, of every element type, the large one in eight pieces. */
export function tensorsOf(n: number, rows = 64): TensorSource[] {
  return [
    { name: "kinds", dtype: "U8", shape: [3], chunks: () => [Uint8Array.of(n, 1, 2)] },
    {
      name: "table",
      dtype: "F32",
      shape: [8, rows, 4],
      *chunks() {
        for (let i = 0; i < 8; i++) yield new Float32Array(4 * rows).fill(n + i / 8);
      },
    },
    { name: "bytes", dtype: "F64", shape: [1], chunks: () => [Float64Array.of(2 ** 40 + n)] },
    { name: "counts", dtype: "U32", shape: [2], chunks: () => [Uint32Array.of(n, 0xffffffff)] },
  ];
}

/** Saves checkpoint `n`. */
export function saveNumber(store: CheckpointStore, n: number, rows?: number) {
  return store.save(nameOf(n), { step: n, note: "é" }, tensorsOf(n, rows));
}

/** Asserts that a checkpoint is all of one number, and returns the number. */
export function checkNumber(checkpoint: Checkpoint): number {
  const { step: n } = checkpoint.document as { step: number };
  assert.deepEqual(checkpoint.document, { step: n, note: "é" });
  assert.equal(checkpoint.name, nameOf(n));
  assert.deepEqual(checkpoint.read("kinds", "U8"), Uint8Array.of(n, 1, 2));
  assert.deepEqual(checkpoint.read("bytes", "F64"), Float64Array.of(2 ** 40 + n));
  assert.deepEqual(checkpoint.read("counts", "U32"), Uint32Array.of(n, 0xffffffff));
  const table = checkpoint.read("table", "F32");
  const each = table.length / 8;
  assert.equal(table.findIndex((value, i) => value !== n + Math.floor(i / each) / 8), -1);
  return n;
}

/** Loads, checks and closes: the number of the checkpoint. */
export async function loadNumber(store: CheckpointStore, name?: string): Promise<number> {
  using checkpoint = await store.load(name);
  return checkNumber(checkpoint);
}

/** Names in a folder, in order. */
export function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map((entry) => entry.name).sort();
}

/** Runs a body with a temporary folder's path. */
export async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(folder);
  } finally {
    // A test may have removed it itself.
    await Deno.remove(folder, { recursive: true }).catch(() => {});
  }
}

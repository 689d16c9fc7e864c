/** Traces, weights and checkpoints, changed as bytes: taken only where all that was written comes back. */

import assert from "node:assert/strict";
import { tableFromIPC } from "../../core/npm/flechette.ts";
import { CheckpointStore } from "../../train/checkpoint/store.ts";
import { parseTraceFile } from "../../train/trace/files.ts";
import { TraceRecorder } from "../../train/trace/recorder.ts";
import { SafetensorsFile } from "../../train/weights/safetensors.ts";
import { checkSeal, writeSealed } from "../../train/weights/seal.ts";
import { HEADER, minibatch } from "../train/trace/cases.ts";
import { type Draw, mutateBytes } from "./draw.ts";
import { scratchFolder } from "./scratch.ts";
import { type Subject, verdictOf } from "./subject.ts";

const folder = await scratchFolder();

/** Bytes after a change, or now and then as they are: next to no change of a sealed file is taken. */
function seldomWhole(bytes: Uint8Array, draw: Draw): Uint8Array {
  return draw.chance(0.03) ? bytes : mutateBytes(bytes, draw);
}

const RECORDS = [minibatch(0), minibatch(1, { kind: "cold" }), minibatch(2, { stages_ms: {} })];
const recorder = new TraceRecorder();
for (const one of RECORDS) recorder.add(one);
const TRACE = await recorder.bytes(HEADER);

const traces: Subject = {
  name: "trace",
  make: (draw) => mutateBytes(TRACE, draw),
  check: (input) =>
    verdictOf(async () => {
      const { header, records } = await parseTraceFile("a.arrow", input);
      // Without its checksum it is a file of another program, which says what it says.
      if (!tableFromIPC(input).schema.metadata?.has("slipstream.sha256")) return;
      assert.deepEqual(header, HEADER);
      assert.deepEqual(records, RECORDS);
    }),
};

const FLOATS = Float32Array.from({ length: 60 }, (_, i) => Math.fround(Math.sin(i)));
const TENSORS = [
  { name: "a", dtype: "F32" as const, shape: [6, 5], chunks: () => [FLOATS.subarray(0, 30)] },
  { name: "b", dtype: "F32" as const, shape: [30], chunks: () => [FLOATS.subarray(30)] },
];
await writeSealed(`${folder}/good`, TENSORS, { format: "pt" });
const WEIGHTS = await Deno.readFile(`${folder}/good`);

const weights: Subject = {
  name: "weights",
  make: (draw) => seldomWhole(WEIGHTS, draw),
  check: async (input) => {
    const path = `${folder}/weights`;
    await Deno.writeFile(path, input);
    return await verdictOf(async () => {
      using file = SafetensorsFile.open(path);
      // Without its checksum it is a file of another program, which says what it says.
      if (await checkSeal(file) === null) return;
      for (const { name, shape, chunks } of TENSORS) {
        file.info(name, "F32", shape);
        assert.deepEqual(file.readFloats(name, 0, 30), chunks()[0]);
      }
    });
  },
};

const store = await CheckpointStore.open(`${folder}/run`);
await store.save("a", { step: 3 }, TENSORS);
const DOCUMENT = await Deno.readFile(`${folder}/run/a/checkpoint.json`);
const STATE = await Deno.readFile(`${folder}/run/a/state.safetensors`);

/** The document's length, the document, the tensors. */
const checkpoints: Subject = {
  name: "checkpoint",
  make: (draw) => {
    const first = draw.chance(0.5);
    const document = first ? seldomWhole(DOCUMENT, draw) : DOCUMENT;
    const state = first ? STATE : seldomWhole(STATE, draw);
    const input = new Uint8Array(4 + document.length + state.length);
    new DataView(input.buffer).setUint32(0, document.length, true);
    input.set(document, 4);
    input.set(state, 4 + document.length);
    return input;
  },
  check: async (input) => {
    const length = new DataView(input.buffer, input.byteOffset).getUint32(0, true);
    await Deno.writeFile(`${folder}/run/a/checkpoint.json`, input.subarray(4, 4 + length));
    await Deno.writeFile(`${folder}/run/a/state.safetensors`, input.subarray(4 + length));
    return await verdictOf(async () => {
      using loaded = await store.load("a");
      assert.deepEqual(loaded.document, { step: 3 });
      assert.deepEqual(loaded.read("a", "F32"), FLOATS.subarray(0, 30));
      assert.deepEqual(loaded.read("b", "F32"), FLOATS.subarray(30));
    });
  },
};

/** Files by what reads them. */
export const FILES: readonly Subject[] = [traces, weights, checkpoints];

import assert from "node:assert/strict";
import fc from "../../npm/fast_check.ts";
import { TRACE_COLUMNS } from "../../../train/trace/columns.ts";
import { TraceRecorder } from "../../../train/trace/recorder.ts";
import { minibatch, minibatches } from "./cases.ts";

Deno.test("TraceRecorder keeps what was added, beyond its first capacity too", () => {
  const recorder = new TraceRecorder();
  const count = 10_000;
  for (let i = 0; i < count; i++) recorder.add(minibatch(i, { skipped_inputs: 3 * i }));
  assert.equal(recorder.length, count);
  const columns = recorder.columns();
  assert.equal(columns.length, count);
  for (const i of [0, 4095, 4096, 8191, 8192, count - 1]) {
    assert.deepEqual(columns.record(i), minibatch(i, { skipped_inputs: 3 * i }));
  }
});

Deno.test("TraceRecorder.restore() takes the place of the recorder that gave the snapshot", () => {
  fc.assert(
    fc.property(minibatches, fc.nat({ max: 40 }), (records, cut) => {
      const first = new TraceRecorder();
      for (const record of records.slice(0, cut)) first.add(record);
      const snapshot = first.snapshot();
      // What comes later must not show in a snapshot that is still being written.
      const held = new Map([...snapshot].map(([name, array]) => [name, array.slice()]));
      for (const record of records.slice(cut)) first.add(record);
      assert.deepEqual(snapshot, held);
      const second = new TraceRecorder();
      second.add(minibatch(0));
      second.restore(snapshot);
      for (const record of records.slice(cut)) second.add(record);
      assert.deepEqual(second.columns(), first.columns());
    }),
    { seed: 4, numRuns: 100 },
  );
});

Deno.test("TraceRecorder.snapshot() names every column, in the types of a checkpoint", () => {
  const kinds = [...new TraceRecorder().snapshot()].map(([name, array]) => [
    name,
    array.constructor.name,
  ]);
  const arrays = {
    uint32: "Uint32Array",
    float64: "Float64Array",
    float32: "Float32Array",
    kind: "Uint8Array",
    place: "Uint8Array",
  };
  assert.deepEqual(kinds, TRACE_COLUMNS.map(({ name, type }) => [name, arrays[type]]));
});

Deno.test("TraceRecorder.restore() refuses what is no snapshot and stays as it was", () => {
  const recorder = new TraceRecorder();
  recorder.add(minibatch(0));
  const before = recorder.columns();
  const refuses = (change: (columns: Map<string, Float32Array>) => void, reason: string) => {
    const other = new TraceRecorder();
    other.add(minibatch(0));
    other.add(minibatch(1));
    const snapshot = new Map(other.snapshot());
    change(snapshot as Map<string, Float32Array>);
    assert.throws(() => recorder.restore(snapshot), {
      name: "UserError",
      message: `Cannot restore a trace: its column ${reason}`,
    });
    assert.deepEqual(recorder.columns(), before);
  };
  refuses(
    (columns) => columns.delete("wall_ms"),
    "wall_ms is missing and must be a Float32Array of 2",
  );
  refuses(
    (columns) => columns.set("inputs", new Float32Array(2)),
    "inputs is a Float32Array of 2 and must be a Uint32Array of 2",
  );
  refuses(
    (columns) => columns.set("search_ms", new Float32Array(1)),
    "search_ms is a Float32Array of 1 and must be a Float32Array of 2",
  );
});

Deno.test("TraceRecorder.add() refuses what its columns would store as something else", () => {
  const recorder = new TraceRecorder();
  const refuses = (changes: object, message: string) =>
    assert.throws(() => recorder.add(minibatch(0, changes)), { name: "RangeError", message });
  refuses({ step: 1 }, "Cannot add minibatch 1 to a trace: minibatch 0 is next");
  for (const value of [-1, 1.5, NaN, 2 ** 32]) {
    refuses(
      { lookups: value },
      `Cannot add to a trace: lookups is ${value} and must be a whole number below 2^32`,
    );
  }
  refuses(
    { kind: "warm" },
    "Cannot add minibatch 0 to a trace: it is of kind warm in place device",
  );
  assert.equal(recorder.length, 0);
});

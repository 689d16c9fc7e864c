import assert from "node:assert/strict";
import { RandomStream, toUnit } from "../../../core/random.ts";
import { bceOp } from "../../../kernels/bce/op.ts";
import { bceRecord } from "../../../kernels/bce/record.ts";
import { embeddingForwardOp } from "../../../kernels/embedding/op.ts";
import { stateFloats } from "../../../kernels/embedding/record.ts";
import { linearForwardOp } from "../../../kernels/linear/op.ts";
import { linearForwardRecord } from "../../../kernels/linear/record.ts";
import type { Device, Matrix, Optimizer } from "../../../kernels/types.ts";
import { assertSameBits, type ConformanceCase, readFloats, Scope, Values } from "./harness.ts";

/** A 1 × 1 layer y = w·x, for tests of what happens when. */
function unitLayer(
  device: Device,
  scope: Scope,
): { x: Matrix; w: Matrix; bias: Matrix; y: Matrix } {
  const matrix = (label: string): Matrix => {
    const m = device.createMatrix(1, 1, label);
    scope.own(m.buffer);
    return m;
  };
  return { x: matrix("x"), w: matrix("w"), bias: matrix("bias"), y: matrix("y") };
}

function set(device: Device, m: Matrix, value: number): void {
  const data = Float32Array.of(value);
  device.write(m.buffer, 4 * m.offset, data);
  // The caller may reuse its array at once.
  data.fill(NaN);
}

/** Cases of memory, order, tables and accounting. */
export const deviceCases: readonly ConformanceCase[] = [
  {
    name: "buffers: zero-filled, written and read in part, empty ones allowed",
    run: async ({ device }) => {
      using scope = new Scope();
      for (let round = 0; round < 3; round++) {
        // The second and third may be the first's memory again.
        const buffer = device.createBuffer(4 * 33, "part");
        assertSameBits("new buffer", await readFloats(device, buffer), new Float32Array(33));
        device.write(buffer, 8, Float32Array.of(1, 2, 3));
        device.write(buffer, 4 * 32, Uint32Array.of(0x7f800001));
        const got = new Float32Array(await device.read(buffer, 4, 16));
        assert.deepEqual([...got], [0, 1, 2, 3]);
        assert.deepEqual(
          [...new Uint32Array(await device.read(buffer, 4 * 31, 8))],
          [0, 0x7f800001],
        );
        buffer.dispose();
      }
      const empty = scope.own(device.createBuffer(0, "empty"));
      assert.equal(empty.byteLength, 0);
      assert.equal((await device.read(empty, 0, 0)).byteLength, 0);
      const whole = scope.own(device.createBuffer(16, "whole"));
      device.write(whole, 16, new Float32Array(0));
      assert.equal((await device.read(whole, 16, 0)).byteLength, 0);
      const view = new Float32Array([9, 1, 2, 3, 4, 9]).subarray(1, 5);
      device.write(whole, 0, view);
      assert.deepEqual([...await readFloats(device, whole)], [1, 2, 3, 4]);
    },
  },
  {
    name: "matrices: padded to 4 floats, single columns packed",
    run: async ({ device }) => {
      using scope = new Scope();
      for (
        const [rows, cols, stride] of [[3, 5, 8], [7, 1, 1], [1, 4, 4], [0, 3, 4], [2, 65, 68]]
      ) {
        const m = device.createMatrix(rows!, cols!, "matrix");
        scope.own(m.buffer);
        assert.deepEqual([m.rows, m.cols, m.stride, m.offset], [rows, cols, stride, 0]);
        const floats = await readFloats(device, m.buffer);
        assert.ok(floats.length >= (rows === 0 ? 0 : (rows! - 1) * stride! + cols!));
        assert.ok(floats.every((f) => f === 0), "a new matrix is not zero-filled");
      }
    },
  },
  {
    name: "order: writes, runs, copies and reads happen as called",
    run: async ({ device }) => {
      using scope = new Scope();
      const layer = unitLayer(device, scope);
      const trace = scope.own(device.createBuffer(4 * 40, "trace"));
      const program = scope.own(device.record("unit", (ops) => {
        ops.add(linearForwardOp, { ...layer, relu: false });
      }));
      set(device, layer.w, 1);
      const want = new Float32Array(40);
      for (let i = 0; i < 40; i++) {
        set(device, layer.x, i + 1);
        if (i === 20) set(device, layer.w, -2);
        device.run(program);
        // Neither this write nor the next round's may reach the run before it.
        set(device, layer.x, -1000);
        device.copy(layer.y.buffer, 0, trace, 4 * i, 4);
        want[i] = (i < 20 ? 1 : -2) * (i + 1);
      }
      const early = readFloats(device, trace);
      set(device, layer.x, 12345);
      device.run(program);
      device.copy(layer.y.buffer, 0, trace, 0, 4);
      assertSameBits("trace of 40 runs", await early, want);
      want[0] = -24690;
      assertSameBits("trace after another run", await readFloats(device, trace), want);
      await device.sync();
    },
  },
  {
    name: "copy: parts of a buffer to another and to itself",
    run: async ({ device }) => {
      using scope = new Scope();
      const values = Float32Array.from(new Values(501).normal(64));
      const [a, b] = [device.createBuffer(256, "a"), device.createBuffer(256, "b")];
      scope.own(a);
      scope.own(b);
      device.write(a, 0, values);
      device.copy(a, 4, b, 12, 4 * 13);
      device.copy(a, 0, b, 0, 0);
      const want = new Float32Array(64);
      want.set(values.subarray(1, 14), 3);
      assertSameBits("copied part", await readFloats(device, b), want);
      assertSameBits("source", await readFloats(device, a), values);
    },
  },
  {
    name: "lookups: a run reads those written last before it",
    run: async ({ device }) => {
      using scope = new Scope();
      const tables = scope.own(
        device.createTables({ rows: [50], dim: 4, optimizer: "sgd" }, "tables"),
      );
      await tables.writeRows(0, Float32Array.from({ length: 200 }, (_, i) => i));
      const lookups = scope.own(
        device.createLookups({ tables: 1, maxBags: 1, maxLookups: 1 }, "lookups"),
      );
      const out = device.createMatrix(1, 4, "out");
      scope.own(out.buffer);
      const trace = scope.own(device.createBuffer(16 * 30, "trace"));
      const program = scope.own(device.record("gather", (ops) => {
        ops.add(embeddingForwardOp, { tables, lookups, out, firstSlot: 0 });
      }));
      for (let i = 0; i < 30; i++) {
        device.writeLookups(lookups, {
          bags: 1,
          tables: 1,
          lookups: 1,
          rows: Uint32Array.of(i + 3),
          offsets: null,
          unique: 1,
          uniqueRows: Uint32Array.of(i + 3),
          segments: Uint32Array.of(0, 1),
          positions: Uint32Array.of(0),
        });
        device.run(program);
        device.copy(out.buffer, 0, trace, 16 * i, 16);
      }
      assertSameBits(
        "rows 3 to 32",
        await readFloats(device, trace),
        Float32Array.from({ length: 120 }, (_, i) => i + 12),
      );
    },
  },
  ...(["sgd", "adagrad", "rowwise-adagrad"] as const).map((
    optimizer: Optimizer["kind"],
  ): ConformanceCase => ({
    name: `tables: rows and ${optimizer} state make the round trip, in part and whole`,
    run: async ({ device }) => {
      using scope = new Scope();
      const values = new Values(510);
      for (const dim of [1, 3, 4, 17]) {
        const spec = { rows: [1, 9, 0, 130], dim, optimizer };
        const tables = scope.own(device.createTables(spec, "tables"));
        assert.deepEqual(tables.rowOffsets, [0, 1, 10, 10, 140]);
        assert.equal(tables.totalRows, 140);
        assert.deepEqual([tables.dim, tables.optimizer, [...tables.rows]], [
          dim,
          optimizer,
          spec.rows,
        ]);
        const width = stateFloats(optimizer, dim);
        const sides = [
          [
            dim,
            (s: number, n: number) => tables.readRows(s, n),
            (s: number, d: Float32Array) => tables.writeRows(s, d),
          ],
          [
            width,
            (s: number, n: number) => tables.readState(s, n),
            (s: number, d: Float32Array) => tables.writeState(s, d),
          ],
        ] as const;
        for (const [floats, read, write] of sides) {
          const want = new Float32Array(140 * floats);
          assertSameBits("new tables", await read(0, 140), want);
          for (const [start, count] of [[0, 140], [8, 5], [139, 1], [40, 0], [64, 65]] as const) {
            const data = Float32Array.from(values.normal(count * floats));
            want.set(data, start * floats);
            await write(start, data);
            data.fill(NaN);
            const [from, rows] = [Math.max(0, start - 2), Math.min(count + 2, 140 - start)];
            assertSameBits(
              `rows from ${from}`,
              await read(from, rows),
              want.slice(from * floats, (from + rows) * floats),
            );
          }
          assertSameBits("all rows", await read(0, 140), want);
          await assert.rejects(async () => await read(139, 2), RangeError);
          await assert.rejects(async () => await read(-1, 1), RangeError);
          await assert.rejects(
            async () => await write(139, new Float32Array(2 * Math.max(1, floats))),
            RangeError,
          );
          if (floats > 1) {
            await assert.rejects(
              async () => await write(0, new Float32Array(floats + 1)),
              RangeError,
            );
          }
        }
      }
    },
  })),
  {
    name: "tables: uniform initialisation has the bits of core/random.ts and clears the state",
    run: async ({ device }) => {
      using scope = new Scope();
      for (const [seed, dim] of [[0, 1], [123, 3], [4294967295, 16], [7, 17]] as const) {
        const rows = [1, 7, 130, 0, 1000, 3];
        const tables = scope.own(
          device.createTables({ rows, dim, optimizer: "rowwise-adagrad" }, "tables"),
        );
        await tables.writeState(0, new Float32Array(tables.totalRows).fill(5));
        await tables.initUniform(seed);
        const random = new RandomStream(seed, "tables", 0);
        const want = new Float32Array(tables.totalRows * dim);
        for (let t = 0; t < rows.length; t++) {
          const bound = Math.fround(Math.sqrt(1 / rows[t]!));
          for (let e = tables.rowOffsets[t]! * dim; e < tables.rowOffsets[t + 1]! * dim; e++) {
            want[e] = Math.fround(2 * toUnit(random.uint32(e)) - 1) * bound;
          }
        }
        assertSameBits(`seed ${seed}`, await tables.readRows(0, tables.totalRows), want);
        assertSameBits(
          "state",
          await tables.readState(0, tables.totalRows),
          new Float32Array(tables.totalRows),
        );
      }
      const tables = scope.own(
        device.createTables({ rows: [4], dim: 4, optimizer: "sgd" }, "tables"),
      );
      await assert.rejects(async () => await tables.initUniform(-1), RangeError);
      await assert.rejects(async () => await tables.initUniform(0.5), RangeError);
    },
  },
  {
    name: "programs: ops are booked on their stages with the records' costs",
    run: async ({ device }) => {
      using scope = new Scope();
      const layer = unitLayer(device, scope);
      const losses = device.createMatrix(1, 4, "losses");
      const slot = scope.own(device.createBuffer(4, "slot"));
      scope.own(losses.buffer);
      const program = scope.own(device.record("booked", (ops) => {
        ops.add(linearForwardOp, { ...layer, relu: false });
        ops.stage("evaluate");
        ops.add(bceOp, {
          logits: layer.x,
          labels: layer.bias,
          weights: null,
          dlogits: layer.y,
          losses,
          slot: { buffer: slot, index: 0 },
        });
      }));
      assert.equal(program.label, "booked");
      const shape = { M: 1, K: 1, N: 1 }, logit = { M: 1, weighted: 0 };
      const [first, second] = program.costs;
      assert.equal(program.costs.length, 2);
      assert.deepEqual(
        [first!.op, first!.stage, first!.flops, first!.bytes],
        [
          linearForwardRecord.name,
          "other",
          linearForwardRecord.flops(shape),
          linearForwardRecord.bytes(shape),
        ],
      );
      assert.deepEqual(
        [second!.op, second!.stage, second!.flops, second!.bytes],
        [bceRecord.name, "evaluate", bceRecord.flops(logit), bceRecord.bytes(logit)],
      );
      await device.takeStageTimes();
      device.run(program);
      await device.sync();
      for (const [stage, ms] of Object.entries(await device.takeStageTimes())) {
        assert.ok(stage === "other" || stage === "evaluate", `time booked on ${stage}`);
        assert.ok(ms >= 0);
      }
      device.run(scope.own(device.record("nothing", () => {})));
      await device.sync();
    },
  },
  {
    name: "counters: uploads, downloads, launches, and no bytes left after disposal",
    run: async ({ open }) => {
      const device = await open();
      assert.equal(device.counters.bytesAllocated, 0);
      const before = { ...device.counters };
      const buffer = device.createBuffer(1024, "buffer");
      const tables = device.createTables(
        { rows: [3, 5], dim: 4, optimizer: "adagrad" },
        "tables",
      );
      const lookups = device.createLookups({ tables: 2, maxBags: 4, maxLookups: 9 }, "lookups");
      const matrix = device.createMatrix(4, 4, "matrix");
      const held = device.counters.bytesAllocated;
      assert.ok(held >= 1024 + 2 * 8 * 16 + 64, `only ${held} bytes are counted`);
      assert.ok(device.counters.peakBytesAllocated >= held);
      device.write(buffer, 0, new Float32Array(100));
      assert.equal(device.counters.bytesUploaded - before.bytesUploaded, 400);
      await tables.writeRows(0, new Float32Array(8));
      assert.equal(device.counters.bytesUploaded - before.bytesUploaded, 432);
      await device.read(buffer, 0, 256);
      assert.equal(device.counters.bytesDownloaded - before.bytesDownloaded, 256);
      const bias = { ...matrix, buffer: matrix.buffer, rows: 1 };
      const y = device.createMatrix(4, 4, "y");
      const program = device.record("layer", (ops) => {
        ops.add(linearForwardOp, { x: matrix, w: matrix, bias, y, relu: false });
      });
      const launched = { ...device.counters };
      device.run(program);
      await device.sync();
      assert.ok(device.counters.dispatches > launched.dispatches, "no dispatch was counted");
      assert.ok(device.counters.submissions > launched.submissions, "no submission was counted");
      for (const owned of [program, buffer, tables, lookups, matrix.buffer, y.buffer]) {
        owned.dispose();
        owned.dispose();
      }
      assert.equal(device.counters.bytesAllocated, 0, "bytes are left after disposal");
      assert.ok(device.counters.peakBytesAllocated >= held, "the peak was forgotten");
      device.dispose();
    },
  },
];

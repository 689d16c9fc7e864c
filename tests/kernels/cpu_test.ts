import assert from "node:assert/strict";
import fc from "../npm/fast_check.ts";
import { bceOp } from "../../kernels/bce/op.ts";
import { embeddingBackwardOp, embeddingForwardOp } from "../../kernels/embedding/op.ts";
import { interactionBackwardOp, interactionForwardOp } from "../../kernels/interaction/op.ts";
import {
  linearBackwardInputOp,
  linearBackwardWeightsOp,
  linearForwardOp,
} from "../../kernels/linear/op.ts";
import { inputScoresOp, rowChangeOp, staleLookupsOp } from "../../kernels/staleness/op.ts";
import { sigmoidForwardOp } from "../../kernels/sigmoid/op.ts";
import { standardiseOp } from "../../kernels/standardise/op.ts";
import { denseUpdateOp } from "../../kernels/update/op.ts";
import { varianceNormBackwardOp, varianceNormForwardOp } from "../../kernels/variance_norm/op.ts";
import { Allocator } from "../../kernels/cpu/allocator.ts";
import { buildKernels, kernelsFile } from "../../kernels/cpu/build.ts";
import { openCpuDevice } from "../../kernels/cpu/device.ts";
import { Team } from "../../kernels/cpu/team.ts";
import { LookupGrouper } from "../../kernels/embedding/group.ts";
import { RandomStream } from "../../core/random.ts";
import type { Device, Matrix, Optimizer } from "../../kernels/types.ts";
import { groupLookups } from "./lookups.ts";

Deno.test("kernels.wasm.ts is what its sources give", async () => {
  assert.equal(await buildKernels(), await Deno.readTextFile(kernelsFile), "run deno task wasm");
});

/** Two steps of a small DLRM-like program with awkward shapes; gives every float that came out. */
async function train(device: Device, optimizer: Optimizer): Promise<Float32Array> {
  const random = new RandomStream(3, "synthetic");
  let drawn = 0;
  const matrix = (rows: number, cols: number, label: string): Matrix => {
    const m = device.createMatrix(rows, cols, label);
    const floats = Float32Array.from(
      { length: rows * m.stride },
      () => random.uniform(drawn++) - 0.5,
    );
    device.write(m.buffer, 0, floats);
    return m;
  };
  const B = 203, dim = 17, tableRows = [3, 1000, 70], T = tableRows.length, F = T + 1;
  const K = 13, N = dim, R = dim + F * (F - 1) / 2;
  const x = matrix(B, K, "x"), w = matrix(N, K, "w"), b = matrix(1, N, "b");
  const dw = matrix(N, K, "dw"), db = matrix(1, N, "db");
  const padded = device.createBuffer(4 * B * 4 * 18, "v");
  const v: Matrix = { buffer: padded, offset: 0, rows: B, cols: F * dim, stride: 72 };
  const dv = matrix(B, F * dim, "dv"), r = matrix(B, R, "r"), dr = matrix(B, R, "dr");
  const wide = matrix(65, R, "wide"), wideBias = matrix(1, 65, "wide bias");
  const hidden = matrix(B, 65, "hidden"), dhidden = matrix(B, 65, "dhidden");
  const dwide = matrix(65, R, "dwide"), dwideBias = matrix(1, 65, "dwide bias");
  const out = matrix(1, 65, "out"), outBias = matrix(1, 1, "out bias");
  const dout = matrix(1, 65, "dout"), doutBias = matrix(1, 1, "dout bias");
  const logits = matrix(B, 1, "logits"), dlogits = matrix(B, 1, "dlogits");
  const labels = matrix(B, 1, "labels"), weights = matrix(B, 1, "weights");
  const losses = matrix(1, 2, "losses");
  const scalars = device.createBuffer(8, "scalars");
  device.write(scalars, 0, new Float32Array([0.5]));
  device.write(labels.buffer, 0, Float32Array.from({ length: B }, (_, i) => i % 3 === 0 ? 1 : 0));
  const learningRate = { buffer: scalars, index: 0 };
  const tables = device.createTables({ rows: tableRows, dim, optimizer: optimizer.kind }, "tables");
  await tables.initUniform(11);
  const lookups = device.createLookups({ tables: T, maxBags: B, maxLookups: 2 * T * B }, "lookups");
  const offsets = Uint32Array.from({ length: T * B + 1 }, (_, i) => i + Math.floor(i / 2));
  const ids = Uint32Array.from(
    { length: offsets.at(-1)! },
    (_, i) => Math.floor(random.uniform(drawn++) * (i < offsets[B]! ? 3 : 70)),
  );
  const first = (m: Matrix): Matrix => ({ ...m, cols: dim });
  const program = device.record("step", (ops) => {
    ops.add(linearForwardOp, { x, w, bias: b, y: first(v), relu: true });
    ops.add(embeddingForwardOp, { tables, lookups, out: v, firstSlot: 1 });
    ops.add(interactionForwardOp, { v, features: F, dim, r });
    ops.add(linearForwardOp, { x: r, w: wide, bias: wideBias, y: hidden, relu: true });
    ops.add(linearForwardOp, { x: hidden, w: out, bias: outBias, y: logits, relu: false });
    ops.add(bceOp, {
      ...{ logits, labels, weights, dlogits, losses },
      slot: { buffer: scalars, index: 1 },
    });
    ops.add(linearBackwardWeightsOp, { dy: dlogits, x: hidden, dw: dout, db: doutBias });
    ops.add(linearBackwardInputOp, { dy: dlogits, w: out, dx: dhidden, mask: hidden });
    ops.add(linearBackwardWeightsOp, { dy: dhidden, x: r, dw: dwide, db: dwideBias });
    ops.add(linearBackwardInputOp, { dy: dhidden, w: wide, dx: dr, mask: null });
    ops.add(interactionBackwardOp, {
      ...{ v, features: F, dim, dr, dv },
      maskFirst: true,
    });
    ops.add(linearBackwardWeightsOp, { dy: first(dv), x, dw, db });
    ops.add(embeddingBackwardOp, {
      tables,
      lookups,
      grad: dv,
      firstSlot: 1,
      optimizer,
      learningRate,
    });
    for (const [params, grads] of [[w, dw], [wide, dwide], [out, dout]] as const) {
      const row = (m: Matrix): Matrix => ({
        ...m,
        rows: 1,
        cols: m.rows * m.stride,
        stride: m.rows * m.stride,
      });
      const flat = { params: row(params), grads: row(grads), state: null, learningRate };
      ops.add(denseUpdateOp, { ...flat, optimizer: { kind: "sgd" } });
    }
  });
  const grouper = new LookupGrouper(tableRows);
  for (let step = 0; step < 2; step++) {
    device.write(scalars, 4, new Uint32Array([step]));
    device.writeLookups(lookups, grouper.group({ bags: B, ids, offsets }));
    device.run(program);
  }
  const all: number[] = [];
  for (const { buffer } of [losses, logits, v, dv, r, dr, hidden, dwide, db, w, wide, out]) {
    all.push(...new Float32Array(await device.read(buffer, 0, buffer.byteLength)));
  }
  all.push(...await tables.readRows(0, tables.totalRows));
  all.push(...await tables.readState(0, tables.totalRows));
  return new Float32Array(all);
}

for (const kind of ["sgd", "adagrad", "rowwise-adagrad"] as const) {
  Deno.test(`openCpuDevice() gives the same bits with any number of threads: ${kind}`, async () => {
    const optimizer: Optimizer = kind === "sgd" ? { kind } : { kind, eps: 1e-8 };
    let want: Float32Array | undefined;
    for (const threads of [1, 2, 3, 5]) {
      using device = await openCpuDevice({ threads });
      assert.equal(device.info.threads, threads);
      const got = await train(device, optimizer);
      assert.ok(got.every(Number.isFinite) && got.some((f) => f !== 0));
      want ??= got;
      assert.deepEqual(new Uint32Array(got.buffer), new Uint32Array(want.buffer));
    }
  });
}

/** Every op on vectors, columns and scores, at sizes of several tasks; gives every float that came out. */
async function score(device: Device): Promise<Float32Array> {
  const random = new RandomStream(5, "synthetic");
  let drawn = 0;
  const matrix = (rows: number, cols: number, label: string): Matrix => {
    const m = device.createMatrix(rows, cols, label);
    device.write(
      m.buffer,
      0,
      Float32Array.from({ length: rows * m.stride }, () => random.normal(drawn++)),
    );
    return m;
  };
  const B = 307, F = 3, dim = 17, R = 1000, L = 8;
  const [x, dy] = ["x", "dy"].map((label) => matrix(B, F * dim, label));
  const [mean, variance] = ["mean", "variance"].map((label) => matrix(1, F * dim, label));
  device.write(variance!.buffer, 0, new Float32Array(F * dim).fill(0.5));
  const [gain, eps, dgain] = ["gain", "eps", "dgain"].map((label) => matrix(1, F, label));
  const [gy, gdx] = ["gained", "gained dx"].map((label) => matrix(B, F * dim, label));
  device.write(eps!.buffer, 0, new Float32Array(F).fill(0.25));
  const gained = { x: x!, features: F, dim, gain: gain!, eps: eps! };
  const columns = matrix(B, F * dim, "columns"), change = matrix(1, B * F, "change");
  const scores = matrix(1, R, "scores");
  const results = ["nth", "max", "mean of scores", "stale"].map((label) => matrix(B, 1, label));
  const list = device.createBuffer(4 * B * L, "list");
  device.write(
    list,
    0,
    Uint32Array.from({ length: B * L }, () => Math.floor(random.uniform(drawn++) * R)),
  );
  const knob = device.createBuffer(4, "knob");
  device.write(knob, 0, Float32Array.of(0.25));
  const scalar = { buffer: knob, index: 0 };
  const layout = {
    ...{ inputs: B, groups: 2, lookups: L / 2 },
    ...{ groupStride: B * L / 2, lookupStride: 1, inputStride: L / 2 },
  };
  const lookups = { scores, rows: { buffer: list, offset: 0, length: B * L }, layout };
  device.run(device.record("score", (ops) => {
    ops.add(varianceNormForwardOp, { ...gained, y: gy! });
    ops.add(varianceNormBackwardOp, { ...gained, dy: dy!, dx: gdx!, dgain: dgain! });
    ops.add(standardiseOp, { x: x!, mean: mean!, variance: variance!, eps: 1e-5, y: columns });
    ops.add(rowChangeOp, { a: x!, b: dy!, features: F, dim, change, accumulate: true });
    const [nth, max, middle, stale] = results;
    ops.add(inputScoresOp, { ...lookups, combine: { kind: "nth-smallest", n: 3 }, out: nth! });
    ops.add(inputScoresOp, { ...lookups, combine: { kind: "max" }, out: max! });
    ops.add(inputScoresOp, { ...lookups, combine: { kind: "mean" }, out: middle! });
    ops.add(staleLookupsOp, { ...lookups, threshold: scalar, out: stale! });
  }));
  const all: number[] = [];
  for (const m of [gy!, gdx!, dgain!, columns, change, ...results]) {
    all.push(...new Float32Array(await device.read(m.buffer, 0, m.buffer.byteLength)));
  }
  return new Float32Array(all);
}

Deno.test("openCpuDevice() gives the same bits with any number of threads: vectors, columns, scores", async () => {
  let want: Float32Array | undefined;
  for (const threads of [1, 2, 3, 5]) {
    using device = await openCpuDevice({ threads });
    const got = await score(device);
    assert.ok(got.every(Number.isFinite) && got.some((f) => f !== 0));
    want ??= got;
    assert.deepEqual(new Uint32Array(got.buffer), new Uint32Array(want.buffer));
  }
});

Deno.test("openCpuDevice() refuses a number of threads that cannot be", async () => {
  for (const threads of [0, -1, 1.5, NaN, 257]) {
    await assert.rejects(openCpuDevice({ threads }), {
      name: "RangeError",
      message: `Cannot open the CPU device: threads is ${threads}, not an integer from 1 to 256`,
    });
  }
});

Deno.test("dispose() of a CPU device is final, may be repeated, and leaves nothing running", async () => {
  const device = await openCpuDevice({ threads: 3 });
  const m = device.createMatrix(2, 2, "m");
  const program = device.record("nothing", () => {});
  device.dispose();
  device.dispose();
  const message = /^Cannot .*: the device is disposed$/;
  assert.throws(() => device.createBuffer(4, "late"), { message });
  assert.throws(() => device.run(program), { message });
  assert.throws(() => device.write(m.buffer, 0, new Float32Array(1)), { message });
  await assert.rejects(device.read(m.buffer, 0, 4), { message });
  await assert.rejects(device.sync(), { message });
  m.buffer.dispose();
  program.dispose();
  assert.equal(device.counters.bytesAllocated, 0);
});

Deno.test("createBuffer() says what is taken when the memory cannot hold more, and goes on", async () => {
  using device = await openCpuDevice({ threads: 1 });
  const kept = device.createBuffer(1000, "kept");
  assert.throws(() => device.createBuffer(2 ** 32, "huge"), {
    name: "RangeError",
    message:
      "Cannot allocate 4294967296 bytes for huge: 1024 are taken and no more can be had (at most 4 GiB for everything but tables)",
  });
  assert.throws(
    () => device.createTables({ rows: [2 ** 30], dim: 16, optimizer: "sgd" }, "too many"),
    { name: "RangeError", message: /^Cannot allocate 68719476736 bytes for too many: / },
  );
  device.write(kept, 0, new Float32Array([7]));
  assert.deepEqual(new Float32Array(await device.read(kept, 0, 4)), new Float32Array([7]));
});

Deno.test("ops work the same on buffers beyond 2 GiB", async () => {
  const optimizer = { kind: "adagrad", eps: 1e-8 } as const;
  using near = await openCpuDevice({ threads: 1 });
  using far = await openCpuDevice({ threads: 2 });
  far.createBuffer(2 ** 31, "half of the memory");
  assert.deepEqual(await train(far, optimizer), await train(near, optimizer));
});

Deno.test("createTables() reaches rows beyond 4 GiB, and touches no memory before it is used", async () => {
  using device = await openCpuDevice({ threads: 2 });
  const rows = 80_000_000, dim = 16;
  const tables = device.createTables({ rows: [rows, 1], dim, optimizer: "sgd" }, "big");
  const out = device.createMatrix(2, 2 * dim, "out");
  const scalars = device.createBuffer(4, "scalars");
  device.write(scalars, 0, new Float32Array([1]));
  const lookups = device.createLookups({ tables: 2, maxBags: 2, maxLookups: 4 }, "lookups");
  const values = Float32Array.from({ length: 2 * dim }, (_, i) => i + 1);
  await tables.writeRows(rows - 1, values);
  const ids = new Uint32Array([0, rows - 1, 0, 0]);
  device.writeLookups(
    lookups,
    new LookupGrouper([rows, 1]).group({ bags: 2, ids, offsets: null }),
  );
  const program = device.record("far", (ops) => {
    ops.add(embeddingForwardOp, { tables, lookups, out, firstSlot: 0 });
    ops.add(embeddingBackwardOp, {
      ...{ tables, lookups, grad: out, firstSlot: 0, optimizer: { kind: "sgd" } },
      learningRate: { buffer: scalars, index: 0 },
    });
  });
  device.run(program);
  const got = new Float32Array(await device.read(out.buffer, 0, 4 * 4 * dim));
  const zeros = Array<number>(dim).fill(0);
  const [near, far] = [values.slice(0, dim), values.slice(dim)];
  assert.deepEqual([...got], [...zeros, ...far, ...near, ...far]);
  // Both bags of the second table name its one row, so its gradient is twice the row.
  const after = await tables.readRows(rows - 1, 2);
  assert.deepEqual([...after], [...zeros, ...far.map((f) => f - 2 * f)]);
  // The rows would fill 5 GB; other tests may run in the same process.
  assert.ok(Deno.memoryUsage().rss < 2 ** 32);
});

Deno.test("rows and state of tables that begin beyond 4 GiB are found there, and nowhere else", async () => {
  using device = await openCpuDevice({ threads: 2 });
  const dim = 16, optimizer = { kind: "rowwise-adagrad", eps: 0 } as const;
  // The state of the first begins beyond 4 GiB, and so does all of the second.
  const large = device.createTables(
    { rows: [70_000_000], dim, optimizer: optimizer.kind },
    "large",
  );
  const small = device.createTables({ rows: [3], dim, optimizer: optimizer.kind }, "small");
  const grad = device.createMatrix(1, dim, "grad");
  device.write(grad.buffer, 0, new Float32Array(dim).fill(2));
  const scalars = device.createBuffer(4, "scalars");
  device.write(scalars, 0, new Float32Array([1]));
  for (const [tables, rows] of [[large, 70_000_000], [small, 3]] as const) {
    const lookups = device.createLookups({ tables: 1, maxBags: 1, maxLookups: 1 }, "lookups");
    device.writeLookups(lookups, groupLookups([rows], 1, [1]));
    device.run(device.record("update", (ops) =>
      ops.add(embeddingBackwardOp, {
        ...{ tables, lookups, grad, firstSlot: 0, optimizer },
        learningRate: { buffer: scalars, index: 0 },
      })));
    // The mean square is 4 and the step 1 · 2 / 2.
    assert.deepEqual([...await tables.readState(0, 3)], [0, 4, 0]);
    assert.deepEqual(
      [...await tables.readRows(0, 3)],
      [0, -1, 0].flatMap((value) => Array<number>(dim).fill(value)),
    );
  }
});

Deno.test("createTables() after dispose() gets zero-filled rows and state", async () => {
  using device = await openCpuDevice({ threads: 1 });
  const spec = { rows: [10], dim: 3, optimizer: "adagrad" } as const;
  for (let i = 0; i < 2; i++) {
    const tables = device.createTables(spec, "tables");
    assert.ok((await tables.readRows(0, 10)).every((f) => f === 0));
    assert.ok((await tables.readState(0, 10)).every((f) => f === 0));
    await tables.writeRows(0, new Float32Array(30).fill(1));
    await tables.writeState(0, new Float32Array(30).fill(2));
    tables.dispose();
  }
});

Deno.test("record() refuses what belongs to another device", async () => {
  using one = await openCpuDevice({ threads: 1 });
  using other = await openCpuDevice({ threads: 1 });
  const m = one.createMatrix(1, 1, "mine"), theirs = other.createMatrix(1, 1, "theirs");
  const args = { x: m, w: m, bias: m, y: theirs, relu: false };
  assert.throws(() => one.record("mixed", (ops) => ops.add(linearForwardOp, args)), {
    name: "TypeError",
    message: "Cannot record a program: theirs belongs to another device",
  });
  const program = other.record("nothing", () => {});
  assert.throws(() => one.run(program), { name: "TypeError" });
});

Deno.test("Team reports a kernel that fails, and every use after it", async () => {
  for (const threads of [1, 3]) {
    const team = await Team.open(threads);
    team.growMain(2 * 65536);
    const words = new Int32Array(team.memory.buffer);
    const program = 65536;
    words[program / 4] = 999; // No such op.
    const message =
      /^Cannot use the CPU device: a kernel failed on thread \d: RuntimeError: unreachable$/;
    assert.throws(() => team.run(program, 1), { message });
    assert.throws(() => team.run(program, 0), { message });
    team.close();
  }
});

Deno.test("Allocator keeps ranges apart, aligned and clean where it says so", () => {
  const command = fc.record({ take: fc.boolean(), size: fc.nat(5000), which: fc.nat() });
  fc.assert(
    fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
      let reach = 0;
      const allocator = new Allocator(4096, (end) => reach = Math.max(reach, end));
      const live: { address: number; size: number }[] = [];
      const dirty = new Set<number>();
      for (const { take, size, which } of commands) {
        if (!take && live.length > 0) {
          const [gone] = live.splice(which % live.length, 1);
          allocator.release(gone!.address);
          continue;
        }
        const { address, used } = allocator.allocate(size);
        assert.equal(address % 64, 0);
        assert.ok(address >= 4096 && address + size <= reach);
        for (const other of live) {
          assert.ok(
            address + Math.max(1, size) <= other.address || other.address + other.size <= address,
          );
        }
        for (let line = address; line < address + size; line += 64) {
          assert.ok(!dirty.has(line) || line < address + used, "used memory passed off as clean");
          dirty.add(line);
        }
        live.push({ address, size: Math.max(1, size) });
      }
      for (const { address } of live) allocator.release(address);
      assert.equal(allocator.allocated, 0);
      assert.throws(() => allocator.release(4096), /Cannot release address 4096/);
      assert.equal(allocator.allocate(1).address, 4096);
    }),
    { seed: 5 },
  );
});

Deno.test("time is booked on 31 stages, each under its name, and a program with one more is refused", async () => {
  using device = await openCpuDevice({ threads: 2 });
  const x = device.createMatrix(64, 64, "x"), y = device.createMatrix(64, 64, "y");
  const record = (first: number, stages: number) =>
    device.record("booked", (ops) => {
      for (let i = first; i < first + stages; i++) {
        ops.stage(`stage ${i}`);
        ops.add(sigmoidForwardOp, { x, y });
      }
    });
  device.run(record(0, 31));
  const times = await device.takeStageTimes();
  assert.deepEqual(Object.keys(times), Array.from({ length: 31 }, (_, i) => `stage ${i}`));
  assert.deepEqual(await device.takeStageTimes(), {});
  assert.throws(() => record(30, 2), {
    name: "RangeError",
    message: "Cannot book time on stage stage 31: there are 31 stages already, and no more fit",
  });
});

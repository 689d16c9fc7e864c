import assert from "node:assert/strict";
import { RandomStream, toUnit } from "../../core/random.ts";
import { bceOp } from "../../kernels/bce/op.ts";
import { LookupGrouper } from "../../kernels/embedding/group.ts";
import { initLaunch } from "../../kernels/embedding/init_webgpu.ts";
import { embeddingBackwardOp, embeddingForwardOp } from "../../kernels/embedding/op.ts";
import { linearForwardOp } from "../../kernels/linear/op.ts";
import type { Matrix, Optimizer } from "../../kernels/types.ts";
import { denseUpdateOp } from "../../kernels/update/op.ts";
import { openWebGpuDevice, WebGpuDevice, type WebGpuOptions } from "../../kernels/webgpu/device.ts";
import { ErrorKeeper } from "../../kernels/webgpu/errors.ts";
import { composeKernel } from "../../kernels/webgpu/kernel.ts";
import { Readback } from "../../kernels/webgpu/readback.ts";
import scatterCas from "./scatter_cas.wgsl" with { type: "text" };
import { onWgpu, webGpuAvailable } from "./webgpu_available.ts";

async function open(options: WebGpuOptions = {}): Promise<WebGpuDevice> {
  const device = await openWebGpuDevice({ adapter: "any", ...options });
  assert.ok(device instanceof WebGpuDevice);
  return device;
}

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: !webGpuAvailable, fn });
}

interface Layer {
  readonly x: Matrix;
  readonly w: Matrix;
  readonly bias: Matrix;
  readonly y: Matrix;
}

function makeLayer(device: WebGpuDevice, M: number, K: number, N: number): Layer {
  return {
    x: device.createMatrix(M, K, "x"),
    w: device.createMatrix(N, K, "w"),
    bias: device.createMatrix(1, N, "bias"),
    y: device.createMatrix(M, N, "y"),
  };
}

function fill(device: WebGpuDevice, m: Matrix, value: (i: number) => number): void {
  const length = m.buffer.byteLength / 4;
  device.write(m.buffer, 0, Float32Array.from({ length }, (_, i) => value(i)));
}

test("a kernel that does not compile is thrown with its name and the compiler's words", async () => {
  using device = await open();
  const out = device.createBuffer(16, "out");
  const kernel = composeKernel({
    name: "broken kernel",
    params: { n: "u32" },
    buffers: { out: "write f32" },
    sources: ["@compute @workgroup_size(1) fn main() { out[0] = p.missing; }"],
  });
  const launch = kernel.launch({
    params: { n: 1 },
    buffers: { out: out.storage(device.memory) },
    groups: 1,
  });
  device.launchNow("broken", [launch]);
  await assert.rejects(device.sync(), /^Error: Cannot compile kernel broken kernel: .*missing/s);
  // Told once; the device goes on.
  while (await device.sync().then(() => false, () => true));
  device.write(out, 0, Float32Array.of(1, 2, 3, 4));
  assert.deepEqual([...new Float32Array(await device.read(out, 0, 16))], [1, 2, 3, 4]);
});

test("an invalid command is thrown at the next wait with the names of program and buffer", async () => {
  using device = await open();
  const layer = makeLayer(device, 4, 4, 4);
  const program = device.record(
    "doomed step",
    (ops) => ops.add(linearForwardOp, { ...layer, relu: false }),
  );
  await device.sync();
  // Behind the device's back.
  (layer.y.buffer as ReturnType<WebGpuDevice["createBuffer"]>).storage(device.memory).destroy();
  device.run(program);
  await assert.rejects(
    device.sync(),
    /^Error: Cannot run program doomed step: .*['"]y['"]/s,
  );
});

test("an error that no scope catches is kept and thrown", async () => {
  using device = await open();
  const bad = device.gpu.createBuffer({
    size: 16,
    usage: GPUBufferUsage.STORAGE,
    label: "no copies",
  });
  const encoder = device.gpu.createCommandEncoder();
  encoder.clearBuffer(bad);
  device.gpu.queue.submit([encoder.finish()]);
  bad.destroy();
  // The first readback of a device has to await its mapping, and meanwhile the event arrives.
  await assert.rejects(device.sync(), /^Error: Cannot run on WebGPU: .*['"]no copies['"]/s);
});

Deno.test("a lost device is told every time, a destroyed one is not", async () => {
  const fake = (reason: string): GPUDevice =>
    Object.assign(new EventTarget(), {
      lost: Promise.resolve({ reason, message: "the cable is out" }),
    }) as unknown as GPUDevice;
  const lost = new ErrorKeeper(fake("unknown"));
  const destroyed = new ErrorKeeper(fake("destroyed"));
  destroyed.close();
  await Promise.resolve();
  for (let i = 0; i < 2; i++) assert.throws(() => lost.throwPending(), /lost \(the cable is out\)/);
  destroyed.throwPending();
});

test("pipelines are compiled once for a source and its constants, whatever the sizes", async () => {
  using device = await open();
  const record = (M: number, K: number, N: number): void => {
    const layer = makeLayer(device, M, K, N);
    device.record("layer", (ops) => ops.add(linearForwardOp, { ...layer, relu: true })).dispose();
  };
  record(8, 12, 16);
  const { size } = device.pipelines;
  assert.equal(size, 1);
  record(8, 12, 16);
  record(65, 3, 70);
  assert.equal(device.pipelines.size, size);
  record(8, 12, 1);
  assert.equal(device.pipelines.size, size + 1);
});

for (const maxWorkgroupsPerDimension of [65535, 5]) {
  test(`grids of at most ${maxWorkgroupsPerDimension} workgroups a dimension reach every element`, async () => {
    using device = await open({ maxWorkgroupsPerDimension });
    // 71 workgroups: 5 × 5 × 3 of the lowered limit, with some to spare.
    const n = 256 * 70 + 1;
    const params = device.createMatrix(1, n, "params");
    const grads = device.createMatrix(1, n, "grads");
    const rate = device.createBuffer(4, "rate");
    fill(device, params, (i) => i % 1000);
    fill(device, grads, (i) => i % 3);
    device.write(rate, 0, Float32Array.of(2));
    const program = device.record("update", (ops) => {
      const learningRate = { buffer: rate, index: 0 };
      ops.add(denseUpdateOp, {
        params,
        grads,
        state: null,
        optimizer: { kind: "sgd" },
        learningRate,
      });
    });
    device.run(program);
    const got = new Float32Array(await device.read(params.buffer, 0, 4 * n));
    assert.deepEqual(got, Float32Array.from({ length: n }, (_, i) => i % 1000 - 2 * (i % 3)));
  });
}

test("grids beyond three dimensions are refused when recorded", async () => {
  using device = await open({ maxWorkgroupsPerDimension: 2 });
  const m = (label: string): Matrix => device.createMatrix(1, 256 * 9, label);
  const learningRate = { buffer: device.createBuffer(4, "rate"), index: 0 };
  const args = { params: m("params"), grads: m("grads"), state: null, learningRate };
  assert.throws(
    () =>
      device.record(
        "update",
        (ops) => ops.add(denseUpdateOp, { ...args, optimizer: { kind: "sgd" } }),
      ),
    /^RangeError: Cannot launch 9 workgroups/,
  );
});

test("shards change no bit: tables over many shards, and one table over several", async () => {
  const tableRows = [3, 40, 0, 5, 16, 100, 1];
  const bags = 50;
  const ids: number[] = [];
  const offsets = [0];
  tableRows.forEach((rows, t) => {
    for (let b = 0; b < bags; b++) {
      const count = rows === 0 ? 0 : (b + t) % 4;
      for (let k = 0; k < count; k++) ids.push((b * b * 7 + k * 13 + t) % rows);
      offsets.push(ids.length);
    }
  });
  const results: Uint32Array[][] = [];
  for (const maxBindingBytes of [2 ** 20, 16 * 4 * 16, 4 * 16]) {
    using device = await open({ maxBindingBytes });
    const tables = device.createTables(
      { rows: tableRows, dim: 16, optimizer: "rowwise-adagrad" },
      "tables",
    );
    await tables.initUniform(5);
    const first = await tables.readRows(0, tables.totalRows);
    // Whole numbers, so that no order of a bag's sum rounds.
    await tables.writeRows(0, first.map((x) => Math.round(100 * x)));
    const lookups = device.createLookups({
      tables: tableRows.length,
      maxBags: bags,
      maxLookups: ids.length,
    }, "lookups");
    device.writeLookups(
      lookups,
      new LookupGrouper(tableRows).group({
        bags,
        ids: Uint32Array.from(ids),
        offsets: Uint32Array.from(offsets),
      }),
    );
    const out = device.createMatrix(bags, 16 * tableRows.length, "out");
    const grad = device.createMatrix(bags, 16 * tableRows.length, "grad");
    fill(device, grad, (i) => Math.sin(i));
    fill(device, out, () => NaN);
    const rate = device.createBuffer(4, "rate");
    device.write(rate, 0, Float32Array.of(0.1));
    const common = { tables, lookups, firstSlot: 0 };
    device.run(device.record("step", (ops) => {
      ops.add(embeddingForwardOp, { ...common, out });
      ops.add(embeddingBackwardOp, {
        ...common,
        grad,
        optimizer: { kind: "rowwise-adagrad", eps: 1e-8 },
        learningRate: { buffer: rate, index: 0 },
      });
    }));
    const pooled = await device.read(out.buffer, 0, out.buffer.byteLength);
    const rows = await tables.readRows(0, tables.totalRows);
    const state = await tables.readState(0, tables.totalRows);
    results.push(
      [first, rows, state, new Float32Array(pooled)].map((x) => new Uint32Array(x.buffer)),
    );
  }
  const [whole, sixteen, single] = results;
  assert.deepEqual(sixteen, whole, "16 rows a shard");
  assert.deepEqual(single, whole, "a row a shard");
});

test("start values have the bits of core/random.ts beyond 2^32 blocks", async () => {
  using device = await open();
  const count = 4099;
  const shard = device.createBuffer(4 * (count + 3), "shard");
  const position = 2 ** 34 - 2047;
  const scale = Math.fround(Math.sqrt(1 / 7));
  device.launchNow("init", [
    initLaunch({
      shard: shard.storage(device.memory),
      place: 2,
      position,
      count,
      seed: 4000000000,
      scale,
    }),
  ]);
  const got = new Float32Array(await device.read(shard, 0, shard.byteLength));
  const random = new RandomStream(4000000000, "tables");
  const want = new Float32Array(count + 3);
  for (let i = 0; i < count; i++) {
    want[2 + i] = Math.fround(2 * toUnit(random.uint32(position + i)) - 1) * scale;
  }
  assert.deepEqual(new Uint32Array(got.buffer), new Uint32Array(want.buffer));
});

/** Lookups of one table, most of them to few rows. */
function skewedIds(count: number, rows: number): Uint32Array {
  const random = new RandomStream(11, "synthetic");
  return Uint32Array.from(
    { length: count },
    (_, i) => Math.floor(rows * random.uniform(i) ** 6),
  );
}

for (const kind of ["sgd", "adagrad", "rowwise-adagrad"] as const) {
  test(`embedding backward gives the same bits each time: ${kind}, segments of thousands`, async () => {
    using device = await open();
    const [rows, dim, bags] = [300, 16, 16384];
    const optimizer: Optimizer = kind === "sgd" ? { kind } : { kind, eps: 1e-8 };
    const tables = device.createTables({ rows: [rows], dim, optimizer: kind }, "tables");
    const lookups = device.createLookups({ tables: 1, maxBags: bags, maxLookups: bags }, "lookups");
    const ids = skewedIds(bags, rows);
    const grouped = new LookupGrouper([rows]).group({ bags, ids, offsets: null });
    const longest = Math.max(
      ...grouped.segments.subarray(1).map((end, u) => end - grouped.segments[u]!),
    );
    assert.ok(longest > 2000, `the longest segment has ${longest} positions`);
    device.writeLookups(lookups, grouped);
    const grad = device.createMatrix(bags, dim, "grad");
    fill(device, grad, (i) => Math.sin(i) * 10 ** (i % 5));
    const rate = device.createBuffer(4, "rate");
    device.write(rate, 0, Float32Array.of(1));
    const program = device.record("update", (ops) => {
      const learningRate = { buffer: rate, index: 0 };
      ops.add(embeddingBackwardOp, {
        tables,
        lookups,
        grad,
        firstSlot: 0,
        optimizer,
        learningRate,
      });
    });
    let first: Float32Array | null = null;
    for (let round = 0; round < 8; round++) {
      await tables.initUniform(3);
      device.run(program);
      const got = await tables.readRows(0, rows);
      first ??= got;
      assert.deepEqual(new Uint32Array(got.buffer), new Uint32Array(first.buffer));
    }
  });
}

test("the same gradients added in another order give other bits, so the tests above could fail", async () => {
  using device = await open();
  const [rows, dim, count] = [300, 16, 16384];
  const sums = device.createBuffer(4 * rows * dim, "sums");
  const ids = device.createBuffer(4 * count, "rows");
  const grad = device.createBuffer(4 * count * dim, "grad");
  const kernel = composeKernel({
    name: "scatter-cas",
    params: { lookups: "u32", dim: "u32" },
    buffers: { rows: "read u32", grad: "read f32", sums: "write atomic<u32>" },
    sources: [scatterCas],
  });
  const launch = kernel.launch({
    params: { lookups: count, dim },
    buffers: {
      rows: ids.storage(device.memory),
      grad: grad.storage(device.memory),
      sums: sums.storage(device.memory),
    },
    groups: count * dim / 256,
  });
  // Atomic additions come in no order on a GPU, but in that of the lookups on one core: reversed, they differ there too.
  const scatter = async (lookupAt: (i: number) => number): Promise<Float32Array> => {
    const skewed = skewedIds(count, rows);
    device.write(ids, 0, skewed.map((_, i) => skewed[lookupAt(i)]!));
    device.write(
      grad,
      0,
      Float32Array.from(
        { length: count * dim },
        (_, e) => Math.sin(lookupAt(Math.floor(e / dim)) * dim + e % dim),
      ),
    );
    device.clear(sums.storage(device.memory));
    device.launchNow("scatter", [launch]);
    return new Float32Array(await device.read(sums, 0, sums.byteLength));
  };
  const forwards = await scatter((i) => i);
  const backwards = await scatter((i) => count - 1 - i);
  assert.notDeepEqual(new Uint32Array(backwards.buffer), new Uint32Array(forwards.buffer));
  // Not for other terms: but for rounding, the sums of at most 16,384 sines are the same.
  forwards.forEach((sum, i) => assert.ok(Math.abs(sum - backwards[i]!) < 0.1, `sum ${i}`));
});

test("a logit that is not finite makes the loss NaN", async () => {
  using device = await open();
  const column = (label: string): Matrix => device.createMatrix(300, 1, label);
  const [logits, labels, dlogits] = [column("logits"), column("labels"), column("dlogits")];
  const losses = device.createMatrix(1, 4, "losses");
  const slot = { buffer: device.createBuffer(4, "slot"), index: 0 };
  const program = device.record(
    "loss",
    (ops) => ops.add(bceOp, { logits, labels, weights: null, dlogits, losses, slot }),
  );
  for (const [at, bad] of [[0, NaN], [1, Infinity], [2, -Infinity], [3, 3e38]] as const) {
    fill(device, logits, (i) => i === 271 ? bad : 0);
    device.write(slot.buffer, 0, Uint32Array.of(at));
    device.run(program);
  }
  const got = new Float32Array(await device.read(losses.buffer, 0, 16));
  assert.deepEqual([...got.subarray(0, 3)], [NaN, NaN, NaN]);
  assert.ok(Math.abs(got[3]! / 1e36 - 1) < 1e-6);
});

test("buffers given back are reused up to a cap, and none is left", async () => {
  using device = await open();
  for (let round = 0; round < 100; round++) {
    const buffers = [1, 7, 64].map((k) => device.createBuffer(k * 2 ** 20, `buffer ${k}`));
    assert.equal(device.counters.bytesAllocated, 72 * 2 ** 20);
    for (const buffer of buffers) buffer.dispose();
    assert.equal(device.counters.bytesAllocated, 0);
    assert.equal(device.memory.keptBytes, 72 * 2 ** 20);
  }
  assert.equal(device.counters.peakBytesAllocated, 72 * 2 ** 20);
  for (let k = 1; k <= 40; k++) device.createBuffer(k * 2 ** 20, "one of many").dispose();
  assert.ok(device.memory.keptBytes <= 256 * 2 ** 20, `${device.memory.keptBytes} bytes are kept`);
  const dirty = device.createBuffer(2 ** 20, "dirty");
  device.write(dirty, 0, new Float32Array(2 ** 18).fill(1));
  dirty.dispose();
  const clean = device.createBuffer(2 ** 20, "clean");
  const floats = new Float32Array(await device.read(clean, 0, 2 ** 20));
  assert.ok(floats.every((x) => x === 0));
});

test("long uploads are submitted on the way, so that staging memory is freed", async () => {
  using device = await open();
  const buffer = device.createBuffer(2 ** 20, "target");
  const data = new Float32Array(2 ** 18);
  const before = device.counters.submissions;
  for (let i = 0; i < 64; i++) device.write(buffer, 0, data.fill(i));
  assert.equal(device.counters.submissions - before, 4);
  assert.equal(new Float32Array(await device.read(buffer, 2 ** 20 - 4, 4))[0], 63);
});

test("readback: only the first mapping of a staging buffer is awaited", async () => {
  using device = await open();
  const buffer = device.createBuffer(4096, "buffer");
  for (let i = 1; i <= 20; i++) {
    device.write(buffer, 0, Uint32Array.of(i));
    assert.equal(new Uint32Array(await device.read(buffer, 0, 4))[0], i);
  }
  const { immediate, awaited } = device.readback.mappings;
  assert.equal(immediate + awaited, 20);
  // In Deno's own WebGPU a software adapter has finished when it is asked. A GPU may not have, and in Dawn no mapping is
  // there at once: then it is awaited.
  if (device.info.isFallbackAdapter && onWgpu) {
    assert.deepEqual({ immediate, awaited }, { immediate: 19, awaited: 1 });
  }
});

/** A device whose staging buffers are mapped once the test lets them be, and never at once. */
function withLateMappings(device: WebGpuDevice, gate: () => Promise<void>): GPUDevice {
  return {
    createCommandEncoder: (d: GPUCommandEncoderDescriptor) => device.gpu.createCommandEncoder(d),
    createBuffer: (descriptor: GPUBufferDescriptor) => {
      const staging = device.gpu.createBuffer(descriptor);
      let mapped = false;
      Object.defineProperties(staging, {
        mapAsync: {
          value: async (mode: number, offset: number, size: number) => {
            mapped = false;
            await GPUBuffer.prototype.mapAsync.call(staging, mode, offset, size);
            await gate();
            mapped = true;
          },
        },
        getMappedRange: {
          value: (offset: number, size: number) => {
            if (!mapped) throw new DOMException("not mapped", "OperationError");
            return GPUBuffer.prototype.getMappedRange.call(staging, offset, size);
          },
        },
      });
      return staging;
    },
  } as unknown as GPUDevice;
}

test("readback: where a mapping is never there at once, it is awaited", async () => {
  using device = await open();
  const buffer = device.createBuffer(4096, "buffer");
  const gpu = withLateMappings(device, () => Promise.resolve());
  const counters = { awaitedMappings: 0 };
  const readback = new Readback(gpu, (commands) => device.submitter.submit(commands), counters);
  for (let i = 1; i <= 3; i++) {
    device.write(buffer, 0, Uint32Array.of(i));
    const got = new Uint32Array(1);
    await readback.read(buffer.storage(device.memory), 0, new Uint8Array(got.buffer));
    assert.equal(got[0], i);
  }
  assert.deepEqual(readback.mappings, { immediate: 0, awaited: 3 });
  assert.equal(counters.awaitedMappings, 3);
  readback.close();
});

test("readback: a read that is begun holds what was there then, and is taken without waiting", async () => {
  using device = await open();
  const buffer = device.createBuffer(4096, "buffer");
  const gate = Promise.withResolvers<void>();
  const gpu = withLateMappings(device, () => gate.promise);
  const counters = { awaitedMappings: 0 };
  const readback = new Readback(gpu, (commands) => device.submitter.submit(commands), counters);
  const begun = [1, 2, 3].map((i) => {
    device.write(buffer, 0, Uint32Array.of(i));
    const got = new Uint32Array(1);
    const storage = buffer.storage(device.memory);
    return { got, landing: readback.start(storage, 0, new Uint8Array(got.buffer)) };
  });
  device.write(buffer, 0, Uint32Array.of(99));
  assert.deepEqual(begun.map(({ landing }) => landing.arrived()), [false, false, false]);
  gate.resolve();
  await begun[2]!.landing.wait();
  await begun[0]!.landing.wait();
  assert.equal(begun[1]!.landing.arrived(), true);
  assert.deepEqual(begun.map(({ got }) => got[0]), [1, 2, 3]);
  assert.equal(readback.mappings.awaited, counters.awaitedMappings);
  readback.close();
});

test("reads and stage times that are begun come in order, and more than 16 MiB are refused", async () => {
  using device = await open();
  const buffer = device.createBuffer(16 * 2 ** 20 + 4, "buffer");
  assert.throws(
    () => device.readLater(buffer, 0, buffer.byteLength),
    /^RangeError: Cannot read 16777220 bytes of buffer later: the most is 16777216$/,
  );
  device.write(buffer, 0, Uint32Array.of(1));
  const first = device.readLater(buffer, 0, 4), times = device.stageTimesLater();
  device.write(buffer, 0, Uint32Array.of(2));
  const second = device.readLater(buffer, 0, 4);
  assert.equal(new Uint32Array(await second.wait())[0], 2);
  assert.equal(new Uint32Array(await first.wait())[0], 1);
  assert.equal(new Uint32Array(first.take()!)[0], 1);
  assert.deepEqual(await times.wait(), {});
});

test("reads longer than a staging buffer, and several at once", async () => {
  using device = await open();
  const long = device.createBuffer(20 * 2 ** 20 + 4, "long");
  const words = Uint32Array.from(
    { length: long.byteLength / 4 },
    (_, i) => Math.imul(i, 2654435761),
  );
  device.write(long, 0, words);
  const reads = await Promise.all([
    device.read(long, 0, long.byteLength),
    device.read(long, 8, 12),
    device.read(long, long.byteLength - 4, 4),
  ]);
  assert.deepEqual(new Uint32Array(reads[0]), words);
  assert.deepEqual(new Uint32Array(reads[1]), words.slice(2, 5));
  assert.deepEqual(new Uint32Array(reads[2]), words.slice(-1));
});

test("stage times outlast the query set, and are off when not wanted", async () => {
  for (const timestamps of [true, false]) {
    using device = await open({ timestamps });
    const layer = makeLayer(device, 2, 4, 4);
    const program = device.record("two stages", (ops) => {
      ops.add(linearForwardOp, { ...layer, relu: false });
      ops.stage("evaluate");
      ops.add(linearForwardOp, { ...layer, relu: true });
    });
    for (let i = 0; i < 600; i++) device.run(program);
    await device.sync();
    const times = await device.takeStageTimes();
    const timed = timestamps && device.gpu.features.has("timestamp-query");
    assert.deepEqual(Object.keys(times).sort(), timed ? ["evaluate", "other"] : []);
    if (timed) assert.ok(times.other! > 0 && times.evaluate! > 0);
    assert.deepEqual(await device.takeStageTimes(), {});
  }
});

test("tables and buffers beyond the adapter's limits are refused", async () => {
  using device = await open({ maxBindingBytes: 64 });
  assert.throws(
    () => device.createBuffer(device.gpu.limits.maxStorageBufferBindingSize + 4, "huge"),
    /^RangeError: Cannot create buffer huge/,
  );
  for (const dim of [17, 1028, 257]) {
    assert.throws(
      () => device.createTables({ rows: [1], dim, optimizer: "sgd" }, "wide"),
      /^RangeError: Cannot create tables wide: dim is/,
    );
  }
});

test("a program refuses more bags than its matrix has rows", async () => {
  using device = await open();
  const tables = device.createTables({ rows: [4], dim: 4, optimizer: "sgd" }, "tables");
  const lookups = device.createLookups({ tables: 1, maxBags: 8, maxLookups: 8 }, "lookups");
  const ids = new Uint32Array(8);
  device.writeLookups(lookups, new LookupGrouper([4]).group({ bags: 8, ids, offsets: null }));
  const out = device.createMatrix(4, 4, "out");
  const program = device.record("gather", (ops) => {
    ops.add(embeddingForwardOp, { tables, lookups, out, firstSlot: 0 });
  });
  assert.throws(() => device.run(program), /^RangeError: .* 8 bags a table, but out has 4 rows/);
  await device.sync();
});

import assert from "node:assert/strict";
import { UserError } from "../../core/errors.ts";
import type { DeviceCounters } from "../../kernels/types.ts";
import { ErrorKeeper } from "../../kernels/webgpu/errors.ts";
import { Memory } from "../../kernels/webgpu/memory.ts";

const MIB = 2 ** 20;

/** Memory of a made-up GPU: `capacity` bytes, of which those destroyed come back when the queue has been awaited. */
function makeMemory(capacity: number): {
  readonly memory: Memory;
  readonly errors: ErrorKeeper;
  readonly counters: DeviceCounters;
  readonly freeBytes: () => number;
} {
  let free = capacity, leaving = 0;
  const verdicts: (GPUError | null)[] = [];
  const gpu = Object.assign(new EventTarget(), {
    lost: new Promise(() => {}),
    limits: { maxBufferSize: 2 ** 30, maxStorageBufferBindingSize: 2 ** 30 },
    pushErrorScope: () => void verdicts.push(null),
    popErrorScope: () => Promise.resolve(verdicts.pop()),
    createBuffer: ({ size, label }: GPUBufferDescriptor) => {
      let held = size <= free ? size : 0;
      if (held < size) verdicts[verdicts.length - 1] = { message: "not enough memory left" };
      free -= held;
      const destroy = (): void => {
        leaving += held;
        held = 0;
      };
      return { size, label, destroy };
    },
    queue: {
      onSubmittedWorkDone: () =>
        Promise.resolve().then(() => {
          free += leaving;
          leaving = 0;
        }),
    },
  }) as unknown as GPUDevice;
  const errors = new ErrorKeeper(gpu);
  const counters: DeviceCounters = {
    bytesAllocated: 0,
    peakBytesAllocated: 0,
    bytesUploaded: 0,
    bytesDownloaded: 0,
    dispatches: 0,
    submissions: 0,
    awaitedMappings: 0,
  };
  return {
    memory: new Memory(gpu, counters, errors, () => {}),
    errors,
    counters,
    freeBytes: () => free,
  };
}

Deno.test("running out of memory is a UserError that says what was asked for and what to try", async () => {
  const { memory, errors, counters } = makeMemory(4 * MIB);
  memory.create(3 * MIB, "rows");
  const state = memory.create(2 * MIB, "state");
  await errors.settle();
  assert.throws(() => errors.throwPending(), {
    name: "UserError",
    message:
      "Cannot allocate 2.10 MB for state beside 3.15 MB: the GPU is out of memory (not enough memory left); try the CPU device, or smaller tables or minibatches",
  });
  // What is not there is not counted, and not kept for reuse.
  assert.equal(counters.bytesAllocated, 3 * MIB);
  state.dispose();
  assert.equal(counters.bytesAllocated, 3 * MIB);
  assert.equal(memory.keptBytes, 0);
  memory.create(MIB, "small");
  await errors.settle();
  errors.throwPending();
});

Deno.test("kept buffers make room for one that memory is short for, and its user notices nothing", async () => {
  const { memory, errors, counters, freeBytes } = makeMemory(8 * MIB);
  for (const buffer of [1, 2, 4].map((k) => memory.create(k * MIB, `model ${k}`))) buffer.dispose();
  assert.equal(memory.keptBytes, 7 * MIB);
  const [first, second] = [memory.create(5 * MIB, "first"), memory.create(3 * MIB, "second")];
  await errors.settle();
  errors.throwPending();
  assert.equal(memory.keptBytes, 0);
  assert.equal(counters.bytesAllocated, 8 * MIB);
  assert.equal(freeBytes(), 0);
  for (const buffer of [first, second]) {
    assert.equal(buffer.storage(memory).size, buffer.byteLength);
    buffer.dispose();
  }
  assert.equal(counters.bytesAllocated, 0);
  assert.equal(memory.keptBytes, 8 * MIB, "what is there after all is kept for reuse as any other");
});

Deno.test("a buffer that is in use before memory turns out to be short is not replaced", async () => {
  const { memory, errors } = makeMemory(8 * MIB);
  memory.create(7 * MIB, "model").dispose();
  const used = memory.create(2 * MIB, "used"), gone = memory.create(3 * MIB, "gone");
  const storage = used.storage(memory);
  gone.dispose();
  await errors.settle();
  assert.throws(() => errors.throwPending(), /^UserError: Cannot allocate 2\.10 MB for used /);
  assert.equal(used.storage(memory), storage);
  assert.equal(memory.keptBytes, 0);
});

Deno.test("memory closed while it makes room creates and tells nothing", async () => {
  const { memory, errors, counters, freeBytes } = makeMemory(8 * MIB);
  memory.create(7 * MIB, "model").dispose();
  memory.create(2 * MIB, "late");
  memory.close();
  await errors.settle();
  errors.throwPending();
  assert.equal(counters.bytesAllocated, 0);
  assert.equal(freeBytes(), 8 * MIB);
});

Deno.test("a lack of memory is told before what follows from it", () => {
  const { errors } = makeMemory(0);
  const short = new UserError("Cannot allocate");
  errors.keep(new Error("Cannot run: the buffer is invalid"));
  errors.keep(short);
  errors.keep(new UserError("Cannot allocate more"));
  assert.throws(() => errors.throwPending(), short);
  errors.throwPending();
});

Deno.test("a lack of memory that no scope catches is a UserError too", () => {
  const gpu = Object.assign(new EventTarget(), { lost: new Promise(() => {}) });
  const errors = new ErrorKeeper(gpu as unknown as GPUDevice);
  const error = new GPUOutOfMemoryError("no room for staging");
  gpu.dispatchEvent(Object.assign(new Event("uncapturederror"), { error }));
  assert.throws(
    () => errors.throwPending(),
    /^UserError: Cannot run on WebGPU: the GPU is out of memory \(no room for staging\); try /,
  );
});

import assert from "node:assert/strict";
import { UserError } from "../../core/errors.ts";
import { openDevice } from "../../kernels/open.ts";
import { findAdapter } from "../../kernels/webgpu/adapter.ts";
import { webGpuAvailable } from "./webgpu_available.ts";

Deno.test("openDevice() opens the CPU with the threads asked for", async () => {
  const { device, reason } = await openDevice({ device: "cpu", threads: 1 });
  assert.equal(device.info.kind, "cpu");
  assert.equal(device.info.threads, 1);
  assert.equal(reason, "asked for");
  device.dispose();
});

Deno.test("openDevice() takes hardware where there is some, else the CPU, and says so", async () => {
  const hardware = await findAdapter("hardware");
  const { device, reason } = await openDevice({ device: "auto", threads: 1 });
  assert.equal(device.info.kind, hardware === null ? "cpu" : "webgpu");
  assert.equal(device.info.isFallbackAdapter, false);
  assert.match(reason, /hardware WebGPU adapter was found/);
  device.dispose();
});

Deno.test({
  name: "openDevice() takes a software adapter when WebGPU is asked for by name",
  ignore: !webGpuAvailable,
  fn: async () => {
    const { device, reason } = await openDevice({ device: "webgpu" });
    assert.equal(device.info.kind, "webgpu");
    assert.equal(reason, "asked for");
    device.dispose();
  },
});

for (const adapter of ["hardware", "software"] as const) {
  Deno.test(`openDevice() opens a ${adapter} adapter, or says what to install or try`, async () => {
    if (await findAdapter(adapter) !== null) {
      const { device } = await openDevice({ device: "webgpu", adapter });
      assert.equal(device.info.isFallbackAdapter, adapter === "software");
      device.dispose();
      return;
    }
    await assert.rejects(openDevice({ device: "webgpu", adapter }), (error: unknown) => {
      assert.ok(error instanceof UserError);
      assert.match(error.message, /^Cannot open a .*WebGPU device: .*cpu device/);
      return true;
    });
  });
}

import assert from "node:assert/strict";
import { UserError } from "../../core/errors.ts";
import { describeChoice, openDevice } from "../../kernels/open.ts";
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

Deno.test("a device is described before it is opened as it is when it is open", async () => {
  assert.equal(await describeChoice("cpu"), "cpu");
  for (const choice of ["auto", ...webGpuAvailable ? ["webgpu" as const] : []] as const) {
    const described = await describeChoice(choice);
    const { device } = await openDevice({ device: choice, threads: 1 });
    const { kind, name, details } = device.info;
    assert.equal(described, kind === "cpu" ? "cpu" : `webgpu: ${name} (${details.backend})`);
    device.dispose();
  }
});

Deno.test({
  name: "without a Vulkan driver WebGPU is refused, and OpenGL not taken in its place",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const module = new URL("../../kernels/open.ts", import.meta.url).href;
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["eval", "--no-lock"],
        `import { openDevice } from ${JSON.stringify(module)};
await openDevice({ device: "webgpu" }).catch(({ message }) => console.log(message));`,
      ],
      env: { VK_DRIVER_FILES: "/none.json", VK_ICD_FILENAMES: "/none.json" },
    }).output();
    assert.match(
      new TextDecoder().decode(stdout),
      /^Cannot open a WebGPU device: no adapter of vulkan was found.* DENO_WEBGPU_BACKEND=gl asks for it/,
    );
  },
});

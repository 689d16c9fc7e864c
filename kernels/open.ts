/**
 * Choosing and opening a device.
 *
 * @module
 */

import { IN_BROWSER } from "../core/deno.ts";
import { UserError } from "../core/errors.ts";
import type { Device } from "./types.ts";
import type { AdapterKind } from "./webgpu/adapter.ts";
import type { KernelVariants } from "./webgpu/variants.ts";

/** Which device is asked for. */
export type DeviceChoice = "auto" | "cpu" | "webgpu";

/** How a device is chosen and opened. */
export interface OpenDeviceOptions {
  /**
   * `auto` takes a hardware WebGPU adapter where there is one, else the CPU. `webgpu` by name also takes a software
   * adapter if there is no other.
   */
  readonly device: DeviceChoice;
  /** Threads of the CPU device; by default, and for null, one a core. */
  readonly threads?: number | null;
  /** The CPU device's kernels for V8's 256-bit mode; see `CpuDeviceOptions.wide`. */
  readonly wide?: boolean;
  /** Which adapters will do for `webgpu`; `any` by default. */
  readonly adapter?: AdapterKind;
  /**
   * Whether a WebGPU device times the stages, which costs it some time; false by default. The CPU device always does.
   */
  readonly stageTimes?: boolean;
  /** Kernels of a WebGPU device other than the standard ones. */
  readonly kernels?: Partial<KernelVariants>;
}

/** A device, and why it is this one. */
export interface OpenedDevice {
  /** Belongs to the caller, who has to dispose of it. */
  readonly device: Device;
  /**
   * Why this device was chosen, as a phrase for messages, such as `asked for` or `no hardware WebGPU adapter was found`.
   */
  readonly reason: string;
}

/**
 * Opens a device. Only the code of the device that is opened is loaded, except to look for an adapter.
 *
 * @throws {UserError} WebGPU is asked for and there is no such adapter. The message says what to install or try.
 * @category Devices
 */
export async function openDevice(options: OpenDeviceOptions): Promise<OpenedDevice> {
  if (options.device === "cpu") {
    return { device: await openCpu(options), reason: "asked for" };
  }
  if (options.device === "auto") {
    const { hardware, reason } = await (lookedFor ??= lookForHardware());
    const device = hardware ? await openWebGpu("hardware", options) : await openCpu(options);
    return { device, reason };
  }
  return { device: await openWebGpu(options.adapter ?? "any", options), reason: "asked for" };
}

/**
 * What a device that were opened now would compute with, which decides a run's last bits: `cpu`, or the adapter and the
 * graphics interface that it is of.
 *
 * @throws {UserError} WebGPU is asked for and there is no adapter.
 */
export async function describeChoice(device: DeviceChoice): Promise<string> {
  if (device === "cpu") return "cpu";
  if (device === "auto" && !(await (lookedFor ??= lookForHardware())).hardware) return "cpu";
  const { adapterBackend, describeAdapter, findAdapter, missingAdapter } = await import(
    "./webgpu/adapter.ts"
  );
  const kind = device === "auto" ? "hardware" : "any", adapter = await findAdapter(kind);
  if (adapter === null) throw await missingAdapter(kind);
  return `webgpu: ${describeAdapter(adapter)} (${adapterBackend()})`;
}

/**
 * Looked for once: adapters do not change while the process runs, and driver loaders print warnings on standard error
 * each time.
 */
let lookedFor: Promise<{ readonly hardware: boolean; readonly reason: string }> | undefined;

async function lookForHardware(): Promise<{ readonly hardware: boolean; readonly reason: string }> {
  const { describeAdapter, findAdapter } = await import("./webgpu/adapter.ts");
  if (await findAdapter("hardware") !== null) {
    return { hardware: true, reason: "a hardware WebGPU adapter was found" };
  }
  const software = await findAdapter("software");
  const aside = software === null
    ? ""
    : `; the software adapter ${describeAdapter(software)} is used only when asked for`;
  return { hardware: false, reason: `no hardware WebGPU adapter was found${aside}` };
}

async function openCpu({ threads, wide }: OpenDeviceOptions): Promise<Device> {
  if (IN_BROWSER) {
    throw new UserError(
      "Cannot open the CPU device: this runs in a browser, where there is only the webgpu device",
    );
  }
  const { openCpuDevice } = await import("./cpu/device.ts");
  return await openCpuDevice({
    ...(threads === undefined || threads === null ? {} : { threads }),
    ...(wide === undefined ? {} : { wide }),
  });
}

async function openWebGpu(
  adapter: AdapterKind,
  { stageTimes, kernels }: OpenDeviceOptions,
): Promise<Device> {
  const { openWebGpuDevice } = await import("./webgpu/device.ts");
  return await openWebGpuDevice({
    adapter,
    ...(stageTimes === undefined ? {} : { timestamps: stageTimes }),
    ...(kernels === undefined ? {} : { kernels }),
  });
}

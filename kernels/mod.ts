/**
 * The arithmetic of recommender training on two devices, the CPU and WebGPU, behind one interface.
 *
 * @module
 */

export type { CpuDeviceOptions } from "./cpu/device.ts";
export {
  type DeviceChoice,
  openDevice,
  type OpenDeviceOptions,
  type OpenedDevice,
} from "./open.ts";
export type * from "./types.ts";
export type { AdapterKind } from "./webgpu/adapter.ts";

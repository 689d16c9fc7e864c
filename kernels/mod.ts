/**
 * The arithmetic of recommender training on two devices, the CPU and WebGPU, behind one interface.
 *
 * @module
 */

export type { MatrixName, Sizes } from "./check_op.ts";
export type { CpuDeviceOptions } from "./cpu/device.ts";
export { DeviceLostError } from "./device_lost.ts";
export type { ExampleMaker, ExampleSize } from "./example.ts";
export type { Cost, Example, LookupCounts, Op, Operands, Use, UseOf } from "./op.ts";
export { type OpArgs, type OpName, type OpNamed, OPS } from "./ops.ts";
export type { ScoreCombination } from "./staleness/op.ts";
export {
  type DeviceChoice,
  openDevice,
  type OpenDeviceOptions,
  type OpenedDevice,
} from "./open.ts";
export type * from "./types.ts";
export type { AdapterKind } from "./webgpu/adapter.ts";
export type { KernelVariants } from "./webgpu/variants.ts";

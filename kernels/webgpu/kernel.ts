/**
 * Kernels as data: what an op hands to the recorder to have its WGSL run.
 *
 * @module
 */

import type { DeviceBuffer, EmbeddingTables, LookupBuffers, Matrix, Scalar } from "../types.ts";
import gridSource from "./grid.wgsl" with { type: "text" };
import lane1Source from "./lane1.wgsl" with { type: "text" };
import lane4Source from "./lane4.wgsl" with { type: "text" };
import type { WebGpuLookups } from "./lookups.ts";
import type { WebGpuTables } from "./tables.ts";

/** How a kernel uses a storage buffer. */
export type Access = "read" | "write";

/** A WGSL source with `main` as its entry point; binding 0 is the uniform `Params`, storage follows from binding 1. */
export interface Kernel {
  /** Goes into labels and error messages. */
  readonly name: string;
  readonly source: string;
  readonly access: readonly Access[];
}

/** Floats a thread holds of a vector: 4 where rows of `dim` floats can be read as 4-vectors, else 1. */
export type LaneFloats = 1 | 4;

/** The lane width for vectors of `dim` floats. */
export function laneFloats(dim: number): LaneFloats {
  return dim % 4 === 0 ? 4 : 1;
}

/** Puts the shared parts before an op's own source. */
export function composeKernel(
  name: string,
  access: readonly Access[],
  ...parts: readonly string[]
): Kernel {
  return { name, access, source: [gridSource, ...parts].join("\n") };
}

/** The same kernel for both lane widths. */
export function composeLaneKernels(
  name: string,
  access: readonly Access[],
  ...parts: readonly string[]
): Record<LaneFloats, Kernel> {
  return {
    1: composeKernel(name, access, lane1Source, ...parts),
    4: composeKernel(name, access, lane4Source, ...parts),
  };
}

/** A float among the words of a kernel's `Params`; plain numbers are unsigned integers. */
export interface FloatWord {
  readonly float: number;
}

/** Memory behind a binding: a buffer, a part of the program's scratch memory, or nothing the kernel will touch. */
export type Binding = GPUBuffer | "scratch" | "unused";

/** One launch. */
export interface Launch {
  readonly kernel: Kernel;
  /** Values of the kernel's `override` constants: with the source they decide which pipeline is used. */
  readonly overrides: Readonly<Record<string, number>>;
  /** In the order of `Kernel.access`. */
  readonly bindings: readonly Binding[];
  /** The words of `Params`, in order. */
  readonly params: readonly (number | FloatWord)[];
  /** Workgroups; a function is asked at each run. */
  readonly groups: number | (() => number);
}

/** What the op folders need of a device while an op is recorded. */
export interface LaunchContext {
  /** Storage behind a matrix. Throws if it is disposed or of another device. */
  matrix(m: Matrix): GPUBuffer;
  scalar(s: Scalar): GPUBuffer;
  buffer(b: DeviceBuffer): GPUBuffer;
  tables(t: EmbeddingTables): WebGpuTables;
  lookups(l: LookupBuffers): WebGpuLookups;
  /** Appends a launch of the op being recorded. */
  launch(launch: Launch): void;
  /** Asks for scratch memory, shared by all launches of the program, one after another. */
  scratch(bytes: number): void;
}

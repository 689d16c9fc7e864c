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
import type { KernelVariants } from "./variants.ts";

/** How a kernel uses a storage buffer. */
export type Access = "read" | "write";

/** A WGSL source with `main` as its entry point; binding 0 is the uniform `Params`, storage follows from binding 1. */
export interface Kernel {
  /** Goes into labels and error messages. */
  readonly name: string;
  readonly source: string;
  readonly access: readonly Access[];
}

/**
 * Kinds of a parameter: one word `p.NAME` that is a `u32` or an `f32`, or the `place` of a matrix, two words `p.NAME_offset`
 * and `p.NAME_stride`.
 */
export interface ParamValues {
  readonly u32: number;
  readonly f32: number;
  /** Null where there is no matrix: two zeros, which the kernel must not use. */
  readonly place: Place | null;
}

/** Where a matrix begins and how far apart its rows are, in elements of the buffer's type. */
export interface Place {
  readonly offset: number;
  readonly stride: number;
}

/** Parameters of a kernel in the order of their words: the layout of `Params` on both sides. */
export type ParamLayout = Readonly<Record<string, keyof ParamValues>>;

/** Storage buffers of a kernel in the order of their bindings: how each is used, and the WGSL type of its elements. */
export type BufferLayout = Readonly<Record<string, `${Access} ${string}`>>;

/** What a kernel is made of. The declarations of parameters and buffers are written from their layouts. */
export interface KernelParts<Params extends ParamLayout, Buffers extends BufferLayout> {
  readonly name: string;
  readonly params: Params;
  readonly buffers: Buffers;
  /** WGSL that uses `p` and the buffers by their names. */
  readonly sources: readonly string[];
}

/** One launch of a kernel, by the names of its layouts. */
export interface LaunchValues<Params extends ParamLayout, Buffers extends BufferLayout> {
  /** Values of the kernel's `override` constants: with the source they decide which pipeline is used. */
  readonly overrides?: Readonly<Record<string, number>>;
  readonly params: { readonly [Name in keyof Params]: ParamValues[Params[Name]] };
  readonly buffers: { readonly [Name in keyof Buffers]: Binding };
  /** Workgroups; a function is asked at each run. */
  readonly groups: number | (() => number);
}

/** A kernel whose launches are checked against its layouts when they are compiled. */
export interface TypedKernel<Params extends ParamLayout, Buffers extends BufferLayout>
  extends Kernel {
  /** A launch with the words and bindings in their order. */
  launch(values: LaunchValues<Params, Buffers>): Launch;
}

/** Floats a thread holds of a vector: 4 where rows of `dim` floats can be read as 4-vectors, else 1. */
export type LaneFloats = 1 | 4;

/** The lane width for vectors of `dim` floats. */
export function laneFloats(dim: number): LaneFloats {
  return dim % 4 === 0 ? 4 : 1;
}

/** The place of a matrix counted in lanes. */
export function lanePlace({ offset, stride }: Place, lane: LaneFloats): Place {
  return { offset: offset / lane, stride: stride / lane };
}

/** Puts the declarations and the shared parts before an op's own source. */
export function composeKernel<Params extends ParamLayout, Buffers extends BufferLayout>(
  { name, params, buffers, sources }: KernelParts<Params, Buffers>,
): TypedKernel<Params, Buffers> {
  const names = Object.keys(params), bound = Object.keys(buffers);
  const kernel: Kernel = {
    name,
    access: bound.map((buffer) => accessOf(buffers[buffer]!)),
    source: [declarations(params, buffers), gridSource, ...sources].join("\n"),
  };
  return {
    ...kernel,
    launch: ({ overrides = {}, params: values, buffers: bindings, groups }) => ({
      kernel,
      overrides,
      bindings: bound.map((buffer) => bindings[buffer]!),
      params: names.flatMap((param) => words(params[param]!, values[param]!)),
      groups,
    }),
  };
}

/** The same kernel for both lane widths. */
export function composeLaneKernels<Params extends ParamLayout, Buffers extends BufferLayout>(
  parts: KernelParts<Params, Buffers>,
): Record<LaneFloats, TypedKernel<Params, Buffers>> {
  return {
    1: composeKernel({ ...parts, sources: [lane1Source, ...parts.sources] }),
    4: composeKernel({ ...parts, sources: [lane4Source, ...parts.sources] }),
  };
}

function accessOf(use: string): Access {
  return use.startsWith("read ") ? "read" : "write";
}

/** The WGSL declarations of `Params` and the storage buffers. */
function declarations(params: ParamLayout, buffers: BufferLayout): string {
  const fields = Object.entries(params).flatMap(([name, kind]) =>
    kind === "place" ? [`${name}_offset: u32`, `${name}_stride: u32`] : [`${name}: ${kind}`]
  );
  const storage = Object.entries(buffers).map(([name, use], i) => {
    const access = accessOf(use);
    const element = use.slice(access.length + 1);
    const mode = access === "read" ? "read" : "read_write";
    return `@group(0) @binding(${i + 1}) var<storage, ${mode}> ${name}: array<${element}>;`;
  });
  return [
    ...["struct Params {", ...fields.map((field) => `  ${field},`), "}"],
    "@group(0) @binding(0) var<uniform> p: Params;",
    ...storage,
    "",
  ].join("\n");
}

function words(
  kind: keyof ParamValues,
  value: ParamValues[keyof ParamValues],
): (number | FloatWord)[] {
  if (kind === "f32") return [{ float: value as number }];
  if (kind === "u32") return [value as number];
  const place = value as Place | null;
  return place === null ? [0, 0] : [place.offset, place.stride];
}

/** A float among the words of a kernel's `Params`; plain numbers are unsigned integers. */
export interface FloatWord {
  readonly float: number;
}

/**
 * Memory behind a binding: a buffer, the program's scratch memory, what its launches keep for later ones, words that are
 * the same in every run, or nothing the kernel will touch.
 */
export type Binding = GPUBuffer | "scratch" | "kept" | Uint32Array | "unused";

/** One launch, as {@linkcode TypedKernel.launch} makes it. */
export interface Launch {
  readonly kernel: Kernel;
  /** Values of the kernel's `override` constants. */
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
  /** Which ways of computing are wanted. */
  readonly variants: KernelVariants;
  /** Appends a launch of the op being recorded. */
  launch(launch: Launch): void;
  /** Asks for scratch memory, shared by all launches of the program, one after another. */
  scratch(bytes: number): void;
  /** Reserves memory of the program that no other launch is given; gives its place, in floats, in the binding `kept`. */
  keep(floats: number): number;
}

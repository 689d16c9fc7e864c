/**
 * Launches of the fully connected layer's ops.
 *
 * @module
 */

import type { Matrix } from "../types.ts";
import type { Binding, LaunchContext, Place } from "../webgpu/kernel.ts";
import { composeKernel } from "../webgpu/kernel.ts";
import { unroll } from "../webgpu/unroll.ts";
import type { KernelVariants } from "../webgpu/variants.ts";
import epilogueSource from "./epilogue.wgsl" with { type: "text" };
import matmulSource from "./matmul.wgsl" with { type: "text" };
import type {
  LinearBackwardInputArgs,
  LinearBackwardWeightsArgs,
  LinearForwardArgs,
} from "./op.ts";
import singleSource from "./single.wgsl" with { type: "text" };
import reduceSource from "./reduce.wgsl" with { type: "text" };
import thinSource from "./thin.wgsl" with { type: "text" };

const tiled = (name: string, rows: 4 | 8) =>
  composeKernel({
    name: rows === 4 ? name : `${name} of ${rows} rows`,
    params: {
      rows: "u32",
      cols: "u32",
      depth: "u32",
      a: "place",
      b: "place",
      c: "place",
      extra: "place",
      // Depth of one part (a multiple of a tile's), floats from one part's results to the next, place of the row sums.
      part_depth: "u32",
      part_pitch: "u32",
      sums_offset: "u32",
    },
    buffers: {
      a: "read vec4<f32>",
      b: "read vec4<f32>",
      extra: "read f32",
      c: "write f32",
    },
    sources: [matmulFor(rows), singleSource],
  });

const thin = (name: string) =>
  composeKernel({
    name: `${name} thin`,
    params: {
      rows: "u32",
      cols: "u32",
      depth: "u32",
      a_offset: "u32",
      a_row: "u32",
      a_depth: "u32",
      b_offset: "u32",
      b_depth: "u32",
      b_col: "u32",
      c: "place",
      extra: "place",
      part_depth: "u32",
      part_pitch: "u32",
      sums_offset: "u32",
    },
    buffers: { a: "read f32", b: "read f32", extra: "read f32", c: "write f32" },
    sources: [epilogueSource, thinSource],
  });

const both = (name: string) => ({ 4: tiled(name, 4), 8: tiled(name, 8), thin: thin(name) });
const KERNELS = {
  forward: both("linear-forward"),
  backwardInput: both("linear-backward-input"),
  backwardWeights: both("linear-backward-weights"),
};

const reduceKernel = composeKernel({
  name: "linear sum of parts",
  params: {
    rows: "u32",
    cols: "u32",
    parts: "u32",
    // Floats from one part to the next.
    pitch: "u32",
    // Which of a part's numbers are written here: products and row sums may go to different buffers.
    first: "u32",
    count: "u32",
    c: "place",
    extra: "place",
    sums_offset: "u32",
  },
  buffers: { parts: "read f32", extra: "read f32", c: "write f32" },
  sources: [epilogueSource, reduceSource],
});

/** The tiled product for threads that hold so many rows. */
export function matmulFor(rows: 4 | 8): string {
  return `${epilogueSource}\nconst ROWS = ${rows}u;\n${unroll(matmulSource, rows)}`;
}

/** What happens to a sum before it is stored: `EPILOGUE` of epilogue.wgsl. */
const EPILOGUE = { plain: 0, bias: 1, biasRelu: 2, mask: 3, parts: 4 } as const;

/** Workgroups below which a large GPU has idle processors. */
const ENOUGH_GROUPS = 128;

/** Threads that keep a large GPU busy. */
const ENOUGH_THREADS = 2 ** 16;

/** Threads of a workgroup of the thin kernel. */
const THIN_THREADS = 256;

/** Threads that share a sum in the thin kernel. */
const DOT_STRANDS = 32, COLUMN_STRANDS = 8;

/** Depth below which a sum is not split further: shorter parts cost more to add up than they gain. */
const LEAST_PART = 128;

/** An operand: element (line, depth) lies at offset + line * step + depth * depthStep. */
interface Operand {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly step: number;
  readonly depthStep: number;
}

/** C = epilogue(A B), rows × cols over a depth. */
interface Product {
  readonly op: keyof typeof KERNELS;
  readonly rows: number;
  readonly cols: number;
  readonly depth: number;
  readonly a: Operand;
  readonly b: Operand;
  readonly c: Place & { readonly binding: Binding };
  readonly extra: Place & { readonly binding: Binding };
  readonly epilogue: number;
  /** Parts of the depth and the depth of one, floats from one part's results to the next, place of the row sums. */
  readonly parts: number;
  readonly partDepth: number;
  readonly pitch: number;
  readonly sums: number;
}

/** The whole depth at once. */
function whole(depth: number) {
  return { parts: 1, partDepth: depth, pitch: 0, sums: 0 };
}

const NO_EXTRA = { binding: "unused", offset: 0, stride: 0 } as const;

/** Y = act(X Wᵀ + b). */
export function launchLinearForward(
  context: LaunchContext,
  { x, w, bias, y, relu }: LinearForwardArgs,
): void {
  launchSum(context, {
    op: "forward",
    rows: x.rows,
    cols: w.rows,
    depth: x.cols,
    a: operand(context, x, "rows"),
    b: operand(context, w, "rows"),
    c: output(context, y),
    extra: output(context, bias),
    epilogue: relu ? EPILOGUE.biasRelu : EPILOGUE.bias,
  });
}

/** dX = (dY W) ∘ [mask > 0]. */
export function launchLinearBackwardInput(
  context: LaunchContext,
  { dy, w, dx, mask }: LinearBackwardInputArgs,
): void {
  launchSum(context, {
    op: "backwardInput",
    rows: dy.rows,
    cols: w.cols,
    depth: dy.cols,
    a: operand(context, dy, "rows"),
    b: operand(context, w, "columns"),
    c: output(context, dx),
    extra: mask === null ? NO_EXTRA : output(context, mask),
    epilogue: mask === null ? EPILOGUE.plain : EPILOGUE.mask,
  });
}

/** A product over its whole depth or, if that is wanted and leaves processors idle, in parts that are then added up. */
function launchSum(
  context: LaunchContext,
  product: Omit<Product, "parts" | "partDepth" | "pitch" | "sums">,
): void {
  const { rows, cols, depth, c, extra, epilogue } = product;
  const { splitDepth: wanted } = context.variants;
  const { parts, partDepth } = wanted && !isThin(product) ? split(context, product) : whole(depth);
  if (parts === 1) return launchProduct(context, { ...product, ...whole(depth) });
  const pitch = rows * cols;
  context.scratch(4 * parts * pitch);
  launchProduct(context, {
    ...product,
    c: { binding: "scratch", offset: 0, stride: cols },
    ...{ extra: NO_EXTRA, epilogue: EPILOGUE.plain, parts, partDepth, pitch, sums: 0 },
  });
  context.launch(reduceKernel.launch({
    overrides: { EPILOGUE: epilogue },
    params: { rows, cols, parts, pitch, first: 0, count: pitch, c, extra, sums_offset: 0 },
    buffers: { parts: "scratch", extra: extra.binding, c: c.binding },
    groups: Math.ceil(pitch / 256),
  }));
}

/** The parts of a depth that keep a large GPU busy. */
export function split(context: LaunchContext, shape: Shape): ReturnType<typeof splitDepth> {
  const { variants } = context;
  const threads = groupsOf(shape, variants) * threadsOf(shape, variants);
  return splitDepth(shape.depth, partsOf(shape.depth, threads), stepOf(shape, variants));
}

/** dW = dYᵀ X and db = column sums of dY: parts of the minibatch side by side, then added up in their order. */
export function launchLinearBackwardWeights(
  context: LaunchContext,
  { dy, x, dw, db }: LinearBackwardWeightsArgs,
): void {
  const product = weightProduct(context, { dy, x });
  const { rows, cols, depth } = product;
  const { parts, partDepth } = split(context, product);
  const to = output(context, dw);
  const sums = output(context, db);
  const one = to.binding === sums.binding;
  if (parts === 1 && one) {
    launchProduct(context, { ...product, ...whole(depth), c: to, sums: sums.offset });
    return;
  }
  const products = rows * cols;
  const pitch = products + rows;
  context.scratch(4 * parts * pitch);
  launchProduct(context, {
    ...product,
    c: { binding: "scratch", offset: 0, stride: cols },
    parts,
    partDepth,
    pitch,
    sums: products,
  });
  const ranges = one ? [[to, 0, pitch]] as const : [
    [to, 0, products],
    [sums, products, rows],
  ] as const;
  for (const [{ binding }, first, count] of ranges) {
    context.launch(reduceKernel.launch({
      overrides: { EPILOGUE: EPILOGUE.parts },
      params: {
        ...{ rows, cols, parts, pitch, first, count, c: to, extra: null },
        sums_offset: sums.offset,
      },
      buffers: { parts: "scratch", extra: "unused", c: binding },
      groups: Math.ceil(count / 256),
    }));
  }
}

/** The product of a layer's weight gradients, for a part of the depth or all of it. */
export function weightProduct(
  context: LaunchContext,
  { dy, x }: Pick<LinearBackwardWeightsArgs, "dy" | "x">,
) {
  return {
    op: "backwardWeights",
    rows: dy.cols,
    cols: x.cols,
    depth: dy.rows,
    a: operand(context, dy, "columns"),
    b: operand(context, x, "columns"),
    extra: NO_EXTRA,
    epilogue: EPILOGUE.parts,
  } as const;
}

/** Parts of a depth that keep a large GPU busy, where one part of all products takes some threads. */
export function partsOf(depth: number, threads: number): number {
  return Math.max(1, Math.min(Math.ceil(depth / LEAST_PART), Math.ceil(ENOUGH_THREADS / threads)));
}

/** A depth in parts of whole steps: a part's depth, and the parts that are not empty, at most as many as wanted. */
export function splitDepth(
  depth: number,
  wanted: number,
  step: number,
): { readonly partDepth: number; readonly parts: number } {
  const partDepth = Math.max(step, Math.ceil(depth / wanted / step) * step);
  return { partDepth, parts: Math.max(1, Math.ceil(depth / partDepth)) };
}

/** A matrix whose rows, or columns, are the operand's lines. */
function operand(context: LaunchContext, m: Matrix, lines: "rows" | "columns"): Operand {
  const [step, depthStep] = lines === "rows" ? [m.stride, 1] : [1, m.stride];
  return { buffer: context.matrix(m), offset: m.offset, step, depthStep };
}

function output(context: LaunchContext, m: Matrix): Place & { readonly binding: GPUBuffer } {
  return { binding: context.matrix(m), offset: m.offset, stride: m.stride };
}

/** What decides how a product is launched. */
type Shape = Pick<Product, "op" | "rows" | "cols" | "depth" | "a" | "b">;

/** The tiled kernel reads vectors of 4 floats; with a single row or column it would compute mostly nothing. */
export function isThin({ rows, cols, depth, a, b }: Shape): boolean {
  return rows === 1 || cols === 1 || depth === 1 ||
    [a, b].some(({ step, depthStep }) => Math.max(step, depthStep) % 4 !== 0);
}

/** Threads of a tile's side, and rows that each of them holds. */
interface Tile {
  readonly side: 8 | 16;
  readonly tileRows: 4 | 8;
}

/** Small tiles where large ones would be mostly empty, or leave processors idle that parts of the depth cannot fill. */
function tileOf({ op, rows, cols }: Shape, { productRows, splitDepth }: KernelVariants): Tile {
  const parted = op === "backwardWeights" || splitDepth;
  const small = parted
    ? Math.min(rows, cols) <= 32
    : Math.ceil(rows / 64) * Math.ceil(cols / 64) < ENOUGH_GROUPS;
  // With fewer rows half of a tile of 8 would be empty.
  return { side: small ? 8 : 16, tileRows: small || rows <= 64 ? 4 : productRows };
}

/** How many threads share an output, and whether neighbouring threads are neighbours in depth, as it lies in memory. */
function thinStrands({ rows, cols, depth, a, b }: Shape): { strands: number; first: boolean } {
  const first = cols === 1 ? a.depthStep === 1 : b.depthStep === 1;
  if (depth < DOT_STRANDS || rows * cols >= ENOUGH_THREADS) return { strands: 1, first };
  return { strands: first ? DOT_STRANDS : COLUMN_STRANDS, first };
}

/** Workgroups for the whole depth at once. */
function groupsOf(shape: Shape, variants: KernelVariants): number {
  const { rows, cols } = shape;
  if (isThin(shape)) {
    return Math.ceil(rows * cols / (THIN_THREADS / thinStrands(shape).strands));
  }
  const { side, tileRows } = tileOf(shape, variants);
  return Math.ceil(rows / (tileRows * side)) * Math.ceil(cols / (4 * side));
}

function threadsOf(shape: Shape, variants: KernelVariants): number {
  return isThin(shape) ? THIN_THREADS : tileOf(shape, variants).side ** 2;
}

/** What the depth of a part is a multiple of. */
function stepOf(shape: Shape, variants: KernelVariants): number {
  if (isThin(shape)) return 1;
  const { side, tileRows } = tileOf(shape, variants);
  return 8 * side / tileRows;
}

/** Appends the launch of a product. */
export function launchProduct(context: LaunchContext, product: Product): void {
  const { rows, cols, depth, a, b, c, extra, epilogue, parts, partDepth, pitch, sums } = product;
  const buffers = { a: a.buffer, b: b.buffer, extra: extra.binding, c: c.binding };
  const shared = {
    ...{ rows, cols, depth, c, extra },
    ...{ part_depth: partDepth, part_pitch: pitch, sums_offset: sums },
  };
  const { variants } = context;
  const groups = groupsOf(product, variants) * parts;
  if (isThin(product)) {
    const { strands, first } = thinStrands(product);
    context.launch(KERNELS[product.op].thin.launch({
      overrides: { STRANDS: strands, STRANDS_FIRST: Number(first), EPILOGUE: epilogue },
      params: {
        ...shared,
        a_offset: a.offset,
        a_row: a.step,
        a_depth: a.depthStep,
        b_offset: b.offset,
        b_depth: b.depthStep,
        b_col: b.step,
      },
      buffers,
      groups,
    }));
    return;
  }
  const { side, tileRows } = tileOf(product, variants);
  context.launch(KERNELS[product.op][tileRows].launch({
    overrides: {
      SIDE: side,
      A_ALONG_DEPTH: Number(a.depthStep === 1),
      B_ALONG_DEPTH: Number(b.depthStep === 1),
      EPILOGUE: epilogue,
    },
    params: {
      ...shared,
      a: { offset: a.offset, stride: Math.max(a.step, a.depthStep) },
      b: { offset: b.offset, stride: Math.max(b.step, b.depthStep) },
    },
    buffers,
    groups,
  }));
}

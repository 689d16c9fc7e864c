/**
 * Gradients of several layers' weights in one launch, each in parts that are kept for whoever adds them up.
 *
 * @module
 */

import type { Matrix } from "../types.ts";
import {
  type BufferLayout,
  composeKernel,
  type LaunchContext,
  type TypedKernel,
} from "../webgpu/kernel.ts";
import groupedSource from "./grouped.wgsl" with { type: "text" };
import type { LinearBackwardWeightsArgs } from "./op.ts";
import {
  isThin,
  launchProduct,
  matmulFor,
  partsOf,
  split,
  splitDepth,
  weightProduct,
} from "./webgpu.ts";

/**
 * Gradients of a layer in parts: `parts` times the products of dw, row by row, with those of db behind, `pitch` floats
 * from one part to the next.
 */
export interface WeightParts {
  /** Where their sums go. */
  readonly dw: Matrix;
  readonly db: Matrix;
  readonly parts: number;
  /** In floats of what the program's launches keep. */
  readonly place: number;
  readonly pitch: number;
}

/** Layers of one launch at most: two buffers each, and two more, are the eight that every adapter can bind. */
const MOST_LAYERS = 3;

/** Threads of a tile's side: see matmul.wgsl. Small layers take large tiles too, so that one launch holds them all. */
const SIDE = 16;

/** A layer with the product of its gradients. */
interface LayerProduct {
  readonly layer: LinearBackwardWeightsArgs;
  readonly product: ReturnType<typeof weightProduct>;
}

/** The layers' gradients, those that the tiled kernel is not made for first. */
export function launchWeightParts(
  context: LaunchContext,
  layers: readonly LinearBackwardWeightsArgs[],
): WeightParts[] {
  const products = layers.map((layer): LayerProduct => ({
    layer,
    product: weightProduct(context, layer),
  }));
  const { thin = [], tiled = [] } = Object.groupBy(
    products,
    ({ product }) => isThin(product) ? "thin" : "tiled",
  );
  const launched = thin.map((one) => launchThin(context, one));
  for (let i = 0; i < tiled.length; i += MOST_LAYERS) {
    launched.push(...launchTiled(context, tiled.slice(i, i + MOST_LAYERS)));
  }
  return launched;
}

function launchThin(context: LaunchContext, { layer, product }: LayerProduct): WeightParts {
  const { rows, cols } = product;
  const { parts, partDepth } = split(context, product);
  const pitch = rows * cols + rows;
  const place = context.keep(parts * pitch);
  launchProduct(context, {
    ...product,
    c: { binding: "kept", offset: place, stride: cols },
    parts,
    partDepth,
    pitch,
    sums: place + rows * cols,
  });
  return { dw: layer.dw, db: layer.db, parts, place, pitch };
}

function launchTiled(context: LaunchContext, layers: readonly LayerProduct[]): WeightParts[] {
  const { productRows } = context.variants;
  const tiles = layers.map(({ product: { rows, cols } }) =>
    Math.ceil(rows / (productRows * SIDE)) * Math.ceil(cols / (4 * SIDE))
  );
  const threads = SIDE ** 2 * tiles.reduce((sum, some) => sum + some, 0);
  const jobs: number[] = [];
  let groups = 0;
  const launched = layers.map(({ layer: { dw, db }, product }, number): WeightParts => {
    const { rows, cols, depth, a, b } = product;
    const { parts, partDepth } = splitDepth(depth, partsOf(depth, threads), 8 * SIDE / productRows);
    const pitch = rows * cols + rows;
    const place = context.keep(parts * pitch);
    jobs.push(
      ...[groups, number, rows, cols, depth],
      ...[a.offset, a.depthStep, b.offset, b.depthStep, place, cols, 0, 0],
      ...[partDepth, pitch, place + rows * cols],
    );
    groups += tiles[number]! * parts;
    return { dw, db, parts, place, pitch };
  });
  const buffers = Object.fromEntries(
    layers.flatMap(({ product: { a, b } }, i) => [[`a${i}`, a.buffer], [`b${i}`, b.buffer]]),
  );
  context.launch(
    kernelFor(layers.length, productRows).launch({
      overrides: { SIDE, A_ALONG_DEPTH: 0, B_ALONG_DEPTH: 0, EPILOGUE: 4 },
      params: { layers: layers.length },
      buffers: { ...buffers, jobs: Uint32Array.from(jobs), c: "kept" },
      groups,
    }),
  );
  return launched;
}

const KERNELS = new Map<string, TypedKernel<{ layers: "u32" }, BufferLayout>>();

/** The kernel of so many layers: WGSL has no arrays of buffers. */
function kernelFor(layers: number, rows: 4 | 8): TypedKernel<{ layers: "u32" }, BufferLayout> {
  const known = KERNELS.get(`${layers} ${rows}`);
  if (known !== undefined) return known;
  const numbers = Array.from({ length: layers }, (_, i) => i);
  const kernel = composeKernel<{ layers: "u32" }, BufferLayout>({
    name: `linear-backward-weights of ${layers} layers`,
    params: { layers: "u32" },
    buffers: {
      ...Object.fromEntries(
        numbers.flatMap((i) => [[`a${i}`, "read vec4<f32>"], [`b${i}`, "read vec4<f32>"]]),
      ),
      jobs: "read u32",
      c: "write f32",
    },
    sources: [matmulFor(rows), groupedSource, load("a", numbers), load("b", numbers)],
  });
  KERNELS.set(`${layers} ${rows}`, kernel);
  return kernel;
}

/** The WGSL function that reads a vector of an operand of the layer at hand. */
function load(operand: "a" | "b", numbers: readonly number[]): string {
  const cases = numbers.slice(1).map((i) => `    case ${i}u: { return ${operand}${i}[vector]; }`);
  return [
    `fn load_${operand}(job: Job, vector: u32) -> vec4<f32> {`,
    "  switch job.number {",
    ...cases,
    `    default: { return ${operand}0[vector]; }`,
    "  }",
    "}",
    "",
  ].join("\n");
}

/**
 * A model's operations on a GPU as a training framework issues them: time on the launching thread, and time of the kernels
 * from the operators' own FLOP and byte records and the machine's rates.
 *
 * @module
 */

import { bceRecord } from "../kernels/bce/record.ts";
import { embeddingBackwardRecord, embeddingForwardRecord } from "../kernels/embedding/record.ts";
import {
  interactionBackwardRecord,
  interactionForwardRecord,
} from "../kernels/interaction/record.ts";
import {
  linearBackwardInputRecord,
  linearBackwardWeightsRecord,
  linearForwardRecord,
} from "../kernels/linear/record.ts";
import { normaliseBackwardRecord, normaliseForwardRecord } from "../kernels/normalise/record.ts";
import {
  sequenceBackwardRecord,
  sequenceDotRecord,
  sequencePoolRecord,
} from "../kernels/sequence/record.ts";
import { denseUpdateRecord } from "../kernels/update/record.ts";
import type { Stage } from "../train/stages.ts";
import { bytesUs, type Context, productFlopUs, updateFactor } from "./context.ts";

/** One operation. */
export interface Op {
  readonly label: string;
  readonly stage: Stage;
  /** Of the launching thread, before `host_scale`. */
  readonly hostUs: number;
  /** Of the GPU's stream. */
  readonly gpuUs: number;
  readonly flops: number;
  /** To and from the GPU's memory. */
  readonly bytes: number;
}

/** One kernel's work. */
interface Kernel {
  readonly flops: number;
  readonly bytes: number;
  /** Time in place of the roofline's. */
  readonly us?: number;
}

/** An operation of so many framework calls, `overheads` their host times, and its kernels. */
function op(
  context: Context,
  label: string,
  stage: Stage,
  overheads: readonly number[],
  kernels: readonly Kernel[],
): Op {
  const { machine: { framework, gpu } } = context, flopUs = productFlopUs(context);
  let hostUs = kernels.length * framework.launch_us + overheads.length * framework.gap_us;
  for (const us of overheads) hostUs += us;
  let gpuUs = 0, flops = 0, bytes = 0;
  for (const kernel of kernels) {
    const arithmetic = kernel.flops / flopUs;
    const memory = kernel.us ?? bytesUs(kernel.bytes, gpu.memory_gb_s);
    gpuUs += Math.max(gpu.kernel_us, arithmetic, memory);
    flops += kernel.flops;
    bytes += kernel.bytes;
  }
  return { label, stage, hostUs, gpuUs, flops, bytes };
}

/** Kernels whose operands are activations, weights and their gradients: half of the bytes at 16 bits. */
function products({ precision }: Context, kernels: readonly Kernel[]): readonly Kernel[] {
  if (precision !== "half") return kernels;
  return kernels.map((kernel) => ({ ...kernel, bytes: kernel.bytes / 2 }));
}

/** Linear layers with their activations, forward. */
export function mlpForward(
  context: Context,
  M: number,
  widths: readonly number[],
  label: string,
): Op[] {
  const { linear_forward_us, elementwise_us } = context.machine.framework;
  return pairs(widths).map(([K, N], i) =>
    op(
      context,
      `${label} ${i} forward`,
      "forward",
      [linear_forward_us, elementwise_us],
      products(context, [
        cost(linearForwardRecord, { M, K, N }),
        { flops: M * N, bytes: 8 * M * N },
      ]),
    )
  );
}

/** Linear layers with their activations, backward. The first layer's input needs a gradient only where `inner`. */
export function mlpBackward(
  context: Context,
  M: number,
  widths: readonly number[],
  label: string,
  inner: boolean,
): Op[] {
  const { linear_backward_us, elementwise_us } = context.machine.framework;
  return pairs(widths).map(([K, N], i) => {
    const kernels = [
      { flops: M * N, bytes: 12 * M * N },
      cost(linearBackwardWeightsRecord, { M, K, N }),
    ];
    if (inner || i > 0) kernels.push(cost(linearBackwardInputRecord, { M, K, N, masked: 0 }));
    return op(
      context,
      `${label} ${i} backward`,
      "backward",
      [linear_backward_us, elementwise_us],
      products(context, kernels),
    );
  }).reverse();
}

/**
 * Dot interaction, forward: concatenate, product of all pairs, pick the triangle, concatenate. The index tensors of the
 * triangle are rebuilt and copied on every call (dlrm_s_pytorch.py).
 */
export function interactionForward(context: Context, B: number): Op {
  const { shape: { dim }, tables, machine: { framework } } = context;
  const F = tables + 1;
  const { flops, bytes } = cost(interactionForwardRecord, { B, F, dim });
  const { concatenate_us, linear_forward_us, copy_us, elementwise_us } = framework;
  if (context.program?.fusedInteraction) {
    return op(context, "interaction forward", "interact", [concatenate_us, linear_forward_us], [
      ...products(context, [{ flops: 0, bytes: 8 * B * F * dim }, { flops, bytes }]),
    ]);
  }
  return op(
    context,
    "interaction forward",
    "interact",
    [
      concatenate_us,
      linear_forward_us,
      copy_us,
      copy_us,
      elementwise_us,
      concatenate_us,
    ],
    products(context, [
      { flops: 0, bytes: 8 * B * F * dim },
      { flops, bytes: bytes + 4 * B * F * F },
      { flops: 0, bytes: 4 * B * F * F },
      { flops: 0, bytes: 8 * B * (F * (F - 1) / 2 + dim) },
    ]),
  );
}

/** Dot interaction, backward. */
export function interactionBackward(context: Context, B: number): Op {
  const { shape: { dim }, tables, machine: { framework } } = context;
  const F = tables + 1;
  const { flops, bytes } = cost(interactionBackwardRecord, { B, F, dim });
  const { linear_backward_us, elementwise_us, concatenate_us } = framework;
  if (context.program?.fusedInteraction) {
    return op(context, "interaction backward", "interact", [linear_backward_us, concatenate_us], [
      ...products(context, [{ flops, bytes }, { flops: 0, bytes: 8 * B * F * dim }]),
    ]);
  }
  return op(
    context,
    "interaction backward",
    "interact",
    [
      elementwise_us,
      elementwise_us,
      linear_backward_us,
      concatenate_us,
    ],
    products(context, [
      { flops: 0, bytes: 8 * B * (F * (F - 1) / 2 + dim) },
      { flops: 0, bytes: 8 * B * F * F },
      { flops: flops / 2, bytes: bytes / 2 + 4 * B * F * F },
      { flops: flops / 2, bytes: bytes / 2 + 4 * B * F * F },
      { flops: 0, bytes: 8 * B * F * dim },
    ]),
  );
}

/** Bytes of a cross layer's sum a float, forward: the first vector, the product and the layer's input read, one written. */
const CROSS_BYTES = 16;

/**
 * What the model has between its vectors and its top MLP, forward: dot products, or cross layers through products of low rank
 * over the concatenated vectors (DCN V2, arXiv 2008.13535).
 */
export function combineForward(context: Context, B: number): Op[] {
  const { shape: { dim, cross }, tables, machine: { framework } } = context;
  if (cross === undefined) return [interactionForward(context, B)];
  const width = (tables + 1) * dim, floats = B * width;
  return Array.from({ length: cross.layers }, (_, i) => [
    ...mlpForward(context, B, [width, cross.rank, width], `cross ${i}`),
    op(context, `cross ${i} sum`, "interact", [framework.elementwise_us], [
      ...products(context, [{ flops: 2 * floats, bytes: CROSS_BYTES * floats }]),
    ]),
  ]).flat();
}

/** Its way back. */
export function combineBackward(context: Context, B: number): Op[] {
  const { shape: { dim, cross }, tables, machine: { framework } } = context;
  if (cross === undefined) return [interactionBackward(context, B)];
  const width = (tables + 1) * dim, floats = B * width;
  return Array.from({ length: cross.layers }, (_, i) => [
    // The gradient, the first vector and the product read; gradients of the product, the first vector and the input written.
    op(context, `cross ${i} sum backward`, "interact", Array(2).fill(framework.elementwise_us), [
      ...products(context, [{ flops: 4 * floats, bytes: 24 * floats }]),
    ]),
    ...mlpBackward(context, B, [width, cross.rank, width], `cross ${i}`, true),
  ]).flat();
}

/**
 * Standardising the dense features by statistics of the training set, where the context normalises so: each is read and
 * written, and no gradient comes back to them.
 */
export function standardiseDense(context: Context, B: number): Op[] {
  if (context.normalisation !== "dense") return [];
  const floats = B * context.shape.bottom[0]!;
  return [
    op(context, "feature normalisation", "forward", [context.machine.framework.elementwise_us], [
      { flops: 2 * floats, bytes: 8 * floats },
    ]),
  ];
}

/** Dividing the tables' vectors by the deviation of their coordinates, where the context normalises so: read and written. */
export function normaliseVectors(context: Context, B: number): Op[] {
  const floats = vectorFloats(context, B);
  if (floats === 0) return [];
  return [
    op(context, "feature normalisation", "interact", [context.machine.framework.elementwise_us], [
      { flops: 8 * floats, bytes: 8 * floats },
    ]),
  ];
}

/** Its way back: the vectors and their gradient read, and one written. */
export function normaliseVectorsBackward(context: Context, B: number): Op[] {
  const floats = vectorFloats(context, B);
  if (floats === 0) return [];
  const { elementwise_us } = context.machine.framework;
  return [
    op(context, "feature normalisation backward", "interact", [elementwise_us, elementwise_us], [
      { flops: 11 * floats, bytes: 12 * floats },
    ]),
  ];
}

function vectorFloats({ normalisation, tables, shape: { dim } }: Context, B: number): number {
  return normalisation === "vectors" ? B * tables * dim : 0;
}

/** Loss and its gradient: about six small operations. */
export function loss(context: Context, M: number): Op {
  const { elementwise_us } = context.machine.framework;
  const { flops, bytes } = cost(bceRecord, { M, weighted: 0 });
  const one = { flops: flops / 6, bytes: bytes / 6 };
  return op(context, "loss", "backward", Array(6).fill(elementwise_us), Array(6).fill(one));
}

/** Zeroing the gradients and one optimizer step, tensor by tensor. */
export function denseUpdate(context: Context): Op {
  const { machine: { framework }, denseTensors, shape, optimizer } = context;
  const kind = optimizer === "sgd" && !context.adam ? "sgd" : "adagrad";
  const { flops, bytes } = cost(denseUpdateRecord(kind), { n: shape.parameters.dense });
  const steps = 2 * denseTensors;
  // Adam has a second state, read and written.
  const more = context.adam ? 8 * shape.parameters.dense : 0;
  const one = { flops: flops / steps, bytes: (bytes + more) / steps };
  // The figure for a tensor's operation holds its gap and launch.
  const hostUs = steps * framework.optimizer_tensor_us;
  return {
    ...op(context, "dense update", "update-dense", [], Array(steps).fill(one)),
    hostUs,
  };
}

/** Lookups on the GPU: how many, in how many calls, of how many different rows. */
export interface Lookups {
  readonly lookups: number;
  readonly unique: number;
  /** Bags, each of which gives a vector. */
  readonly bags: number;
  /** Framework calls: the tables, or 1 if they are fused. */
  readonly calls: number;
}

/**
 * Gather. Different rows come from memory and repeated ones from the L2 cache; narrow rows waste part of what is read.
 */
export function lookupForward(context: Context, { lookups, unique, bags, calls }: Lookups): Op {
  const { machine: { framework, gpu }, shape: { dim } } = context;
  const { flops, bytes } = cost(embeddingForwardRecord, { lookups, unique, bags, dim });
  const again = Math.max(0, lookups - unique) * 4 * dim;
  const us = divergence(context) *
    (bytesUs(bytes - again, gpu.memory_gb_s) + bytesUs(again, gpu.l2_gb_s));
  return op(
    context,
    "lookups",
    "gather",
    Array(calls).fill(framework.lookup_forward_us),
    Array(calls).fill({ flops: flops / calls, bytes: bytes / calls, us: us / calls }),
  );
}

/** Fused gradients and update of the rows: one pass over lookups and different rows, as the operator's record counts. */
export function fusedUpdate(context: Context, { lookups, unique, bags }: Lookups): Op {
  const { machine: { framework, gpu }, shape: { dim }, optimizer } = context;
  const shape = { lookups, unique, bags, dim };
  const { flops, bytes: plain } = cost(embeddingBackwardRecord(optimizer), shape);
  // Two states of as many floats, read and written.
  const bytes = plain + (context.adam ? 16 * unique * dim : 0);
  // Repeated reads of a bag's gradient, which pooling makes, stay in the cache.
  const again = 4 * dim * Math.max(0, lookups - bags);
  const us = divergence(context) *
    (bytesUs(bytes - again, gpu.memory_gb_s) + bytesUs(again, gpu.l2_gb_s));
  return op(context, "row updates", "update-rows", [
    framework.lookup_backward_us,
    framework.elementwise_us,
  ], [{ flops, bytes, us }]);
}

/** Passes of an elementwise kernel over so many bytes, each of which reads and writes them. */
export function copyPasses(context: Context, bytes: number, passes: number): Op {
  const { elementwise_us } = context.machine.framework;
  return op(context, "copies of vectors", "interact", Array(passes).fill(elementwise_us), [
    ...Array(passes).fill({ flops: 0, bytes: 2 * bytes }),
  ]);
}

/**
 * Gradients of all rows of this GPU and their update, a call a table: the gradients are cleared, and SGD reads them and the
 * rows and writes the rows.
 */
export function denseRowUpdate(context: Context, rows: number, calls: number): Op {
  const { machine: { framework }, shape: { dim } } = context;
  const bytes = 4 * dim * rows * (1 + 3 * updateFactor(context));
  return op(
    context,
    "row updates, all rows",
    "update-rows",
    Array(calls).fill(framework.lookup_backward_us),
    Array(calls).fill({ flops: 2 * dim * rows / calls, bytes: bytes / calls }),
  );
}

/** Sparse gradients of calls that are not fused: indices and values are written (2 E). */
export function sparseGradients(context: Context, { lookups, calls }: Lookups): Op {
  const { machine: { framework }, shape: { dim } } = context;
  const kernel = { flops: 0, bytes: 2 * 4 * dim * lookups / calls };
  return op(
    context,
    "row gradients",
    "backward",
    Array(calls).fill(framework.lookup_backward_us),
    Array(calls).fill(kernel),
  );
}

/** Sparse gradients added to the rows of the one table that holds all hot rows: 3 E with SGD (`updateFactor`). */
export function sparseUpdate(context: Context, lookups: number): Op {
  const { machine: { framework, gpu }, shape: { dim } } = context;
  const bytes = 3 * updateFactor(context) * 4 * dim * lookups;
  return op(context, "row updates", "update-rows", [framework.linear_backward_us], [{
    flops: 2 * dim * lookups,
    bytes,
    us: divergence(context) * bytesUs(bytes, gpu.memory_gb_s),
  }]);
}

/** TBSM's head after the tower: normalisation, attention over the history, final MLP. Forward. */
export function headForward(context: Context, B: number): Op[] {
  const { shape: { steps, top, attention, final }, machine: { framework } } = context;
  if (steps === undefined || attention === undefined || final === undefined) return [];
  const D = top.at(-1)!, S = steps - 1;
  const { elementwise_us, linear_forward_us } = framework;
  return [
    op(context, "normalise", "forward", Array(3).fill(elementwise_us), [
      cost(normaliseForwardRecord, { M: B * steps, D }),
    ]),
    op(context, "scores", "forward", [linear_forward_us], [cost(sequenceDotRecord, { B, S, D })]),
    ...mlpForward(context, B, attention, "attention"),
    op(context, "pooling", "forward", [linear_forward_us], [
      cost(sequencePoolRecord, { B, S, D, T: D }),
    ]),
    ...mlpForward(context, B, final, "final"),
  ];
}

/** The head's way back. */
export function headBackward(context: Context, B: number): Op[] {
  const { shape: { steps, top, attention, final }, machine: { framework } } = context;
  if (steps === undefined || attention === undefined || final === undefined) return [];
  const D = top.at(-1)!, S = steps - 1;
  const { elementwise_us, linear_backward_us } = framework;
  return [
    ...mlpBackward(context, B, final, "final", true),
    ...mlpBackward(context, B, attention, "attention", true),
    op(context, "scores backward", "backward", [linear_backward_us, linear_backward_us], [
      cost(sequenceBackwardRecord, { B, S, D, query: 1 }),
    ]),
    op(context, "normalise backward", "backward", Array(3).fill(elementwise_us), [
      cost(normaliseBackwardRecord, { M: B * steps, D }),
    ]),
  ];
}

function divergence({ shape: { dim }, machine: { gpu } }: Context): number {
  return dim <= 32 ? gpu.narrow_row_factor : dim <= 64 ? 1.1 : 1;
}

function pairs(widths: readonly number[]): [number, number][] {
  return widths.slice(1).map((N, i) => [widths[i]!, N]);
}

function cost<Shape>(
  record: { flops(shape: Shape): number; bytes(shape: Shape): number },
  shape: Shape,
): Kernel {
  return { flops: record.flops(shape), bytes: record.bytes(shape) };
}

/**
 * Stretches of a DLRM iteration that several systems share: the GPU's part before and after the embedding vectors are there,
 * and the CPU's part where rows lie in host memory.
 *
 * @module
 */

import { bytesUs, type Context, download, updateFactor, upload } from "../context.ts";
import type { GraphBuilder } from "../graph.ts";
import { Lane } from "../lane.ts";
import {
  combineBackward,
  combineForward,
  denseUpdate,
  headBackward,
  headForward,
  loss,
  mlpBackward,
  mlpForward,
  normaliseVectors,
  normaliseVectorsBackward,
  type Op,
  standardiseDense,
} from "../ops.ts";
import type { Work } from "../work.ts";

/** Operations of a stretch by context and inputs: every step and every GPU has the same. */
const KNOWN = new WeakMap<Context, Map<string, readonly Op[]>>();

function once(
  context: Context,
  stretch: string,
  inputs: number,
  make: () => readonly Op[],
): readonly Op[] {
  let known = KNOWN.get(context);
  if (known === undefined) KNOWN.set(context, known = new Map());
  const key = `${stretch} ${inputs}`;
  let ops = known.get(key);
  if (ops === undefined) known.set(key, ops = make());
  return ops;
}

/** Host time of an iteration that is in no operation: the training loop's own. */
export function beginStep(lane: Lane, context: Context): void {
  lane.call(context.machine.framework.step_us, "prepare", "training loop");
}

/** Bottom MLP of one step. */
export function bottomForward(lane: Lane, context: Context, inputs: number): void {
  lane.run(
    once(
      context,
      "bottom forward",
      inputs,
      () => [
        ...standardiseDense(context, inputs),
        ...mlpForward(context, inputs, context.shape.bottom, "bottom"),
      ],
    ),
  );
}

/** Interaction and top MLP of one step. */
export function towerForward(lane: Lane, context: Context, inputs: number): void {
  lane.run(once(context, "tower forward", inputs, () => [
    ...normaliseVectors(context, inputs),
    ...combineForward(context, inputs),
    ...mlpForward(context, inputs, context.shape.top, "top"),
  ]));
}

/**
 * Head and loss, and the loss on its way to the host.
 *
 * @param waits Whether the launching thread waits for it.
 */
export function finishForward(
  lane: Lane,
  context: Context,
  graph: GraphBuilder,
  inputs: number,
  waits = true,
): void {
  lane.run([
    ...headForward(context, inputs),
    loss(context, inputs),
    ...headBackward(context, inputs),
  ]);
  lane.call(context.machine.framework.copy_us, "download", "loss");
  const arrived = download(graph, context, lane.gpu, 4 * inputs, lane.done, "loss and outputs");
  if (waits) lane.wait([arrived]);
}

/** Top MLP and interaction of one step, backward. */
export function towerBackward(lane: Lane, context: Context, inputs: number): void {
  lane.run(once(context, "tower backward", inputs, () => [
    ...mlpBackward(context, inputs, context.shape.top, "top", true),
    ...combineBackward(context, inputs),
    ...normaliseVectorsBackward(context, inputs),
  ]));
}

/** Bottom MLP of one step, backward. */
export function bottomBackward(lane: Lane, context: Context, inputs: number): void {
  lane.run(
    once(
      context,
      "bottom backward",
      inputs,
      () => mlpBackward(context, inputs, context.shape.bottom, "bottom", false),
    ),
  );
}

/** Update of the dense parameters. */
export function updateDense(lane: Lane, context: Context): void {
  lane.run([denseUpdate(context)]);
}

/** Dense features of the inputs of one lane, from memory that is not pinned. */
export function uploadDense(
  lane: Lane,
  context: Context,
  graph: GraphBuilder,
  inputs: number,
): void {
  const bytes = 4 * inputs * context.denseFeatures * context.steps;
  const call = lane.call(context.machine.framework.copy_us, "upload", "dense features");
  lane.wait([upload(graph, context, lane.gpu, bytes, [call], "dense features")]);
}

/** Bytes of a minibatch's embedding vectors (E): one a bag, in which lookups are summed. */
export function activationBytes(work: Work, context: Context): number {
  const bags = context.shape.lookups === undefined
    ? work.lookups
    : work.inputs * context.tables * context.steps;
  return bags * context.rowBytes;
}

/** Cost of a lookup of 64 floats on the reference host: fixed part, 4 rows at random and 4 streamed, in nanoseconds. */
const REFERENCE_LOOKUP_NS = 15 + 4 * 256 / 50 + 4 * 256 / 180;
/** Exponent that takes a call from 30 to 80 us while a lookup goes from 60 to 930 ns: the ends of both ranges. */
const CALL_EXPONENT = Math.log(80 / 30) / Math.log(930 / 60);

/** Whose CPU kernels look rows up: the parameter that says what a lookup costs. */
export type CpuSoftware = "pytorch_lookup_ns" | "intel_lookup_ns";

/** One part of the CPU's embedding path. */
interface CpuPart {
  readonly stage: "gather" | "backward" | "update-rows";
  readonly label: string;
  readonly calls: number;
  readonly lookups: number;
  readonly randomBytes: number;
  readonly streamBytes: number;
}

/** Gather, gradients and update have a third each of what a lookup costs beside its bytes. */
const PART = 1 / 3;

/**
 * The embedding path of the CPU under one software. The bytes take the memory; the software takes the cores: its calls, its
 * part of a lookup's fixed cost, and whatever it is slower than the memory. The cost of a lookup says how much slower, and
 * moves the cost of a call along its own range.
 */
export class CpuRows {
  readonly #graph: GraphBuilder;
  readonly #context: Context;
  readonly #lookupNs: number;

  constructor(graph: GraphBuilder, context: Context, software: CpuSoftware) {
    this.#graph = graph;
    this.#context = context;
    this.#lookupNs = context.parameters[software];
  }

  /** Gather of one step's rows at random, and their vectors' stacking: 2 E streamed, and the indices. */
  gather(work: Work, after: readonly number[]): number {
    const { steps, rowBytes, tables } = this.#context;
    const lookups = work.lookups / steps;
    const E = activationBytes(work, this.#context) / steps;
    const bags = work.inputs * tables;
    return this.#part(after, {
      stage: "gather",
      label: "CPU lookups",
      calls: tables + 1,
      lookups,
      randomBytes: lookups * rowBytes,
      streamBytes: 2 * E + 8 * lookups + 8 * bags,
    });
  }

  /** Sparse gradients of one step: a row's bytes a lookup written and read. */
  gradients(work: Work, after: readonly number[]): number {
    const { steps, rowBytes, tables } = this.#context;
    const lookups = work.lookups / steps;
    return this.#part(after, {
      stage: "backward",
      label: "CPU sparse gradients",
      calls: tables,
      lookups,
      randomBytes: 0,
      streamBytes: 2 * lookups * rowBytes + 8 * lookups,
    });
  }

  /** Update of the rows of all steps, one call a table: 3 rows' bytes a lookup at random with SGD (`updateFactor`). */
  update(work: Work, after: readonly number[]): number {
    const { rowBytes, tables } = this.#context;
    return this.#part(after, {
      stage: "update-rows",
      label: "CPU row updates",
      calls: tables,
      lookups: work.lookups,
      randomBytes: 3 * updateFactor(this.#context) * work.lookups * rowBytes,
      streamBytes: 0,
    });
  }

  /** Returns the last task. */
  #part(after: readonly number[], part: CpuPart): number {
    const { machine: { cpu, framework } } = this.#context;
    const slower = this.#lookupNs / REFERENCE_LOOKUP_NS;
    const callUs = framework.cpu_op_us * (this.#lookupNs / 60) ** CALL_EXPONENT;
    const memoryUs = bytesUs(part.randomBytes, cpu.dram_random_gb_s) +
      bytesUs(part.streamBytes, cpu.dram_stream_gb_s);
    const fixedUs = part.lookups * PART * framework.cpu_lookup_ns / 1000;
    const wholeUs = Math.max(memoryUs, slower * (fixedUs + memoryUs));
    const { stage, label } = part;
    const softwareUs = part.calls * callUs + (wholeUs - memoryUs);
    const software = this.#graph.add(stage, "cpu", softwareUs, after, label);
    const bytes = part.randomBytes + part.streamBytes;
    return this.#graph.add(stage, "dram", memoryUs, [software], label, bytes);
  }
}

/**
 * Recording ops into launches whose pipelines, bind groups and parameters are made once, and replaying them.
 *
 * @module
 */

import { checkOp } from "../check_op.ts";
import { UNSTAGED } from "../op.ts";
import type { OpArgs, OpName, OpNamed } from "../ops.ts";
import type {
  DeviceBuffer,
  EmbeddingTables,
  LookupBuffers,
  Matrix,
  OpCost,
  Program,
  Recorder,
  Scalar,
} from "../types.ts";
import type { ErrorKeeper } from "./errors.ts";
import { planLaunches, type RecordedOp } from "./fused/plan.ts";
import { foldGrid, type Grid } from "./grid.ts";
import type { Binding, FloatWord, Launch, LaunchContext } from "./kernel.ts";
import { WebGpuLookups } from "./lookups.ts";
import { type Memory, WebGpuBuffer } from "./memory.ts";
import type { PipelineCache } from "./pipelines.ts";
import type { Submitter } from "./queue.ts";
import { WebGpuTables } from "./tables.ts";
import type { StageTimer } from "./timing.ts";
import type { KernelVariants } from "./variants.ts";

/** Multiple of which parameter blocks begin: the largest alignment that WebGPU lets an adapter ask for. */
const PARAMS_ALIGNMENT = 256;

/** What programs need of their device. */
export interface ProgramHost {
  readonly gpu: GPUDevice;
  readonly memory: Memory;
  readonly submitter: Submitter;
  readonly pipelines: PipelineCache;
  readonly errors: ErrorKeeper;
  /** Null where the adapter has no timestamps. */
  readonly timer: StageTimer | null;
  readonly maxWorkgroupsPerDimension: number;
  /** Which kernels are wanted where there is a choice. */
  readonly variants: KernelVariants;
  /** Bound where a kernel is compiled with a binding that its mode does not touch. */
  readonly unused: readonly WebGpuBuffer[];
}

/** A launch ready to be encoded. */
interface Step {
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  grid: Grid;
  /** Gives the grid of the next run where it depends on the minibatch; may throw. */
  readonly resize: (() => Grid) | null;
}

/** Steps of one compute pass. */
interface Pass {
  readonly stage: string;
  readonly steps: readonly Step[];
}

/** A launch with the stage and op it was recorded for. */
interface RecordedLaunch extends Launch {
  readonly stage: string;
}

/** Memory of a program's own. */
interface ProgramMemory {
  /** For one launch after another; null if none asks for it. */
  readonly scratch: GPUBuffer | null;
  /** From one launch to later ones; null if none asks for it. */
  readonly kept: GPUBuffer | null;
  /** The launches' parameters. */
  readonly params: GPUBuffer;
  /** Makes a buffer of words that stay as they are. */
  readonly constant: (words: Uint32Array) => GPUBuffer;
}

/** A recorded program. */
export class WebGpuProgram implements Program {
  readonly label: string;
  readonly costs: readonly OpCost[];
  readonly #host: ProgramHost;
  readonly #passes: readonly Pass[];
  readonly #resized: readonly Step[];
  readonly #used: readonly WebGpuBuffer[];
  readonly #owned: readonly WebGpuBuffer[];
  #checkedEpoch = -1;
  #disposed = false;

  /**
   * @param used Buffers that must be alive when the program runs.
   * @param owned Buffers that go with the program.
   */
  constructor(
    host: ProgramHost,
    label: string,
    costs: readonly OpCost[],
    passes: readonly Pass[],
    used: readonly WebGpuBuffer[],
    owned: readonly WebGpuBuffer[],
  ) {
    this.#host = host;
    this.label = label;
    this.costs = costs;
    this.#passes = passes;
    this.#resized = passes.flatMap(({ steps }) => steps.filter(({ resize }) => resize !== null));
    this.#used = used;
    this.#owned = owned;
  }

  /**
   * Encodes and submits all launches; gives their number. Throws if the program or a buffer it uses is disposed.
   *
   * @param host The program's device.
   * @param booked Whether the time is booked on the stages.
   */
  run(host: ProgramHost, booked = true): number {
    if (this.#disposed) throw new Error(`Cannot run program ${this.label}: it is disposed`);
    if (host !== this.#host) {
      throw new Error(`Cannot run program ${this.label}: it belongs to another device`);
    }
    if (this.#checkedEpoch !== host.memory.epoch) {
      for (const buffer of this.#used) buffer.storage(host.memory);
      this.#checkedEpoch = host.memory.epoch;
    }
    if (this.#passes.length === 0) return 0;
    // Before anything is encoded, since it may throw.
    for (const step of this.#resized) step.grid = step.resize!();
    const timer = booked && host.timer?.reserve(this.#passes.length) ? host.timer : null;
    return host.errors.watch(host.gpu, `run program ${this.label}`, () => {
      const encoder = host.gpu.createCommandEncoder({ label: this.label });
      let dispatches = 0;
      for (const { stage, steps } of this.#passes) {
        const pass = encoder.beginComputePass(
          timer === null ? { label: stage } : { label: stage, timestampWrites: timer.time(stage) },
        );
        let pipeline: GPUComputePipeline | null = null;
        for (const step of steps) {
          const [x, y, z] = step.grid;
          if (x === 0) continue;
          if (step.pipeline !== pipeline) pass.setPipeline(pipeline = step.pipeline);
          pass.setBindGroup(0, step.bindGroup);
          pass.dispatchWorkgroups(x, y, z);
          dispatches++;
        }
        pass.end();
      }
      host.submitter.submit(encoder.finish());
      return dispatches;
    });
  }

  /** {@inheritDoc Program.dispose} */
  dispose(): void {
    this.#disposed = true;
    for (const buffer of this.#owned) buffer.dispose();
  }
}

/** Collects ops and builds a program of them. */
export class ProgramBuilder implements Recorder, LaunchContext {
  readonly #host: ProgramHost;
  readonly #ops: RecordedOp[] = [];
  readonly #launches: RecordedLaunch[] = [];
  readonly #costs: OpCost[] = [];
  readonly #used = new Set<WebGpuBuffer>();
  #stage = UNSTAGED;
  #scratchBytes = 0;
  #keptFloats = 0;

  /** @param host Whose programs are built. */
  constructor(host: ProgramHost) {
    this.#host = host;
  }

  /** {@inheritDoc LaunchContext.variants} */
  get variants(): KernelVariants {
    return this.#host.variants;
  }

  /** {@inheritDoc Recorder.stage} */
  stage(stage: string): void {
    this.#stage = stage;
  }

  /** {@inheritDoc Recorder.add} */
  add<Name extends OpName>(op: OpNamed<Name>, args: OpArgs[Name]): void {
    checkOp(op, args);
    // A recorded op is one of the table, whichever.
    this.#ops.push({ op, args, stage: this.#stage } as unknown as RecordedOp);
    this.#costs.push({ ...op.cost(args), stage: this.#stage });
  }

  /** {@inheritDoc LaunchContext.matrix} */
  matrix(m: Matrix): GPUBuffer {
    return this.buffer(m.buffer);
  }

  /** {@inheritDoc LaunchContext.scalar} */
  scalar(s: Scalar): GPUBuffer {
    return this.buffer(s.buffer);
  }

  /** {@inheritDoc LaunchContext.tables} */
  tables(t: EmbeddingTables): WebGpuTables {
    if (!(t instanceof WebGpuTables)) {
      throw new Error(`Cannot use tables ${t.label}: they belong to another device`);
    }
    return t;
  }

  /** {@inheritDoc LaunchContext.lookups} */
  lookups(l: LookupBuffers): WebGpuLookups {
    if (!(l instanceof WebGpuLookups)) {
      throw new Error("Cannot use lookups: they belong to another device");
    }
    return l;
  }

  /** {@inheritDoc LaunchContext.buffer} */
  buffer(b: DeviceBuffer): GPUBuffer {
    if (!(b instanceof WebGpuBuffer)) {
      throw new Error(`Cannot use buffer ${b.label}: it belongs to another device`);
    }
    const storage = b.storage(this.#host.memory);
    this.#used.add(b);
    return storage;
  }

  /** {@inheritDoc LaunchContext.launch} */
  launch(launch: Launch): void {
    if (launch.groups === 0) return;
    this.#launches.push({ ...launch, stage: this.#stage });
  }

  /** {@inheritDoc LaunchContext.scratch} */
  scratch(bytes: number): void {
    this.#scratchBytes = Math.max(this.#scratchBytes, bytes);
  }

  /** {@inheritDoc LaunchContext.keep} */
  keep(floats: number): number {
    const at = this.#keptFloats;
    this.#keptFloats += floats;
    return at;
  }

  /** Makes the program. */
  build(label: string): WebGpuProgram {
    const host = this.#host;
    for (const { stage, launch } of planLaunches(this.#ops.splice(0))) {
      this.#stage = stage;
      launch(this);
    }
    const owned: WebGpuBuffer[] = [];
    try {
      const own = (bytes: number, what: string): GPUBuffer => {
        const buffer = host.memory.create(bytes, `${label} ${what}`);
        owned.push(buffer);
        return buffer.storage(host.memory);
      };
      const scratch = this.#scratchBytes === 0 ? null : own(this.#scratchBytes, "scratch");
      const kept = this.#keptFloats === 0 ? null : own(4 * this.#keptFloats, "parts");
      const constant = (words: Uint32Array): GPUBuffer => {
        const buffer = own(words.byteLength, "constants");
        host.submitter.write(buffer, 0, words);
        return buffer;
      };
      const packed = packParams(this.#launches.map(({ params }) => params));
      const params = own(packed.words.byteLength, "params");
      host.submitter.write(params, 0, packed.words);
      const passes: { stage: string; steps: Step[] }[] = [];
      host.errors.watch(host.gpu, `record program ${label}`, () => {
        this.#launches.forEach((launch, i) => {
          // Without timestamps a pass a stage would only cost time.
          if (
            passes.length === 0 || host.timer !== null && passes.at(-1)!.stage !== launch.stage
          ) {
            passes.push({ stage: launch.stage, steps: [] });
          }
          passes.at(-1)!.steps.push(
            this.#step(launch, { scratch, kept, params, constant }, packed.blocks[i]!),
          );
        });
      });
      return new WebGpuProgram(host, label, this.#costs, passes, [...this.#used], owned);
    } catch (error) {
      for (const buffer of owned) buffer.dispose();
      throw error;
    }
  }

  #step(
    launch: RecordedLaunch,
    memory: ProgramMemory,
    block: { readonly offset: number; readonly size: number },
  ): Step {
    const host = this.#host;
    const { pipeline, layout } = host.pipelines.get(launch.kernel, launch.overrides);
    const limit = host.maxWorkgroupsPerDimension;
    let unused = 0;
    const resolve = (binding: Binding): GPUBuffer => {
      if (binding === "scratch") return memory.scratch!;
      if (binding === "kept") return memory.kept!;
      if (binding instanceof Uint32Array) return memory.constant(binding);
      return binding === "unused" ? host.unused[unused++]!.storage(host.memory) : binding;
    };
    const bindGroup = host.gpu.createBindGroup({
      label: launch.kernel.name,
      layout,
      entries: [
        { binding: 0, resource: { buffer: memory.params, offset: block.offset, size: block.size } },
        ...launch.bindings.map((binding, i): GPUBindGroupEntry => ({
          binding: i + 1,
          resource: { buffer: resolve(binding) },
        })),
      ],
    });
    const { groups } = launch;
    return {
      pipeline,
      bindGroup,
      grid: typeof groups === "function" ? [0, 1, 1] : foldGrid(groups, limit),
      resize: typeof groups === "function" ? () => foldGrid(groups(), limit) : null,
    };
  }
}

/** Packs each launch's words into an aligned block of one uniform buffer. */
function packParams(launches: readonly (readonly (number | FloatWord)[])[]): {
  words: Uint32Array;
  blocks: { offset: number; size: number }[];
} {
  let bytes = 0;
  const blocks = launches.map(({ length }) => {
    const offset = bytes;
    bytes += Math.ceil(4 * length / PARAMS_ALIGNMENT) * PARAMS_ALIGNMENT;
    return { offset, size: Math.ceil(length / 4) * 16 };
  });
  const words = new Uint32Array(bytes / 4);
  const floats = new Float32Array(words.buffer);
  launches.forEach((params, i) => {
    params.forEach((word, j) => {
      const at = blocks[i]!.offset / 4 + j;
      if (typeof word === "number") words[at] = word;
      else floats[at] = word.float;
    });
  });
  return { words, blocks };
}

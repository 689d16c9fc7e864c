/**
 * Compute pipelines, compiled once for each pair of source and override constants.
 *
 * @module
 */

import type { ErrorKeeper } from "./errors.ts";
import type { Access, Kernel } from "./kernel.ts";

/** A pipeline and the layout of its bind group. */
interface CachedPipeline {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

/** The pipelines of one device. */
export class PipelineCache {
  readonly #device: GPUDevice;
  readonly #errors: ErrorKeeper;
  readonly #modules = new Map<string, GPUShaderModule>();
  readonly #layouts = new Map<string, GPUBindGroupLayout>();
  readonly #pipelines = new Map<string, CachedPipeline>();

  /** @param errors Is told of sources that do not compile, with the kernel's name and the compiler's words. */
  constructor(device: GPUDevice, errors: ErrorKeeper) {
    this.#device = device;
    this.#errors = errors;
  }

  /** Pipelines compiled so far. */
  get size(): number {
    return this.#pipelines.size;
  }

  /** The pipeline of a kernel with these override constants. */
  get(kernel: Kernel, overrides: Readonly<Record<string, number>>): CachedPipeline {
    const constants = Object.entries(overrides).map(([name, value]) => `${name}=${value}`).join();
    const key = `${constants}\n${kernel.access.join()}\n${kernel.source}`;
    const known = this.#pipelines.get(key);
    if (known !== undefined) return known;
    const label = constants === "" ? kernel.name : `${kernel.name} (${constants})`;
    const made = this.#errors.watch(this.#device, `compile kernel ${label}`, () => {
      const layout = this.#layout(kernel.access);
      const pipeline = this.#device.createComputePipeline({
        label,
        layout: this.#device.createPipelineLayout({ label, bindGroupLayouts: [layout] }),
        compute: { module: this.#module(kernel), entryPoint: "main", constants: { ...overrides } },
      });
      return { pipeline, layout };
    });
    this.#pipelines.set(key, made);
    return made;
  }

  #module(kernel: Kernel): GPUShaderModule {
    let module = this.#modules.get(kernel.source);
    if (module === undefined) {
      module = this.#device.createShaderModule({ label: kernel.name, code: kernel.source });
      this.#modules.set(kernel.source, module);
    }
    return module;
  }

  #layout(access: readonly Access[]): GPUBindGroupLayout {
    const key = access.join();
    let layout = this.#layouts.get(key);
    if (layout === undefined) {
      layout = this.#device.createBindGroupLayout({
        label: key,
        entries: [
          { binding: 0, visibility: GPUShaderStage.COMPUTE, buffer: { type: "uniform" } },
          ...access.map((use, i): GPUBindGroupLayoutEntry => ({
            binding: i + 1,
            visibility: GPUShaderStage.COMPUTE,
            buffer: { type: use === "read" ? "read-only-storage" : "storage" },
          })),
        ],
      });
      this.#layouts.set(key, layout);
    }
    return layout;
  }
}

/**
 * Measures the machine at hand through the project's own devices.
 *
 * @module
 */

import type { Device } from "../../kernels/types.ts";
import { currentEnvironment } from "../../train/run/environment.ts";
import { openPlaced } from "../../train/model/placement.ts";
import type { MachineDocument } from "../machine.ts";
import type { Fingerprint } from "../runtime/rates.ts";
import { Bench } from "./bench.ts";
import { GRIDS, QUICK_GRIDS } from "./cases.ts";
import { machineDocument } from "./document.ts";
import { fitTables } from "./fit.ts";
import { hostCases } from "./host_cases.ts";
import { measureCases } from "./measure.ts";
import { opCases } from "./op_cases.ts";
import { Watch } from "./watch.ts";

/** How to calibrate. */
export interface CalibrateOptions {
  /** What is measured. Default `cpu`. */
  readonly device?: "cpu" | "webgpu" | undefined;
  /** Threads of the CPU device. Default: one a logical processor. */
  readonly threads?: number | undefined;
  /** The CPU device's kernels for V8's 256-bit mode. */
  readonly wide?: boolean | undefined;
  /** Measures a few small cases once each: takes seconds, and the figures are not meaningful. */
  readonly quick?: boolean | undefined;
  /** Passes over all cases. Default 3, 1 if quick. */
  readonly passes?: number | undefined;
  /** Name of the machine. Default `this`. */
  readonly name?: string | undefined;
  /** Command line, for the sources. */
  readonly command?: string | undefined;
  /** Called with the progress, and the number of cases that were kept although other programs were running. */
  readonly onCase?: (done: number, total: number, table: string, disturbed: number) => void;
  /** Ends it; its reason is thrown. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Measures this machine and returns its machine file, which is not written.
 *
 * @category Simulator: machines
 */
export async function calibrate(options: CalibrateOptions = {}): Promise<MachineDocument> {
  const { device: kind = "cpu", threads, wide = false, quick = false, signal } = options;
  const choice = { wide, stageTimes: true, ...(threads === undefined ? {} : { threads }) };
  const { device, host: beside, dispose } = await openPlaced("hot", { device: kind, ...choice });
  const host = beside!;
  try {
    const grids = quick ? QUICK_GRIDS : GRIDS;
    using bench = new Bench(device, host, grids, quick, signal);
    const fingerprint = fingerprintOf(device, host, wide);
    const source = `${options.command ?? "calibrate"}, ${new Date().toISOString().slice(0, 10)}, ${
      fingerprint.cpu_model ?? "unnamed CPU"
    }, ${fingerprint.device_name}, Deno ${fingerprint.deno}`;
    using watch = quick ? null : await Watch.open(bench, null);
    const cases = [...opCases(grids), ...hostCases(grids)];
    const { measured, disturbed } = await measureCases(cases, bench, {
      passes: options.passes ?? (quick ? 1 : 3),
      samples: quick ? 2 : 5,
      watch,
      signal,
      ...(options.onCase === undefined ? {} : { onCase: options.onCase }),
    });
    return machineDocument({
      name: options.name ?? "this",
      costs: fitTables(measured, source),
      fingerprint,
      quick,
      ...(watch === null ? {} : { watched: { reference: watch.reference, disturbed } }),
      source,
    });
  } finally {
    dispose();
  }
}

/** What is measured, as far as permissions allow to ask. */
export function fingerprintOf(device: Device, host: Device, wide: boolean): Fingerprint {
  const { cpu_model, cpus, deno } = currentEnvironment();
  return {
    cpu_model,
    cpus,
    deno,
    device: device.info.kind,
    device_name: device.info.name,
    threads: host.info.threads,
    wide,
  };
}
